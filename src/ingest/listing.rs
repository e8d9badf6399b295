//! The files of a source: what is in its folder and matches its pattern. A link is followed first and judged by
//! where it leads: outside the pipeline's roots, it is refused. Which of them can be read tonight is `look`'s business.

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
    /// Whether it is still being written: only what is remembered of it may be used, and `stamp` is that of then.
    pub(crate) held: bool,
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

/// A file that fits a source's pattern, not yet looked into.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) path: PathBuf,
    /// As the pipeline names it.
    pub(crate) shown: String,
    pub(crate) stamp: Stamp,
    /// Where its name says that it is not finished: the path of the file to come.
    pub(crate) becomes: Option<PathBuf>,
}

/// The files of `source`, in no order.
pub(crate) fn list(pipeline: &Pipeline, source: &Source) -> Result<Vec<Seen>, IngestError> {
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
        // A pattern may ask for such names.
        let unfinished = whole(name).filter(|_| whole(&source.pattern).is_none());
        if !matches(&source.pattern, name)
            && !unfinished.is_some_and(|whole| matches(&source.pattern, whole))
        {
            continue;
        }
        let path = entry.path();
        let shown = shown(pipeline, &path);
        let looked = path
            .canonicalize()
            .and_then(|real| Ok((real, fs::metadata(&path)?)));
        let (real, about) = match looked {
            Ok(looked) => looked,
            // A file that was renamed or taken away while the folder was read; a link to nowhere is an error.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => continue,
            Err(error) => return Err(failed(&shown)(error)),
        };
        if !pipeline.roots.allows(&real) {
            return Err(IngestError::Escapes { path: shown });
        }
        if about.is_file() {
            let stamp = Stamp::of(&about).map_err(failed(&shown))?;
            files.push(Seen {
                path,
                shown,
                stamp,
                becomes: unfinished.map(|whole| source.folder.join(whole)),
            });
        }
    }
    Ok(files)
}

/// What a file will be called when it is finished, where its name says that it is not: what transfer programs, browsers and
/// Office leave beside or in the place of the file to come.
fn whole(name: &str) -> Option<&str> {
    const ENDINGS: [&str; 7] = [
        ".part",
        ".partial",
        ".filepart",
        ".tmp",
        ".temp",
        ".crdownload",
        ".download",
    ];
    if let Some(owned) = name.strip_prefix("~$").or(name.strip_prefix(".~")) {
        return Some(owned);
    }
    let at = name.rfind('.')?;
    let ending = name[at..].to_ascii_lowercase();
    ENDINGS
        .contains(&ending.as_str())
        .then(|| &name[..at])
        .filter(|whole| !whole.is_empty())
}

/// Adds a file, or the members of the archive that it is, as far as they are wanted.
pub(crate) fn expand(
    file: Listed,
    wanted: Option<&str>,
    files: &mut Vec<Listed>,
) -> Result<(), IngestError> {
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

pub(crate) fn shown(pipeline: &Pipeline, path: &Path) -> String {
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
    use super::{matches, whole};

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

    #[test]
    fn names_of_files_to_come_are_known() {
        for (name, is) in [
            ("a.csv.part", Some("a.csv")),
            ("a.csv.TMP", Some("a.csv")),
            ("~$a.xlsx", Some("a.xlsx")),
            ("a.csv.filepart", Some("a.csv")),
            ("a.csv", None),
            ("part.csv", None),
            (".tmp", None),
        ] {
            assert_eq!(whole(name), is, "{name}");
        }
    }
}
