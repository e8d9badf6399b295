//! What a formula says, before any data: expressions, terms, effects, instruments, random terms.
//!
//! Interactions, powers and stepwise functions are already expanded: a [`Formula`] lists every specification by its terms,
//! and a term is a set of atoms by number. Expressions print the way R prints them, because that is how results name
//! their coefficients.

use std::fmt;

use super::error::Span;

/// An arithmetic expression and its place in the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// The expression.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// Kinds of arithmetic expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A number.
    Number(f64),
    /// A quoted text, to compare a category with.
    Text(String),
    /// A column.
    Name(String),
    /// `-x`.
    Minus(Box<Expr>),
    /// `!x`.
    Not(Box<Expr>),
    /// `(x)`, kept because it shows in names.
    Parenthesis(Box<Expr>),
    /// Two operands.
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// A function of one argument.
    Call(Function, Box<Expr>),
}

/// Operators inside expressions. Comparisons and logic give 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^`
    Power,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `&`
    And,
    /// `|`
    Or,
}

impl Operator {
    fn text(self) -> &'static str {
        match self {
            Self::Add => " + ",
            Self::Subtract => " - ",
            Self::Multiply => " * ",
            Self::Divide => "/",
            Self::Power => "^",
            Self::Equal => " == ",
            Self::NotEqual => " != ",
            Self::Less => " < ",
            Self::LessEqual => " <= ",
            Self::Greater => " > ",
            Self::GreaterEqual => " >= ",
            Self::And => " & ",
            Self::Or => " | ",
        }
    }
}

/// Functions of one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `I()`: the expression as it is.
    Identity,
    /// Natural logarithm.
    Log,
    /// Logarithm to base 2.
    Log2,
    /// Logarithm to base 10.
    Log10,
    /// `log(1 + x)`.
    Log1p,
    /// Exponential.
    Exp,
    /// Square root.
    Sqrt,
    /// Absolute value.
    Abs,
}

impl Function {
    pub(crate) const ALL: [Self; 8] = [
        Self::Identity,
        Self::Log,
        Self::Log2,
        Self::Log10,
        Self::Log1p,
        Self::Exp,
        Self::Sqrt,
        Self::Abs,
    ];

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "I",
            Self::Log => "log",
            Self::Log2 => "log2",
            Self::Log10 => "log10",
            Self::Log1p => "log1p",
            Self::Exp => "exp",
            Self::Sqrt => "sqrt",
            Self::Abs => "abs",
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Number(value) => write!(f, "{value}"),
            ExprKind::Text(text) => write!(f, "\"{text}\""),
            ExprKind::Name(name) => f.write_str(name),
            ExprKind::Minus(inner) => write!(f, "-{inner}"),
            ExprKind::Not(inner) => write!(f, "!{inner}"),
            ExprKind::Parenthesis(inner) => write!(f, "({inner})"),
            ExprKind::Binary(operator, left, right) => {
                write!(f, "{left}{}{right}", operator.text())
            }
            ExprKind::Call(function, inner) => write!(f, "{}({inner})", function.name()),
        }
    }
}

impl Expr {
    /// Columns the expression reads, in order of appearance.
    pub fn names<'a>(&'a self, into: &mut Vec<&'a str>) {
        match &self.kind {
            ExprKind::Number(_) | ExprKind::Text(_) => {}
            ExprKind::Name(name) => {
                if !into.contains(&name.as_str()) {
                    into.push(name);
                }
            }
            ExprKind::Minus(inner)
            | ExprKind::Not(inner)
            | ExprKind::Parenthesis(inner)
            | ExprKind::Call(_, inner) => inner.names(into),
            ExprKind::Binary(_, left, right) => {
                left.names(into);
                right.names(into);
            }
        }
    }
}

/// A level of a category, as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// The level, numbers in their shortest form.
    pub label: String,
    /// Where it stands.
    pub span: Span,
}

/// The smallest piece of a term.
#[derive(Debug, Clone, PartialEq)]
pub enum Atom {
    /// A number for each row; or a category, when it is the bare name of a text column.
    Value(Expr),
    /// `factor(x)`: a category whatever the column holds.
    Factor {
        /// The column.
        column: Expr,
        /// The level left out; the first by default.
        reference: Option<Level>,
    },
    /// `i(x)`, `i(x, by)`: one column for each level, without R's rules on which to leave out.
    Indicator {
        /// The category.
        column: Expr,
        /// A number the indicators are multiplied with.
        by: Option<Expr>,
        /// Levels left out.
        references: Vec<Level>,
    },
}

impl Atom {
    /// Whether two atoms mean the same column, wherever they stand.
    pub(crate) fn same(&self, other: &Self) -> bool {
        let labels = |levels: &[Level]| levels.iter().map(|l| l.label.clone()).collect::<Vec<_>>();
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => a.to_string() == b.to_string(),
            (
                Self::Factor {
                    column: a,
                    reference: r,
                },
                Self::Factor {
                    column: b,
                    reference: s,
                },
            ) => {
                a.to_string() == b.to_string()
                    && r.as_ref().map(|l| &l.label) == s.as_ref().map(|l| &l.label)
            }
            (
                Self::Indicator {
                    column: a,
                    by: v,
                    references: r,
                },
                Self::Indicator {
                    column: b,
                    by: w,
                    references: s,
                },
            ) => {
                a.to_string() == b.to_string()
                    && v.as_ref().map(ToString::to_string) == w.as_ref().map(ToString::to_string)
                    && labels(r) == labels(s)
            }
            _ => false,
        }
    }

    fn names<'a>(&'a self, into: &mut Vec<&'a str>) {
        match self {
            Self::Value(expr) | Self::Factor { column: expr, .. } => expr.names(into),
            Self::Indicator { column, by, .. } => {
                column.names(into);
                if let Some(by) = by {
                    by.names(into);
                }
            }
        }
    }
}

/// A product of atoms, by their numbers in [`Formula::atoms`], ascending. Empty means the intercept.
pub type Term = Vec<usize>;

/// `(terms | group)`.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomTerm {
    /// Whether the intercept varies by group.
    pub intercept: bool,
    /// The terms whose slopes vary.
    pub terms: Vec<Term>,
    /// The grouping columns; several are crossed.
    pub group: Vec<Expr>,
    /// `|` lets the random terms of a group correlate, `||` does not.
    pub correlated: bool,
    /// Where it stands.
    pub span: Span,
}

/// A formula with everything expanded.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    /// As it was written.
    pub text: String,
    /// Outcomes; none for `~ x`.
    pub outcomes: Vec<Expr>,
    /// All atoms, in order of appearance.
    pub atoms: Vec<Atom>,
    /// Terms of each specification: one, or as many as a stepwise function asks for. Main terms first.
    pub specifications: Vec<Vec<Term>>,
    /// Whether an intercept is wanted (when no effect absorbs it).
    pub intercept: bool,
    /// Effects to absorb: columns to cross.
    pub effects: Vec<Vec<Expr>>,
    /// Endogenous terms.
    pub endogenous: Vec<Term>,
    /// Instruments.
    pub instruments: Vec<Term>,
    /// Random terms.
    pub random: Vec<RandomTerm>,
}

impl Formula {
    /// Columns the formula reads, in order of appearance.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.outcomes.iter().for_each(|e| e.names(&mut names));
        self.atoms.iter().for_each(|a| a.names(&mut names));
        let groups = self.random.iter().flat_map(|r| &r.group);
        let effects = self.effects.iter().flatten();
        effects.chain(groups).for_each(|e| e.names(&mut names));
        names
    }
}
