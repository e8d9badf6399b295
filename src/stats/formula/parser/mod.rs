//! From tokens to a [`Formula`]: outcomes, a sum of terms, effects, instruments.
//!
//! Depth and size are bounded, so that no text can exhaust the stack or the memory.

mod sum;
mod term;

use super::ast::{Atom, Expr, ExprKind, Formula, Operator, Term};
use super::error::{FormulaError, Problem, Span};
use super::lexer::{Token, tokens};
use super::terms::{order, union};

/// Nesting beyond this is refused.
const DEEPEST: usize = 48;
/// Arithmetic operators beyond this are refused (expressions are trees; a chain is as deep as it is long).
const LONGEST: usize = 400;

pub(crate) struct Parser<'t> {
    text: &'t str,
    tokens: Vec<(Token, Span)>,
    at: usize,
    depth: usize,
    operators: usize,
    atoms: Vec<Atom>,
}

impl Formula {
    /// Reads a formula.
    ///
    /// # Errors
    /// What is wrong and where; see [`FormulaError`].
    pub fn parse(text: &str) -> Result<Self, FormulaError> {
        Parser::new(text)?.formula()
    }
}

impl<'t> Parser<'t> {
    pub(crate) fn new(text: &'t str) -> Result<Self, FormulaError> {
        Ok(Self {
            text,
            tokens: tokens(text)?,
            at: 0,
            depth: 0,
            operators: 0,
            atoms: Vec::new(),
        })
    }

    fn formula(mut self) -> Result<Formula, FormulaError> {
        let outcomes = self.outcomes()?;
        self.expect("~", "`~` between outcome and regressors")?;
        let main = self.sum(true)?;
        let mut effects = Vec::new();
        let (mut endogenous, mut instruments) = (Vec::new(), Vec::new());
        if self.take("|") {
            if self.has_tilde_before_bar() {
                (endogenous, instruments) = self.instruments()?;
            } else {
                effects = self.effects()?;
                if self.take("|") {
                    (endogenous, instruments) = self.instruments()?;
                }
            }
        }
        if self.peek() != &Token::End {
            return Err(self.unexpected("`+`, `|` or the end"));
        }
        let specifications = match main.steps {
            None => vec![order(main.terms)],
            Some(steps) => steps
                .into_iter()
                .map(|step| order(union(step, main.terms.clone())))
                .collect(),
        };
        Ok(Formula {
            text: self.text.to_owned(),
            outcomes,
            atoms: self.atoms,
            specifications,
            intercept: main.intercept.unwrap_or(true),
            effects,
            endogenous,
            instruments,
            random: main.random,
        })
    }

    fn outcomes(&mut self) -> Result<Vec<Expr>, FormulaError> {
        if self.peek() == &Token::Symbol("~") {
            return Ok(Vec::new());
        }
        if self.peek() == &Token::Name("c".to_owned()) && self.peek_next() == &Token::Symbol("(") {
            self.advance();
            self.advance();
            let mut found = vec![self.arithmetic()?];
            while self.take(",") {
                found.push(self.arithmetic()?);
            }
            self.expect(")", "`,` or `)`")?;
            return Ok(found);
        }
        // `y1 + y2 ~` are two outcomes; a sum is `I(y1 + y2)`.
        let mut found = Vec::new();
        let mut queue = vec![self.arithmetic()?];
        while let Some(expr) = queue.pop() {
            match expr.kind {
                ExprKind::Binary(Operator::Add, left, right) => {
                    queue.push(*right);
                    queue.push(*left);
                }
                ExprKind::Binary(Operator::Subtract, ..) => {
                    let problem = Problem::Unsupported {
                        what: "a difference as outcome".to_owned(),
                        hint: "write `I(a - b)`",
                    };
                    return Err(self.error(expr.span, problem));
                }
                _ => found.push(expr),
            }
        }
        Ok(found)
    }

    /// Whether the part that starts here holds `~` before its end: then it is the instruments.
    fn has_tilde_before_bar(&self) -> bool {
        let ahead = self.tokens[self.at..].iter().map(|(t, _)| t);
        ahead
            .take_while(|t| !matches!(t, Token::Symbol("|") | Token::End))
            .any(|t| t == &Token::Symbol("~"))
    }

    fn effects(&mut self) -> Result<Vec<Vec<Expr>>, FormulaError> {
        if self.peek() == &Token::Number(0.0) {
            self.advance();
            return Ok(Vec::new());
        }
        let mut found = vec![self.crossed()?];
        while self.take("+") {
            found.push(self.crossed()?);
        }
        Ok(found)
    }

    /// `a^b^c`, columns to cross.
    pub(crate) fn crossed(&mut self) -> Result<Vec<Expr>, FormulaError> {
        let mut parts = vec![self.column()?];
        while self.take("^") || self.take(":") {
            parts.push(self.column()?);
        }
        Ok(parts)
    }

    fn column(&mut self) -> Result<Expr, FormulaError> {
        let start = self.span();
        let Token::Name(name) = self.peek().clone() else {
            return Err(self.unexpected("a column"));
        };
        self.advance();
        if self.peek() == &Token::Symbol("(") {
            let problem = Problem::Unsupported {
                what: format!("`{name}()` here"),
                hint: "name a column",
            };
            return Err(self.error(start, problem));
        }
        self.named(name, start)
    }

    fn instruments(&mut self) -> Result<(Vec<Term>, Vec<Term>), FormulaError> {
        let endogenous = self.sum(false)?.terms;
        self.expect("~", "`~` between endogenous variables and instruments")?;
        let instruments = self.sum(false)?.terms;
        Ok((endogenous, instruments))
    }

    pub(crate) fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, FormulaError>,
    ) -> Result<T, FormulaError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let what = "nested too deeply";
            return Err(self.error(self.span(), Problem::TooLarge { what }));
        }
        let result = parse(self);
        self.depth -= 1;
        result
    }

    pub(crate) fn count_operator(&mut self) -> Result<(), FormulaError> {
        self.operators += 1;
        if self.operators > LONGEST {
            let what = "an expression of so many operands";
            return Err(self.error(self.span(), Problem::TooLarge { what }));
        }
        Ok(())
    }

    pub(crate) fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].0
    }

    fn peek_next(&self) -> &Token {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].0
    }

    pub(crate) fn span(&self) -> Span {
        self.tokens[self.at.min(self.tokens.len() - 1)].1
    }

    pub(crate) fn previous(&self) -> Span {
        self.tokens[self.at.saturating_sub(1).min(self.tokens.len() - 1)].1
    }

    pub(crate) fn advance(&mut self) {
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }

    fn take(&mut self, symbol: &str) -> bool {
        let here = matches!(self.peek(), Token::Symbol(s) if *s == symbol);
        if here {
            self.advance();
        }
        here
    }

    pub(crate) fn expect(
        &mut self,
        symbol: &str,
        expected: &'static str,
    ) -> Result<(), FormulaError> {
        if self.take(symbol) {
            Ok(())
        } else {
            Err(self.unexpected(expected))
        }
    }

    /// Nothing may follow.
    pub(crate) fn end(&self) -> Result<(), FormulaError> {
        if self.peek() == &Token::End {
            Ok(())
        } else {
            Err(self.unexpected("the end"))
        }
    }

    pub(crate) fn unexpected(&self, expected: &'static str) -> FormulaError {
        let found = self.peek().describe();
        self.error(self.span(), Problem::Unexpected { found, expected })
    }

    pub(crate) fn error(&self, span: Span, problem: Problem) -> FormulaError {
        FormulaError {
            problem,
            text: self.text.to_owned(),
            span,
        }
    }
}
