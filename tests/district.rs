//! A small synthetic district to run the whole program on, night after night, and what it wrote.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::project::{Outcome, Said, program, said};

/// What the tests ask of the district; everything else in the sample's pipeline is left out.
const KEPT: [&str; 6] = [
    "attendance",
    "map_math",
    "number_talks",
    "factfluent",
    "reading_academy",
    "panel",
];

/// A project with a district's exports, a pipeline and a key.
pub(crate) struct District {
    folder: TempDir,
}

pub(crate) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// As in the sample, some badges are older than the login they came with: 3 of the 21 holders of one lead to nobody.
const CHECKS: &str = "\n[[check]]\ntable = \"credential_award\"\nlinked = \"people\"\nat_most = 0.2\nof_program = 0.2\n";

/// The sample's pipeline over `exports/`, with few questions.
fn pipeline() -> Result<String, Box<dyn Error>> {
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("pipelines/sample.toml");
    let text = fs::read_to_string(sample)?;
    let mut blocks = text.split("\n[[");
    let mut kept = blocks.next().unwrap_or_default().to_owned();
    for block in blocks {
        let asked = !block.starts_with("source]]");
        let wanted = KEPT
            .iter()
            .any(|id| block.contains(&format!("id = \"{id}\"\n")));
        if !asked || wanted {
            kept.push_str("\n[[");
            kept.push_str(block);
        }
    }
    let end = kept.find("\nsubgroups").ok_or("no subgroups")?;
    kept.truncate(end + 1);
    Ok(kept
        .replace("first_year = 2021", "first_year = 2023")
        .replace("../sample-data/", "../exports/")
        .replace("../reports/sample", "../reports")
        + CHECKS)
}

impl District {
    /// The exports as they came from the district; nothing has been run. Two copies have one key.
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        static DRAWN: OnceLock<Result<TempDir, String>> = OnceLock::new();
        let drawn = DRAWN
            .get_or_init(|| drawn(&SMALL).map_err(|error| error.to_string()))
            .as_ref()
            .map_err(Clone::clone)?;
        let district = Self {
            folder: tempfile::tempdir()?,
        };
        copy(drawn.path(), district.folder.path())?;
        Ok(district)
    }

    /// A district of the kind that `throughline synth` makes when it is asked so.
    pub(crate) fn asked(arguments: &[&str]) -> Result<Self, Box<dyn Error>> {
        let folder = drawn(arguments)?;
        Ok(Self { folder })
    }

    /// A copy of everything: exports, lake, reports.
    pub(crate) fn copied(&self) -> Result<Self, Box<dyn Error>> {
        let copied = Self {
            folder: tempfile::tempdir()?,
        };
        copy(self.folder.path(), copied.folder.path())?;
        Ok(copied)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command that runs the pipeline.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command
            .args(arguments)
            .arg("--jobs=1")
            .current_dir(self.folder.path());
        command
    }

    pub(crate) fn ask(&self, arguments: &[&str]) -> Result<Said, Box<dyn Error>> {
        said(&mut self.command(arguments))
    }

    /// One night; it has to end with `code`.
    pub(crate) fn night(&self, code: i32) -> Result<Said, Box<dyn Error>> {
        let said = self.ask(&["run", "pipelines/p.toml"])?;
        if said.code == code {
            Ok(said)
        } else {
            Err(format!("not {code}: {said:?}").into())
        }
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Result<serde_json::Value, Box<dyn Error>> {
        let said = self.ask(&[arguments, &["--json"]].concat())?;
        if said.code == 0 {
            Ok(serde_json::from_str(&said.stdout)?)
        } else {
            Err(format!("{said:?}").into())
        }
    }

    /// Id of the current release and digest of what it holds.
    pub(crate) fn current(&self) -> Result<(String, String), Box<dyn Error>> {
        let shown = self.json(&["runs", "show"])?;
        let text = |name: &str| shown["release"][name].as_str().map(str::to_owned);
        Ok((
            text("id").ok_or("no release")?,
            text("digest").ok_or("no digest")?,
        ))
    }

    /// Every report, and every part that the current release names; not what tells of the night and not of the data: which
    /// files came new, and how many rows there were before.
    pub(crate) fn written(&self) -> Result<Files, Box<dyn Error>> {
        let mut written = Files::new();
        files(&self.path("reports"), &self.path("reports"), &mut written)?;
        written
            .retain(|name, _| !name.ends_with("quality.html") && !name.ends_with("checks.parquet"));
        let shown = self.json(&["runs", "show"])?;
        for part in shown["release"]["parts"].as_array().ok_or("no parts")? {
            let name = part["path"].as_str().ok_or("no path")?;
            let path = self.path(".throughline/lake/sample").join(name);
            written.insert(PathBuf::from("lake").join(name), fs::read(path)?);
        }
        Ok(written)
    }

    /// Puts an export away, and returns what it held.
    pub(crate) fn take(&self, name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
        let path = self.path(name);
        let content = fs::read(&path)?;
        fs::remove_file(path)?;
        Ok(content)
    }

    /// Puts an export where it belongs, as old as all the others.
    pub(crate) fn bring(&self, name: &str, content: &[u8]) -> Outcome {
        fs::write(self.path(name), content)?;
        age(&self.path(name))
    }
}

/// Sets a file's time to one that any copy of it has as well.
fn age(path: &Path) -> Outcome {
    let bytes = fs::read(path)?;
    let second = number_of(&bytes);
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000 + second);
    Ok(fs::File::options()
        .write(true)
        .open(path)?
        .set_modified(then)?)
}

/// A number that follows the content: another version of a file has another time.
fn number_of(bytes: &[u8]) -> u64 {
    let fold = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, fold) % 100_000_000
}

/// Large enough to have teachers and students of each kind.
const SMALL: [&str; 3] = ["--students=240", "--schools=4", "--years=3"];

fn drawn(arguments: &[&str]) -> Result<TempDir, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let exports = folder.path().join("exports");
    let drawn = said(
        program()
            .args([&["synth"], arguments, &["--out"]].concat())
            .arg(&exports),
    )?;
    if drawn.code != 0 {
        return Err(format!("{drawn:?}").into());
    }
    let mut found = Files::new();
    files(&exports, &exports, &mut found)?;
    for name in found.keys() {
        age(&exports.join(name))?;
    }
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    copy(
        &here.join("pipelines/mappings"),
        &folder.path().join("pipelines/mappings"),
    )?;
    fs::write(folder.path().join("pipelines/p.toml"), pipeline()?)?;
    let key = said(
        program()
            .args(["key", "init", "--pipeline", "pipelines/p.toml"])
            .current_dir(folder.path()),
    )?;
    if key.code != 0 {
        return Err(format!("{key:?}").into());
    }
    Ok(folder)
}

/// Copies a folder, times of files included.
pub(crate) fn copy(from: &Path, to: &Path) -> Outcome {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            let modified = entry.metadata()?.modified()?;
            fs::File::options()
                .write(true)
                .open(target)?
                .set_modified(modified)?;
        }
    }
    Ok(())
}

/// Every file below a folder by its path from `below`.
pub(crate) fn files(folder: &Path, below: &Path, found: &mut Files) -> Outcome {
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

/// Asserts that two runs wrote the same.
pub(crate) fn same(one: &Files, other: &Files) {
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        other.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in one {
        assert!(other[name] == *bytes, "{} differs", name.display());
    }
}
