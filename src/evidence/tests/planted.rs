//! Planted truth. Tolerances: over R drawn districts a share p is known to ± 2√(p(1−p)/R); bounds stand about three such
//! errors from the nominal value, so that a correct engine fails by bad luck about once in several hundred seeds (and the seeds
//! are fixed).

use throughline_evidence::estimate;
use throughline_evidence::finding::{CheckOutcome, Finding, Verdict};
use throughline_model::progress::Silent;

use crate::district::{District, Program, Uptake};
use crate::pipeline::pipeline;

fn findings(district: &District) -> Vec<Finding> {
    let pipeline = pipeline(district.programs.len());
    let found = estimate(&pipeline, &[district.panel()], &Silent).expect("a panel that fits");
    found.findings
}

/// The outcome's standard deviation, from the two scales a finding carries.
fn truth(effect: f64, finding: &Finding) -> f64 {
    let (in_sd, raw) = (
        finding.adjusted.expect("estimated"),
        finding.adjusted_raw.expect("estimated"),
    );
    effect * in_sd.se / raw.se
}

#[test]
fn intervals_cover_the_truth_and_a_program_that_attracts_better_teachers_is_not_found() {
    const DISTRICTS: u64 = 150;
    let (mut covered, mut rejected, mut fooled, mut helped) = (0, 0, 0, 0);
    for seed in 0..DISTRICTS {
        let district = District {
            programs: vec![
                Program {
                    uptake: Uptake::Choice(-0.7, 0.4),
                    effect: 0.15,
                },
                Program {
                    uptake: Uptake::Choice(-0.5, 1.4),
                    effect: 0.0,
                },
            ],
            seed,
            ..District::default()
        };
        let found = findings(&district);
        for (finding, program) in found.iter().zip(&district.programs) {
            let adjusted = finding.adjusted.expect("estimated");
            let truth = truth(program.effect, finding);
            covered += u64::from(adjusted.lower <= truth && truth <= adjusted.upper);
        }
        let nil = &found[1];
        rejected += u64::from(nil.adjusted.expect("estimated").p < 0.05);
        fooled += u64::from(nil.naive.expect("estimated").lower > 0.0);
        helped += u64::from(nil.verdict == Verdict::Helped);
    }
    // 300 intervals: 95 % ± 3.8.
    assert!((273..=297).contains(&covered), "{covered} of 300 covered");
    // 150 tests at 5 %: 7.5 ± 8.
    assert!(rejected <= 16, "{rejected} of 150 rejected a true zero");
    assert!(
        fooled >= 110,
        "the naive correlation was fooled in {fooled} of 150 only"
    );
    // No more than 5 % of districts, and bad luck.
    assert!(helped <= 12, "{helped} of 150 called helped");
}

#[test]
fn help_is_found_harm_is_flagged_and_nothing_stays_nothing() {
    let district = District {
        schools: 24,
        teachers_each: 14,
        class: 20,
        programs: vec![
            Program {
                uptake: Uptake::Choice(-0.7, 0.4),
                effect: 0.2,
            },
            Program {
                uptake: Uptake::Choice(-0.7, 0.7),
                effect: -0.2,
            },
            Program {
                uptake: Uptake::Choice(-0.5, 1.4),
                effect: 0.0,
            },
        ],
        seed: 7,
        ..District::default()
    };
    let found = findings(&district);
    let verdicts: Vec<Verdict> = found.iter().map(|f| f.verdict).collect();
    assert_eq!(verdicts[0], Verdict::Helped, "{}", found[0].verdict_reason);
    assert_eq!(
        verdicts[1],
        Verdict::WorseOutcomes,
        "{}",
        found[1].verdict_reason
    );
    assert!(
        matches!(
            verdicts[2],
            Verdict::NoMeaningfulDifference | Verdict::CannotTellYet
        ),
        "{}",
        found[2].verdict_reason
    );
    assert_eq!(found[0].grade.essa_candidate, Some(3));
    assert_eq!(found[1].grade.essa_candidate, None);
    // The naive column is fooled: it praises the program that does nothing.
    assert!(found[2].naive.expect("estimated").lower > 0.05);
    // And what was planted lies within three standard errors.
    for (finding, program) in found.iter().zip(&district.programs) {
        let e = finding.adjusted.expect("estimated");
        let distance = (e.estimate - truth(program.effect, finding)) / e.se;
        assert!(distance.abs() < 3.0, "{distance} standard errors off");
    }
}

#[test]
fn a_program_assigned_after_a_bad_year_is_not_called_help() {
    let mut caught = 0;
    for seed in 100..120 {
        let district = District {
            schools: 16,
            programs: vec![Program {
                uptake: Uptake::AfterBadYear,
                effect: 0.0,
            }],
            seed,
            ..District::default()
        };
        let found = findings(&district);
        assert_ne!(
            found[0].verdict,
            Verdict::Helped,
            "{}",
            found[0].verdict_reason
        );
        caught += u64::from(found[0].verdict == Verdict::NotCredible);
    }
    assert!(caught >= 15, "the placebo caught {caught} of 20 only");
}

#[test]
fn a_sound_program_rarely_fails_the_placebo() {
    let mut failed = 0;
    for seed in 200..300 {
        let district = District {
            programs: vec![
                Program {
                    uptake: Uptake::Choice(-0.7, 0.5),
                    effect: 0.15,
                },
                Program {
                    uptake: Uptake::Choice(-0.7, 0.5),
                    effect: 0.0,
                },
            ],
            seed,
            ..District::default()
        };
        let found = findings(&district);
        let alarms = |f: &&Finding| {
            f.checks
                .iter()
                .any(|c| c.name == "training that came later" && c.outcome == CheckOutcome::Failed)
        };
        failed += found.iter().filter(alarms).count();
    }
    // One per cent of 100 districts at most is the design; four is bad luck.
    assert!(failed <= 4, "{failed} false alarms in 100 districts");
}

#[test]
fn a_pilot_of_five_teachers_cannot_tell() {
    for seed in 300..310 {
        let district = District {
            programs: vec![Program {
                uptake: Uptake::Pilot(5),
                effect: 0.3,
            }],
            seed,
            ..District::default()
        };
        let found = findings(&district);
        assert_eq!(
            found[0].verdict,
            Verdict::CannotTellYet,
            "{}",
            found[0].verdict_reason
        );
    }
}

#[test]
fn a_pilot_of_five_teachers_is_no_comparison() {
    let district = District {
        programs: vec![
            Program {
                uptake: Uptake::Choice(-0.7, 0.0),
                effect: 0.3,
            },
            Program {
                uptake: Uptake::Pilot(5),
                effect: 0.3,
            },
        ],
        seed: 310,
        ..District::default()
    };
    let found = findings(&district);
    let chosen = found[0].adjusted.expect("estimated");
    assert!(chosen.estimate > 0.0 && found[1].adjusted.is_some());
    // Alone in its family, and better or not is asked on one side.
    assert_eq!(found[0].q_value, Some(chosen.p / 2.0));
    assert_eq!(found[1].q_value, None);
    assert_eq!(found[1].q_in_domain, None);
}

#[test]
fn a_program_of_whole_schools_is_judged_by_schools() {
    const DISTRICTS: u64 = 60;
    let mut covered = 0;
    for seed in 400..400 + DISTRICTS {
        let district = District {
            schools: 16,
            teachers_each: 4,
            programs: vec![Program {
                uptake: Uptake::Schools,
                effect: 0.2,
            }],
            seed,
            ..District::default()
        };
        let found = findings(&district);
        let adjusted = found[0].adjusted.expect("estimated");
        let truth = truth(0.2, &found[0]);
        covered += u64::from(adjusted.lower <= truth && truth <= adjusted.upper);
        assert!(adjusted.df < 16.0, "degrees of freedom come from schools");
        assert!(
            found[0].estimator.contains("school"),
            "{}",
            found[0].estimator
        );
    }
    // 95 % of 60 is 57 ± 5; eight treated schools are few.
    assert!(covered >= 52, "{covered} of 60 covered");
}

#[test]
fn a_program_of_schools_that_were_improving_anyway_is_not_called_help() {
    for (seed, schools) in (500..540).zip([12, 24, 60].into_iter().cycle()) {
        let district = District {
            schools,
            teachers_each: 4,
            trend: 0.1,
            programs: vec![Program {
                uptake: Uptake::Schools,
                effect: 0.0,
            }],
            seed,
            ..District::default()
        };
        let found = findings(&district);
        assert_ne!(
            found[0].verdict,
            Verdict::Helped,
            "{}",
            found[0].verdict_reason
        );
    }
}
