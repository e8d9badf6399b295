#![no_main]
#[path = "../targets.rs"]
#[expect(dead_code, reason = "each driver runs one target")]
mod targets;

use std::sync::LazyLock;

static FOLDER: LazyLock<tempfile::TempDir> =
    LazyLock::new(|| tempfile::tempdir().unwrap_or_else(|error| panic!("{error}")));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::reader(bytes, FOLDER.path()));
