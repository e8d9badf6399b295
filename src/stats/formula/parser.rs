//! From tokens to a [`Formula`]: sums of terms, stepwise alternatives, effects, instruments, random terms.
//!
//! Depth and size are bounded, so that no text can exhaust the stack or the memory.

use super::ast::{Atom, Expr, ExprKind, Formula, Level, Operator, RandomTerm, Term};
use super::error::{FormulaError, Problem, Span};
use super::lexer::{Token, tokens};
use super::terms::{cross, order, power, star, union};

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

/// A sum of terms and what may stand in it.
#[derive(Default)]
struct Sum {
    terms: Vec<Term>,
    intercept: Option<bool>,
    random: Vec<RandomTerm>,
    steps: Option<Vec<Vec<Term>>>,
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

    /// `a + b - 1`; at the top also random and stepwise terms.
    fn sum(&mut self, top: bool) -> Result<Sum, FormulaError> {
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

    fn misplaced(&self, span: Span, what: &str) -> FormulaError {
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

    fn product(&mut self) -> Result<Vec<Term>, FormulaError> {
        let start = self.span();
        let mut left = self.interaction()?;
        while self.take("*") {
            let right = self.interaction()?;
            left = star(left, right).ok_or_else(|| self.too_large(start))?;
        }
        Ok(left)
    }

    fn interaction(&mut self) -> Result<Vec<Term>, FormulaError> {
        let start = self.span();
        let mut left = self.raised()?;
        while self.take(":") {
            let right = self.raised()?;
            left = cross(&left, &right).ok_or_else(|| self.too_large(start))?;
        }
        Ok(left)
    }

    fn too_large(&self, start: Span) -> FormulaError {
        let what = "an interaction of so many terms";
        self.error(start.to(self.previous()), Problem::TooLarge { what })
    }

    /// `x^2` is the square of a variable; `(a + b)^2` all interactions of two.
    fn raised(&mut self) -> Result<Vec<Term>, FormulaError> {
        let start = self.span();
        if self.take("(") {
            let inner = self.deeper(|p| p.sum(false))?;
            self.expect(")", "`)`")?;
            if self.take("^") {
                let exponent = self.exponent()?;
                if exponent.fract() != 0.0 || !(1.0..=9.0).contains(&exponent) {
                    return Err(self.error(
                        self.previous(),
                        Problem::Unexpected {
                            found: "this".to_owned(),
                            expected: "a whole power from 1 to 9",
                        },
                    ));
                }
                return power(inner.terms, exponent as usize).ok_or_else(|| self.too_large(start));
            }
            return Ok(inner.terms);
        }
        let atom = self.atom()?;
        if self.peek() == &Token::Symbol("^") {
            let Atom::Value(base) = atom else {
                return Err(self.unexpected("`+`, `*` or `:` after a category"));
            };
            self.advance();
            let exponent = self.exponent()?;
            let span = base.span.to(self.previous());
            let exponent = Expr {
                kind: ExprKind::Number(exponent),
                span: self.previous(),
            };
            let raised = Expr {
                kind: ExprKind::Binary(Operator::Power, Box::new(base), Box::new(exponent)),
                span,
            };
            let kind = ExprKind::Call(super::ast::Function::Identity, Box::new(raised));
            let number = self.intern(Atom::Value(Expr { kind, span }));
            return Ok(vec![vec![number]]);
        }
        let number = self.intern(atom);
        Ok(vec![vec![number]])
    }

    fn exponent(&mut self) -> Result<f64, FormulaError> {
        let Token::Number(value) = *self.peek() else {
            return Err(self.unexpected("a number (effects are crossed with `^` after `|` only)"));
        };
        self.advance();
        Ok(value)
    }

    fn atom(&mut self) -> Result<Atom, FormulaError> {
        let start = self.span();
        let Token::Name(name) = self.peek().clone() else {
            return Err(self.unexpected("a column or a function"));
        };
        self.advance();
        if self.peek() != &Token::Symbol("(") {
            return Ok(Atom::Value(self.named(name, start)?));
        }
        match name.as_str() {
            "factor" => {
                self.advance();
                let column = self.column()?;
                let mut reference = None;
                if self.take(",") {
                    let mut levels = self.references()?;
                    reference = levels.pop();
                    if !levels.is_empty() {
                        return Err(self.misplaced(start, "several reference levels"));
                    }
                }
                self.expect(")", "`, ref = …` or `)`")?;
                Ok(Atom::Factor { column, reference })
            }
            "i" => {
                self.advance();
                let column = self.column()?;
                let (mut by, mut references) = (None, Vec::new());
                while self.take(",") {
                    if self.peek_next() == &Token::Symbol("=") {
                        references = self.references()?;
                    } else if by.is_none() {
                        by = Some(self.arithmetic()?);
                    } else {
                        return Err(self.unexpected("`ref = …`"));
                    }
                }
                self.expect(")", "`,` or `)`")?;
                Ok(Atom::Indicator {
                    column,
                    by,
                    references,
                })
            }
            _ => Ok(Atom::Value(self.function(&name, start)?)),
        }
    }

    /// `ref = 2013`, `ref = "K"`, `ref = c(1, 2)`.
    fn references(&mut self) -> Result<Vec<Level>, FormulaError> {
        if self.peek() != &Token::Name("ref".to_owned()) {
            return Err(self.unexpected("`ref = …`"));
        }
        self.advance();
        self.expect("=", "`=`")?;
        let mut levels = Vec::new();
        if self.peek() == &Token::Name("c".to_owned()) {
            self.advance();
            self.expect("(", "`(`")?;
            levels.push(self.level()?);
            while self.take(",") {
                levels.push(self.level()?);
            }
            self.expect(")", "`,` or `)`")?;
        } else {
            levels.push(self.level()?);
        }
        Ok(levels)
    }

    fn level(&mut self) -> Result<Level, FormulaError> {
        let start = self.span();
        let negative = self.take("-");
        let label = match self.peek().clone() {
            Token::Number(value) if negative => (-value).to_string(),
            Token::Number(value) => value.to_string(),
            Token::Text(text) if !negative => text,
            _ => return Err(self.unexpected("a level: a number or a quoted text")),
        };
        self.advance();
        Ok(Level {
            label,
            span: start.to(self.previous()),
        })
    }

    pub(crate) fn named(&self, name: String, span: Span) -> Result<Expr, FormulaError> {
        if name == "." {
            let problem = Problem::Unsupported {
                what: "`.` for all other columns".to_owned(),
                hint: "name the columns",
            };
            return Err(self.error(span, problem));
        }
        Ok(Expr {
            kind: ExprKind::Name(name),
            span,
        })
    }

    fn intern(&mut self, atom: Atom) -> usize {
        if let Some(at) = self.atoms.iter().position(|a| a.same(&atom)) {
            return at;
        }
        self.atoms.push(atom);
        self.atoms.len() - 1
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
