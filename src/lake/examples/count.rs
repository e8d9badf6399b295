//! Commits the Parquet files of a folder as a lake and writes one of its views: what `benches/lake` measures.
//!
//! ```text
//! count LAKE VIEW OUT.parquet [MEMORY]
//! ```
//! `LAKE/<table>/*.parquet` are the parts; `MEMORY` is in bytes. Two threads.

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};
use throughline_lake::{Lake, LakeOptions, ReleaseInfo};
use throughline_model::{Measure, Part, builtin, tables};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, view, out, rest @ ..] = args.as_slice() else {
        return Err("count LAKE VIEW OUT.parquet [MEMORY]".into());
    };
    let memory = rest.first().map(|bytes| bytes.parse()).transpose()?;
    let lake = Lake::open(Path::new(folder), LakeOptions { threads: 2, memory })?;
    let lock = lake.lock()?;
    let release = lake.commit(&lock, &parts(Path::new(folder))?, ReleaseInfo::default())?;
    let measures: Vec<Measure> = builtin::measures()
        .iter()
        .filter_map(|(name, sql)| Measure::parse(name, name, sql).ok())
        .collect();
    lake.query(&release, &measures, &format!("SELECT * FROM {view}"))?
        .write_parquet(Path::new(out))?;
    Ok(())
}

/// The Parquet files in the folders of canonical tables, by name.
fn parts(lake: &Path) -> Result<Vec<Part>, Box<dyn Error>> {
    let mut parts = Vec::new();
    for table in tables::TABLES {
        let Ok(files) = std::fs::read_dir(lake.join(table.name)) else {
            continue;
        };
        let mut files: Vec<PathBuf> = files.filter_map(|file| Some(file.ok()?.path())).collect();
        files.sort();
        for file in files
            .iter()
            .filter(|file| file.extension().is_some_and(|is| is == "parquet"))
        {
            let metadata = SerializedFileReader::new(File::open(file)?)?;
            let rows = metadata.metadata().file_metadata().num_rows();
            let path = file.strip_prefix(lake)?.to_path_buf();
            parts.push(Part {
                table: table.name.to_owned(),
                bytes: file.metadata()?.len(),
                rows: u64::try_from(rows)?,
                years: None,
                key: path.display().to_string(),
                source: table.name.to_owned(),
                path,
            });
        }
    }
    Ok(parts)
}
