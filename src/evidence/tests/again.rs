//! Taking an earlier run's answers gives what working everything out gives, and only what changed is worked out.

use std::collections::BTreeMap;
use std::sync::Mutex;

use throughline_evidence::finding::Findings;
use throughline_evidence::{Keep, estimate, estimate_again};
use throughline_model::Panel;
use throughline_model::pipeline::{Pipeline, Subgroup};
use throughline_model::progress::Silent;

use crate::district::{District, Program, Uptake};
use crate::pipeline::pipeline;

/// Keeps answers in memory and counts those that were new.
#[derive(Default)]
struct Memory(Mutex<(BTreeMap<String, Vec<u8>>, usize)>);

impl Memory {
    /// How many answers were kept since the last time.
    fn fresh(&self) -> usize {
        std::mem::take(&mut self.0.lock().expect("not poisoned").1)
    }
}

impl Keep for Memory {
    fn recall(&self, name: &str) -> Option<Vec<u8>> {
        self.0.lock().expect("not poisoned").0.get(name).cloned()
    }

    fn keep(&self, name: &str, bytes: &[u8]) {
        let mut known = self.0.lock().expect("not poisoned");
        known.0.insert(name.to_owned(), bytes.to_vec());
        known.1 += 1;
    }
}

/// What is found with and without answers of earlier runs; they must be the same to the last bit.
fn run(pipeline: &Pipeline, panel: &Panel, kept: &Memory) -> Findings {
    let panels = std::slice::from_ref(panel);
    let whole = estimate(pipeline, panels, &Silent).expect("a panel that fits");
    let again = estimate_again(pipeline, panels, kept, &Silent).expect("a panel that fits");
    // Debug tells numbers apart to the last bit, and missing ones are no obstacle.
    assert!(format!("{whole:?}") == format!("{again:?}"));
    again
}

#[test]
fn only_what_changed_is_answered_again() {
    let program = |effect| Program {
        uptake: Uptake::Choice(-0.7, 0.3),
        effect,
    };
    let district = District {
        programs: vec![program(0.2), program(0.0)],
        seed: 11,
        ..District::default()
    };
    let mut panel = district.panel();
    let mut pipeline = pipeline(2);
    let flag = panel.covariates[0].name.clone();
    pipeline.studies[0].subgroups = vec![Subgroup::All, Subgroup::Flag(flag)];
    let kept = Memory::default();
    run(&pipeline, &panel, &kept);
    assert_eq!(kept.fresh(), 4, "each job before and with its placebo");
    run(&pipeline, &panel, &kept);
    assert_eq!(kept.fresh(), 0, "nothing changed");
    // A later dose: only the placebo looks at it.
    let last = *panel.school_year.iter().max().expect("rows");
    let row = (0..panel.len())
        .find(|row| panel.school_year[*row] < last && !panel.leads[0].values[*row].is_nan());
    panel.leads[0].values[row.expect("a later dose")] += 5.0;
    run(&pipeline, &panel, &kept);
    assert_eq!(kept.fresh(), 2, "the placebo alone");
    // A school year that has begun, in which nobody has an outcome yet.
    let mut begun = panel.clone();
    let rows: Vec<usize> = (0..panel.len())
        .filter(|row| panel.school_year[*row] == last)
        .collect();
    let next = panel.clone();
    for column in [
        &mut begun.student,
        &mut begun.school,
        &mut begun.grade,
        &mut begun.teacher,
    ] {
        let more: Vec<u32> = rows.iter().map(|row| column.codes[*row]).collect();
        column.codes.extend(more);
    }
    begun.school_year.extend(rows.iter().map(|_| last + 1));
    begun
        .linked
        .extend(rows.iter().map(|row| next.linked[*row]));
    for outcome in &mut begun.outcomes {
        outcome.values.extend(rows.iter().map(|_| f64::NAN));
        outcome.prior.extend(rows.iter().map(|_| f64::NAN));
    }
    let columns = begun.exposures.iter_mut().chain(&mut begun.leads);
    for column in columns.chain(&mut begun.covariates) {
        column.values.extend(rows.iter().map(|_| 0.5));
    }
    // What a student costs follows from everyone's doses, those of the new year included.
    let unpriced = |mut found: Findings| {
        found.findings.iter_mut().for_each(|one| one.cost = None);
        found
    };
    let before = unpriced(run(&pipeline, &panel, &kept));
    let after = unpriced(run(&pipeline, &begun, &kept));
    assert_eq!(kept.fresh(), 0, "it can say nothing yet");
    assert!(format!("{:?}", before.findings) == format!("{:?}", after.findings));
    // An outcome of one student.
    panel.outcomes[0].values[rows[0]] += 0.25;
    run(&pipeline, &panel, &kept);
    assert_eq!(kept.fresh(), 4);
}
