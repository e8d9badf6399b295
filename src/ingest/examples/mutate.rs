//! Drives the fuzz targets on a stable compiler: seeds are mutated, by a seeded generator, for so many seconds.
//!
//! ```text
//! cargo run -p throughline-ingest --example mutate -- reader|mapping|pipeline SECONDS SEED [SEED_FILE_OR_FOLDER ...]
//! ```
//!
//! Prints how many inputs were tried, how many panicked and how many took longer than ten seconds; those are kept in
//! the folder for temporary files, and the exit code says whether there are any.

#[path = "../../../fuzz/targets.rs"]
mod targets;

use std::error::Error;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use throughline_model::builtin;

/// An input that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest input.
const LONGEST: usize = 1 << 16;
/// What formats are made of.
const TOKENS: [&[u8]; 40] = [
    b",",
    b"\"",
    b"\"\"",
    b"'",
    b"\\",
    b"\n",
    b"\r",
    b"\r\n",
    b"\t",
    b"|",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"null",
    b"<Event>",
    b"</Event>",
    b"<",
    b">",
    b"&amp;",
    b"&a;",
    b"=",
    b"from",
    b"codes",
    b"[columns]",
    b"9999999999999999999",
    b"-1",
    b"1e308",
    b"\xc3\xa9",
    b"\xed\xa0\x80",
    b"{count}",
    b"id,name,vendor\n",
];

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [target, seconds, seed, folders @ ..] = arguments.as_slice() else {
        return Err(
            "usage: mutate reader|mapping|pipeline SECONDS SEED [SEED_FILE_OR_FOLDER ...]".into(),
        );
    };
    let scratch = tempfile::tempdir()?;
    let mut seeds = seeds(target)?;
    for folder in folders {
        gather(Path::new(folder), &mut seeds)?;
    }
    let mut random = Random(seed.parse()?);
    let (begin, length) = (Instant::now(), Duration::from_secs(seconds.parse()?));
    let (mut tried, mut panics, mut hangs) = (0_u64, 0_u64, 0_u64);
    let mut slowest = Duration::ZERO;
    std::panic::set_hook(Box::new(|_| {}));
    while begin.elapsed() < length {
        let input = mutated(&seeds, &mut random, target == "reader");
        let start = Instant::now();
        let run = AssertUnwindSafe(|| match target.as_str() {
            "reader" => targets::reader(&input, scratch.path()),
            "mapping" => targets::mapping(&input),
            _ => targets::pipeline(&input, scratch.path()),
        });
        let panicked = catch_unwind(run).is_err();
        let taken = start.elapsed();
        tried += 1;
        slowest = slowest.max(taken);
        panics += u64::from(panicked);
        hangs += u64::from(taken > PATIENCE);
        if panicked || taken > PATIENCE {
            let path = std::env::temp_dir().join(format!("throughline-{target}-{tried}"));
            std::fs::write(&path, &input)?;
            println!("kept {}", path.display());
        }
    }
    println!(
        "{target}: {tried} inputs from {} seeds in {} s, {panics} panics, {hangs} hangs, slowest {} ms",
        seeds.len(),
        begin.elapsed().as_secs(),
        slowest.as_millis()
    );
    if panics + hangs > 0 {
        return Err("not fine".into());
    }
    Ok(())
}

/// Inputs to start from.
fn seeds(target: &str) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    if target != "reader" {
        let mappings = builtin::mappings()
            .iter()
            .map(|(_, text)| text.as_bytes().to_vec());
        seeds.extend(mappings.filter(|_| target == "mapping"));
        if target == "pipeline" {
            let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/sample.toml");
            seeds.push(std::fs::read(sample)?);
        }
        return Ok(seeds);
    }
    let rows = "id,name,vendor\n1,Zoë's Quiz,b\n2,\"Two, \"\"x\"\"\nlines\",b\n003,c,\nTRL,3\n";
    let json = "[{\"id\":1,\"name\":\"a\",\"vendor\":{\"x\":[1,2]}},\n{\"id\":\"2\",\"data\":[{\"list\":[{\"id\":1}]}]}]";
    let xml = "<?xml version=\"1.0\"?><a><Event id=\"1\"><id>1</id><name>x &amp; y</name></Event><Event/></a>";
    for (dialect, text) in [
        (0, rows),
        (2, rows),
        (4, rows),
        (5, rows),
        (7, json),
        (8, json),
        (9, xml),
        (11, rows),
    ] {
        seeds.push([&[dialect], text.as_bytes()].concat());
    }
    let wide: Vec<u8> = rows.encode_utf16().flat_map(u16::to_le_bytes).collect();
    seeds.push([&[0], wide.as_slice()].concat());
    let mut gzip = flate2::write::GzEncoder::new(vec![0], flate2::Compression::fast());
    gzip.write_all(rows.as_bytes())?;
    seeds.push(gzip.finish()?);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("a.csv", zip::write::SimpleFileOptions::default())?;
    zip.write_all(rows.as_bytes())?;
    seeds.push([&[0], zip.finish()?.into_inner().as_slice()].concat());
    seeds.push([&[0], zstd::encode_all(rows.as_bytes(), 1)?.as_slice()].concat());
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in (0..).zip(["id,name,vendor", "1,a,b", "2,c,d"]) {
        for (column, cell) in (0..).zip(line.split(',')) {
            sheet.write(row, column, cell)?;
        }
    }
    seeds.push([&[10], book.save_to_buffer()?.as_slice()].concat());
    Ok(seeds)
}

/// Adds a file, or every file below a folder, as seeds of the plain dialect.
fn gather(path: &Path, seeds: &mut Vec<Vec<u8>>) -> Result<(), Box<dyn Error>> {
    if path.is_dir() {
        let mut entries: Vec<_> = std::fs::read_dir(path)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::path);
        for entry in entries {
            gather(&entry.path(), seeds)?;
        }
    } else if path.metadata()?.len() < LONGEST as u64 {
        seeds.push([&[0], std::fs::read(path)?.as_slice()].concat());
    }
    Ok(())
}

/// A seed with a few changes.
fn mutated(seeds: &[Vec<u8>], random: &mut Random, has_dialect: bool) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    if has_dialect && random.below(4) == 0 && !bytes.is_empty() {
        bytes[0] = random.next() as u8;
    }
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        let end = bytes.len().min(at + random.below(64));
        match random.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.next() as u8,
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(at),
            4 => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len());
                let to = other.len().min(from + random.below(256));
                drop(bytes.splice(at..end, other[from..to].iter().copied()));
            }
            5 => {
                let copy = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, copy));
            }
            _ => {
                let token = TOKENS[random.below(TOKENS.len())];
                drop(bytes.splice(at..at, token.iter().copied()));
            }
        }
    }
    bytes.truncate(LONGEST);
    bytes
}
