//! Answers of earlier runs. A job whose panel did not change is not worked through again: its answer is kept under the hash of
//! everything it follows from (the pipeline, the measures, the panel up to the last school year with an outcome). Later
//! doses have a hash of their own: tonight's use of a tool is the later dose of last year's rows, and only the placebo looks at it.
//!
//! Where answers are kept is the caller's business ([`Keep`]); what cannot be read back exactly as it was is worked out again.

use rayon::prelude::*;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use throughline_model::panel::{Codes, Panel, Values};
use throughline_model::pipeline::Pipeline;

use crate::plan::Job;

/// Keeps bytes under names, from run to run.
pub trait Keep: Sync {
    /// What was kept under this name, exactly as it was; `None` where there is nothing, or nothing that can be trusted.
    fn recall(&self, name: &str) -> Option<Vec<u8>>;
    /// Keeps `bytes`. Failing to is no error: they are worked out again.
    fn keep(&self, name: &str, bytes: &[u8]);
}

/// Keeps nothing.
pub struct Forgetful;

impl Keep for Forgetful {
    fn recall(&self, _name: &str) -> Option<Vec<u8>> {
        None
    }

    fn keep(&self, _name: &str, _bytes: &[u8]) {}
}

/// The hashes of a panel: without later doses, and of them.
pub(crate) struct Contents {
    now: String,
    later: String,
}

impl Contents {
    pub(crate) fn of(panel: &Panel) -> Self {
        let values = |columns: &[Values]| -> Vec<String> {
            columns
                .par_iter()
                .map(|column| format!("{} {}", column.name, numbers(&column.values)))
                .collect()
        };
        let mut now = vec![
            format!("{:?}", panel.subject),
            hash(panel.school_year.iter().map(|year| year.to_le_bytes())),
            numbers(&panel.linked),
        ];
        let labelled = [&panel.student, &panel.school, &panel.grade, &panel.teacher];
        now.extend(
            labelled
                .par_iter()
                .map(|column| codes(column))
                .collect::<Vec<_>>(),
        );
        let taught = &panel.taught;
        now.push(hash(taught.starts.iter().map(|start| start.to_le_bytes())));
        now.push(hash(taught.teacher.iter().map(|code| code.to_le_bytes())));
        now.push(numbers(&taught.share));
        // Which grade a code stands for matters; who a pseudonym stands for does not.
        now.extend(panel.grade.labels.iter().cloned());
        let outcomes = panel.outcomes.par_iter().map(|outcome| {
            let (values, prior) = (numbers(&outcome.values), numbers(&outcome.prior));
            format!("{} {values} {prior}", outcome.name)
        });
        now.extend(outcomes.collect::<Vec<_>>());
        now.extend(values(&panel.exposures));
        now.extend(values(&panel.covariates));
        Self {
            now: texts(&now),
            later: texts(&values(&panel.leads)),
        }
    }
}

/// What the answer to a job is kept under: before the placebo, and with it.
pub(crate) fn names(pipeline: &Pipeline, job: &Job<'_>, contents: &Contents) -> [String; 2] {
    let place = format!("{} {} {}", job.study, job.frame, job.subgroup);
    let asked = format!(
        "{:?} {:?} {:?}",
        job.asks, pipeline.outcomes, pipeline.exposures
    );
    let mut now = vec![place, asked, pipeline.text.clone(), contents.now.clone()];
    for measure in &pipeline.measures {
        now.push(measure.name.clone());
        now.push(measure.sql.clone());
    }
    let now = texts(&now);
    let later = texts(&[now.clone(), contents.later.clone()]);
    [now, later]
}

fn numbers(values: &[f64]) -> String {
    hash(values.iter().map(|value| value.to_bits().to_le_bytes()))
}

fn codes(codes: &Codes) -> String {
    let column = hash(codes.codes.iter().map(|code| code.to_le_bytes()));
    format!("{column} {}", codes.labels.len())
}

fn texts(texts: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

fn hash<const N: usize>(cells: impl Iterator<Item = [u8; N]>) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = Vec::with_capacity(1 << 16);
    for cell in cells {
        buffer.extend_from_slice(&cell);
        if buffer.len() + N > 1 << 16 {
            hasher.update(&buffer);
            buffer.clear();
        }
    }
    hasher.update(&buffer);
    hasher.finalize().to_hex().to_string()
}

/// The bytes of something that can be read back exactly; `None` where it cannot.
pub fn encode<T: Serialize + DeserializeOwned + std::fmt::Debug>(what: &T) -> Option<Vec<u8>> {
    let value = exact(serde_json::to_value(what).ok()?);
    let bytes = serde_json::to_vec(&value).ok()?;
    // A number that is none has no place in JSON, and would come back as something else.
    let back: T = decode(&bytes)?;
    (format!("{back:?}") == format!("{what:?}")).then_some(bytes)
}

/// Reads back what [`encode`] wrote.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    serde_json::from_value(inexact(value)).ok()
}

/// The key of a number written by its bits: reading decimals may change the last one.
const BITS: &str = "~";

fn exact(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let bits = number.as_f64().unwrap_or_default().to_bits();
            Value::Object(Map::from_iter([(BITS.to_owned(), bits.into())]))
        }
        Value::Array(values) => values.into_iter().map(exact).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, exact(value)))
            .collect(),
        other => other,
    }
}

fn inexact(value: Value) -> Value {
    match value {
        Value::Object(map) if map.len() == 1 && map.contains_key(BITS) => {
            let bits = map[BITS].as_u64().unwrap_or_default();
            Value::from(f64::from_bits(bits))
        }
        Value::Array(values) => values.into_iter().map(inexact).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, inexact(value)))
            .collect(),
        other => other,
    }
}

/// What errors cluster by.
pub(crate) type Cluster = &'static str;

/// Reads what errors cluster by.
pub(crate) fn cluster<'de, D: Deserializer<'de>>(from: D) -> Result<Cluster, D::Error> {
    let word = String::deserialize(from)?;
    ["teacher", "school"]
        .into_iter()
        .find(|known| *known == word)
        .ok_or_else(|| D::Error::custom("errors cluster by something unknown"))
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn what_is_kept_comes_back_to_the_last_bit() {
        // A decimal reader that is off by one bit anywhere would show here.
        let mut bits = 0x3fb9_9999_9999_999a_u64;
        let numbers: Vec<f64> = (0..2_000)
            .map(|_| {
                bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                f64::from_bits((bits >> 12) | 0x3ff0_0000_0000_0000) - 1.5
            })
            .chain([0.0, -0.0, 1.0, f64::MIN_POSITIVE])
            .collect();
        let what = (numbers, Some(3_u64), "a text".to_owned());
        let bytes = encode(&what).expect("kept");
        let back: (Vec<f64>, Option<u64>, String) = decode(&bytes).expect("read");
        let bits = |numbers: &[f64]| numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&what.0), bits(&back.0));
        assert_eq!((what.1, what.2), (back.1, back.2));
    }

    #[test]
    fn what_json_cannot_hold_is_not_kept() {
        assert_eq!(encode(&Some(f64::NAN)), None);
        assert_eq!(encode(&vec![f64::INFINITY]), None);
    }
}
