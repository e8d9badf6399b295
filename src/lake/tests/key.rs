//! What must not show in a panel: the pseudonym key and the number of threads.

use throughline_model::Panel;
use throughline_model::panel::{Codes, Values};

use super::district::{measure, measured};

/// The panel's numbers, bit by bit, without anybody's pseudonym.
pub(super) fn bits(panel: &Panel) -> Vec<(String, Vec<u64>)> {
    let codes = |name: &str, codes: &Codes| {
        (
            name.to_owned(),
            codes.codes.iter().map(|code| u64::from(*code)).collect(),
        )
    };
    let numbers =
        |name: String, values: &[f64]| (name, values.iter().map(|value| value.to_bits()).collect());
    let values = |kind: &str, values: &[Values]| -> Vec<_> {
        values
            .iter()
            .map(|column| numbers(format!("{kind} {}", column.name), &column.values))
            .collect()
    };
    let mut all = vec![
        codes("student", &panel.student),
        codes("teacher", &panel.teacher),
        codes("school", &panel.school),
        numbers("linked".to_owned(), &panel.linked),
    ];
    for outcome in &panel.outcomes {
        all.push(numbers(outcome.name.clone(), &outcome.values));
        all.push(numbers(format!("prior {}", outcome.name), &outcome.prior));
    }
    all.extend(values("dose", &panel.exposures));
    all.extend(values("lead", &panel.leads));
    all.extend(values("covariate", &panel.covariates));
    all
}

/// Another key: other pseudonyms, in another order.
fn other(person: &str) -> String {
    let (kind, number) = person.split_at(1);
    let turned = 9 - number
        .chars()
        .last()
        .and_then(|digit| digit.to_digit(10))
        .unwrap_or(0);
    format!("x{turned}{kind}{number}")
}

#[test]
fn another_key_changes_no_number() {
    let keyed = measure(2, other);
    assert_eq!(keyed.links, measured().links);
    for (one, two) in keyed.panels.iter().zip(&measured().panels) {
        assert_eq!(bits(one), bits(two));
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for threads in [1, 5] {
        let again = measure(threads, str::to_owned);
        assert_eq!(again.panels.len(), measured().panels.len());
        for (one, two) in again.panels.iter().zip(&measured().panels) {
            assert_eq!(bits(one), bits(two), "{threads} threads");
        }
    }
}
