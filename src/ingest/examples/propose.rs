//! Prints what is proposed for files, one line of JSON each: for measuring proposals against files whose mapping is known.
//!
//! ```text
//! cargo run -p throughline-ingest --example propose -- FILE [FILE ...]
//! ```

use std::path::Path;

use serde_json::{Value, json};
use throughline_ingest::profile;
use throughline_model::mapping::Origin;
use throughline_model::propose::{Vocabulary, propose};

#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn main() {
    let vocabulary = Vocabulary::shipped();
    for file in std::env::args().skip(1) {
        println!("{}", line(&file, &vocabulary));
    }
}

fn line(file: &str, vocabulary: &Vocabulary) -> Value {
    let profiled = match profile(Path::new(file), None, vocabulary) {
        Ok(profiled) => profiled,
        Err(problem) => return json!({ "file": file, "error": problem.message }),
    };
    let stem = Path::new(file)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    let Some(proposal) = propose(&stem, &profiled.columns, vocabulary) else {
        return json!({ "file": file, "table": null });
    };
    let fields = proposal.fields.iter().map(|field| match &field.from {
        Origin::Header(names) => (field.field.name.to_owned(), json!(names)),
        Origin::Constant(value) => (field.field.name.to_owned(), json!({ "value": value })),
    });
    json!({
        "file": file,
        "table": proposal.table.name,
        "sure": proposal.sure,
        "fits": proposal.fits.iter().map(|fit| (&fit.mapping, fit.known, fit.columns, fit.missing)).collect::<Vec<_>>(),
        "fields": fields.collect::<serde_json::Map<_, _>>(),
        "asked": proposal.asked.iter().map(|asked| asked.field.name).collect::<Vec<_>>(),
    })
}
