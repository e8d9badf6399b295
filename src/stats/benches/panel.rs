//! Times the estimators on a panel written by `benches/stats_ratios.py`, which also times the rivals.
//!
//! `cargo bench -p throughline-stats --bench panel -- FOLDER` reads raw little-endian columns (`name.f64`,
//! `name.u32`) and prints one JSON object a measurement: name, best seconds of several runs, and the first
//! coefficient and its error, so that speed is never compared between different numbers. Names after the folder
//! choose measurements.

use std::path::PathBuf;
use std::time::Instant;

use throughline_stats::glm::poisson;
use throughline_stats::{
    Absorbed, Column, Design, Effect, Fit, FitOptions, Spec, Vcov, WildOptions, WildWeights, absorb,
};

#[expect(
    clippy::print_stdout,
    reason = "a benchmark reports on standard output"
)]
fn report(name: &str, seconds: f64, fit: &Fit) {
    let c = &fit.coefficients[0];
    println!(
        "{{\"name\":\"{name}\",\"seconds\":{seconds},\"n\":{},\"estimate\":{:e},\"se\":{:e},\"iterations\":{}}}",
        fit.n, c.estimate, c.se, fit.iterations
    );
}

/// Best of `runs`, with the last result.
fn best<T>(runs: usize, mut work: impl FnMut() -> T) -> (f64, T) {
    let mut best = f64::INFINITY;
    let mut last = None;
    for _ in 0..runs {
        let start = Instant::now();
        let result = work();
        best = best.min(start.elapsed().as_secs_f64());
        last = Some(result);
    }
    (best, last.expect("at least one run"))
}

struct Panel {
    folder: PathBuf,
    only: Vec<String>,
}

impl Panel {
    fn codes(&self, name: &str) -> Vec<u32> {
        let bytes = std::fs::read(self.folder.join(format!("{name}.u32"))).expect("codes");
        let chunks = bytes.chunks_exact(4);
        chunks
            .map(|b| u32::from_le_bytes(b.try_into().expect("four bytes")))
            .collect()
    }

    fn values(&self, name: &str) -> Vec<f64> {
        let bytes = std::fs::read(self.folder.join(format!("{name}.f64"))).expect("values");
        let chunks = bytes.chunks_exact(8);
        chunks
            .map(|b| f64::from_le_bytes(b.try_into().expect("eight bytes")))
            .collect()
    }

    fn has(&self, name: &str) -> bool {
        self.folder.join(name).exists()
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|o| o == name)
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let Some(folder) = arguments.next() else {
        return;
    };
    let panel = Panel {
        folder: folder.into(),
        only: arguments.collect(),
    };
    if panel.has("y0.f64") {
        district(&panel);
    }
    if panel.has("score.f64") {
        students(&panel);
    }
}

/// 805,000 student-years: teacher + school × year + grade, clustered by teacher.
fn district(panel: &Panel) {
    let (teacher, school_year, grade) = (
        panel.codes("teacher"),
        panel.codes("school_year"),
        panel.codes("grade"),
    );
    let names: Vec<String> = (0..6)
        .map(|i| format!("y{i}"))
        .chain((0..20).map(|i| format!("x{i}")))
        .collect();
    let values: Vec<Vec<f64>> = names.iter().map(|n| panel.values(n)).collect();
    let columns: Vec<Column<'_>> = names
        .iter()
        .zip(&values)
        .map(|(name, values)| Column { name, values })
        .collect();
    let cluster = Effect {
        name: "teacher",
        codes: &teacher,
    };
    let design = Design {
        effects: vec![
            cluster,
            Effect {
                name: "school_year",
                codes: &school_year,
            },
            Effect {
                name: "grade",
                codes: &grade,
            },
        ],
        clusters: vec![cluster],
        ..Design::default()
    };
    let options = FitOptions::new(Vcov::Crv1);
    let one = [columns[0], columns[6], columns[7]];
    if panel.wants("one") {
        let (seconds, fit) = best(5, || {
            absorb(&design, &one)
                .and_then(|a| a.ols("y0", &["x0", "x1"], &options))
                .expect("fit")
        });
        report("one", seconds, &fit);
    }
    let specs: Vec<Spec<'_>> = (0..20)
        .flat_map(|x| {
            let names = &names;
            (0..6).map(move |y| Spec {
                outcome: &names[y],
                regressors: vec![&names[6 + x]],
            })
        })
        .collect();
    if panel.wants("grid") {
        let (seconds, fits) = best(3, || {
            absorb(&design, &columns)
                .expect("absorbed")
                .ols_many(&specs, &options)
        });
        let first = fits.into_iter().next().expect("a fit").expect("fit");
        report("grid", seconds, &first);
    }
    if !panel.wants("wild999") {
        return;
    }
    let absorbed: Absorbed = absorb(&design, &one).expect("absorbed");
    let wild = WildOptions {
        draws: 999,
        seed: 1,
        weights: WildWeights::Rademacher,
        level: 0.95,
    };
    let (seconds, test) = best(2, || {
        absorbed
            .wild_bootstrap("y0", &["x0", "x1"], "x0", "teacher", &wild)
            .expect("test")
    });
    let mut shown = absorbed.ols("y0", &["x0", "x1"], &options).expect("fit");
    shown.coefficients[0].se = test.p;
    report("wild999", seconds, &shown);
}

/// Half a million student-years: student + teacher + school-grade-year.
fn students(panel: &Panel) {
    let (student, teacher, cell) = (
        panel.codes("student"),
        panel.codes("staff"),
        panel.codes("school_grade_year"),
    );
    let (y, x, z) = (
        panel.values("score"),
        panel.values("hours"),
        panel.values("other"),
    );
    let columns =
        [("score", &y), ("hours", &x), ("other", &z)].map(|(name, values)| Column { name, values });
    let effect = |name, codes| Effect { name, codes };
    let options = FitOptions::new(Vcov::Crv1);
    for (name, effects) in [
        (
            "two",
            vec![effect("student", &student), effect("cell", &cell)],
        ),
        (
            "three",
            vec![
                effect("student", &student),
                effect("teacher", &teacher),
                effect("cell", &cell),
            ],
        ),
    ] {
        let design = Design {
            effects,
            clusters: vec![effect("student", &student)],
            ..Design::default()
        };
        if panel.wants(name) {
            let (seconds, fit) = best(3, || {
                absorb(&design, &columns)
                    .and_then(|a| a.ols("score", &["hours", "other"], &options))
                    .expect("fit")
            });
            report(name, seconds, &fit);
        }
        if panel.has("count.f64") && panel.wants(&format!("poisson-{name}")) {
            let count = panel.values("count");
            let y = Column {
                name: "count",
                values: &count,
            };
            let (seconds, fit) = best(2, || {
                poisson(&design, &y, &columns[1..], &options).expect("fit")
            });
            let name = if name == "two" {
                "poisson-two"
            } else {
                "poisson-three"
            };
            report(name, seconds, &fit);
        }
    }
}
