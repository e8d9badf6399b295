//! No number that a rule withholds may be reachable in what is written out, whatever was found.

use proptest::prelude::*;
use serde_json::Value;
use throughline_disclosure::{Report, release};
use throughline_evidence::finding::{
    Check, CheckOutcome, Counts, Coverage, DesignResult, Detail, DoseBin, DoseCurve, Dropped,
    Estimate, Finding, Findings, Grade, Named, Planned, Rate, Rule, Verdict,
};
use throughline_model::pipeline::{Design, Privacy, Subgroup, Window};

fn privacy() -> Privacy {
    Privacy {
        key: "key".into(),
        create_key: false,
        min_students: 10,
        min_teachers: 5,
        min_schools: 3,
    }
}

fn named(id: &str) -> Named {
    Named {
        id: id.to_owned(),
        label: id.to_owned(),
    }
}

fn estimate(mark: f64) -> Estimate {
    Estimate {
        estimate: mark,
        se: mark,
        lower: mark,
        upper: mark,
        p: 0.01,
        df: 50.0,
    }
}

/// A finding whose estimate is `mark`, so that it can be looked for.
fn finding(mark: f64, n: Counts) -> Finding {
    Finding {
        id: format!("study.exposure.outcome.{mark}"),
        study: named("study"),
        exposure: named("exposure"),
        outcome: named("outcome"),
        domain: "achievement".to_owned(),
        subgroup: Subgroup::All,
        design: Design::PanelAssociation,
        designs: Vec::new(),
        window: Window::PriorYear,
        per: 10.0,
        dose_unit: "hours".to_owned(),
        outcome_unit: "points".to_owned(),
        higher_is_better: true,
        smallest_difference: 0.05,
        naive: Some(estimate(mark)),
        adjusted: Some(estimate(mark)),
        adjusted_raw: Some(estimate(mark)),
        alone: Some(estimate(mark)),
        shrunk: Some(estimate(mark)),
        gap: Some(estimate(mark)),
        q_value: Some(0.02),
        q_in_domain: Some(0.02),
        n,
        checks: Vec::new(),
        verdict: Verdict::Promising,
        verdict_reason: format!("a difference of {mark}"),
        grade: Grade::default(),
        minimum_detectable: Some(mark),
        size: None,
        cost: None,
        planned: Planned::Before,
        estimator: String::new(),
    }
}

fn counts(all: [u64; 3], exposed: [u64; 3], comparison: [u64; 3]) -> Counts {
    Counts {
        student_years: 2 * all[0],
        students: all[0],
        teachers: all[1],
        schools: all[2],
        exposed_students: Some(exposed[0]),
        exposed_teachers: Some(exposed[1]),
        exposed_schools: Some(exposed[2]),
        comparison_students: Some(comparison[0]),
        comparison_teachers: Some(comparison[1]),
        comparison_schools: Some(comparison[2]),
        dropped: Vec::new(),
    }
}

fn released(findings: Findings) -> Value {
    let report = Report {
        findings,
        ..Report::default()
    };
    serde_json::to_value(release(report, &privacy())).expect("a report is JSON")
}

/// Every number and every text of a JSON value.
fn leaves(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| leaves(item, out)),
        Value::Object(fields) => fields.values().for_each(|field| leaves(field, out)),
        Value::Null => {}
        Value::String(text) => out.push(text.clone()),
        other => out.push(other.to_string()),
    }
}

fn group() -> impl Strategy<Value = [u64; 3]> {
    (0u64..40, 0u64..12, 0u64..6).prop_map(|(students, teachers, schools)| {
        // A group without students has no teachers and no schools.
        if students == 0 {
            [0; 3]
        } else {
            [students, teachers.max(1), schools.max(1)]
        }
    })
}

/// Everyone, some of them exposed, some in the comparison, as overlapping sets can be.
fn three_groups() -> impl Strategy<Value = ([u64; 3], [u64; 3], [u64; 3])> {
    (group(), group(), 0.0..1.0f64).prop_map(|(exposed, comparison, overlap)| {
        let all: Vec<u64> = exposed
            .iter()
            .zip(comparison)
            .map(|(e, c)| e + c - ((*e).min(c) as f64 * overlap) as u64)
            .collect();
        ([all[0], all[1], all[2]], exposed, comparison)
    })
}

/// Written out again from the words, not from the code: fewer than 10 students, 5 teachers or 3 schools.
fn too_small(group: [u64; 3]) -> bool {
    group[0] > 0 && (group[0] < 10 || group[1] < 5 || group[2] < 3)
}

proptest! {
    #[test]
    fn no_withheld_finding_can_be_read(groups in prop::collection::vec(three_groups(), 1..20)) {
        let marks: Vec<f64> = (0..groups.len()).map(|i| 0.3001 + i as f64 / 1000.0).collect();
        let findings = Findings {
            findings: groups
                .iter()
                .zip(&marks)
                .map(|((all, exposed, comparison), mark)| {
                    finding(*mark, counts(*all, *exposed, *comparison))
                })
                .collect(),
            ..Findings::default()
        };
        let json = released(findings);
        let found = &json["findings"];
        let mut text = Vec::new();
        leaves(&found["findings"], &mut text);
        let mut hidden = Vec::new();
        leaves(&found["withheld"], &mut hidden);
        for ((all, exposed, comparison), mark) in groups.iter().zip(&marks) {
            let withheld = [*all, *exposed, *comparison].into_iter().any(too_small);
            let mark = ((mark * 1e4).round() / 1e4).to_string();
            let shown = text.contains(&mark);
            prop_assert_eq!(shown, !withheld, "{:?} {:?} {:?}", all, exposed, comparison);
            // What is withheld keeps its id and the rule, nothing that is a number or a sentence.
            prop_assert!(!hidden.contains(&mark));
            prop_assert!(!hidden.iter().any(|t| t.contains("a difference of")));
        }
        let listed = found["findings"].as_array().map_or(0, Vec::len)
            + found["withheld"].as_array().map_or(0, Vec::len);
        prop_assert_eq!(listed, groups.len());
    }

    #[test]
    fn no_published_count_gives_a_small_group_away_by_subtraction(
        (all, exposed, comparison) in three_groups(),
    ) {
        let json = released(Findings {
            findings: vec![finding(0.5, counts(all, exposed, comparison))],
            ..Findings::default()
        });
        let n = &json["findings"]["findings"][0]["n"];
        for (what, least) in [("students", 10), ("teachers", 5), ("schools", 3)] {
            let read = |key: String| n[key].as_u64();
            let Some(all) = read(what.to_owned()) else { continue };
            let exposed = read(format!("exposed_{what}"));
            let comparison = read(format!("comparison_{what}"));
            let fine = |left: u64| left == 0 || left >= least;
            if let Some(exposed) = exposed {
                prop_assert!(fine(all - exposed));
            }
            if let Some(comparison) = comparison {
                prop_assert!(fine(all - comparison));
            }
            if let (Some(exposed), Some(comparison)) = (exposed, comparison) {
                prop_assert!(fine(exposed + comparison - all));
            }
        }
    }

    #[test]
    fn no_small_dose_bin_or_coverage_cell_keeps_a_number(groups in prop::collection::vec(group(), 1..6)) {
        let marks: Vec<f64> = (0..groups.len()).map(|i| 0.3001 + i as f64 / 1000.0).collect();
        let bins = groups.iter().zip(&marks).map(|(group, mark)| DoseBin {
            above: 0.0,
            up_to: None,
            mean_dose: Some(*mark),
            effect: Some(estimate(*mark)),
            students: Some(group[0]),
            teachers: Some(group[1]),
            schools: Some(group[2]),
            withheld: None,
        });
        let cells = groups.iter().zip(&marks).map(|(group, mark)| Coverage {
            exposure: named("exposure"),
            school_year: 2025,
            students: Some(group[0]),
            teachers: Some(group[1]),
            schools: Some(group[2]),
            all_students: Some(1000),
            all_teachers: Some(100),
            all_schools: Some(50),
            share: Some(*mark),
            withheld: None,
        });
        let json = released(Findings {
            doses: vec![DoseCurve {
                exposure: named("exposure"),
                outcome: named("outcome"),
                dose_unit: "hours".to_owned(),
                bins: bins.collect(),
            }],
            coverage: cells.collect(),
            ..Findings::default()
        });
        let reference_hidden = too_small(groups[0]);
        for (i, group) in groups.iter().enumerate() {
            let bin = &json["findings"]["doses"][0]["bins"][i];
            let hidden = too_small(*group) || reference_hidden;
            prop_assert_eq!(bin["effect"].is_null(), hidden);
            prop_assert_eq!(bin["mean_dose"].is_null(), hidden);
            prop_assert_eq!(bin["students"].is_null(), hidden);
            prop_assert_eq!(!bin["withheld"].is_null(), hidden);
            let cell = &json["findings"]["coverage"][i];
            prop_assert_eq!(cell["share"].is_null(), too_small(*group));
            prop_assert_eq!(cell["students"].is_null(), too_small(*group));
            prop_assert_eq!(!cell["withheld"].is_null(), too_small(*group));
        }
    }
}

#[test]
fn the_rule_is_told_and_the_rest_is_shown() {
    let large = [500, 40, 12];
    let report = Report {
        findings: Findings {
            findings: vec![
                finding(0.1, counts(large, [300, 20, 12], [400, 30, 12])),
                finding(0.2, counts(large, [300, 4, 4], [400, 38, 12])),
                finding(0.3, counts(large, [300, 20, 12], [9, 8, 4])),
                finding(0.4, counts(large, [300, 20, 2], [400, 30, 12])),
            ],
            ..Findings::default()
        },
        ..Report::default()
    };
    let released = release(report, &privacy());
    let found = &released.findings;
    assert_eq!(found.findings.len(), 1);
    let rules: Vec<Rule> = found.withheld.iter().map(|w| w.rule).collect();
    assert_eq!(
        rules,
        [Rule::FewTeachers, Rule::FewStudents, Rule::FewSchools]
    );
    assert_eq!(released.rules.min_teachers, 5);
}

/// A count model of the finding, about its own people.
fn rate(mark: f64, n: Counts) -> DesignResult {
    DesignResult {
        design: Design::CountModel,
        contrast: "10 hours more".to_owned(),
        estimate: Some(estimate(mark)),
        not_run: None,
        n,
        checks: vec![Check {
            name: "a check".to_owned(),
            outcome: CheckOutcome::Passed,
            reason: format!("moved by {mark}"),
        }],
        estimator: "Poisson".to_owned(),
        detail: Detail::Rate(Rate {
            factor: estimate(mark),
            base: mark,
            silent: Some(4),
        }),
    }
}

#[test]
fn a_design_about_too_few_keeps_its_name_and_loses_its_numbers() {
    let enough = counts([500, 40, 8], [200, 20, 6], [400, 30, 7]);
    let few = counts([500, 40, 8], [200, 4, 3], [400, 36, 8]);
    let mut found = finding(0.111_111_1, enough.clone());
    found.designs = vec![rate(0.777_777_7, few), rate(0.222_222_2, enough)];
    let json = released(Findings {
        findings: vec![found],
        ..Findings::default()
    });
    let designs = &json["findings"]["findings"][0]["designs"];
    let mut left = Vec::new();
    leaves(&designs[0], &mut left);
    assert!(left.iter().all(|leaf| !leaf.contains("0.77")), "{left:?}");
    assert_eq!(
        designs[0]["not_run"],
        "withheld: it would be about too few teachers"
    );
    assert_eq!(designs[1]["estimate"]["estimate"], 0.2222);
    assert_eq!(designs[1]["detail"]["Rate"]["base"], 0.2222);
    // Fewer student × school years than students may be shown.
    assert_eq!(designs[1]["detail"]["Rate"]["silent"], Value::Null);
}

#[test]
fn a_single_count_goes_where_the_rest_would_be_too_few() {
    let mut n = counts([500, 40, 12], [495, 40, 11], [500, 40, 12]);
    n.dropped = vec![
        Dropped {
            reason: "few".to_owned(),
            rows: Some(3),
        },
        Dropped {
            reason: "many".to_owned(),
            rows: Some(30),
        },
    ];
    let report = Report {
        findings: Findings {
            findings: vec![finding(0.1, n)],
            ..Findings::default()
        },
        ..Report::default()
    };
    let released = release(report, &privacy());
    let n = &released.findings.findings[0].n;
    // 5 students and 1 school never took part.
    assert_eq!((n.exposed_students, n.exposed_schools), (None, None));
    assert_eq!(n.exposed_teachers, Some(40));
    assert_eq!(n.comparison_students, Some(500));
    assert_eq!((n.dropped[0].rows, n.dropped[1].rows), (None, Some(30)));
}

#[test]
fn a_share_that_leaves_a_few_students_out_is_withheld() {
    let cell = |students| Coverage {
        exposure: named("exposure"),
        school_year: 2025,
        students: Some(students),
        teachers: Some(100),
        schools: Some(50),
        all_students: Some(1000),
        all_teachers: Some(100),
        all_schools: Some(50),
        share: Some(students as f64 / 1000.0),
        withheld: None,
    };
    let report = Report {
        findings: Findings {
            coverage: vec![cell(991), cell(990), cell(1000), cell(0)],
            ..Findings::default()
        },
        ..Report::default()
    };
    let released = release(report, &privacy());
    let shares: Vec<Option<f64>> = released.findings.coverage.iter().map(|c| c.share).collect();
    assert_eq!(shares, [None, Some(0.99), Some(1.0), Some(0.0)]);
}

#[test]
fn a_released_report_does_not_change_when_it_is_released_again() {
    let report = Report {
        findings: Findings {
            findings: vec![finding(
                0.123_456_789,
                counts([500, 40, 12], [300, 20, 12], [400, 30, 12]),
            )],
            ..Findings::default()
        },
        ..Report::default()
    };
    let once = release(report, &privacy());
    let twice = release(once.get().clone(), &privacy());
    assert_eq!(once, twice);
    assert_eq!(
        once.findings.findings[0].adjusted.map(|e| e.estimate),
        Some(0.1235)
    );
}

#[test]
fn what_to_do_next_follows_from_what_may_be_shown() {
    let mut shown = finding(0.1, counts([40, 12, 6], [20, 6, 4], [20, 6, 4]));
    shown.verdict = Verdict::Helped;
    let mut hidden = finding(0.2, counts([40, 12, 6], [2, 1, 1], [38, 11, 6]));
    hidden.verdict = Verdict::WorseOutcomes;
    let value = released(Findings {
        findings: vec![shown, hidden],
        ..Findings::default()
    });
    let actions = value["findings"]["actions"][0]["actions"]
        .as_array()
        .expect("actions");
    assert_eq!(actions.len(), 1);
    assert_eq!(actions[0]["kind"], "Grow");
    assert_eq!(actions[0]["finding"], "study.exposure.outcome.0.1");
}
