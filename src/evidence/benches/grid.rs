//! Times the whole grid of studies on a large district drawn in memory, and its memory beside the panel's.
//!
//! `cargo bench -p throughline-evidence --bench grid -- [ROWS] [EXPOSURES] [OUTCOMES] [SUBGROUPS]` (805,000, 20, 6 and 12 where not
//! given): 7,500 teachers in 175 schools over seven years; half of the outcomes are known for everyone, the other half only from
//! grade 3 on, as tests are. Prints one JSON object: rows, estimates, seconds, megabytes of the panel and at the peak (Linux only).

use std::time::Instant;

use throughline_evidence::estimate;
use throughline_model::Panel;
use throughline_model::calendar::Calendar;
use throughline_model::measure::NumberKind;
use throughline_model::panel::{Codes, OutcomeValues, Values};
use throughline_model::pipeline::{
    Design, Exposure, Outcome, Params, Pipeline, Study, Subgroup, Window,
};
use throughline_model::progress::Progress;

const TEACHERS: usize = 7_500;
const SCHOOLS: usize = 175;
const YEARS: usize = 7;
const GRADES: [&str; 9] = ["K", "1", "2", "3", "4", "5", "6", "7", "8"];
const FLAGS: [&str; 8] = [
    "economically_disadvantaged",
    "english_learner",
    "disability",
    "disability_504",
    "gifted",
    "homeless",
    "foster_care",
    "migrant",
];

struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }
}

/// Students move up a grade a year and sometimes change school; teachers stay, take programs when they like.
fn panel(rows: usize, exposures: usize, outcomes: usize) -> Panel {
    let mut random = Random(7);
    let students = rows / YEARS;
    let labels =
        |n: usize, of: &str| -> Vec<String> { (0..n).map(|i| format!("{of}{i:010}")).collect() };
    let codes = |labels: Vec<String>| Codes {
        codes: Vec::with_capacity(rows),
        labels,
    };
    let column = |name: String| Values {
        name,
        values: Vec::with_capacity(rows),
    };
    let named = |n: usize, of: &str| -> Vec<Values> {
        (0..n).map(|i| column(format!("{of}{i}"))).collect()
    };
    let mut panel = Panel {
        student: codes(labels(students, "s")),
        school: codes(labels(SCHOOLS, "h")),
        grade: codes(GRADES.map(str::to_owned).to_vec()),
        teacher: codes(labels(TEACHERS, "t")),
        outcomes: (0..outcomes)
            .map(|i| OutcomeValues {
                name: format!("y{i}"),
                values: Vec::with_capacity(rows),
                prior: Vec::with_capacity(rows),
            })
            .collect(),
        exposures: named(exposures, "x"),
        leads: named(exposures, "x"),
        covariates: FLAGS
            .iter()
            .map(|flag| column((*flag).to_owned()))
            .collect(),
        ..Panel::default()
    };
    // Hours by year (one more, for the leads), teacher and program.
    let mut hours = vec![0.0f64; (YEARS + 1) * TEACHERS * exposures];
    for h in &mut hours {
        if random.uniform() < 0.25 {
            *h = (2.0 + 30.0 * random.uniform()).round();
        }
    }
    let dose =
        |year: usize, teacher: usize, x: usize| hours[(year * TEACHERS + teacher) * exposures + x];
    let quality: Vec<f64> = (0..TEACHERS).map(|_| 0.2 * random.normal()).collect();
    let flags: Vec<f64> = (0..students * FLAGS.len())
        .map(|i| f64::from(random.uniform() < [0.5, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05][i % 8]))
        .collect();
    let each = TEACHERS / SCHOOLS;
    for student in 0..students {
        let mut school = random.below(SCHOOLS);
        let start = random.below(GRADES.len() + YEARS) as i32 - YEARS as i32;
        let mut ability = random.normal();
        let mut last = vec![f64::NAN; outcomes];
        for year in 0..YEARS {
            let grade = (start + year as i32).rem_euclid(GRADES.len() as i32) as usize;
            if random.uniform() < 0.05 {
                school = random.below(SCHOOLS);
            }
            let teacher = (school * each + random.below(each)).min(TEACHERS - 1);
            ability += 0.2 * random.normal();
            panel.student.codes.push(student as u32);
            panel.school_year.push(2019 + year as i32);
            panel.school.codes.push(school as u32);
            panel.grade.codes.push(grade as u32);
            panel.teacher.codes.push(teacher as u32);
            panel.linked.push(1.0);
            for (flag, column) in panel.covariates.iter_mut().enumerate() {
                column.values.push(flags[student * FLAGS.len() + flag]);
            }
            for (y, column) in panel.outcomes.iter_mut().enumerate() {
                let tested = y % 2 == 0 || grade >= 3;
                let effect = 0.005 * dose(year, teacher, 0) - 0.003 * dose(year, teacher, 1);
                let now = ability + quality[teacher] + effect + 0.5 * random.normal();
                let now = if tested { now } else { f64::NAN };
                column.values.push(now);
                column.prior.push(last[y]);
                last[y] = now;
            }
            for x in 0..exposures {
                panel.exposures[x].values.push(dose(year, teacher, x));
                let lead = match year + 1 < YEARS {
                    true => dose(year + 1, teacher, x),
                    false => f64::NAN,
                };
                panel.leads[x].values.push(lead);
            }
        }
    }
    panel
}

fn pipeline(exposures: usize, outcomes: usize, subgroups: usize) -> Pipeline {
    let mut groups = vec![Subgroup::All];
    groups.extend(FLAGS.iter().map(|flag| Subgroup::Flag((*flag).to_owned())));
    for (first, last) in [("K", "2"), ("3", "5"), ("6", "8")] {
        groups.push(Subgroup::Grades(first.to_owned(), last.to_owned()));
    }
    groups.truncate(subgroups);
    Pipeline {
        calendar: Calendar {
            year_starts: (7, 1),
            years: (2019, 2025),
            counts_from: Calendar::COUNTS_FROM,
        },
        outcomes: (0..outcomes)
            .map(|i| Outcome {
                id: format!("y{i}"),
                label: format!("Outcome {i}"),
                measure: String::new(),
                params: Params::new(),
                domain: if i % 2 == 0 {
                    "attendance"
                } else {
                    "achievement"
                }
                .to_owned(),
                subject: None,
                higher_is_better: true,
                kind: NumberKind::Amount,
                unit: "points".to_owned(),
                smallest_difference: 0.05,
            })
            .collect(),
        exposures: (0..exposures)
            .map(|i| Exposure {
                id: format!("x{i}"),
                label: format!("Program {i}"),
                measure: String::new(),
                params: Params::new(),
                window: Window::PriorYear,
                per: 10.0,
                unit: "hours".to_owned(),
                cost_per_unit: None,
                uses_staff_time: false,
                assignment: None,
            })
            .collect(),
        studies: vec![Study {
            id: "grid".to_owned(),
            label: "Grid".to_owned(),
            designs: vec![Design::PanelAssociation, Design::DoseResponse],
            negative_controls: Vec::new(),
            pairs: Vec::new(),
            exposures: (0..exposures).collect(),
            outcomes: (0..outcomes).collect(),
            subgroups: groups,
            covariates: FLAGS[..3].iter().map(|f| (*f).to_owned()).collect(),
        }],
        ..Pipeline::bare(std::path::Path::new("bench.toml")).expect("a working directory")
    }
}

struct Shown(Instant);

impl Progress for Shown {
    fn stage(&self, _name: &str, _total: Option<u64>) {}

    #[expect(clippy::print_stderr, reason = "a benchmark shows that it is alive")]
    fn advance(&self, _amount: u64) {
        eprintln!("{:.1} s", self.0.elapsed().as_secs_f64());
    }
}

/// A line of `/proc/self/status`, in megabytes.
fn memory(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|l| l.strip_prefix(line));
    let kilobytes = found.and_then(|l| {
        l.trim_start_matches(':')
            .trim()
            .split(' ')
            .next()?
            .parse::<f64>()
            .ok()
    });
    kilobytes.unwrap_or(f64::NAN) / 1024.0
}

#[expect(
    clippy::print_stdout,
    reason = "a benchmark reports on standard output"
)]
fn main() {
    // Without a size this is `cargo test --benches`: a small one, to see that it runs.
    let sizes: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|a| a.parse().ok())
        .collect();
    let given = |place: usize, default: usize| sizes.get(place).copied().unwrap_or(default);
    let whole = std::env::args().any(|argument| argument == "--bench");
    let rows = given(0, if whole { 805_000 } else { 21_000 });
    let (exposures, outcomes, subgroups) = (given(1, 20), given(2, 6), given(3, 12));
    let before = memory("VmRSS");
    let panel = panel(rows, exposures, outcomes);
    let panel_megabytes = memory("VmRSS") - before;
    let pipeline = pipeline(exposures, outcomes, subgroups);
    let start = Instant::now();
    let found = estimate(&pipeline, std::slice::from_ref(&panel), &Shown(start))
        .expect("a panel that fits");
    let seconds = start.elapsed().as_secs_f64();
    let estimated = found
        .findings
        .iter()
        .filter(|f| f.adjusted.is_some())
        .count();
    println!(
        "{{\"rows\":{},\"estimates\":{estimated},\"seconds\":{seconds:.1},\"panel_mb\":{panel_megabytes:.0},\"peak_mb\":{:.0},\"threads\":{}}}",
        panel.len(),
        memory("VmHWM"),
        rayon::current_num_threads(),
    );
}
