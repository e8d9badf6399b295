//! Our side of `benches/stats/run`: reads names of measurements from standard input, runs each once on the panels in
//! the folder named first, and answers with one JSON line: seconds, every estimate and its error, and two counts of memory.
//!
//! `input` is the bytes of the columns read so far, as the engine is given them: 4 a row for each effect and cluster variable
//! (one that serves as both is counted once), 8 for each number. `peak` is the largest resident memory of the whole process so
//! far (`VmHWM`; Linux, elsewhere zero): the input itself, program and libraries (about 3 MB when idle), and what the allocator
//! holds back are all in it; nothing is subtracted.

use std::collections::HashMap;
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use throughline_stats::did::{
    Aggregation, ControlGroup, GroupTimeOptions, StaggeredPanel, group_time,
};
use throughline_stats::glm::poisson;
use throughline_stats::{
    Column, Design, Effect, Fit, FitOptions, Spec, StatsError, Vcov, WildOptions, WildWeights,
    absorb,
};

const OUTCOMES: [&str; 6] = ["y0", "y1", "y2", "y3", "y4", "y5"];

/// Columns read so far.
struct Panel {
    folder: PathBuf,
    codes: HashMap<String, Vec<u32>>,
    values: HashMap<String, Vec<f64>>,
    /// Periods and starts of the staggered panel, in the engine's types.
    time: Vec<i32>,
    first: Vec<Option<i32>>,
}

impl Panel {
    fn read(&mut self, codes: &[&str], values: &[&str]) {
        for name in codes {
            self.codes.entry((*name).to_owned()).or_insert_with(|| {
                column(&self.folder, &format!("{name}.u32"), u32::from_le_bytes)
            });
        }
        for name in values {
            self.values.entry((*name).to_owned()).or_insert_with(|| {
                column(&self.folder, &format!("{name}.f64"), f64::from_le_bytes)
            });
        }
    }

    /// What the engine is given.
    fn bytes(&self) -> usize {
        self.codes.values().map(|c| 4 * c.len()).sum::<usize>()
            + self.values.values().map(|v| 8 * v.len()).sum::<usize>()
            + 4 * self.time.len()
            + 8 * self.first.len()
    }

    fn effect<'a>(&'a self, name: &'a str) -> Effect<'a> {
        Effect {
            name,
            codes: &self.codes[name],
        }
    }

    fn columns<'a>(&'a self, names: &[&'a str]) -> Vec<Column<'a>> {
        names
            .iter()
            .map(|name| Column {
                name,
                values: &self.values[*name],
            })
            .collect()
    }

    fn design<'a>(&'a self, effects: &[&'a str], cluster: &'a str) -> Design<'a> {
        Design {
            effects: effects.iter().map(|e| self.effect(e)).collect(),
            clusters: vec![self.effect(cluster)],
            ..Design::default()
        }
    }
}

/// Reads a column in small pieces: a second copy of the file would be no memory of the engine's.
fn column<T, const BYTES: usize>(
    folder: &Path,
    name: &str,
    decode: impl Fn([u8; BYTES]) -> T,
) -> Vec<T> {
    let open = || -> std::io::Result<Vec<T>> {
        let file = std::fs::File::open(folder.join(name))?;
        let rows = file.metadata()?.len() as usize / BYTES;
        let mut file = std::io::BufReader::new(file);
        let mut values = Vec::with_capacity(rows);
        let mut one = [0; BYTES];
        for _ in 0..rows {
            file.read_exact(&mut one)?;
            values.push(decode(one));
        }
        Ok(values)
    };
    open().unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn table(fit: &Fit) -> Vec<f64> {
    fit.coefficients
        .iter()
        .flat_map(|c| [c.estimate, c.se])
        .collect()
}

fn timed(work: impl FnOnce() -> Result<Vec<f64>, StatsError>) -> (f64, Vec<f64>) {
    let begin = Instant::now();
    let numbers = work();
    let seconds = begin.elapsed().as_secs_f64();
    (
        seconds,
        numbers.unwrap_or_else(|e| panic!("the estimate was refused: {e}")),
    )
}

/// 805,000 rows of students and years: teacher + school × year + grade, clustered by teacher.
fn district(panel: &mut Panel, name: &str) -> (f64, Vec<f64>) {
    let effects = ["teacher", "school_year", "grade"];
    let exposures: Vec<String> = (0..20).map(|j| format!("x{j}")).collect();
    let all: Vec<&str> = OUTCOMES
        .into_iter()
        .chain(exposures.iter().map(String::as_str))
        .collect();
    let used: &[&str] = if name == "grid" {
        &all
    } else {
        &["y0", "x0", "x1"]
    };
    panel.read(&effects, used);
    let design = panel.design(&effects, "teacher");
    let columns = panel.columns(used);
    let options = FitOptions::new(Vcov::Crv1);
    timed(|| {
        let absorbed = absorb(&design, &columns)?;
        match name {
            "one" => absorbed
                .ols("y0", &["x0", "x1"], &options)
                .map(|f| table(&f)),
            "grid" => {
                let specs: Vec<Spec<'_>> = exposures
                    .iter()
                    .flat_map(|x| {
                        OUTCOMES.map(|y| Spec {
                            outcome: y,
                            regressors: vec![x],
                        })
                    })
                    .collect();
                let fits = absorbed.ols_many(&specs, &options);
                fits.into_iter()
                    .map(|f| f.map(|f| table(&f)))
                    .collect::<Result<Vec<_>, _>>()
                    .map(|t| t.concat())
            }
            _ => {
                let wild = WildOptions {
                    draws: 999,
                    seed: 1,
                    weights: WildWeights::Rademacher,
                    impose_null: true,
                    level: 0.95,
                };
                let test = absorbed.wild_bootstrap("y0", &["x0", "x1"], "x0", "teacher", &wild)?;
                Ok(vec![test.p, test.lower, test.upper])
            }
        }
    })
}

/// 535,000 rows of students and years: student, cell of school, grade and year, and teacher.
fn students(panel: &mut Panel, name: &str) -> (f64, Vec<f64>) {
    let effects: &[&str] = if name.ends_with("three") {
        &["student", "staff", "school_grade_year"]
    } else {
        &["student", "school_grade_year"]
    };
    let counts = name.starts_with("poisson");
    let outcome = if counts { "count" } else { "score" };
    panel.read(effects, &[outcome, "hours", "other"]);
    let design = panel.design(effects, "student");
    let columns = panel.columns(&[outcome, "hours", "other"]);
    let options = FitOptions::new(Vcov::Crv1);
    timed(|| {
        let fit = if counts {
            poisson(&design, &columns[0], &columns[1..], &options)
        } else {
            absorb(&design, &columns)?.ols(outcome, &["hours", "other"], &options)
        };
        fit.map(|f| table(&f))
    })
}

/// 115,000 units × 7 periods: every group-time effect and their simple average.
fn staggered(panel: &mut Panel, name: &str) -> (f64, Vec<f64>) {
    panel.read(&["unit"], &["covariate", "outcome"]);
    if panel.time.is_empty() {
        panel.read(&["period", "first"], &[]);
        let mut take = |name| panel.codes.remove(name).unwrap_or_default();
        let (time, first) = (take("period"), take("first"));
        panel.time = time.into_iter().map(|t| t as i32).collect();
        let start = |g: u32| (g > 0).then_some(g as i32);
        panel.first = first.into_iter().map(start).collect();
    }
    let covariates: [&[f64]; 1] = [&panel.values["covariate"]];
    let long = StaggeredPanel::new(
        &panel.codes["unit"],
        &panel.time,
        &panel.first,
        &panel.values["outcome"],
    )
    .with_covariates(&covariates);
    let options = GroupTimeOptions {
        control: if name == "did-never" {
            ControlGroup::NeverTreated
        } else {
            ControlGroup::NotYetTreated
        },
        ..GroupTimeOptions::default()
    };
    timed(|| {
        let fit = group_time(&long, &options)?;
        let overall = fit.aggregate(Aggregation::Simple)?.overall;
        let cells = fit.effects.iter().map(|e| &e.effect);
        Ok(cells
            .chain([&overall])
            .flat_map(|e| [e.estimate, e.se])
            .collect())
    })
}

/// Largest resident memory of this process, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM"));
    let kilobytes = line.and_then(|l| l.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

#[expect(
    clippy::print_stdout,
    reason = "the measurements go to the script that asked for them"
)]
fn main() {
    let Some(folder) = std::env::args().nth(1) else {
        return;
    };
    let mut panel = Panel {
        folder: folder.into(),
        codes: HashMap::new(),
        values: HashMap::new(),
        time: Vec::new(),
        first: Vec::new(),
    };
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let name = line.trim();
        let (seconds, numbers) = match name {
            "one" | "grid" | "wild999" => district(&mut panel, name),
            "two" | "three" | "poisson-two" | "poisson-three" => students(&mut panel, name),
            "did-never" | "did-notyet" => staggered(&mut panel, name),
            other => panic!("no measurement named {other}"),
        };
        println!(
            "{{\"seconds\":{seconds},\"numbers\":{numbers:?},\"input\":{},\"peak\":{}}}",
            panel.bytes(),
            peak()
        );
    }
}
