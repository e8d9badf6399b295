//! Formulas as analysts write them, read into plain columns: `math ~ small + frl | school^grade`.
//!
//! Syntax and names follow R's fixest (and lme4 for random terms), so that a specification can be carried over
//! unchanged and its results compared line by line. Text becomes meaning in two steps: [`Formula::parse`] knows only the
//! text, [`Model::build`] looks the names up in a [`Frame`] of borrowed slices and returns columns of numbers and
//! codes of groups, ready for [`crate::absorb`]. Every error shows the place in the formula.
//!
//! The module must not know estimators, files, or what happens to rows with a missing value beyond saying which they are
//! ([`Model::complete`]).
//!
//! # What may be written
//! - `y ~ a + b`, `a:b`, `a*b` (= `a + b + a:b`), `(a + b + c)^2`, `0 +` or `- 1` for no intercept;
//! - arithmetic in `I(…)`, `log()`, `exp()`, `sqrt()` …; comparisons give 0 or 1: `I(grade >= 3 & sex == "F")`; `x^2` is `I(x^2)`;
//! - categories: a text column by itself, `factor(x)`, `i(x, ref = 3)`, `i(year, treated, ref = 2013)`. Unlike in R,
//!   `factor(x, ref = "K")` names the reference level;
//! - several estimates at once: `c(y1, y2) ~` or `y1 + y2 ~`; `sw(a, b)` one at a time, `csw(a, b)` cumulatively, `sw0` and
//!   `csw0` also without;
//! - `| school + teacher^year`: effects to absorb, `^` crosses them; then `| hours ~ lottery` instruments;
//! - `(1 + x | group)` random terms, `||` for uncorrelated ones.
//!
//! ```
//! use throughline_stats::formula::{Formula, Frame, Model};
//! let formula = Formula::parse("score ~ sw(hours, log(hours)) | school^grade")?;
//! let (score, hours) = ([1.0, 2.0, 4.0], [1.0, 1.0, 3.0]);
//! let (school, grade) = ([1.0, 1.0, 2.0], [3.0, 4.0, 3.0]);
//! let frame = Frame::new(3)
//!     .numbers("score", &score)?
//!     .numbers("hours", &hours)?
//!     .numbers("school", &school)?
//!     .numbers("grade", &grade)?;
//! let model = Model::build(&formula, &frame)?;
//! assert_eq!(model.specifications.len(), 2);
//! assert_eq!(model.columns[model.specifications[1][0]].name, "log(hours)");
//! assert_eq!(model.effects[0].levels, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arithmetic;
mod ast;
mod error;
mod evaluate;
mod frame;
mod groups;
mod lexer;
mod model;
mod parser;
mod terms;

#[cfg(test)]
mod tests;

pub use ast::{Atom, Expr, ExprKind, Formula, Function, Level, Operator, RandomTerm, Term};
pub use error::{FormulaError, Problem, Span};
pub use evaluate::{evaluate, expression};
pub use frame::{Frame, MISSING, Values};
pub use groups::{Grouping, groups};
pub use model::{Complete, Model, ModelColumn, Random};
