//! The committed sample district is the one that the default spec writes, and its answers are those of the sample
//! pipeline's exposures.

use std::path::PathBuf;

use throughline_model::{Pipeline, progress::Silent};

use super::files;
use crate::{Spec, write};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn sample_data_is_what_the_default_spec_writes() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let written = write(&Spec::default(), dir.path(), &Silent).expect("a district");
    assert!(written.bytes() < 15_000_000, "small enough for git");
    let (fresh, kept) = (
        files(dir.path()).expect("its files"),
        files(&root().join("sample-data")).expect("sample-data"),
    );
    assert_eq!(
        fresh.keys().collect::<Vec<_>>(),
        kept.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &fresh {
        assert!(*bytes == kept[name], "sample-data/{name} differs");
    }
}

#[test]
fn truth_answers_for_every_exposure_of_the_sample_pipeline() {
    let pipeline = Pipeline::load(&root().join("pipelines/sample.toml"))
        .unwrap_or_else(|problems| panic!("{problems:#?}"));
    let text = std::fs::read(root().join("sample-data/truth.json")).expect("truth.json");
    let truth: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let programs = truth["programs"].as_array().expect("programs");
    let count = |verdict| programs.iter().filter(|p| p["verdict"] == verdict).count();
    assert!(
        programs.len() >= 8 && count("helpful") >= 3 && count("nil") >= 4 && count("harmful") == 1
    );
    let asked: Vec<_> = (0..pipeline.exposures.len())
        .filter(|position| !pipeline.is_draw(*position))
        .map(|position| &pipeline.exposures[position])
        .collect();
    for exposure in &asked {
        let program = programs
            .iter()
            .find(|program| program["id"] == exposure.id.as_str())
            .unwrap_or_else(|| panic!("no truth for {}", exposure.id));
        let window = serde_json::to_value(exposure.window).expect("a window");
        let window = window.as_str().expect("a word").to_lowercase();
        let planted = program["window"].as_str().expect("a word").replace('_', "");
        assert_eq!(window, planted, "{}", exposure.id);
        let exports = program["exports"].as_object().expect("exports");
        let named = exports
            .values()
            .any(|code| exposure.params.values().any(|param| code == param.as_str()));
        assert!(named, "{}", exposure.id);
        let usual = program["usual_dose"].as_f64().expect("a dose");
        assert!((usual - exposure.per).abs() < 1e-9, "{}", exposure.id);
    }
    assert_eq!(asked.len(), programs.len());
}
