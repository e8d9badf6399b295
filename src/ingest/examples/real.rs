//! Measures proposals and shipped mappings against files whose meaning is known: for how many `map` finds the right table and
//! every required field, with all that is shipped and with what the file's own vendor taught forgotten, and how many rows of
//! each file its mapping keeps.
//!
//! ```text
//! cargo run -p throughline-ingest --example real -- FOLDER benches/real-formats/truth.tsv [dev|held]
//! ```
//!
//! Files are split in two by a hash of their name. What is looked at while the proposals are worked on is the half `dev`;
//! of the half `held` only sums are printed, unless it is asked for.

use std::collections::BTreeMap;
use std::path::Path;

use throughline_ingest::{IngestError, Key, Options, ingest, profile};
use throughline_model::mapping::Origin;
use throughline_model::pipeline::Source;
use throughline_model::progress::Silent;
use throughline_model::propose::{Proposal, Vocabulary, propose};
use throughline_model::{Mapping, Pipeline, builtin};

/// One line of the truth.
struct Known {
    file: String,
    tables: Vec<String>,
    /// The mapping or bundle that reads it, if one is shipped.
    mapping: Option<String>,
    /// Field and the columns that are right; `?` stands for a question, `=word` for a value.
    fields: Vec<(String, Vec<String>)>,
}

impl Known {
    fn read(line: &str) -> Option<Self> {
        let mut parts = line.split('\t').map(str::trim);
        let file = parts.next()?.to_owned();
        let tables = parts.next()?.split('|').map(str::to_owned).collect();
        let mapping = parts.next().filter(|name| *name != "-").map(str::to_owned);
        let fields = parts
            .next()
            .unwrap_or_default()
            .split(';')
            .filter_map(|field| {
                let (name, columns) = field.split_once('=')?;
                let columns = columns.split('|').map(str::to_owned).collect();
                Some((name.trim().to_owned(), columns))
            });
        Some(Self {
            fields: fields.collect(),
            file,
            tables,
            mapping,
        })
    }

    fn half(&self) -> &'static str {
        let hash = self
            .file
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        if (hash >> 32) % 2 == 0 { "dev" } else { "held" }
    }
}

#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("which folder?")?;
    let truth = std::fs::read_to_string(arguments.next().ok_or("which truth?")?)?;
    let shown = arguments.next().unwrap_or_else(|| "dev".to_owned());
    let all = Vocabulary::shipped();
    let mut score: BTreeMap<(&str, &str), [usize; 3]> = BTreeMap::new();
    let (mut tried, mut landed) = (0, 0);
    for known in truth
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(Known::read)
    {
        let half = known.half();
        let vendors: Vec<String> = known
            .mapping
            .iter()
            .flat_map(|name| parts(name))
            .map(|mapping| mapping.vendor)
            .collect();
        // A vendor is forgotten under every name: the first word says who it is.
        let word = |vendor: &str| {
            vendor
                .split([' ', '-'])
                .next()
                .unwrap_or_default()
                .to_lowercase()
        };
        let forgotten = Vocabulary::of(|mapping| {
            !vendors
                .iter()
                .any(|vendor| word(vendor) == word(&mapping.vendor))
        });
        for (what, vocabulary) in [("all", &all), ("forgotten", &forgotten)] {
            let (table, fields, said) = judged(&known, Path::new(&folder), vocabulary);
            let sum = score.entry((what, half)).or_default();
            sum[0] += 1;
            sum[1] += usize::from(table);
            sum[2] += usize::from(table && fields);
            if half == shown && !(table && fields) {
                println!("{what:9} {}: {said}", known.file);
            }
        }
        if let Some(name) = &known.mapping {
            tried += 1;
            let (kept, said) = land(&known, name, Path::new(&folder));
            landed += usize::from(kept);
            println!("lands     {}: {said}", known.file);
        }
    }
    for ((what, half), [files, tables, fields]) in &score {
        println!(
            "{what} {half}: right table {tables} of {files}, every required field {fields} of {files}"
        );
    }
    println!("rows kept of {landed} of {tried} files that a shipped mapping is for");
    Ok(())
}

fn judged(known: &Known, folder: &Path, vocabulary: &Vocabulary) -> (bool, bool, String) {
    let path = folder.join(&known.file);
    let profiled = match profile(&path, None, vocabulary) {
        Ok(profiled) => profiled,
        Err(problem) => return (false, false, problem.message),
    };
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let Some(proposal) = propose(&stem, &profiled.columns, vocabulary) else {
        return (false, false, "nothing proposed".to_owned());
    };
    let table = known
        .tables
        .iter()
        .any(|table| table == proposal.table.name);
    let wrong = wrong_fields(known, &proposal);
    let said = format!(
        "{} {:.2} (fits {}; next {:?}), wrong: {}",
        proposal.table.name,
        proposal.sure,
        proposal
            .fits
            .first()
            .map_or("-", |fit| fit.mapping.as_str()),
        proposal.rivals,
        wrong.join(", ")
    );
    (table, wrong.is_empty(), said)
}

/// Required fields that come from the wrong place.
fn wrong_fields(known: &Known, proposal: &Proposal) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, right) in &known.fields {
        if proposal.table.column(name).is_none() {
            continue;
        }
        let found = proposal
            .fields
            .iter()
            .find(|field| field.field.name == name);
        let is_right = match found.map(|field| &field.from) {
            Some(Origin::Header(columns) | Origin::Joined(columns)) => columns
                .iter()
                .all(|column| right.iter().any(|right| right.eq_ignore_ascii_case(column))),
            Some(Origin::Constant(value)) => right
                .iter()
                .any(|right| right.strip_prefix('=') == Some(value)),
            None => right.iter().any(|right| right == "?"),
        };
        if !is_right {
            wrong.push(format!("{name} from {:?}", found.map(|field| &field.from)));
        }
    }
    wrong
}

/// The shipped mappings of this name: one, or those of a bundle.
fn parts(name: &str) -> Vec<Mapping> {
    let Some((_, text)) = builtin::mappings().iter().find(|(known, _)| *known == name) else {
        return Vec::new();
    };
    match Mapping::bundle(name, text) {
        Ok(Some(names)) => names.iter().flat_map(|(name, _)| parts(name)).collect(),
        _ => Mapping::parse(name, name, text).into_iter().collect(),
    }
}

/// Whether every mapping of this name for the file keeps rows of it, and what became of them.
fn land(known: &Known, name: &str, folder: &Path) -> (bool, String) {
    let path = folder.join(&known.file);
    let (Some(parent), Some(file)) = (path.parent(), path.file_name()) else {
        return (false, String::new());
    };
    let file = file.to_string_lossy();
    let mut said = Vec::new();
    let mut kept = 0;
    for mapping in parts(name) {
        let own = mapping.dialect.member.as_deref();
        if own.is_some_and(|member| !member.eq_ignore_ascii_case(&file)) {
            continue;
        }
        // What is looked up stands beside the file.
        let pattern = if own.is_some() {
            "*.csv"
        } else {
            file.as_ref()
        };
        let read = |max_rejected| {
            let pipeline = pipeline(mapping.clone(), parent, pattern, max_rejected);
            let options = Options {
                check_only: true,
                ..Options::default()
            };
            Key::ephemeral()
                .map_err(|error| error.to_string())
                .and_then(|key| {
                    ingest(&pipeline, &key, &options, &Silent).map_err(|error| match error {
                        IngestError::Refused(refusals) => {
                            let faults = refusals.iter().flat_map(|refusal| &refusal.faults);
                            let faults: Vec<String> = faults
                                .map(|fault| {
                                    let column = fault.column.as_deref().unwrap_or_default();
                                    format!("{} {column} {}", fault.count, fault.rule)
                                })
                                .collect();
                            faults.join(", ")
                        }
                        other => other
                            .to_string()
                            .lines()
                            .next()
                            .unwrap_or_default()
                            .to_owned(),
                    })
                })
        };
        match read(1.0) {
            Ok(done) => {
                let count = |of: fn(&throughline_model::part::FileCount) -> u64| -> u64 {
                    done.counts.iter().map(of).sum()
                };
                let rejected = count(|count| count.rejected);
                let why = if rejected > 0 {
                    read(0.0).err().unwrap_or_default()
                } else {
                    String::new()
                };
                kept += count(|count| count.kept);
                said.push(format!(
                    "{}: kept {}, rejected {rejected} ({why}), duplicate {}, passed {}, warnings {}",
                    mapping.name,
                    count(|count| count.kept),
                    count(|count| count.duplicate),
                    count(|count| count.passed),
                    done.warnings.len()
                ));
            }
            Err(error) => said.push(format!("{}: refused: {error}", mapping.name)),
        }
    }
    (kept > 0, said.join("; "))
}

fn pipeline(mapping: Mapping, folder: &Path, pattern: &str, max_rejected: f64) -> Pipeline {
    let bare = Pipeline::bare(&folder.join("real.toml")).unwrap_or_else(|error| panic!("{error}"));
    Pipeline {
        root: folder.to_path_buf(),
        sources: vec![Source {
            id: mapping.name.clone(),
            folder: folder.to_path_buf(),
            pattern: pattern.to_owned(),
            mapping,
            max_rejected,
            optional: false,
            owner: String::new(),
        }],
        ..bare
    }
}
