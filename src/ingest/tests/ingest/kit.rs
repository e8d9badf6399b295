//! A small district in a scratch folder, and its parts read back with arrow-rs, which shares no code with the writer.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arrow::util::display::array_value_to_string;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;
use throughline_ingest::{IngestError, Ingested, Key, Options, ingest};
use throughline_model::part::FileCount;
use throughline_model::pipeline::Source;
use throughline_model::progress::Silent;
use throughline_model::{Calendar, Mapping, Part, Pipeline};

pub(crate) const ATTENDANCE: &str = r#"
vendor = "PowerSchool"
table = "attendance_event"
ignore = ["Last_Name"]
[columns]
student_id = { from = "Student_Number" }
date = { from = "Att_Date", format = "%m/%d/%Y" }
school_id = { from = "School" }
category = { from = "Code", codes = { "P" = "present", "UA" = "unexcused_absence", "T" = "tardy" } }
minutes = { from = "Minutes" }
"#;

pub(crate) const HEADER: &str = "Student_Number,Att_Date,School,Code,Minutes";

pub(crate) const TITLES: &str = r#"
vendor = "Any"
table = "tool"
[columns]
tool_id = { from = "id" }
name = { from = "name" }
vendor = { from = "vendor" }
"#;

pub(crate) type Row = BTreeMap<String, Option<String>>;

/// A project folder with exports, a key and a lake.
pub(crate) struct Project {
    pub(crate) folder: TempDir,
    pub(crate) sources: Vec<Source>,
    pub(crate) key: Key,
}

impl Project {
    pub(crate) fn new(mapping: &str) -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let key = Key::create(&folder.path().join("key")).expect("a key");
        let mut project = Self {
            folder,
            sources: Vec::new(),
            key,
        };
        project.source("export", "*.csv", mapping);
        project
    }

    pub(crate) fn source(&mut self, id: &str, pattern: &str, mapping: &str) {
        self.sources.push(Source {
            id: id.to_owned(),
            folder: self.folder.path().join("exports"),
            pattern: pattern.to_owned(),
            mapping: Mapping::parse("mapping.toml", id, mapping).expect("a mapping"),
            max_rejected: 1.0,
            optional: false,
            owner: String::new(),
        });
        fs::create_dir_all(self.folder.path().join("exports")).expect("a folder");
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("exports").join(name)
    }

    /// Writes an export that looks as if it had been there for a while.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.file(name), content).expect("a file");
        self.age(name, 3600);
    }

    pub(crate) fn age(&self, name: &str, seconds: u64) {
        let then = std::time::SystemTime::UNIX_EPOCH
            + std::time::Duration::from_secs(1_700_000_000 - seconds);
        let file = File::options().write(true).open(self.file(name));
        file.and_then(|file| file.set_modified(then))
            .expect("a time");
    }

    pub(crate) fn pipeline(&self) -> Pipeline {
        let file = self.folder.path().join("test.toml");
        Pipeline {
            calendar: Calendar {
                year_starts: (7, 1),
                years: (2020, 2030),
                counts_from: Calendar::COUNTS_FROM,
            },
            sources: self.sources.clone(),
            ..Pipeline::bare(&file).expect("a folder")
        }
    }

    pub(crate) fn lake(&self) -> PathBuf {
        self.folder.path().join("lake")
    }

    pub(crate) fn ingest(&self) -> Result<Ingested, IngestError> {
        self.ingest_with(&Options::default())
    }

    pub(crate) fn ingest_with(&self, options: &Options) -> Result<Ingested, IngestError> {
        ingest(&self.pipeline(), &self.key, options, &Silent)
    }

    /// Ingests, and returns the only file's count.
    pub(crate) fn count(&self) -> FileCount {
        let ingested = self.ingest().expect("an ingest");
        let [count] = ingested.counts.as_slice() else {
            panic!("{:?}", ingested.counts)
        };
        assert!(count.balances());
        count.clone()
    }

    /// Every row of `table`, in part and file order.
    pub(crate) fn rows(&self, ingested: &Ingested, table: &str) -> Vec<Row> {
        let parts = ingested.parts.iter().filter(|part| part.table == table);
        parts.flat_map(|part| rows(&self.lake(), part)).collect()
    }

    /// Line, column and rule of every reject.
    pub(crate) fn rejects(&self) -> Vec<(u32, String, String, String)> {
        let ingested = self.ingest().expect("an ingest");
        self.rows(&ingested, "reject")
            .into_iter()
            .map(|row| {
                let get = |name: &str| row[name].clone().unwrap_or_default();
                let line = get("line").parse().expect("a line");
                (line, get("column"), get("rule"), get("shape"))
            })
            .collect()
    }
}

/// Runs `work` while a file grows by a line every few milliseconds.
pub(crate) fn while_growing<T>(
    project: &Project,
    name: &str,
    line: &str,
    work: impl FnOnce() -> T,
) -> T {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = File::options()
                .append(true)
                .create(true)
                .open(project.file(name))
                .expect("a file");
            while !done.load(Ordering::SeqCst) {
                writeln!(file, "{line}").expect("written");
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        std::thread::sleep(Duration::from_millis(50));
        let result = work();
        done.store(true, Ordering::SeqCst);
        result
    })
}

/// Every row of a part.
pub(crate) fn rows(lake: &Path, part: &Part) -> Vec<Row> {
    let file = File::open(lake.join(&part.path)).expect("a part");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.build())
        .expect("Parquet");
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.expect("rows");
        for index in 0..batch.num_rows() {
            rows.push(
                batch
                    .schema()
                    .fields()
                    .iter()
                    .zip(batch.columns())
                    .map(|(field, column)| {
                        let text = (!column.is_null(index))
                            .then(|| array_value_to_string(column, index).expect("text"));
                        (field.name().clone(), text)
                    })
                    .collect(),
            );
        }
    }
    assert_eq!(rows.len() as u64, part.rows);
    rows
}

pub(crate) fn column(rows: &[Row], name: &str) -> Vec<String> {
    rows.iter()
        .map(|row| row[name].clone().unwrap_or_else(|| "null".to_owned()))
        .collect()
}
