//! The sample as a newcomer runs it: the committed report is what a run writes, on any machine, with any key and any
//! number of threads; and the truth that was planted in the sample is what the report says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::project::{Outcome, Said, program, said};

/// One run of the sample in a scratch copy, shared by every test here.
struct Sample {
    folder: tempfile::TempDir,
    said: Said,
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sample() -> Result<&'static Sample, Box<dyn std::error::Error>> {
    static SAMPLE: OnceLock<Result<Sample, String>> = OnceLock::new();
    SAMPLE
        .get_or_init(|| run().map_err(|error| error.to_string()))
        .as_ref()
        .map_err(|error| error.clone().into())
}

/// Held by a test that runs in the shared folder or compares all of it: one at a time.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run() -> Result<Sample, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    for name in ["pipelines", "sample-data"] {
        copy(&repository().join(name), &folder.path().join(name))?;
    }
    let said = main_job(folder.path())?;
    Ok(Sample { folder, said })
}

fn main_job(folder: &Path) -> Result<Said, Box<dyn std::error::Error>> {
    said(
        program()
            .args(["run", "pipelines/sample.toml", "--jobs", "1"])
            .current_dir(folder),
    )
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn files(
    folder: &Path,
    below: &Path,
    found: &mut BTreeMap<PathBuf, Vec<u8>>,
) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, below, found)?;
        } else {
            let name = path.strip_prefix(below).unwrap_or(&path).to_path_buf();
            found.insert(name, fs::read(&path)?);
        }
    }
    Ok(())
}

#[test]
fn the_committed_report_is_what_a_run_writes() -> Outcome {
    let _turn = turn();
    let sample = sample()?;
    assert_eq!(sample.said.code, 0, "{:?}", sample.said);
    let (mut committed, mut written) = (BTreeMap::new(), BTreeMap::new());
    let folder = repository().join("reports/sample");
    files(&folder, &folder, &mut committed)?;
    let folder = sample.folder.path().join("reports/sample");
    files(&folder, &folder, &mut written)?;
    assert_eq!(
        committed.keys().collect::<Vec<_>>(),
        written.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &committed {
        assert!(
            written.get(name) == Some(bytes),
            "{} differs from the committed one",
            name.display()
        );
    }
    Ok(())
}

#[test]
fn a_second_run_answers_from_the_first() -> Outcome {
    let _turn = turn();
    let sample = sample()?;
    let again = main_job(sample.folder.path())?;
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.stderr.contains("nothing changed"), "{again:?}");
    assert_eq!(again.stdout, sample.said.stdout);
    Ok(())
}

/// The truth, from `truth.json`: program → outcome of the pipeline → effect of the usual dose in SD.
fn truth() -> Result<BTreeMap<String, BTreeMap<String, f64>>, Box<dyn std::error::Error>> {
    let text = fs::read_to_string(repository().join("sample-data/truth.json"))?;
    let json: serde_json::Value = serde_json::from_str(&text)?;
    let mut truth = BTreeMap::new();
    for program in json["programs"].as_array().ok_or("no programs")? {
        let mut effects = BTreeMap::new();
        for effect in program["effects_per_usual_dose"]
            .as_array()
            .ok_or("no effects")?
        {
            let outcome = match effect["outcome"].as_str() {
                Some("math score") => "map_math",
                Some("reading score") => "map_reading",
                Some("attendance_rate") => "attendance",
                Some("incidents_rate") => "incidents",
                _ => continue,
            };
            effects.insert(outcome.to_owned(), effect["sd"].as_f64().ok_or("no size")?);
        }
        truth.insert(program["id"].as_str().ok_or("no id")?.to_owned(), effects);
    }
    Ok(truth)
}

/// `findings.csv`: id → column → text.
fn findings() -> Result<BTreeMap<String, BTreeMap<String, String>>, Box<dyn std::error::Error>> {
    let mut reader =
        csv::Reader::from_path(sample()?.folder.path().join("reports/sample/findings.csv"))?;
    let header = reader.headers()?.clone();
    let mut findings = BTreeMap::new();
    for row in reader.records() {
        let row = row?;
        let cells: BTreeMap<String, String> = header
            .iter()
            .zip(row.iter())
            .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
            .collect();
        findings.insert(cells.get("id").ok_or("no id")?.clone(), cells);
    }
    Ok(findings)
}

/// Finding of a program and an outcome for all students.
fn verdict<'f>(
    findings: &'f BTreeMap<String, BTreeMap<String, String>>,
    program: &str,
    outcome: &str,
) -> Result<&'f BTreeMap<String, String>, String> {
    findings
        .get(&format!("panel.{program}.{outcome}.all"))
        .ok_or_else(|| format!("no finding of {program} and {outcome}"))
}

/// How many of `asked` effects must be found where each is found four times in five: fewer has a chance below 1 in 100.
fn least_found(asked: usize) -> usize {
    let (mut chance, mut below) = (0.2_f64.powi(asked as i32), 0.0);
    for found in 0..asked {
        below += chance;
        if below > 0.01 {
            return found;
        }
        chance *= (asked - found) as f64 / (found + 1) as f64 * 4.0;
    }
    asked
}

/// The report says of each question which true difference it would find four times in five; the truth holds it to that.
#[test]
fn what_truly_helps_is_found() -> Outcome {
    let findings = findings()?;
    let (mut asked, mut found_it) = (0, 0);
    for (program, effects) in truth()? {
        for (outcome, effect) in effects {
            let (sign, bound) = match outcome.as_str() {
                "incidents" => (-1.0, "adjusted_upper"),
                _ => (1.0, "adjusted_lower"),
            };
            let found = verdict(&findings, &program, &outcome)?;
            let number = |column: &str| found[column].parse::<f64>().ok();
            let (Some(detectable), Some(bound)) = (number("minimum_detectable_sd"), number(bound))
            else {
                continue;
            };
            let matters = number("smallest_difference_sd").ok_or("no smallest difference")?;
            let benefit = sign * effect;
            let word = found["verdict"].as_str();
            if benefit >= matters {
                assert!(
                    !["went with worse outcomes", "no meaningful difference"].contains(&word),
                    "{program} truly helps {outcome} by {benefit} SD: {found:?}"
                );
            }
            if benefit >= detectable {
                asked += 1;
                found_it += usize::from(sign * bound > 0.0);
            }
        }
    }
    assert!(asked > 0, "no true effect is large enough to be asked for");
    assert!(
        found_it >= least_found(asked),
        "{found_it} of {asked} true effects that should be found four times in five"
    );
    Ok(())
}

#[test]
fn what_does_nothing_is_never_called_help() -> Outcome {
    let truth = truth()?;
    for (id, found) in findings()? {
        let program = id.split('.').nth(1).ok_or("an id has four parts")?;
        let nil = truth[program].values().all(|effect| *effect == 0.0);
        assert!(
            !(nil && found["verdict"] == "helped"),
            "{id} is called helped and does nothing"
        );
    }
    Ok(())
}

#[test]
fn what_harms_is_flagged_and_nothing_else_is() -> Outcome {
    let findings = findings()?;
    let harmful = verdict(&findings, "flip_now", "map_math")?;
    assert_eq!(harmful["verdict"], "went with worse outcomes");
    for (id, found) in &findings {
        let alone =
            found["verdict"] != "went with worse outcomes" || id.starts_with("panel.flip_now.");
        assert!(alone, "{id} is flagged and does no harm");
    }
    Ok(())
}

#[test]
fn the_plain_correlation_is_fooled() -> Outcome {
    let findings = findings()?;
    let number =
        |program: &str, outcome: &str, column: &str| -> Result<f64, Box<dyn std::error::Error>> {
            Ok(verdict(&findings, program, outcome)?[column].parse()?)
        };
    // Better teachers like the café, which does nothing; and chose the video homework, which hides its harm.
    assert!(number("edtech_cafe", "map_reading", "naive_lower")? > 0.0);
    assert!(number("edtech_cafe", "map_reading", "adjusted_lower")? < 0.0);
    let harm = truth()?["flip_now"]["map_math"];
    assert!(harm < 0.0 && number("flip_now", "map_math", "naive_sd")? > 0.5 * harm);
    Ok(())
}

#[test]
fn a_number_is_explained_and_a_withheld_one_is_not() -> Outcome {
    let folder = sample()?.folder.path();
    let explain = |finding: &str| said(program().args(["explain", finding]).current_dir(folder));
    let told = explain("panel.reading_academy.map_reading.all")?;
    assert_eq!(told.code, 0, "{told:?}");
    for part in [
        "helped",
        "SQL of `map_reading`",
        "sample-data/pd/transcript_2023-24.csv",
        "estimator",
    ] {
        assert!(told.stdout.contains(part), "no `{part}` in {}", told.stdout);
    }
    let withheld = explain("panel.number_talks.credits.all")?;
    assert_eq!(withheld.code, 4, "{withheld:?}");
    assert!(withheld.stdout.is_empty());
    Ok(())
}

#[test]
fn a_look_back_leaves_the_current_results_alone() -> Outcome {
    let _turn = turn();
    let folder = sample()?.folder.path();
    let in_folder = |arguments: &[&str]| said(program().args(arguments).current_dir(folder));
    let runs: serde_json::Value = serde_json::from_str(&in_folder(&["runs", "--json"])?.stdout)?;
    let release = runs["current"].as_str().ok_or("no release")?;
    let back = in_folder(&["run", "pipelines/sample.toml", "--as-of", release])?;
    assert_eq!(back.code, 0, "{back:?}");
    let beside = folder.join(format!("reports/sample/as-of-{release}"));
    assert_eq!(
        fs::read(beside.join("findings.csv"))?,
        fs::read(folder.join("reports/sample/findings.csv"))?
    );
    fs::remove_dir_all(beside)?;
    let again = in_folder(&["run", "pipelines/sample.toml"])?;
    assert!(again.stderr.contains("nothing changed"), "{again:?}");
    assert!(
        again.stdout.contains("wrote reports/sample/report.html"),
        "{again:?}"
    );
    Ok(())
}

/// The sample's pipeline with one question of its own, over the same lake: its threshold moved after results had been shown.
///
/// In a copy: what it reads goes by other names there, which every later run over the lake would notice.
fn asked_later() -> Result<tempfile::TempDir, Box<dyn std::error::Error>> {
    let copied = tempfile::tempdir()?;
    let folder = copied.path();
    {
        let _turn = turn();
        copy(sample()?.folder.path(), folder)?;
    }
    let text = fs::read_to_string(folder.join("pipelines/sample.toml"))?
        .replace("../reports/sample", "../reports/asked")
        .replace(
            "exposures = [\"*\"]",
            "exposures = [\"number_talks\", \"factfluent\", \"readquest\", \"reading_academy\"]",
        )
        .replace(
            "outcomes = [\"*\"]",
            "outcomes = [\"map_math\", \"map_reading\"]",
        )
        .replace(
            "id = \"map_math\"\n",
            "id = \"map_math\"\nsmallest_difference = 0.02\n",
        );
    copy(&folder.join("pipelines"), &folder.join("asked"))?;
    // It stands outside `pipelines/`, where the other tests expect one file; so it has to name what it may read.
    let text = text + "\n[paths]\nroots = [\"..\"]\n";
    fs::write(folder.join("asked/sample.toml"), text)?;
    Ok(copied)
}

#[test]
fn a_question_that_is_changed_after_it_was_answered_says_so() -> Outcome {
    let copied = asked_later()?;
    let folder = copied.path();
    let run = said(
        program()
            .args(["run", "asked/sample.toml"])
            .current_dir(folder),
    )?;
    // From its own folder the exports go by other names: that those of before are gone is said, with 1.
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("warning: is gone"), "{run:?}");
    let mut reader = csv::Reader::from_path(folder.join("reports/asked/findings.csv"))?;
    let header = reader.headers()?.clone();
    let at = |name: &str| {
        header
            .iter()
            .position(|column| column == name)
            .ok_or(name.to_owned())
    };
    let (id, planned) = (at("id")?, at("planned")?);
    let mut seen = 0;
    for row in reader.records() {
        let row = row?;
        let says = &row[planned];
        if row[id].starts_with("panel.number_talks.map_math.all") {
            assert!(says.starts_with("changed after release"), "{says}");
            seen += 1;
        } else if row[id].starts_with("panel.number_talks.map_reading.all") {
            // It is asked beside fewer programs now.
            assert!(
                says.starts_with("planned, and adjusted for other"),
                "{says}"
            );
            seen += 1;
        }
    }
    assert_eq!(seen, 2);
    let page = fs::read_to_string(folder.join("reports/asked/report.html"))?;
    assert!(page.contains("Added after outcomes had been read"));
    Ok(())
}

#[test]
fn a_plan_counts_what_will_be_asked_and_power_what_could_be_found() -> Outcome {
    let copied = asked_later()?;
    let folder = copied.path();
    let json = |arguments: &[&str]| -> Result<serde_json::Value, Box<dyn std::error::Error>> {
        let said = said(program().args(arguments).arg("--json").current_dir(folder))?;
        assert_eq!(said.code, 0, "{said:?}");
        Ok(serde_json::from_str(&said.stdout)?)
    };
    let whole = json(&["plan", "pipelines/sample.toml", "--count-only"])?;
    assert_eq!(whole["comparisons"], 16 * 10 * 3);
    assert!(whole["first_read"].is_array(), "{whole}");
    let plan = json(&["plan", "asked/sample.toml"])?;
    assert_eq!(plan["comparisons"], 4 * 2 * 3);
    let detectable = plan["detectable"][0]["detectable"]
        .as_f64()
        .ok_or("no number")?;
    let power = json(&[
        "power",
        "asked/sample.toml",
        "--draws",
        "40",
        "--sizes",
        "0.01,0.5",
    ])?;
    let row = &power["rows"][0];
    let share = |place: usize| row["power"][place]["share"].as_f64().ok_or("no share");
    assert!(share(1)? > 0.95 && share(0)? < 0.5, "{row}");
    // The two verbs draw from one panel: their errors agree to what 20 and 40 draws allow.
    let again = row["detectable"].as_f64().ok_or("no number")?;
    assert!(
        (detectable / again - 1.0).abs() < 0.15,
        "{detectable} {again}"
    );
    Ok(())
}
