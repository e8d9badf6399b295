//! Co-teachers: a student's dose is the mean over all their teachers, so what these are good for must be too. Good teachers like a program
//! that does nothing; in years with a good co-teacher a class has more of it and does better.

use throughline_evidence::estimate;
use throughline_evidence::finding::Finding;
use throughline_model::Panel;
use throughline_model::panel::{Codes, OutcomeValues, Shares, Values};
use throughline_model::pipeline::Design;
use throughline_model::progress::Silent;

use crate::district::Random;
use crate::pipeline::pipeline;

const SCHOOLS: usize = 12;
const LEADS: usize = 8;
const HELPERS: usize = 3;
const STAFF: usize = LEADS + HELPERS;
const CLASS: usize = 12;
const YEARS: usize = 5;
const HOURS: f64 = 10.0;
/// What 10 hours of the second program do, in units of the score.
const EFFECT: f64 = 0.2;

/// Half of the classes have a helper for four tenths of the time. `p0` is what good teachers like, `p1` works.
fn district(seed: u64) -> Panel {
    let mut random = Random::new(seed);
    let staff = SCHOOLS * STAFF;
    let quality: Vec<f64> = (0..staff).map(|_| 0.25 * random.normal()).collect();
    let names = |n: usize| (0..n).map(|i| i.to_string()).collect();
    let codes = |n: usize| Codes {
        codes: Vec::new(),
        labels: names(n),
    };
    let column = |name: &str| Values {
        name: name.to_owned(),
        values: Vec::new(),
    };
    let mut panel = Panel {
        student: codes(SCHOOLS * LEADS * CLASS * YEARS),
        school: codes(SCHOOLS),
        grade: codes(1),
        teacher: codes(staff),
        taught: Shares {
            starts: vec![0],
            ..Shares::default()
        },
        outcomes: vec![OutcomeValues {
            name: "score".to_owned(),
            values: Vec::new(),
            prior: Vec::new(),
        }],
        exposures: vec![column("p0"), column("p1")],
        leads: vec![column("p0"), column("p1")],
        covariates: vec![column("economically_disadvantaged")],
        ..Panel::default()
    };
    let mut student = 0;
    for year in 0..YEARS {
        let mut takes = |teacher: usize, selection: f64| {
            let odds = (-0.7 + selection * quality[teacher] / 0.25).exp();
            if random.uniform() < odds / (1.0 + odds) {
                HOURS
            } else {
                0.0
            }
        };
        let hours: Vec<[f64; 2]> = (0..staff).map(|t| [takes(t, 1.4), takes(t, 0.0)]).collect();
        for school in 0..SCHOOLS {
            let place = 0.1 * random.normal();
            for lead in 0..LEADS {
                let lead = school * STAFF + lead;
                let team = match random.uniform() < 0.5 {
                    true => vec![
                        (lead, 0.6),
                        (school * STAFF + LEADS + random.below(HELPERS), 0.4),
                    ],
                    false => vec![(lead, 1.0)],
                };
                let mean = |of: &dyn Fn(usize) -> f64| -> f64 {
                    team.iter()
                        .map(|(teacher, share)| share * of(*teacher))
                        .sum()
                };
                let taught = mean(&|t| quality[t] + EFFECT * hours[t][1] / HOURS);
                let shock = 0.05 * random.normal();
                for _ in 0..CLASS {
                    let prior = random.normal();
                    let score = 0.7 * prior + taught + shock + place + 0.5 * random.normal();
                    panel.student.codes.push(student);
                    panel.school_year.push(2021 + year as i32);
                    panel.school.codes.push(school as u32);
                    panel.grade.codes.push(0);
                    panel.teacher.codes.push(lead as u32);
                    for (teacher, share) in &team {
                        panel.taught.teacher.push(*teacher as u32);
                        panel.taught.share.push(*share);
                    }
                    panel.taught.starts.push(panel.taught.teacher.len() as u32);
                    panel.linked.push(1.0);
                    panel.outcomes[0].values.push(score);
                    panel.outcomes[0].prior.push(prior);
                    panel.covariates[0].values.push(0.0);
                    for (p, column) in panel.exposures.iter_mut().enumerate() {
                        column.values.push(mean(&|t| hours[t][p]));
                    }
                    for column in &mut panel.leads {
                        column.values.push(f64::NAN);
                    }
                    student += 1;
                }
            }
        }
    }
    panel
}

fn findings(panel: Panel) -> Vec<Finding> {
    let mut pipeline = pipeline(2);
    pipeline.studies[0].designs = vec![Design::PanelAssociation];
    let found = estimate(&pipeline, &[panel], &Silent).expect("a panel that fits");
    found.findings
}

/// Errors of the estimates of both programs, in units of the score, and how many intervals hold the truth.
fn errors(findings: &[Finding]) -> [(f64, bool); 2] {
    [0, 1].map(|p| {
        let found = findings[p].adjusted_raw.expect("estimated");
        let truth = EFFECT * p as f64;
        let holds = found.lower <= truth && truth <= found.upper;
        (found.estimate - truth, holds)
    })
}

#[test]
fn a_good_co_teacher_is_not_credited_to_what_good_teachers_like() {
    const DISTRICTS: u64 = 30;
    let (mut shared, mut own) = ([0.0; 2], [0.0; 2]);
    let mut squares = [0.0; 2];
    let mut covered = 0;
    for seed in 0..DISTRICTS {
        let panel = district(seed);
        let mut alone = panel.clone();
        alone.taught = Shares::default();
        for (p, (error, holds)) in errors(&findings(panel)).into_iter().enumerate() {
            shared[p] += error / DISTRICTS as f64;
            squares[p] += error * error / DISTRICTS as f64;
            covered += u64::from(holds);
        }
        for (p, (error, _)) in errors(&findings(alone)).into_iter().enumerate() {
            own[p] += error / DISTRICTS as f64;
        }
    }
    // Three standard errors of the mean error.
    for p in 0..2 {
        let noise = 3.0 * (squares[p] / DISTRICTS as f64).sqrt();
        assert!(
            shared[p].abs() < noise,
            "p{p}: bias {} ± {noise}",
            shared[p]
        );
    }
    // With the main teacher's effect alone, the program that does nothing collects the helpers' skill.
    let noise = 3.0 * (squares[0] / DISTRICTS as f64).sqrt();
    assert!(own[0] > noise, "{} ± {noise}", own[0]);
    // 60 intervals: 95 % ± 8.5.
    assert!(covered >= 52, "{covered} of 60 covered");
}

#[test]
fn the_estimator_says_whom_it_counts() {
    let panel = district(1);
    let mut alone = panel.clone();
    alone.taught = Shares::default();
    assert!(
        findings(panel)[0]
            .estimator
            .contains("all of a student's, by share of days")
    );
    assert!(!findings(alone)[0].estimator.contains("by share of days"));
}
