//! Where a pipeline may read and write. Paths are relative to the pipeline file and stay inside the project
//! (the file's folder, or that folder's parent where it is called `pipelines`) or a root the file names.
//! `..`, absolute paths and symbolic links are followed first and judged after, so none of them escapes.

use std::path::{Component, Path, PathBuf};

/// The folders a pipeline may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    base: PathBuf,
    project: PathBuf,
    named: Vec<PathBuf>,
}

/// Why a path is refused.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// It leads out of every root.
    #[error("path `{0}` leaves the project")]
    Escapes(String),
    /// The file system would not say where it leads.
    #[error("failed to resolve path `{0}`: {1}")]
    Unresolved(String, std::io::Error),
}

impl Roots {
    /// Roots of the pipeline file at `file`, with the extra roots it names (absolute, or relative to the file).
    ///
    /// # Errors
    /// [`PathError::Unresolved`] where the file's folder cannot be resolved.
    pub fn new(file: &Path, named: &[String]) -> Result<Self, PathError> {
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let base = folder
            .canonicalize()
            .map_err(|error| PathError::Unresolved(folder.display().to_string(), error))?;
        let project = match (base.file_name(), base.parent()) {
            (Some(name), Some(parent)) if name == "pipelines" => parent.to_path_buf(),
            _ => base.clone(),
        };
        let mut roots = Self {
            base,
            project,
            named: Vec::new(),
        };
        for root in named {
            let resolved = resolve_links(&roots.base.join(root))
                .map_err(|error| PathError::Unresolved(root.clone(), error))?;
            roots.named.push(resolved);
        }
        Ok(roots)
    }

    /// The project's own folder, absolute.
    pub fn project(&self) -> &Path {
        &self.project
    }

    /// The absolute path that `path` means, links followed as far as it exists.
    ///
    /// # Errors
    /// [`PathError::Escapes`] when it is under no root.
    pub fn resolve(&self, path: &str) -> Result<PathBuf, PathError> {
        let resolved = resolve_links(&self.base.join(path))
            .map_err(|error| PathError::Unresolved(path.to_owned(), error))?;
        if self.allows(&resolved) {
            Ok(resolved)
        } else {
            Err(PathError::Escapes(path.to_owned()))
        }
    }

    /// Whether an already resolved path is under a root.
    pub fn allows(&self, resolved: &Path) -> bool {
        std::iter::once(&self.project)
            .chain(&self.named)
            .any(|root| resolved.starts_with(root))
    }
}

/// Follows links and `..` component by component; what does not exist yet is taken as it is written.
fn resolve_links(path: &Path) -> std::io::Result<PathBuf> {
    let mut resolved = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                resolved.pop();
            }
            Component::CurDir => {}
            other => {
                resolved.push(other);
                match resolved.canonicalize() {
                    Ok(real) => resolved = real,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                        // A dangling link would be followed once its target appears.
                        if resolved.is_symlink() {
                            return Err(error);
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }
    Ok(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_refused_and_named_roots_allowed() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let project = dir.path().join("project");
        std::fs::create_dir_all(project.join("pipelines"))?;
        std::fs::create_dir_all(dir.path().join("outside"))?;
        let file = project.join("pipelines/a.toml");
        let roots = Roots::new(&file, &[])?;
        assert!(roots.resolve("../data/x.csv").is_ok());
        assert!(matches!(
            roots.resolve("../../outside"),
            Err(PathError::Escapes(_))
        ));
        assert!(matches!(
            roots.resolve("/etc/passwd"),
            Err(PathError::Escapes(_))
        ));
        assert!(matches!(
            roots.resolve("../data/../../outside/x"),
            Err(PathError::Escapes(_))
        ));
        let roots = Roots::new(&file, &["../../outside".to_owned()])?;
        assert!(roots.resolve("../../outside/x.csv").is_ok());
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_judged_by_where_it_leads() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let project = dir.path().join("project");
        std::fs::create_dir_all(&project)?;
        std::os::unix::fs::symlink("/etc", project.join("data"))?;
        let roots = Roots::new(&project.join("a.toml"), &[])?;
        assert!(matches!(
            roots.resolve("data/passwd"),
            Err(PathError::Escapes(_))
        ));
        Ok(())
    }
}
