//! Columns as categories: sorted levels for regressors, codes for effects and clusters.

use std::collections::HashMap;

use super::ast::{Expr, ExprKind};
use super::error::FormulaError;
use super::evaluate::lookup;
use super::frame::{Frame, MISSING, Values};
use super::parser::Parser;

/// A grouping of the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// Name: the columns joined by `^`.
    pub name: String,
    /// One code a row, below `levels`; [`MISSING`] where any part is missing.
    pub codes: Vec<u32>,
    /// Number of levels present.
    pub levels: usize,
}

/// Reads `a^b` as a grouping of the frame's rows.
///
/// # Errors
/// Grammar, unknown columns.
pub fn groups(text: &str, frame: &Frame<'_>) -> Result<Grouping, FormulaError> {
    let mut parser = Parser::new(text)?;
    let parts = parser.crossed()?;
    parser.end()?;
    crossed(&parts, text, frame)
}

/// The crossing of the columns. Codes are by first appearance.
pub(crate) fn crossed(
    parts: &[Expr],
    text: &str,
    frame: &Frame<'_>,
) -> Result<Grouping, FormulaError> {
    let mut name = String::new();
    let mut all: Option<(Vec<u32>, usize)> = None;
    for part in parts {
        if !name.is_empty() {
            name.push('^');
        }
        name.push_str(&part.to_string());
        let ExprKind::Name(column) = &part.kind else {
            continue;
        };
        let one = match lookup(column, part, text, frame)? {
            Values::Numbers(values) => compact(values.iter().map(|v| {
                // Minus zero is zero.
                (!v.is_nan()).then_some((v + 0.0).to_bits())
            })),
            Values::Labels { codes, .. } => compact(
                codes
                    .iter()
                    .map(|&c| (c != MISSING).then_some(u64::from(c))),
            ),
        };
        all = Some(match all {
            None => one,
            Some((codes, _)) => compact(codes.iter().zip(&one.0).map(|(&a, &b)| {
                (a != MISSING && b != MISSING).then_some(u64::from(a) << 32 | u64::from(b))
            })),
        });
    }
    let (codes, levels) = all.unwrap_or_default();
    Ok(Grouping {
        name,
        codes,
        levels,
    })
}

fn compact(keys: impl Iterator<Item = Option<u64>>) -> (Vec<u32>, usize) {
    let mut seen: HashMap<u64, u32> = HashMap::new();
    let mut last = None;
    let codes = keys
        .map(|key| {
            let Some(key) = key else { return MISSING };
            match last {
                Some((k, code)) if k == key => code,
                _ => {
                    let next = seen.len() as u32;
                    let code = *seen.entry(key).or_insert(next);
                    last = Some((key, code));
                    code
                }
            }
        })
        .collect();
    (codes, seen.len())
}

/// A category with its levels in order: numbers by size, texts that all are numbers likewise, other texts by character.
pub(crate) struct Category {
    pub(crate) codes: Vec<u32>,
    pub(crate) labels: Vec<String>,
}

impl Category {
    pub(crate) fn new(values: Values<'_>) -> Self {
        match values {
            Values::Numbers(values) => {
                let mut levels: Vec<f64> = Vec::new();
                let (codes, count) = compact(
                    values
                        .iter()
                        .map(|v| (!v.is_nan()).then_some((v + 0.0).to_bits())),
                );
                levels.resize(count, 0.0);
                for (v, &c) in values.iter().zip(&codes).filter(|(_, c)| **c != MISSING) {
                    levels[c as usize] = v + 0.0;
                }
                let mut order: Vec<usize> = (0..count).collect();
                order.sort_by(|&a, &b| levels[a].total_cmp(&levels[b]));
                Self::ordered(&codes, &order, |i| levels[i].to_string())
            }
            Values::Labels { codes, labels } => {
                let mut present = vec![false; labels.len()];
                for &c in codes {
                    if let Some(p) = present.get_mut(c as usize) {
                        *p = true;
                    }
                }
                let mut order: Vec<usize> = (0..labels.len()).filter(|&i| present[i]).collect();
                let numbers: Option<Vec<f64>> = labels
                    .iter()
                    .zip(&present)
                    .map(|(l, p)| if *p { l.trim().parse().ok() } else { Some(0.0) })
                    .collect();
                match numbers {
                    Some(n) => order.sort_by(|&a, &b| {
                        n[a].total_cmp(&n[b])
                            .then_with(|| labels[a].cmp(&labels[b]))
                    }),
                    None => order.sort_by(|&a, &b| labels[a].cmp(&labels[b])),
                }
                Self::ordered(codes, &order, |i| labels[i].clone())
            }
        }
    }

    fn ordered(codes: &[u32], order: &[usize], label: impl Fn(usize) -> String) -> Self {
        let most = order.iter().max().map_or(0, |m| m + 1);
        let mut new = vec![MISSING; most];
        for (rank, &old) in order.iter().enumerate() {
            new[old] = rank as u32;
        }
        Self {
            codes: codes
                .iter()
                .map(|&c| new.get(c as usize).copied().unwrap_or(MISSING))
                .collect(),
            labels: order.iter().map(|&i| label(i)).collect(),
        }
    }

    pub(crate) fn position(&self, label: &str) -> Option<u32> {
        let number = label.parse::<f64>().ok();
        let same = |l: &String| l == label || (number.is_some() && l.parse::<f64>().ok() == number);
        self.labels.iter().position(same).map(|i| i as u32)
    }

    /// 1 where the row has the level, 0 where another, NaN where missing.
    pub(crate) fn indicator(&self, level: u32) -> Vec<f64> {
        let of = |&c: &u32| {
            if c == MISSING {
                f64::NAN
            } else {
                f64::from(u8::from(c == level))
            }
        };
        self.codes.iter().map(of).collect()
    }
}
