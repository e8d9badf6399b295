//! What the panel's designs and checks say of planted truth: dose-response, training with tool, counts, subgroups and gaps,
//! and each check once where it must pass and once where it must fail.

use throughline_evidence::estimate;
use throughline_evidence::finding::{
    Check, CheckOutcome, Curve, DesignResult, Detail, Finding, Joint, Rate,
};
use throughline_model::Panel;
use throughline_model::measure::NumberKind;
use throughline_model::panel::OutcomeValues;
use throughline_model::pipeline::{Design, Pipeline, Subgroup};
use throughline_model::progress::Silent;

use crate::district::{District, Program, Random, Uptake};
use crate::pipeline::pipeline;

/// A district of two programs, the first with an effect.
fn district(effect: f64, seed: u64) -> District {
    let program = |effect| Program {
        uptake: Uptake::Choice(-0.7, 0.3),
        effect,
    };
    District {
        programs: vec![program(effect), program(0.0)],
        seed,
        ..District::default()
    }
}

fn run(pipeline: &Pipeline, panel: &Panel) -> Vec<Finding> {
    let found = estimate(pipeline, std::slice::from_ref(panel), &Silent);
    found.expect("a panel that fits").findings
}

/// Gives every teacher and year new hours of a program, and its students what `pays` says they are worth.
fn retake(
    panel: &mut Panel,
    program: usize,
    hours: impl Fn(&mut Random) -> f64,
    pays: impl Fn(f64) -> f64,
) {
    let mut random = Random::new(99);
    let years = 8;
    let taken: Vec<f64> = (0..panel.teacher.labels.len() * years)
        .map(|_| hours(&mut random))
        .collect();
    for row in 0..panel.len() {
        let year = (panel.school_year[row] - 2020) as usize;
        let own = taken[panel.teacher.codes[row] as usize * years + year];
        panel.exposures[program].values[row] = own;
        panel.outcomes[0].values[row] += pays(own);
    }
}

fn design(finding: &Finding, design: Design) -> Option<&DesignResult> {
    finding.designs.iter().find(|d| d.design == design)
}

fn check<'f>(finding: &'f Finding, name: &str) -> &'f Check {
    let found = finding.checks.iter().find(|check| check.name == name);
    found.unwrap_or_else(|| panic!("no check {name} among {:?}", finding.checks))
}

/// One SD in the outcome's own unit.
fn sd(finding: &Finding) -> f64 {
    let (raw, scaled) = (
        finding.adjusted_raw.expect("estimated"),
        finding.adjusted.expect("estimated"),
    );
    raw.se / scaled.se
}

#[test]
fn a_dose_that_stops_paying_is_drawn_as_one() {
    let mut panel = District {
        schools: 20,
        ..district(0.0, 3)
    }
    .panel();
    let hours = |random: &mut Random| match random.uniform() {
        u if u < 0.4 => 0.0,
        _ => (40.0 * random.uniform()).ceil(),
    };
    // 0.02 an hour up to 15 hours, nothing after.
    retake(&mut panel, 0, hours, |h| 0.02 * h.min(15.0));
    let found = run(&pipeline(2), &panel);
    let result = design(&found[0], Design::DoseResponse).expect("a curve");
    let Detail::Curve(Curve {
        points,
        any_p,
        curved_p,
        stops_paying,
    }) = &result.detail
    else {
        panic!("{result:?}");
    };
    assert!(any_p.expect("tested") < 0.001 && curved_p.expect("tested") < 0.05);
    let sd = sd(&found[0]);
    for point in points {
        let truth = 0.02 * point.dose.min(15.0) / sd;
        // A spline rounds the corner off: allow a tenth of an SD beside the band.
        assert!(
            point.band_lower - 0.05 < truth && truth < point.band_upper + 0.05,
            "{point:?} {truth}"
        );
        assert!(point.band_lower < point.effect.lower && point.effect.upper < point.band_upper);
    }
    let stop = stops_paying.expect("it stops");
    assert!((8.0..=26.0).contains(&stop), "{stop}");
    // A dose of one size has no curve, and any dose against none says what the dose says.
    assert!(design(&found[1], Design::DoseResponse).is_none());
    assert!(design(&found[1], Design::PanelAssociation).is_none());
    let any = design(&found[0], Design::PanelAssociation).expect("any against none");
    assert_eq!(any.contrast, "any against none");
    // The mean of what hours above zero are worth: 15 of 40 on the slope, the rest at 0.3.
    let truth = (15.0 / 40.0 * 0.16 + 25.0 / 40.0 * 0.3) / sd;
    let estimate = any.estimate.expect("estimated");
    assert!(
        (estimate.estimate - truth).abs() < 3.0 * estimate.se,
        "{estimate:?} {truth}"
    );
}

/// Program 1 is the training; minutes of the tool (program 0) pay 0.01 each where it was taken, and nothing elsewhere.
fn tool(seed: u64) -> Panel {
    let mut panel = District {
        schools: 20,
        ..district(0.0, seed)
    }
    .panel();
    let years = 8;
    let mut random = Random::new(seed + 100);
    let minutes: Vec<f64> = (0..panel.teacher.labels.len() * years)
        .map(|_| match random.uniform() {
            u if u < 0.3 => 0.0,
            _ => (30.0 * random.uniform()).ceil(),
        })
        .collect();
    for row in 0..panel.len() {
        let year = (panel.school_year[row] - 2020) as usize;
        let own = minutes[panel.teacher.codes[row] as usize * years + year];
        panel.exposures[0].values[row] = own;
        if panel.exposures[1].values[row] > 0.0 {
            panel.outcomes[0].values[row] += 0.01 * own;
        }
    }
    panel
}

#[test]
fn a_tool_that_pays_only_where_teachers_were_trained() {
    let mut pipeline = pipeline(2);
    let panel = tool(4);
    assert!(design(&run(&pipeline, &panel)[0], Design::TrainingWithTool).is_none());
    pipeline.studies[0].pairs = vec![(0, 1)];
    let mut covered = 0;
    for seed in 0..20 {
        let found = run(&pipeline, &tool(seed));
        assert!(design(&found[1], Design::TrainingWithTool).is_none());
        let result = design(&found[0], Design::TrainingWithTool).expect("a pair");
        let Detail::Joint(Joint {
            with,
            without,
            together,
            difference,
        }) = &result.detail
        else {
            panic!("{result:?}");
        };
        assert_eq!(with.id, "p1");
        let truth = 0.1 / sd(&found[0]);
        for (estimate, truth) in [(without, 0.0), (together, truth), (difference, truth)] {
            covered += u32::from(estimate.lower <= truth && truth <= estimate.upper);
        }
        assert!((without.estimate + difference.estimate - together.estimate).abs() < 1e-12);
        assert_eq!(result.estimate, Some(*difference));
    }
    // 60 intervals of 95 %: 57 ± 3.4.
    assert!((51..=60).contains(&covered), "{covered} of 60");
}

#[test]
fn a_pair_counts_who_used_the_tool_with_the_training_and_without() {
    let panel = tool(4);
    let mut pipeline = pipeline(2);
    pipeline.studies[0].pairs = vec![(0, 1)];
    let found = run(&pipeline, &panel);
    let result = design(&found[0], Design::TrainingWithTool).expect("a pair");
    let some = |keep: bool| {
        let mut students: Vec<u32> = (0..panel.len())
            .filter(|row| panel.exposures[0].values[*row] > 0.0)
            .filter(|row| (panel.exposures[1].values[*row] > 0.0) == keep)
            .filter(|row| !panel.outcomes[0].prior[*row].is_nan())
            .map(|row| panel.student.codes[row])
            .collect();
        students.sort_unstable();
        students.dedup();
        Some(students.len() as u64)
    };
    assert_eq!(
        (result.n.exposed_students, result.n.comparison_students),
        (some(true), some(false))
    );
}

/// Rare events: a mean of 0.4, 30 % fewer with ten hours of the first program.
fn events(seed: u64) -> Panel {
    let mut panel = District {
        schools: 16,
        ..district(0.0, seed)
    }
    .panel();
    let mut random = Random::new(seed);
    for row in 0..panel.len() {
        let mean = 0.4 * (0.7f64).powf(panel.exposures[0].values[row] / 10.0);
        let (mut product, mut count) = (random.uniform(), 0.0);
        while product > (-mean).exp() {
            product *= random.uniform();
            count += 1.0;
        }
        panel.outcomes[0].values[row] = count;
        panel.outcomes[0].prior[row] = f64::NAN;
    }
    panel
}

#[test]
fn a_count_is_told_as_a_factor() {
    let mut pipeline = pipeline(2);
    pipeline.outcomes[0].higher_is_better = false;
    let panel = events(8);
    assert!(design(&run(&pipeline, &panel)[0], Design::CountModel).is_none());
    pipeline.outcomes[0].kind = NumberKind::Count;
    let mut covered = 0;
    for seed in 0..20 {
        let found = run(&pipeline, &events(seed));
        for (finding, truth) in found.iter().zip([0.7, 1.0]) {
            let result = design(finding, Design::CountModel).expect("a factor");
            let Detail::Rate(Rate { factor, base, .. }) = &result.detail else {
                panic!("{result:?}");
            };
            covered += u32::from(factor.lower <= truth && truth <= factor.upper);
            let estimate = result.estimate.expect("in SD as well");
            let in_sd = (factor.estimate - 1.0) * base / sd(finding);
            assert!((estimate.estimate - in_sd).abs() < 1e-9);
            assert_eq!(
                result.checks[0].outcome,
                CheckOutcome::Passed,
                "{:?}",
                result.checks
            );
            assert!((0.2..0.5).contains(base), "{base}");
        }
    }
    // 40 intervals of 95 %: 38 ± 2.8.
    assert!((33..=40).contains(&covered), "{covered} of 40");
}

#[test]
fn levels_where_nothing_happened_are_counted_and_left_out() {
    let mut panel = events(3);
    let silent = (0..panel.len())
        .filter(|row| panel.teacher.codes[*row] < 4)
        .collect::<Vec<_>>();
    for row in &silent {
        panel.outcomes[0].values[*row] = 0.0;
    }
    let mut pipeline = pipeline(2);
    pipeline.outcomes[0].kind = NumberKind::Event;
    panel.outcomes[0]
        .values
        .iter_mut()
        .for_each(|v| *v = v.min(1.0));
    let found = run(&pipeline, &panel);
    let result = design(&found[0], Design::CountModel).expect("a factor");
    let Detail::Rate(rate) = &result.detail else {
        panic!("{result:?}");
    };
    assert!(rate.silent >= Some(silent.len() as u64));
    let used = result.n.student_years + rate.silent.expect("counted");
    assert_eq!(used, found[0].n.student_years);
}

#[test]
fn subgroups_are_shrunk_and_a_gap_is_found() {
    let mut pipeline = pipeline(2);
    let flag = "economically_disadvantaged".to_owned();
    pipeline.studies[0].subgroups = vec![
        Subgroup::All,
        Subgroup::Flag(flag),
        Subgroup::Grades("3".to_owned(), "3".to_owned()),
        Subgroup::Grades("4".to_owned(), "5".to_owned()),
    ];
    let mut covered = 0;
    for seed in 0..20 {
        let mut panel = District {
            schools: 16,
            ..district(0.2, seed)
        }
        .panel();
        for row in 0..panel.len() {
            // Ten hours are worth 0.2 more to poor students.
            let more = 0.02 * panel.exposures[0].values[row] * panel.covariates[0].values[row];
            panel.outcomes[0].values[row] += more;
        }
        let found = run(&pipeline, &panel);
        let one = |exposure: usize, subgroup: usize| &found[exposure * 4 + subgroup];
        assert_eq!((one(0, 0).gap, one(0, 0).shrunk), (None, None));
        assert_eq!(one(0, 2).gap, None, "a range of grades is no gap");
        for (exposure, gap) in [(0, 0.2), (1, 0.0)] {
            let poor = one(exposure, 1);
            let estimate = poor.gap.expect("a gap");
            let truth = gap / sd(poor);
            covered += u32::from(estimate.lower <= truth && truth <= estimate.upper);
            // Shrunk values lie between the raw ones, and are surer.
            let raw: Vec<_> = (1..4)
                .map(|g| one(exposure, g).adjusted.expect("estimated"))
                .collect();
            let low = raw.iter().map(|e| e.estimate).fold(f64::INFINITY, f64::min);
            let high = raw
                .iter()
                .map(|e| e.estimate)
                .fold(f64::NEG_INFINITY, f64::max);
            for (g, raw) in (1..4).zip(&raw) {
                let shrunk = one(exposure, g).shrunk.expect("three groups");
                assert!(low <= shrunk.estimate && shrunk.estimate <= high);
                assert!(shrunk.se <= raw.se * (1.0 + 1e-9));
            }
        }
    }
    // 40 intervals of 95 %: 38 ± 2.8.
    assert!((33..=40).contains(&covered), "{covered} of 40 gaps");
}

#[test]
fn the_gap_is_that_of_two_regressions() {
    let panel = district(0.2, 6).panel();
    let mut pipeline = pipeline(2);
    pipeline.studies[0].covariates.clear();
    let flag = "economically_disadvantaged".to_owned();
    pipeline.studies[0].subgroups = vec![Subgroup::All, Subgroup::Flag(flag)];
    let poor = run(&pipeline, &panel)[1].clone();
    // The others by themselves: the flag turned over.
    let mut turned = panel.clone();
    turned.covariates[0]
        .values
        .iter_mut()
        .for_each(|v| *v = 1.0 - *v);
    let others = run(&pipeline, &turned)[1].clone();
    let (gap, back) = (poor.gap.expect("a gap"), others.gap.expect("a gap"));
    let apart =
        poor.adjusted.expect("estimated").estimate - others.adjusted.expect("estimated").estimate;
    assert!((gap.estimate - apart).abs() < 1e-9 && (gap.estimate + back.estimate).abs() < 1e-9);
    assert!((gap.se - back.se).abs() < 1e-9);
}

#[test]
fn leaving_a_school_out_is_as_good_as_estimating_without_it() {
    let mut largest: f64 = 0.0;
    for seed in 0..5 {
        let panel = district(0.3, seed).panel();
        let pipeline = pipeline(2);
        let all = run(&pipeline, &panel)[0].clone();
        let whole = all.adjusted.expect("estimated").estimate;
        let mut least = f64::INFINITY;
        for school in 0..12 {
            let mut rest = panel.clone();
            for row in 0..rest.len() {
                if rest.school.codes[row] == school {
                    // A row without a teacher is not used.
                    rest.teacher.codes[row] = throughline_model::panel::NO_CODE;
                }
            }
            let one = run(&pipeline, &rest)[0]
                .adjusted
                .expect("estimated")
                .estimate;
            least = least.min(one / whole);
        }
        let told = &check(&all, "each school left out in turn").reason;
        let percent: f64 = told
            .split("at least ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next()?.parse().ok())
            .unwrap_or_else(|| panic!("{told}"));
        largest = largest.max((percent - 100.0 * least).abs());
    }
    assert!(largest < 2.0, "{largest} percentage points apart");
}

#[test]
fn a_finding_of_many_stands_without_those_that_pull_hardest() {
    let even = run(&pipeline(2), &district(0.3, 1).panel());
    let passed = check(&even[0], "those that pull hardest left out");
    assert_eq!(passed.outcome, CheckOutcome::Passed, "{}", passed.reason);
    let mut panel = district(0.0, 1).panel();
    for row in 0..panel.len() {
        if panel.teacher.codes[row] == 17 && panel.exposures[0].values[row] > 0.0 {
            panel.outcomes[0].values[row] += 6.0;
        }
    }
    // Errors clustered by teacher see a single teacher coming: the difference is then none, and nothing is left to carry.
    let found = run(&pipeline(2), &panel);
    let adjusted = found[0].adjusted.expect("estimated");
    assert!(adjusted.lower < 0.0 && adjusted.upper > 0.0, "{adjusted:?}");
}

#[test]
fn who_is_missing_is_asked_of_the_dose() {
    let panel = {
        let mut panel = district(0.2, 2).panel();
        let mut random = Random::new(3);
        for value in &mut panel.outcomes[0].values {
            if random.uniform() < 0.1 {
                *value = f64::NAN;
            }
        }
        panel
    };
    let found = run(&pipeline(2), &panel);
    let by_chance = check(&found[0], "who is missing");
    assert_eq!(
        by_chance.outcome,
        CheckOutcome::Passed,
        "{}",
        by_chance.reason
    );
    let mut driven = panel;
    let mut random = Random::new(4);
    for row in 0..driven.len() {
        if driven.exposures[0].values[row] > 0.0 && random.uniform() < 0.2 {
            driven.outcomes[0].values[row] = f64::NAN;
        }
    }
    let found = run(&pipeline(2), &driven);
    let failed = check(&found[0], "who is missing");
    assert_eq!(failed.outcome, CheckOutcome::Failed, "{}", failed.reason);
    assert!(failed.reason.contains("more"), "{}", failed.reason);
}

#[test]
fn an_outcome_that_cannot_move_speaks_against_what_moves_it() {
    let mut panel = district(0.3, 5).panel();
    let mut pipeline = pipeline(2);
    let mut control = pipeline.outcomes[0].clone();
    control.id = "height".to_owned();
    control.label = "height".to_owned();
    pipeline.outcomes.push(control);
    pipeline.studies[0].negative_controls = vec![1];
    let mut random = Random::new(6);
    let values: Vec<f64> = (0..panel.len()).map(|_| random.normal()).collect();
    panel.outcomes.push(OutcomeValues {
        name: "height".to_owned(),
        prior: vec![f64::NAN; values.len()],
        values,
    });
    let found = run(&pipeline, &panel);
    assert_eq!(found.len(), 2, "a control is no finding");
    let passed = check(&found[0], "an outcome it cannot move");
    assert_eq!(passed.outcome, CheckOutcome::Passed, "{}", passed.reason);
    for row in 0..panel.len() {
        panel.outcomes[1].values[row] += 0.05 * panel.exposures[0].values[row];
    }
    let found = run(&pipeline, &panel);
    let failed = check(&found[0], "an outcome it cannot move");
    assert_eq!(failed.outcome, CheckOutcome::Failed, "{}", failed.reason);
    assert_eq!(
        found[0].verdict,
        throughline_evidence::finding::Verdict::NotCredible
    );
    let other = check(&found[1], "an outcome it cannot move");
    assert_eq!(other.outcome, CheckOutcome::Passed, "{}", other.reason);
}

#[test]
fn specifications_agree_on_what_is_there() {
    let found = run(&pipeline(2), &district(0.3, 7).panel());
    let agree = check(&found[0], "other specifications");
    assert_eq!(agree.outcome, CheckOutcome::Passed, "{}", agree.reason);
    for name in [
        "without what is known of students",
        "one program at a time",
        "within the same student",
    ] {
        assert!(agree.reason.contains(name), "{}", agree.reason);
    }
}
