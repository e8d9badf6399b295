//! Embeds the vendor mappings, measures and definitions of `pipelines/`, so that the program works outside its repository.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?)
        .join("../../pipelines");
    let mut code = String::new();
    for (constant, folder, extension) in [
        ("MAPPINGS", "mappings", "toml"),
        ("MEASURES", "measures", "sql"),
        ("DEFINITIONS", "definitions", "toml"),
    ] {
        let folder = root.join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        let _ = writeln!(code, "pub(super) static {constant}: &[(&str, &str)] = &[");
        for file in files(&folder, extension)? {
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            let _ = writeln!(
                code,
                "    ({name:?}, include_str!({:?})),",
                file.canonicalize()?
            );
        }
        code.push_str("];\n");
    }
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("builtin.rs"), code)
}

fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
