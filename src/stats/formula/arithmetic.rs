//! Arithmetic inside `I()`, functions and filters, with R's precedence: `^`, unary minus, `* /`, `+ -`, comparisons, `!`, `&`, `|`.

use super::ast::{Expr, ExprKind, Function, Operator};
use super::error::{FormulaError, Problem};
use super::lexer::Token;
use super::parser::Parser;

/// Binary operators from loosest to tightest; `!` binds between `&` and the comparisons.
const LEVELS: [&[(&str, Operator)]; 5] = [
    &[("|", Operator::Or), ("||", Operator::Or)],
    &[("&", Operator::And), ("&&", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessEqual),
        (">=", Operator::GreaterEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];
const COMPARISON: usize = 2;

impl Parser<'_> {
    /// A whole arithmetic expression.
    pub(crate) fn arithmetic(&mut self) -> Result<Expr, FormulaError> {
        self.deeper(|p| p.binary(0))
    }

    fn binary(&mut self, level: usize) -> Result<Expr, FormulaError> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        if level == COMPARISON && self.peek() == &Token::Symbol("!") {
            let start = self.span();
            self.advance();
            let inner = self.deeper(|p| p.binary(COMPARISON))?;
            let span = start.to(inner.span);
            return Ok(Expr {
                kind: ExprKind::Not(Box::new(inner)),
                span,
            });
        }
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = self.operator(operators) {
            self.advance();
            self.count_operator()?;
            let right = self.binary(level + 1)?;
            left = join(operator, left, right);
            if level == COMPARISON {
                break;
            }
        }
        Ok(left)
    }

    fn operator(&self, among: &[(&str, Operator)]) -> Option<Operator> {
        let Token::Symbol(symbol) = self.peek() else {
            return None;
        };
        among.iter().find(|(s, _)| s == symbol).map(|(_, o)| *o)
    }

    fn unary(&mut self) -> Result<Expr, FormulaError> {
        if self.peek() == &Token::Symbol("-") {
            let start = self.span();
            self.advance();
            let inner = self.deeper(Self::unary)?;
            let span = start.to(inner.span);
            return Ok(Expr {
                kind: ExprKind::Minus(Box::new(inner)),
                span,
            });
        }
        let base = self.primary()?;
        if self.peek() == &Token::Symbol("^") {
            self.advance();
            let exponent = self.deeper(Self::unary)?;
            return Ok(join(Operator::Power, base, exponent));
        }
        Ok(base)
    }

    fn primary(&mut self) -> Result<Expr, FormulaError> {
        let start = self.span();
        let kind = match self.peek().clone() {
            Token::Number(value) => {
                self.advance();
                ExprKind::Number(value)
            }
            Token::Text(text) => {
                self.advance();
                ExprKind::Text(text)
            }
            Token::Name(name) => {
                self.advance();
                if self.peek() == &Token::Symbol("(") {
                    return self.function(&name, start);
                }
                return self.named(name, start);
            }
            Token::Symbol("(") => {
                self.advance();
                let inner = self.arithmetic()?;
                self.expect(")", "`)`")?;
                ExprKind::Parenthesis(Box::new(inner))
            }
            _ => return Err(self.unexpected("a column, a number or `(`")),
        };
        let span = start.to(self.previous());
        Ok(Expr { kind, span })
    }

    /// `name(` has been seen up to the name.
    pub(crate) fn function(
        &mut self,
        name: &str,
        start: super::Span,
    ) -> Result<Expr, FormulaError> {
        let Some(function) = Function::ALL.into_iter().find(|f| f.name() == name) else {
            return Err(self.error(
                start,
                Problem::UnknownFunction {
                    name: name.to_owned(),
                },
            ));
        };
        self.expect("(", "`(`")?;
        let inner = self.arithmetic()?;
        self.expect(")", "`)`")?;
        let span = start.to(self.previous());
        Ok(Expr {
            kind: ExprKind::Call(function, Box::new(inner)),
            span,
        })
    }
}

fn join(operator: Operator, left: Expr, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    Expr {
        kind: ExprKind::Binary(operator, Box::new(left), Box::new(right)),
        span,
    }
}
