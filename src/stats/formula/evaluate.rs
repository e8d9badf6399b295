//! Arithmetic on columns. Missing in, missing out; comparisons and logic give 0 or 1.
//!
//! A text column may only be compared with a text (or with another text column); a number column compared with a
//! quoted number means the number.

use super::ast::{Expr, ExprKind, Function, Operator};
use super::error::{FormulaError, Problem};
use super::frame::{Frame, MISSING, Values};
use super::parser::Parser;

/// An intermediate result.
enum Value<'a> {
    Scalar(f64),
    Numbers(Vec<f64>),
    Borrowed(&'a [f64]),
    Literal(&'a str),
    Labels(&'a [u32], &'a [String]),
}

/// Reads an expression by itself, such as a filter: `sex == "F" & year >= 2019`.
///
/// # Errors
/// The text does not follow the grammar.
pub fn expression(text: &str) -> Result<Expr, FormulaError> {
    let mut parser = Parser::new(text)?;
    let expr = parser.arithmetic()?;
    parser.end()?;
    Ok(expr)
}

/// The expression for every row of the frame; NaN where it is missing. `text` is what errors quote.
///
/// # Errors
/// Unknown columns, text where a number is needed.
///
/// ```
/// use throughline_stats::formula::{evaluate, expression, Frame};
/// let text = "1 + 2 * x^2";
/// let x = [3.0, f64::NAN];
/// let values = evaluate(&expression(text)?, text, &Frame::new(2).numbers("x", &x)?)?;
/// assert_eq!(values[0], 19.0);
/// assert!(values[1].is_nan());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn evaluate(expr: &Expr, text: &str, frame: &Frame<'_>) -> Result<Vec<f64>, FormulaError> {
    Ok(match value(expr, text, frame)? {
        Value::Scalar(v) => vec![v; frame.rows()],
        Value::Numbers(v) => v,
        Value::Borrowed(v) => v.to_vec(),
        Value::Literal(_) | Value::Labels(..) => return Err(not_numeric(expr, text)),
    })
}

pub(crate) fn lookup<'a>(
    name: &str,
    expr: &Expr,
    text: &str,
    frame: &Frame<'a>,
) -> Result<Values<'a>, FormulaError> {
    frame.get(name).ok_or_else(|| FormulaError {
        problem: Problem::UnknownColumn {
            name: name.to_owned(),
        },
        text: text.to_owned(),
        span: expr.span,
    })
}

fn not_numeric(expr: &Expr, text: &str) -> FormulaError {
    FormulaError {
        problem: Problem::NotNumeric {
            name: expr.to_string(),
        },
        text: text.to_owned(),
        span: expr.span,
    }
}

fn value<'a>(expr: &'a Expr, text: &str, frame: &Frame<'a>) -> Result<Value<'a>, FormulaError> {
    Ok(match &expr.kind {
        ExprKind::Number(v) => Value::Scalar(*v),
        ExprKind::Text(t) => Value::Literal(t),
        ExprKind::Name(name) => match lookup(name, expr, text, frame)? {
            Values::Numbers(v) => Value::Borrowed(v),
            Values::Labels { codes, labels } => Value::Labels(codes, labels),
        },
        ExprKind::Parenthesis(inner) | ExprKind::Call(Function::Identity, inner) => {
            value(inner, text, frame)?
        }
        ExprKind::Minus(inner) => map(inner, text, frame, |x| -x)?,
        ExprKind::Not(inner) => map(inner, text, frame, |x| truth(x, x == 0.0))?,
        ExprKind::Call(function, inner) => {
            let f: fn(f64) -> f64 = match function {
                Function::Identity => |x| x,
                Function::Log => f64::ln,
                Function::Log2 => f64::log2,
                Function::Log10 => f64::log10,
                Function::Log1p => f64::ln_1p,
                Function::Exp => f64::exp,
                Function::Sqrt => f64::sqrt,
                Function::Abs => f64::abs,
            };
            map(inner, text, frame, f)?
        }
        ExprKind::Binary(operator, left, right) => {
            let (a, b) = (value(left, text, frame)?, value(right, text, frame)?);
            if let Some(compared) = compare_labels(*operator, &a, &b) {
                return Ok(compared);
            }
            let a = numeric(a, *operator).ok_or_else(|| not_numeric(left, text))?;
            let b = numeric(b, *operator).ok_or_else(|| not_numeric(right, text))?;
            zip(a, b, |x, y| apply(*operator, x, y))
        }
    })
}

fn map<'a>(
    inner: &'a Expr,
    text: &str,
    frame: &Frame<'a>,
    f: impl Fn(f64) -> f64,
) -> Result<Value<'a>, FormulaError> {
    Ok(match value(inner, text, frame)? {
        Value::Scalar(v) => Value::Scalar(f(v)),
        Value::Numbers(mut v) => {
            v.iter_mut().for_each(|x| *x = f(*x));
            Value::Numbers(v)
        }
        Value::Borrowed(v) => Value::Numbers(v.iter().map(|x| f(*x)).collect()),
        Value::Literal(_) | Value::Labels(..) => return Err(not_numeric(inner, text)),
    })
}

/// A quoted number compared with numbers is that number.
fn numeric(value: Value<'_>, operator: Operator) -> Option<Value<'_>> {
    match value {
        Value::Literal(t) if matches!(operator, Operator::Equal | Operator::NotEqual) => {
            t.parse().ok().map(Value::Scalar)
        }
        Value::Literal(_) | Value::Labels(..) => None,
        other => Some(other),
    }
}

fn zip<'a>(a: Value<'a>, b: Value<'a>, f: impl Fn(f64, f64) -> f64) -> Value<'a> {
    let slice = |v: &Value<'a>| -> Option<Vec<f64>> {
        match v {
            Value::Numbers(v) => Some(v.clone()),
            Value::Borrowed(v) => Some(v.to_vec()),
            _ => None,
        }
    };
    let scalar = |v: &Value<'a>| match v {
        Value::Scalar(x) => *x,
        _ => f64::NAN,
    };
    match (slice(&a), slice(&b)) {
        (Some(mut x), Some(y)) => {
            for (x, y) in x.iter_mut().zip(y) {
                *x = f(*x, y);
            }
            Value::Numbers(x)
        }
        (Some(mut x), None) => {
            let y = scalar(&b);
            x.iter_mut().for_each(|x| *x = f(*x, y));
            Value::Numbers(x)
        }
        (None, Some(mut y)) => {
            let x = scalar(&a);
            y.iter_mut().for_each(|y| *y = f(x, *y));
            Value::Numbers(y)
        }
        (None, None) => Value::Scalar(f(scalar(&a), scalar(&b))),
    }
}

/// 0 or 1, missing when `of` is.
fn truth(of: f64, condition: bool) -> f64 {
    if of.is_nan() {
        f64::NAN
    } else {
        f64::from(u8::from(condition))
    }
}

fn apply(operator: Operator, x: f64, y: f64) -> f64 {
    let either = x + y;
    match operator {
        Operator::Add => x + y,
        Operator::Subtract => x - y,
        Operator::Multiply => x * y,
        Operator::Divide => x / y,
        Operator::Power => power(x, y),
        Operator::Equal => truth(either, x == y),
        Operator::NotEqual => truth(either, x != y),
        Operator::Less => truth(either, x < y),
        Operator::LessEqual => truth(either, x <= y),
        Operator::Greater => truth(either, x > y),
        Operator::GreaterEqual => truth(either, x >= y),
        // As R: known to be false (or true) whatever the missing side is.
        Operator::And if x == 0.0 || y == 0.0 => 0.0,
        Operator::And => truth(either, true),
        Operator::Or if (x != 0.0 && !x.is_nan()) || (y != 0.0 && !y.is_nan()) => 1.0,
        Operator::Or => truth(either, false),
    }
}

fn power(x: f64, y: f64) -> f64 {
    if y == 2.0 {
        x * x
    } else if y.fract() == 0.0 && y.abs() < 64.0 {
        x.powi(y as i32)
    } else {
        x.powf(y)
    }
}

fn compare_labels<'a>(operator: Operator, a: &Value<'a>, b: &Value<'a>) -> Option<Value<'a>> {
    let equal = match operator {
        Operator::Equal => true,
        Operator::NotEqual => false,
        _ => return None,
    };
    let with = |codes: &[u32], labels: &[String], wanted: &str| {
        let same: Vec<bool> = labels.iter().map(|l| l == wanted).collect();
        let of = |&c: &u32| match same.get(c as usize) {
            Some(s) => f64::from(u8::from(*s == equal)),
            None => f64::NAN,
        };
        Value::Numbers(codes.iter().map(of).collect())
    };
    match (a, b) {
        (Value::Labels(codes, labels), Value::Literal(t))
        | (Value::Literal(t), Value::Labels(codes, labels)) => Some(with(codes, labels, t)),
        (Value::Labels(codes, labels), Value::Scalar(v))
        | (Value::Scalar(v), Value::Labels(codes, labels)) => {
            Some(with(codes, labels, &v.to_string()))
        }
        (Value::Labels(c, l), Value::Labels(d, m)) => {
            let of = |(&c, &d): (&u32, &u32)| {
                if c == MISSING || d == MISSING {
                    f64::NAN
                } else {
                    f64::from(u8::from((l[c as usize] == m[d as usize]) == equal))
                }
            };
            Some(Value::Numbers(c.iter().zip(*d).map(of).collect()))
        }
        _ => None,
    }
}
