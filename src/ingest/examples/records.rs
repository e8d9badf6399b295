//! Prints the records of files as JSON, one file a line, as a mapping's dialect reads them: what `benches/pollock` scores.
//!
//! ```text
//! cargo run -p throughline-ingest --example records -- MAPPING.toml FILE [MAPPING.toml FILE ...]
//! ```

use std::error::Error;
use std::path::Path;

use throughline_ingest::preview;
use throughline_model::Mapping;

#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for pair in arguments.chunks(2) {
        let [mapping, file] = pair else {
            return Err("usage: records MAPPING.toml FILE ...".into());
        };
        let text = std::fs::read_to_string(mapping)?;
        let mapping = Mapping::parse(mapping, "records", &text).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            lines.join("\n")
        })?;
        let line = match preview(Path::new(file), None, &mapping.dialect, usize::MAX) {
            Ok(read) => serde_json::json!({
                "file": file,
                "names": read.names,
                "rows": read.rows.iter().map(|(_, cells)| cells).collect::<Vec<_>>(),
                "broken": read.broken.iter().map(|(line, rule)| (line, rule.name())).collect::<Vec<_>>(),
                "notes": read.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            }),
            Err(problem) => serde_json::json!({ "file": file, "error": problem.to_string() }),
        };
        println!("{line}");
    }
    Ok(())
}
