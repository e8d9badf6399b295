//! Converts one export with one mapping, and says how long it took: the Throughline side of `benches/ingest`.
//!
//! ```text
//! cargo run --release -p throughline-ingest --example convert -- MAPPING.toml EXPORT.csv OUT [JOBS]
//! ```

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use throughline_ingest::{Key, Options, ingest};
use throughline_model::pipeline::{Roots, Source};
use throughline_model::progress::Silent;
use throughline_model::{Mapping, Pipeline};

#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mapping, export, out, rest @ ..] = arguments.as_slice() else {
        return Err("usage: convert MAPPING.toml EXPORT.csv OUT [JOBS]".into());
    };
    let text = fs::read_to_string(mapping)?;
    let mapping = Mapping::parse(mapping, "bench", &text).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })?;
    let out = PathBuf::from(out);
    fs::create_dir_all(&out)?;
    let key = out.join("key");
    let key = if key.exists() {
        Key::load(&key)?
    } else {
        Key::create(&key)?
    };
    let pipeline = pipeline(mapping, &Path::new(export).canonicalize()?, &out)?;
    let options = Options {
        jobs: rest.first().map(|jobs| jobs.parse()).transpose()?,
        ..Options::default()
    };
    let begin = Instant::now();
    let ingested = ingest(&pipeline, &key, &options, &Silent)?;
    println!("seconds {:.3}", begin.elapsed().as_secs_f64());
    for count in &ingested.counts {
        println!(
            "read {} kept {} rejected {} duplicate {} conflict {}",
            count.read, count.kept, count.rejected, count.duplicate, count.conflict
        );
    }
    for part in &ingested.parts {
        println!(
            "part {} bytes {} rows {}",
            part.path.display(),
            part.bytes,
            part.rows
        );
    }
    Ok(())
}

fn pipeline(mapping: Mapping, export: &Path, out: &Path) -> Result<Pipeline, Box<dyn Error>> {
    let folder = export.parent().ok_or("the export has no folder")?;
    let name = export.file_name().ok_or("the export has no name")?;
    Ok(Pipeline {
        root: folder.to_path_buf(),
        roots: Roots::new(&folder.join("bench.toml"), &[])?,
        sources: vec![Source {
            id: "export".to_owned(),
            folder: folder.to_path_buf(),
            pattern: name.to_string_lossy().into_owned(),
            mapping,
            max_rejected: 1.0,
            optional: false,
            owner: String::new(),
        }],
        ..Pipeline::bare(&out.join("bench.toml"))?
    })
}
