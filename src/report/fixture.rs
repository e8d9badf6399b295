//! Fabricated reports for tests: numbers are made up so that every verdict, a withheld finding, withheld cells, long
//! names and names with markup occur. They come in through the real disclosure border, like any report.

mod definitions;
mod designs;

pub(crate) use definitions::defined;

use throughline_disclosure::{Definition, Provenance, Released, Report, release};
use throughline_evidence::finding::{
    AddedAfter, Amount, Benchmark, Change, Check, CheckOutcome, Cost, Counts, Coverage, DoseBin,
    DoseCurve, Dropped, Estimate, Finding, Findings, Grade, Interval, Named, Planned, Price, Size,
    Verdict, Yardstick,
};
use throughline_model::panel::LinkRate;
use throughline_model::part::FileCount;
use throughline_model::pipeline::{Design, Privacy, Subgroup, Window};

/// A number of students that only the withheld finding has: it must appear in no output.
pub(crate) const SECRET_STUDENTS: u64 = 7;
/// The withheld finding's effect: must appear in no output.
pub(crate) const SECRET_EFFECT: f64 = 0.7171;

const OUTCOMES: [(&str, &str, &str, &str, bool); 8] = [
    (
        "attendance",
        "Attendance rate",
        "attendance",
        "share of enrolled days",
        true,
    ),
    (
        "chronic",
        "Chronic absence",
        "attendance",
        "share of students",
        false,
    ),
    (
        "unexcused",
        "Unexcused absence rate",
        "attendance",
        "share of enrolled days",
        false,
    ),
    (
        "incidents",
        "Discipline incidents",
        "behavior",
        "incidents per 100 enrolled days",
        false,
    ),
    (
        "exclusion",
        "Days of exclusionary discipline",
        "behavior",
        "days per 100 enrolled days",
        false,
    ),
    (
        "reading",
        "Reading growth (fall to spring, conditional on the prior score)",
        "achievement",
        "SD",
        true,
    ),
    ("math", "Math score", "achievement", "SD", true),
    ("credits", "Credits earned", "progress", "credits", true),
];

const PROGRAMS: [(&str, &str, Window, f64, &str); 8] = [
    (
        "literacy_coaching",
        "Literacy coaching cycles",
        Window::PriorYear,
        10.0,
        "hours",
    ),
    (
        "math_institute",
        "Summer math institute",
        Window::PriorYear,
        10.0,
        "hours",
    ),
    (
        "restorative",
        "Restorative practices workshop series for secondary schools",
        Window::PriorYear,
        5.0,
        "hours",
    ),
    (
        "online_pd",
        "Paid online courses",
        Window::PriorYear,
        10.0,
        "hours",
    ),
    (
        "badge_edtech",
        "Microcredential “Data & Feedback <level 2>”",
        Window::ToDate,
        1.0,
        "yes/no",
    ),
    (
        "trainer",
        "Certified trainer in the school",
        Window::ToDate,
        1.0,
        "yes/no",
    ),
    (
        "reading_tool",
        "Reading practice app",
        Window::SameYear,
        300.0,
        "minutes",
    ),
    (
        "pilot",
        "Five-teacher pilot",
        Window::PriorYear,
        10.0,
        "hours",
    ),
];

/// Twelve findings: every verdict, one withheld, two subgroups.
pub(crate) fn small() -> Released<Report> {
    let mut report = base();
    let mut add = |program: usize,
                   outcome: usize,
                   subgroup: Subgroup,
                   size: f64,
                   se: f64,
                   verdict: Verdict| {
        let finding = finding(program, outcome, subgroup, (size, se), verdict);
        report.findings.findings.push(finding);
    };
    add(0, 5, Subgroup::All, 0.081, 0.015, Verdict::Helped);
    add(
        0,
        0,
        Subgroup::All,
        0.004,
        0.008,
        Verdict::NoMeaningfulDifference,
    );
    add(0, 1, Subgroup::All, -0.012, 0.05, Verdict::CannotTellYet);
    add(
        0,
        5,
        Subgroup::Flag("english_learner".to_owned()),
        0.11,
        0.04,
        Verdict::Promising,
    );
    add(
        0,
        5,
        Subgroup::Grades("3".to_owned(), "5".to_owned()),
        0.02,
        0.03,
        Verdict::CannotTellYet,
    );
    add(
        2,
        5,
        Subgroup::All,
        0.001,
        0.007,
        Verdict::NoMeaningfulDifference,
    );
    add(2, 0, Subgroup::All, 0.035, 0.012, Verdict::Promising);
    add(2, 1, Subgroup::All, 0.075, 0.02, Verdict::WorseOutcomes);
    add(4, 5, Subgroup::All, 0.14, 0.02, Verdict::NotCredible);
    add(4, 0, Subgroup::All, -0.009, 0.6, Verdict::CannotTellYet);
    add(
        4,
        1,
        Subgroup::All,
        0.001,
        0.005,
        Verdict::NoMeaningfulDifference,
    );
    let mut secret = finding(7, 5, Subgroup::All, (SECRET_EFFECT, 0.2), Verdict::Helped);
    secret.n.exposed_students = Some(SECRET_STUDENTS);
    report.findings.findings.push(secret);
    report.findings.findings[10].register(Planned::After(AddedAfter {
        release: "20250301T021500Z-1f0c9a2b".to_owned(),
        on: "2025-03-01".to_owned(),
        last_year: Some(2024),
        change: Change::Added,
    }));
    report.findings.findings.iter_mut().for_each(plain_reason);
    report.findings.doses = [(0, 5), (2, 1)].map(|(p, o)| curve(p, o)).into();
    report.findings.coverage = [0, 2, 4, 7].into_iter().flat_map(coverage).collect();
    let keep_outcomes = [0, 1, 5].map(|at| OUTCOMES[at].0);
    let keep_programs = [0, 2, 4, 7].map(|at| PROGRAMS[at].0);
    report
        .outcomes
        .retain(|o| keep_outcomes.contains(&o.id.as_str()));
    report
        .exposures
        .retain(|p| keep_programs.contains(&p.id.as_str()));
    released(report)
}

/// Eight programs × eight outcomes × four groups of students, made up by a small generator.
pub(crate) fn large() -> Released<Report> {
    let mut report = base();
    let mut dice = Dice(11);
    for program in 0..PROGRAMS.len() {
        for (outcome, (.., higher_is_better)) in OUTCOMES.into_iter().enumerate() {
            let groups = [
                Subgroup::All,
                Subgroup::Flag("english_learner".to_owned()),
                Subgroup::Flag("economic_disadvantage".to_owned()),
                Subgroup::Grades("6".to_owned(), "8".to_owned()),
            ];
            for group in groups {
                let size = (dice.roll() - 0.5) * 0.2;
                let se = 0.006 + 0.05 * dice.roll() * dice.roll();
                let towards_better = if higher_is_better { size } else { -size };
                let verdict = judge(towards_better, se, dice.roll());
                let mut finding = finding(program, outcome, group, (size, se), verdict);
                if program == 7 {
                    finding.n.exposed_teachers = Some(if outcome == 2 { 9 } else { 3 });
                }
                report.findings.findings.push(finding);
            }
        }
    }
    for program in [0, 1, 2, 3, 6] {
        for outcome in 0..OUTCOMES.len() {
            report.findings.doses.push(curve(program, outcome));
        }
    }
    report.findings.coverage = (0..PROGRAMS.len()).flat_map(coverage).collect();
    released(report)
}

/// Nothing asked, nothing found.
pub(crate) fn empty() -> Released<Report> {
    let mut report = base();
    report.files.clear();
    report.links.clear();
    released(report)
}

struct Dice(u64);

impl Dice {
    /// Between 0 and 1.
    fn roll(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / (1_u64 << 24) as f64
    }
}

fn judge(size: f64, se: f64, dice: f64) -> Verdict {
    let (lower, upper) = (size - 1.96 * se, size + 1.96 * se);
    if dice > 0.93 {
        Verdict::NotCredible
    } else if lower > 0.0 && size > 0.05 {
        Verdict::Helped
    } else if lower > 0.0 {
        Verdict::Promising
    } else if upper < 0.0 {
        Verdict::WorseOutcomes
    } else if lower > -0.05 && upper < 0.05 {
        Verdict::NoMeaningfulDifference
    } else {
        Verdict::CannotTellYet
    }
}

fn plain_reason(finding: &mut Finding) {
    if finding.verdict == Verdict::NotCredible {
        finding.verdict_reason =
            "next year's training already goes with this year's scores".to_owned();
    }
}

fn named((id, label): (&str, &str)) -> Named {
    Named {
        id: id.to_owned(),
        label: label.to_owned(),
    }
}

fn estimate(estimate: f64, se: f64) -> Estimate {
    Estimate {
        estimate,
        se,
        lower: estimate - 1.98 * se,
        upper: estimate + 1.98 * se,
        p: (1.0 - (estimate / se).abs() / 4.0).max(0.000_01),
        df: 118.0,
    }
}

fn finding(
    program: usize,
    outcome: usize,
    subgroup: Subgroup,
    (size, se): (f64, f64),
    verdict: Verdict,
) -> Finding {
    let (program_id, program_label, window, per, unit) = PROGRAMS[program];
    let (outcome_id, outcome_label, domain, outcome_unit, higher) = OUTCOMES[outcome];
    let better = if higher { 0.06 } else { -0.06 };
    let is_group = subgroup != Subgroup::All;
    Finding {
        id: format!("main.{program_id}.{outcome_id}.{}", subgroup.id()),
        study: named(("main", "Does training go with outcomes?")),
        exposure: named((program_id, program_label)),
        outcome: named((outcome_id, outcome_label)),
        domain: domain.to_owned(),
        subgroup,
        design: Design::PanelAssociation,
        designs: designs::designs(program, size, domain == "behavior"),
        window,
        per,
        dose_unit: unit.to_owned(),
        outcome_unit: outcome_unit.to_owned(),
        higher_is_better: higher,
        smallest_difference: 0.05,
        naive: Some(estimate(size + better, 0.009)),
        adjusted: Some(estimate(size, se)),
        adjusted_raw: Some(estimate(size * 0.07, se * 0.07)),
        alone: Some(estimate(size * 1.1, se)),
        shrunk: is_group.then(|| estimate(size * 0.6, se * 0.8)),
        gap: is_group.then(|| estimate(size * 0.3, se * 1.2)),
        q_value: Some(0.041),
        q_in_domain: Some(0.027),
        n: counts(),
        checks: checks(verdict),
        verdict,
        verdict_reason: reason(verdict).to_owned(),
        grade: Grade {
            essa_candidate: matches!(verdict, Verdict::Helped).then_some(3),
            marks: match verdict {
                Verdict::Helped => 4,
                Verdict::NotCredible => 0,
                _ => 3,
            },
            lost: vec!["no comparison year before the program".to_owned()],
            raise: vec!["a lottery where more apply than there are places".to_owned()],
            law: vec!["for tier 1: a lottery of that size".to_owned()],
        },
        minimum_detectable: Some(se * 2.8),
        size: Some(sized(size, se, outcome)),
        cost: (program != 3).then(|| cost(12.5 * per / 10.0, size, se, higher)),
        planned: Planned::Before,
        estimator: "Least squares with teacher and school × year effects and the outcome of the year before; standard \
                    errors clustered by teacher (CR1)"
            .to_owned(),
    }
}

fn interval(size: f64, reach: f64) -> Interval {
    Interval {
        estimate: size,
        lower: size - reach,
        upper: size + reach,
    }
}

fn sized(size: f64, se: f64, outcome: usize) -> Size {
    let (_, _, domain, unit, higher) = OUTCOMES[outcome];
    let better = if higher { size } else { -size };
    let yardstick = match (unit, higher) {
        ("share of enrolled days", true) => Some((Yardstick::DaysAttended, 12.6)),
        ("share of enrolled days", false) => Some((Yardstick::DaysNotMissed, 12.6)),
        ("share of students", _) => Some((Yardstick::FewerInThousand, 70.0)),
        _ => None,
    };
    Size {
        hedges_g: interval(better * 0.99, 1.98 * se),
        improvement: interval(better * 39.0, 77.0 * se),
        amount: yardstick.map(|(unit, times)| Amount {
            unit,
            amount: interval(better * times, 1.98 * se * times),
        }),
        benchmark: (domain == "achievement").then(|| Benchmark::of(size)),
    }
}

fn cost(per_student: f64, size: f64, se: f64, higher: bool) -> Cost {
    let better = if higher { size } else { -size };
    let (lower, upper) = (better - 1.98 * se, better + 1.98 * se);
    let per_step = if lower > 0.0 {
        Price::Determined(Interval {
            estimate: per_student * 0.1 / better,
            lower: per_student * 0.1 / upper,
            upper: per_student * 0.1 / lower,
        })
    } else if upper < 0.0 {
        Price::NoGain
    } else {
        Price::NotDetermined
    };
    Cost {
        per_student,
        per_step,
        per_unit: None,
    }
}

fn reason(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Helped => {
            "it is better, also after all comparisons (q = 0.041), at least the smallest difference that matters (0.050 SD)"
        }
        Verdict::Promising => {
            "it is better, but one among all comparisons may look so by chance (q = 0.210)"
        }
        Verdict::NoMeaningfulDifference => {
            "the whole interval is smaller than the smallest difference that matters (0.050 SD)"
        }
        Verdict::CannotTellYet => {
            "the interval holds both no difference and one that matters (0.050 SD); about 140 teachers would tell"
        }
        Verdict::WorseOutcomes => "it is worse, also after all comparisons (q = 0.001)",
        Verdict::NotCredible => "the check \"next year's training\" failed",
    }
}

fn checks(verdict: Verdict) -> Vec<Check> {
    let failed = verdict == Verdict::NotCredible;
    let check = |name: &str, outcome: CheckOutcome, reason: &str| Check {
        name: name.to_owned(),
        outcome,
        reason: reason.to_owned(),
    };
    vec![
        check(
            "temporal order",
            CheckOutcome::Passed,
            "the dose is counted before the outcome's school year starts",
        ),
        check(
            "placebo",
            if failed {
                CheckOutcome::Failed
            } else {
                CheckOutcome::Passed
            },
            "next year's training goes with this year's outcome by 0.01 SD (p = 0.41)",
        ),
        check(
            "missing links",
            CheckOutcome::Passed,
            "96 % of student-years link to a teacher",
        ),
        check(
            "few clusters",
            if verdict == Verdict::CannotTellYet {
                CheckOutcome::NotRun
            } else {
                CheckOutcome::Passed
            },
            "fewer than 40 teachers took part",
        ),
    ]
}

fn counts() -> Counts {
    Counts {
        student_years: 14_210,
        students: 5_876,
        teachers: 214,
        schools: 24,
        exposed_students: Some(1_904),
        exposed_teachers: Some(61),
        exposed_schools: Some(19),
        comparison_students: Some(5_120),
        comparison_teachers: Some(203),
        comparison_schools: Some(24),
        dropped: vec![Dropped {
            reason: "no outcome the year before".to_owned(),
            rows: Some(2_311),
        }],
    }
}

fn curve(program: usize, outcome: usize) -> DoseCurve {
    let (program_id, program_label, _, _, unit) = PROGRAMS[program];
    let (outcome_id, outcome_label, _, _, higher) = OUTCOMES[outcome];
    let sign = if higher { 1.0 } else { -1.0 };
    let limits = [0.0, 5.0, 10.0, 20.0];
    let mut bins = vec![bin(0.0, Some(0.0), 0.0, None, 3_000)];
    for (place, above) in limits.iter().enumerate() {
        let size = 0.02 * (place + 1) as f64 * (1.0 - 0.2 * program as f64);
        let effect = estimate(sign * size, 0.01 + 0.008 * place as f64);
        let students = if place == 3 && program == 2 { 4 } else { 700 };
        bins.push(bin(
            *above,
            limits.get(place + 1).copied(),
            above + 3.0,
            Some(effect),
            students,
        ));
    }
    DoseCurve {
        exposure: named((program_id, program_label)),
        outcome: named((outcome_id, outcome_label)),
        dose_unit: unit.to_owned(),
        bins,
    }
}

fn bin(
    above: f64,
    up_to: Option<f64>,
    mean: f64,
    effect: Option<Estimate>,
    students: u64,
) -> DoseBin {
    DoseBin {
        above,
        up_to,
        mean_dose: Some(mean),
        effect,
        students: Some(students),
        teachers: Some(40),
        schools: Some(12),
        withheld: None,
    }
}

fn coverage(program: usize) -> Vec<Coverage> {
    (2021..=2025)
        .map(|year| {
            let students = match program {
                7 => 6,
                _ => (300 + 420 * program as u64) * (year - 2020) as u64 / 4,
            };
            Coverage {
                exposure: named((PROGRAMS[program].0, PROGRAMS[program].1)),
                school_year: year,
                students: Some(students),
                teachers: Some(20 + 3 * program as u64),
                schools: Some(12),
                all_students: Some(5_900),
                all_teachers: Some(214),
                all_schools: Some(24),
                share: Some(students as f64 / 5_900.0),
                withheld: None,
            }
        })
        .collect()
}

fn base() -> Report {
    let definition = |id: &str, label: &str, unit: &str| Definition {
        id: id.to_owned(),
        label: label.to_owned(),
        measure: format!("{id}_measure"),
        about: format!("{label}, over all enrolled days of the school year"),
        params: [("min_days".to_owned(), "90".to_owned())].into(),
        unit: unit.to_owned(),
    };
    Report {
        district: "Sample Unified School District".to_owned(),
        pipeline: "sample".to_owned(),
        first_year: 2021,
        last_year: 2025,
        running: None,
        outcomes: OUTCOMES.iter().map(|o| definition(o.0, o.1, o.3)).collect(),
        exposures: PROGRAMS.iter().map(|p| definition(p.0, p.1, p.4)).collect(),
        findings: Findings::default(),
        links: [
            ("assessment result → student", 58_411, 58_900),
            ("student → class → teacher", 140_210, 146_004),
            ("training record → staff", 9_981, 9_981),
        ]
        .map(|(hop, linked, total)| LinkRate {
            hop: hop.to_owned(),
            linked,
            total,
        })
        .into(),
        files: ["2023-24", "2024-25"]
            .map(|year| FileCount {
                source: "attendance".to_owned(),
                file: format!("sis/attendance/attendance_{year}.csv"),
                table: "attendance_event".to_owned(),
                hash: "9f2c1d".repeat(10),
                read: 81_204,
                kept: 81_100,
                rejected: 12,
                duplicate: 92,
                conflict: 0,
                unsettled: 0,
                passed: 0,
                not_tested: 0,
                conflicts: Vec::new(),
            })
            .into(),
        provenance: Provenance {
            inputs: "4be1".repeat(16),
            version: "0.1.0".to_owned(),
            plan: "7c0d".repeat(16),
        },
        ..Report::default()
    }
}

pub(crate) fn released(report: Report) -> Released<Report> {
    let privacy = Privacy {
        key: "unused.key".into(),
        create_key: false,
        min_students: 10,
        min_teachers: 5,
        min_schools: 3,
    };
    release(report, &privacy)
}
