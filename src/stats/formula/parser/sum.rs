//! Sums of terms: `a + b - 1`, random terms in parentheses, stepwise alternatives.

use super::super::ast::{RandomTerm, Term};
use super::super::error::{FormulaError, Problem, Span};
use super::super::lexer::Token;
use super::super::terms::{order, union};
use super::Parser;

/// A sum of terms and what may stand in it.
#[derive(Default)]
pub(super) struct Sum {
    pub(super) terms: Vec<Term>,
    pub(super) intercept: Option<bool>,
    pub(super) random: Vec<RandomTerm>,
    pub(super) steps: Option<Vec<Vec<Term>>>,
}

impl Parser<'_> {
    /// `a + b - 1`; at the top also random and stepwise terms.
    pub(super) fn sum(&mut self, top: bool) -> Result<Sum, FormulaError> {
        let mut sum = Sum::default();
        let mut negative = self.take("-");
        if !negative {
            self.take("+");
        }
        loop {
            self.addend(&mut sum, negative, top)?;
            negative = match self.peek() {
                Token::Symbol("+") => false,
                Token::Symbol("-") => true,
                _ => return Ok(sum),
            };
            self.advance();
        }
    }

    fn addend(&mut self, sum: &mut Sum, negative: bool, top: bool) -> Result<(), FormulaError> {
        let start = self.span();
        if let Token::Number(value) = *self.peek() {
            let intercept = match (value, negative) {
                (1.0, false) | (0.0, true) => true,
                (0.0, false) | (1.0, true) => false,
                _ => return Err(self.unexpected("a column, `0` or `1`")),
            };
            self.advance();
            sum.intercept = Some(intercept);
            return Ok(());
        }
        if negative {
            let problem = Problem::Unsupported {
                what: "taking a term away".to_owned(),
                hint: "leave it out, or write `I(-x)`",
            };
            return Err(self.error(start, problem));
        }
        if self.peek() == &Token::Symbol("(") && self.random_ahead() {
            let random = self.random()?;
            if !top {
                return Err(self.misplaced(random.span, "a random term"));
            }
            sum.random.push(random);
            return Ok(());
        }
        if let Some(steps) = self.stepwise()? {
            let span = start.to(self.previous());
            if !top || sum.steps.is_some() {
                return Err(self.misplaced(span, "a second or nested stepwise function"));
            }
            sum.steps = Some(steps);
            return Ok(());
        }
        let terms = self.product()?;
        sum.terms = union(std::mem::take(&mut sum.terms), terms);
        Ok(())
    }

    pub(super) fn misplaced(&self, span: Span, what: &str) -> FormulaError {
        let problem = Problem::Unsupported {
            what: format!("{what} here"),
            hint: "write it once, as a term of its own",
        };
        self.error(span, problem)
    }

    /// Whether the parenthesis that opens here holds a bar of its own.
    fn random_ahead(&self) -> bool {
        let mut depth = 0;
        for (token, _) in &self.tokens[self.at..] {
            match token {
                Token::Symbol("(") => depth += 1,
                Token::Symbol(")") => {
                    depth -= 1;
                    if depth == 0 {
                        return false;
                    }
                }
                Token::Symbol("|" | "||") if depth == 1 => return true,
                Token::End => return false,
                _ => {}
            }
        }
        false
    }

    fn random(&mut self) -> Result<RandomTerm, FormulaError> {
        let start = self.span();
        self.expect("(", "`(`")?;
        let inner = self.deeper(|p| p.sum(false))?;
        let correlated = !self.take("||");
        if correlated {
            self.expect("|", "`|`")?;
        }
        let group = self.crossed()?;
        self.expect(")", "`)`")?;
        Ok(RandomTerm {
            intercept: inner.intercept.unwrap_or(true),
            terms: order(inner.terms),
            group,
            correlated,
            span: start.to(self.previous()),
        })
    }

    /// `sw(a, b)`, `csw0(a, b + c)` …: the terms of each step.
    fn stepwise(&mut self) -> Result<Option<Vec<Vec<Term>>>, FormulaError> {
        let Token::Name(name) = self.peek() else {
            return Ok(None);
        };
        let (cumulative, zero) = match name.as_str() {
            "sw" => (false, false),
            "sw0" => (false, true),
            "csw" => (true, false),
            "csw0" => (true, true),
            _ => return Ok(None),
        };
        if self.peek_next() != &Token::Symbol("(") {
            return Ok(None);
        }
        self.advance();
        self.advance();
        let mut steps = Vec::new();
        if zero {
            steps.push(Vec::new());
        }
        let mut so_far: Vec<Term> = Vec::new();
        loop {
            let terms = self.deeper(|p| p.sum(false))?.terms;
            so_far = union(so_far, terms.clone());
            steps.push(if cumulative { so_far.clone() } else { terms });
            if !self.take(",") {
                break;
            }
        }
        self.expect(")", "`,` or `)`")?;
        Ok(Some(steps))
    }
}
