//! Archives and workbooks that unpack to far more than any export does: refused with a sentence that says so, in little memory
//! and time, while the previous release stands. Memory is bounded by the system here, time by `timeout`.
#![cfg(unix)]

use std::io::{Cursor, Write as _};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::project::{Outcome, Project, said};

/// Address space of the program, in KiB, and seconds it may take: both far below what unpacking would need or take.
const MEMORY: &str = "3000000";
const SECONDS: &str = "300";

/// 48 MiB of one byte, a MiB at a time: a thousand times what it is packed, and more than the reader calls harmless.
fn pour(mut into: impl std::io::Write, byte: u8) -> std::io::Result<()> {
    let block = vec![byte; 1 << 20];
    (0..48).try_for_each(|_| into.write_all(&block))
}

fn zipped(
    name: &str,
    others: &[(&str, &str)],
    byte: u8,
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in others {
        zip.start_file(*name, SimpleFileOptions::default())?;
        zip.write_all(content.as_bytes())?;
    }
    zip.start_file(name, SimpleFileOptions::default())?;
    pour(&mut zip, byte)?;
    Ok(zip.finish()?.into_inner())
}

fn refused(name: &str, bytes: &[u8]) -> Outcome {
    let project = Project::with_release()?;
    project.write(&format!("exports/{name}.csv"), bytes)?;
    let script = format!(
        "ulimit -v {MEMORY}; exec timeout {SECONDS} \"$0\" ingest pipelines/p.toml --jobs 2"
    );
    let said = said(
        Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_throughline")])
            .current_dir(project.path("")),
    )?;
    assert_eq!(said.code, 3, "{name}: {said:?}");
    assert!(
        said.stderr.contains("bomb") && said.stderr.contains(&format!("{name}.csv")),
        "{name}: {said:?}"
    );
    assert_eq!(project.events()?, 3, "the previous release must stand");
    Ok(())
}

#[test]
fn a_gzip_bomb_is_refused() -> Outcome {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    pour(&mut gzip, b'x')?;
    refused("gzip", &gzip.finish()?)
}

#[test]
fn a_zip_bomb_is_refused() -> Outcome {
    refused("zip", &zipped("day2.csv", &[], b'x')?)
}

#[test]
fn a_workbook_bomb_is_refused() -> Outcome {
    let parts = [
        (
            "[Content_Types].xml",
            "<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>",
        ),
        (
            "xl/workbook.xml",
            "<?xml version=\"1.0\"?><workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheets><sheet name=\"A\" sheetId=\"1\"/></sheets></workbook>",
        ),
    ];
    refused(
        "workbook",
        &zipped("xl/worksheets/sheet1.xml", &parts, b' ')?,
    )
}
