//! One term: products, interactions, powers, and the columns and functions they are made of.

use super::super::ast::{Atom, Expr, ExprKind, Function, Level, Operator, Term};
use super::super::error::{FormulaError, Problem, Span};
use super::super::lexer::Token;
use super::super::terms::{cross, power, star};
use super::Parser;

impl Parser<'_> {
    pub(super) fn product(&mut self) -> Result<Vec<Term>, FormulaError> {
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
            let kind = ExprKind::Call(Function::Identity, Box::new(raised));
            let number = self.intern(Atom::Value(Expr { kind, span }));
            return Ok(vec![vec![number]]);
        }
        let number = self.intern(atom);
        Ok(vec![vec![number]])
    }

    pub(super) fn exponent(&mut self) -> Result<f64, FormulaError> {
        let Token::Number(value) = *self.peek() else {
            return Err(self.unexpected("a number (effects are crossed with `^` after `|` only)"));
        };
        self.advance();
        Ok(value)
    }

    pub(super) fn atom(&mut self) -> Result<Atom, FormulaError> {
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

    pub(super) fn intern(&mut self, atom: Atom) -> usize {
        if let Some(at) = self.atoms.iter().position(|a| a.same(&atom)) {
            return at;
        }
        self.atoms.push(atom);
        self.atoms.len() - 1
    }
}
