//! The files of a source: what is in its folder and matches its pattern, by name. A link is followed first and judged by
//! where it leads: outside the pipeline's roots, it is refused.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use throughline_model::Pipeline;
use throughline_model::pipeline::Source;

use crate::decode::container::{self, Content};
use crate::decode::row::DecodeError;
use crate::error::IngestError;

/// One file of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) path: PathBuf,
    /// The member of the archive that `path` is.
    pub(crate) member: Option<String>,
    /// As the pipeline names it: relative to its root, with `/`.
    pub(crate) shown: String,
    pub(crate) stamp: Stamp,
}

/// What tells without reading that a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Stamp {
    pub(crate) bytes: u64,
    /// Last change, in nanoseconds since 1970.
    pub(crate) modified: i64,
}

impl Stamp {
    pub(crate) fn of(about: &fs::Metadata) -> io::Result<Self> {
        let modified = match about.modified()?.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
            Err(before) => {
                i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos)
            }
        };
        Ok(Self {
            bytes: about.len(),
            modified,
        })
    }
}

/// The files of `source`, sorted by name.
pub(crate) fn list(pipeline: &Pipeline, source: &Source) -> Result<Vec<Listed>, IngestError> {
    let folder = shown(pipeline, &source.folder);
    let failed = |path: &str| {
        let path = path.to_owned();
        move |error| IngestError::Read { path, error }
    };
    let entries = match fs::read_dir(&source.folder) {
        Ok(entries) => Some(entries),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(&folder)(error)),
    };
    let mut files = Vec::new();
    for entry in entries.into_iter().flatten() {
        let entry = entry.map_err(failed(&folder))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if !matches(&source.pattern, name) {
            continue;
        }
        let path = entry.path();
        let shown = shown(pipeline, &path);
        let real = path.canonicalize().map_err(failed(&shown))?;
        if !pipeline.roots.allows(&real) {
            return Err(IngestError::Escapes { path: shown });
        }
        let about = fs::metadata(&path).map_err(failed(&shown))?;
        if about.is_file() {
            let stamp = Stamp::of(&about).map_err(failed(&shown))?;
            let file = Listed {
                path,
                member: None,
                shown,
                stamp,
            };
            expand(file, source.mapping.dialect.member.as_deref(), &mut files)?;
        }
    }
    if files.is_empty() && !source.optional {
        return Err(IngestError::NoFiles {
            id: source.id.clone(),
            folder,
            pattern: source.pattern.clone(),
        });
    }
    files.sort_by(|a, b| (a.path.file_name(), &a.member).cmp(&(b.path.file_name(), &b.member)));
    Ok(files)
}

/// Adds a file, or the members of the archive that it is, as far as they are wanted.
fn expand(file: Listed, wanted: Option<&str>, files: &mut Vec<Listed>) -> Result<(), IngestError> {
    let fits = |name: &str| {
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        wanted.is_none_or(|wanted| matches(&wanted.to_lowercase(), &name.to_lowercase()))
    };
    let undecoded = |error: DecodeError| match IngestError::undecoded(&file, error) {
        IngestError::Undecoded(problem) => IngestError::Headers(vec![problem]),
        error => error,
    };
    let mut open = File::open(&file.path).map_err(|error| undecoded(error.into()))?;
    let content = Content::of_file(&mut open).map_err(|error| undecoded(error.into()))?;
    let members = match content {
        Content::Zip => container::members(open).map_err(undecoded)?,
        _ => None,
    };
    match members {
        Some(names) => {
            files.extend(
                names
                    .into_iter()
                    .filter(|name| fits(name))
                    .map(|name| Listed {
                        shown: format!("{}/{name}", file.shown),
                        member: Some(name),
                        ..file.clone()
                    }),
            )
        }
        None if fits(&file.shown) => files.push(file),
        None => {}
    }
    Ok(())
}

fn shown(pipeline: &Pipeline, path: &Path) -> String {
    let path = path.strip_prefix(&pipeline.root).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

/// Whether a file name fits a pattern with `*` and `?`. Names that start with a dot must be asked for.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_fit_names() {
        for (pattern, name) in [
            ("*.csv", "a.csv"),
            ("att_*_20??.csv", "att_all_2024.csv"),
            ("*a*b*", "xxaxxbxx"),
            ("a.csv", "a.csv"),
            ("*", "x"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*.csv", "a.csv.tmp"),
            ("*.csv", ".a.csv"),
            ("?.csv", "ab.csv"),
            ("a*b", "abc"),
            ("", "a"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
