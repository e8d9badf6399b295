//! A formula and data become columns of numbers: outcomes, regressors, instruments, and the codes of groups.
//!
//! Categories are coded as in R: against a reference level where the model holds the margin, one column for every level
//! where it does not. Collinear columns are left in; the estimators drop and name them.

use super::ast::{Atom, Expr, ExprKind, Formula, Level, Term};
use super::error::{FormulaError, Problem};
use super::evaluate::{evaluate, lookup};
use super::frame::{Frame, MISSING, Values};
use super::groups::{Category, Grouping, crossed};

/// A named column of the model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelColumn {
    /// As results name it, for example `small`, `log(hours)`, `year::2014:treated`, `sectorPublic:ses`.
    pub name: String,
    /// One number a row; NaN where missing, infinite where the arithmetic is (`log(0)`).
    pub values: Vec<f64>,
}

/// Random terms of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct Random {
    /// Whether the intercept varies.
    pub intercept: bool,
    /// Columns whose slopes vary, by number in [`Model::columns`].
    pub slopes: Vec<usize>,
    /// The group.
    pub group: Grouping,
    /// Whether the random terms may correlate.
    pub correlated: bool,
}

/// A formula on data.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// All columns, each once.
    pub columns: Vec<ModelColumn>,
    /// Outcomes, by number in `columns`.
    pub outcomes: Vec<usize>,
    /// Regressors of each specification, by number in `columns`.
    pub specifications: Vec<Vec<usize>>,
    /// Whether an intercept is wanted.
    pub intercept: bool,
    /// Effects to absorb.
    pub effects: Vec<Grouping>,
    /// Endogenous regressors, by number in `columns`.
    pub endogenous: Vec<usize>,
    /// Instruments, by number in `columns`.
    pub instruments: Vec<usize>,
    /// Random terms.
    pub random: Vec<Random>,
}

/// Rows that can be used, and why the others cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complete {
    /// True for the rows that can be used.
    pub rows: Vec<bool>,
    /// Rows with a missing value.
    pub missing: usize,
    /// Further rows with an infinite value.
    pub infinite: usize,
}

/// More numbers than this in one term is a category that should be absorbed.
const MOST_NUMBERS: usize = 200_000_000;

impl Model {
    /// Looks up the names and computes the columns.
    ///
    /// # Errors
    /// Unknown columns or levels, text where a number is needed.
    pub fn build(formula: &Formula, frame: &Frame<'_>) -> Result<Self, FormulaError> {
        let mut builder = Builder {
            formula,
            frame,
            columns: Vec::new(),
        };
        let mut outcomes = Vec::new();
        for outcome in &formula.outcomes {
            let values = evaluate(outcome, &formula.text, frame)?;
            outcomes.push(builder.add(strip(outcome).to_string(), values));
        }
        // Effects absorb the intercept, so categories lose a level either way.
        let constant = formula.intercept || !formula.effects.is_empty();
        let specifications = formula
            .specifications
            .iter()
            .map(|terms| builder.terms(terms, constant))
            .collect::<Result<_, _>>()?;
        let endogenous = builder.terms(&formula.endogenous, constant)?;
        let instruments = builder.terms(&formula.instruments, constant)?;
        let mut random = Vec::new();
        for term in &formula.random {
            random.push(Random {
                intercept: term.intercept,
                slopes: builder.terms(&term.terms, term.intercept)?,
                group: crossed(&term.group, &formula.text, frame)?,
                correlated: term.correlated,
            });
        }
        let effects = formula
            .effects
            .iter()
            .map(|parts| crossed(parts, &formula.text, frame))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            columns: builder.columns,
            outcomes,
            specifications,
            intercept: formula.intercept,
            effects,
            endogenous,
            instruments,
            random,
        })
    }

    /// Rows on which every effect, random group and given column has a finite value.
    #[must_use]
    pub fn complete(&self, columns: &[usize]) -> Complete {
        let length = self.columns.first().map(|c| c.values.len());
        let groups = || {
            self.effects
                .iter()
                .chain(self.random.iter().map(|r| &r.group))
        };
        let n = length
            .or_else(|| groups().next().map(|g| g.codes.len()))
            .unwrap_or(0);
        let mut rows = vec![true; n];
        for &column in columns {
            for (keep, v) in rows.iter_mut().zip(&self.columns[column].values) {
                *keep &= !v.is_nan();
            }
        }
        for group in groups() {
            for (keep, c) in rows.iter_mut().zip(&group.codes) {
                *keep &= *c != MISSING;
            }
        }
        let missing = rows.iter().filter(|keep| !**keep).count();
        for &column in columns {
            for (keep, v) in rows.iter_mut().zip(&self.columns[column].values) {
                *keep &= v.is_finite();
            }
        }
        let infinite = rows.iter().filter(|keep| !**keep).count() - missing;
        Complete {
            rows,
            missing,
            infinite,
        }
    }
}

/// An outcome in parentheses is named without them.
fn strip(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Parenthesis(inner) => strip(inner),
        _ => expr,
    }
}

struct Builder<'f, 'd> {
    formula: &'f Formula,
    frame: &'f Frame<'d>,
    columns: Vec<ModelColumn>,
}

/// One column an atom contributes to a term: its name and values.
type Piece = (String, Vec<f64>);

impl Builder<'_, '_> {
    fn add(&mut self, name: String, values: Vec<f64>) -> usize {
        if let Some(at) = self.columns.iter().position(|c| c.name == name) {
            return at;
        }
        self.columns.push(ModelColumn { name, values });
        self.columns.len() - 1
    }

    fn terms(&mut self, terms: &[Term], constant: bool) -> Result<Vec<usize>, FormulaError> {
        let mut found = Vec::new();
        let mut full_once = false;
        for term in terms {
            let mut pieces: Vec<Piece> = Vec::new();
            for &atom in term {
                let margin: Term = term.iter().copied().filter(|a| *a != atom).collect();
                let mut has_margin = if margin.is_empty() {
                    constant
                } else {
                    terms.contains(&margin)
                };
                // Without an intercept the first category alone takes all its levels.
                if margin.is_empty() && !constant {
                    has_margin = full_once;
                    full_once |= self.is_category(atom)?;
                }
                let own = self.atom(atom, has_margin)?;
                self.affordable(own.len().saturating_mul(pieces.len().max(1)), atom)?;
                pieces = if pieces.is_empty() {
                    own
                } else {
                    multiply(&pieces, &own)
                };
            }
            for (name, values) in pieces {
                let at = self.add(name, values);
                if !found.contains(&at) {
                    found.push(at);
                }
            }
        }
        Ok(found)
    }

    fn is_category(&self, atom: usize) -> Result<bool, FormulaError> {
        Ok(match &self.formula.atoms[atom] {
            Atom::Factor { .. } => true,
            Atom::Indicator { .. } => false,
            Atom::Value(expr) => matches!(&expr.kind, ExprKind::Name(name)
                if matches!(self.column(name, expr)?, Values::Labels { .. })),
        })
    }

    fn column(&self, name: &str, expr: &Expr) -> Result<Values<'_>, FormulaError> {
        lookup(name, expr, &self.formula.text, self.frame)
    }

    fn atom(&self, number: usize, has_margin: bool) -> Result<Vec<Piece>, FormulaError> {
        match &self.formula.atoms[number] {
            Atom::Value(expr) => {
                if let ExprKind::Name(name) = &expr.kind {
                    let values = self.column(name, expr)?;
                    if matches!(values, Values::Labels { .. }) {
                        let category = Category::new(values);
                        self.affordable(category.labels.len(), number)?;
                        return Ok(coded(&category, name, None, has_margin));
                    }
                }
                let values = evaluate(expr, &self.formula.text, self.frame)?;
                Ok(vec![(expr.to_string(), values)])
            }
            Atom::Factor { column, reference } => {
                let category = self.category(column)?;
                self.affordable(category.labels.len(), number)?;
                let reference = match reference {
                    Some(level) => Some(self.level(&category, column, level)?),
                    None => None,
                };
                let name = format!("factor({column})");
                Ok(coded(&category, &name, reference, has_margin))
            }
            Atom::Indicator {
                column,
                by,
                references,
            } => {
                let category = self.category(column)?;
                self.affordable(category.labels.len(), number)?;
                self.indicators(&category, column, by.as_ref(), references, has_margin)
            }
        }
    }

    /// Refuses to write out a category with very many levels.
    fn affordable(&self, columns: usize, atom: usize) -> Result<(), FormulaError> {
        if columns.saturating_mul(self.frame.rows()) <= MOST_NUMBERS {
            return Ok(());
        }
        let (Atom::Value(at)
        | Atom::Factor { column: at, .. }
        | Atom::Indicator { column: at, .. }) = &self.formula.atoms[atom];
        Err(FormulaError {
            problem: Problem::TooLarge {
                what: "a category with so many levels; absorb it after `|`",
            },
            text: self.formula.text.clone(),
            span: at.span,
        })
    }

    fn category(&self, column: &Expr) -> Result<Category, FormulaError> {
        let ExprKind::Name(name) = &column.kind else {
            return Err(self.error(column, "a category that is computed"));
        };
        Ok(Category::new(self.column(name, column)?))
    }

    fn error(&self, at: &Expr, what: &str) -> FormulaError {
        FormulaError {
            problem: Problem::Unsupported {
                what: what.to_owned(),
                hint: "name a column",
            },
            text: self.formula.text.clone(),
            span: at.span,
        }
    }

    fn level(
        &self,
        category: &Category,
        column: &Expr,
        level: &Level,
    ) -> Result<u32, FormulaError> {
        category.position(&level.label).ok_or_else(|| FormulaError {
            problem: Problem::UnknownLevel {
                name: column.to_string(),
                level: level.label.clone(),
            },
            text: self.formula.text.clone(),
            span: level.span,
        })
    }

    /// fixest's `i()`: all levels but the references, named `x::level` or `x::level:by`. Without a reference and without a
    /// second variable the first level goes when something else carries the constant.
    fn indicators(
        &self,
        category: &Category,
        column: &Expr,
        by: Option<&Expr>,
        references: &[Level],
        has_margin: bool,
    ) -> Result<Vec<Piece>, FormulaError> {
        let mut left_out = Vec::new();
        for level in references {
            left_out.push(self.level(category, column, level)?);
        }
        if references.is_empty() && by.is_none() && has_margin {
            left_out.push(0);
        }
        let by = match by {
            Some(expr) => Some((expr, evaluate(expr, &self.formula.text, self.frame)?)),
            None => None,
        };
        let mut pieces = Vec::new();
        for (i, label) in category.labels.iter().enumerate() {
            if left_out.contains(&(i as u32)) {
                continue;
            }
            let mut values = category.indicator(i as u32);
            let mut name = format!("{column}::{label}");
            if let Some((expr, with)) = &by {
                name = format!("{name}:{expr}");
                values.iter_mut().zip(with).for_each(|(v, w)| *v *= w);
            }
            pieces.push((name, values));
        }
        Ok(pieces)
    }
}

/// Columns of a category: against a reference, or one for each level.
fn coded(category: &Category, name: &str, reference: Option<u32>, contrast: bool) -> Vec<Piece> {
    let left_out = contrast.then(|| reference.unwrap_or(0));
    (0..category.labels.len() as u32)
        .filter(|level| Some(*level) != left_out)
        .map(|level| {
            let label = &category.labels[level as usize];
            (format!("{name}{label}"), category.indicator(level))
        })
        .collect()
}

/// All products, the first factor varying fastest, as R orders them.
fn multiply(left: &[Piece], right: &[Piece]) -> Vec<Piece> {
    let mut out = Vec::with_capacity(left.len() * right.len());
    for (name, values) in right {
        for (first, with) in left {
            let product = with.iter().zip(values).map(|(a, b)| a * b).collect();
            out.push((format!("{first}:{name}"), product));
        }
    }
    out
}
