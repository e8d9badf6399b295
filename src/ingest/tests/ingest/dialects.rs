//! Every way an export is written gives the same rows as plain CSV, and says what had to be found out.

use std::io::Write as _;

use throughline_ingest::{IngestError, Ingested};

use crate::kit::{Project, Row, column};

const ROWS: &str = "id,name,vendor\n1,Zoë's Quiz,Ämter\n2,\"Two, lines\",b\n003,c,\n";

fn mapping(dialect: &str) -> String {
    format!(
        "vendor = \"Any\"\ntable = \"tool\"\n{dialect}\n[columns]\ntool_id = {{ from = \"id\" }}\n\
         name = {{ from = \"name\" }}\nvendor = {{ from = \"vendor\" }}\n"
    )
}

struct Read {
    rows: Vec<Row>,
    warnings: Vec<String>,
}

fn read(name: &str, dialect: &str, bytes: impl AsRef<[u8]>) -> Read {
    let mut project = Project::new(&mapping(dialect));
    project.sources[0].pattern = "*".to_owned();
    project.write(name, bytes);
    let ingested = project.ingest().unwrap_or_else(|error| panic!("{error}"));
    assert!(ingested.counts.iter().all(|count| count.balances()));
    Read {
        rows: project.rows(&ingested, "tool"),
        warnings: warnings(&ingested),
    }
}

fn warnings(ingested: &Ingested) -> Vec<String> {
    ingested.warnings.iter().map(ToString::to_string).collect()
}

fn refused(name: &str, dialect: &str, bytes: impl AsRef<[u8]>) -> String {
    let mut project = Project::new(&mapping(dialect));
    project.sources[0].pattern = "*".to_owned();
    project.write(name, bytes);
    match project.ingest() {
        Err(error @ (IngestError::Headers(_) | IngestError::Undecoded(_))) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// The rows of [`ROWS`], each on the lines it stands on there.
fn same(read: &Read, lines: [&str; 3]) {
    assert_eq!(column(&read.rows, "tool_id"), ["1", "2", "003"]);
    assert_eq!(
        column(&read.rows, "name"),
        ["Zoë's Quiz", "Two, lines", "c"]
    );
    assert_eq!(column(&read.rows, "vendor"), ["Ämter", "b", "null"]);
    assert_eq!(column(&read.rows, "source_line"), lines);
}

const LINES: [&str; 3] = ["2", "3", "4"];

fn windows_1252(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1252.encode(text).0.into_owned()
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn separators_and_quotes_are_what_the_mapping_says() {
    for (dialect, text) in [
        (
            "[dialect]\ndelimiter = \"\\t\"",
            "id\tname\tvendor\n1\tZoë's Quiz\tÄmter\n2\tTwo, lines\tb\n003\tc\t\n",
        ),
        (
            "[dialect]\ndelimiter = \"|\"",
            "id|name|vendor\n1|Zoë's Quiz|Ämter\n2|Two, lines|b\n003|c|\n",
        ),
        (
            "[dialect]\ndelimiter = \"~\"\nquote = \"\"",
            "id~name~vendor\n1~Zoë's Quiz~Ämter\n2~Two, lines~b\n003~c~\n",
        ),
        (
            "[dialect]\nquote = \"'\"",
            "id,name,vendor\n1,'Zoë''s Quiz',Ämter\n2,'Two, lines',b\n003,c,''\n",
        ),
        (
            "[dialect]\nquote = [\"'\", '\"']\nescape = \"\\\\\"",
            "'id','name','vendor'\n\"1\",\"Zoë\\'s Quiz\",\"Ämter\"\n\"2\",\"Two\\, lines\",\"b\"\n\"003\",\"c\",\"\"\n",
        ),
        (
            "[dialect.columns]\nid = \"1-4\"\nname = \"5-16\"\nvendor = \"17-21\"",
            "1   Zoë's Quiz  Ämter\n2   Two, lines  b\n003 c\n",
        ),
    ] {
        let read = read("a.txt", dialect, text);
        let lines = if dialect.contains("columns") {
            ["1", "2", "3"]
        } else {
            LINES
        };
        same(&read, lines);
        assert!(read.warnings.is_empty(), "{:?}", read.warnings);
    }
}

#[test]
fn encodings_are_found_and_reported_and_may_be_expected() {
    let marked = format!("\u{feff}{ROWS}");
    for (label, bytes) in [
        ("utf-16le", utf16(ROWS, u16::to_le_bytes)),
        ("utf-16le", utf16(&marked, u16::to_le_bytes)),
        ("utf-16be", utf16(ROWS, u16::to_be_bytes)),
        ("utf-16be", utf16(&marked, u16::to_be_bytes)),
        ("windows-1252", windows_1252(ROWS)),
    ] {
        let found = read("a.csv", "", &bytes);
        same(&found, LINES);
        assert_eq!(found.warnings.len(), 1, "{:?}", found.warnings);
        assert!(
            found.warnings[0].contains(&format!("`encoding = \"{label}\"`")),
            "{:?}",
            found.warnings
        );
        let expected = read(
            "a.csv",
            &format!("[dialect]\nencoding = \"{label}\""),
            &bytes,
        );
        same(&expected, LINES);
        assert!(expected.warnings.is_empty(), "{:?}", expected.warnings);
    }
    let marked = read("a.csv", "", &marked);
    same(&marked, LINES);
    assert!(marked.warnings.is_empty());
    let wrong = read("a.csv", "[dialect]\nencoding = \"windows-1252\"", ROWS);
    same(&wrong, LINES);
    assert!(
        wrong.warnings[0].contains("the file is UTF-8"),
        "{:?}",
        wrong.warnings
    );
    assert!(refused("a.csv", "[dialect]\nencoding = \"klingon\"", ROWS).contains("`klingon`"));
}

#[test]
fn a_header_may_hold_more_than_ascii() {
    let mapping = "vendor = \"Any\"\ntable = \"tool\"\n[columns]\ntool_id = { from = \"Schlüssel\" }\nname = { from = \"n\" }\n";
    for bytes in [
        windows_1252("Schlüssel,n\n1,ä\n"),
        "Schlüssel,n\n1,ä\n".into(),
    ] {
        let project = Project::new(mapping);
        project.write("a.csv", bytes);
        let ingested = project.ingest().expect("an ingest");
        assert_eq!(column(&project.rows(&ingested, "tool"), "name"), ["ä"]);
    }
}

#[test]
fn what_is_no_character_is_a_reject_and_never_another_text() {
    let mut project = Project::new(&mapping(""));
    project.sources[0].pattern = "*".to_owned();
    let mut bytes = utf16("\u{feff}id,name,vendor\n1,a", u16::to_le_bytes);
    bytes.extend_from_slice(&0xdc00_u16.to_le_bytes());
    bytes.extend(utf16(",b\n2,c,d\n3,e,f", u16::to_le_bytes));
    bytes.push(b'x');
    project.write("a.csv", bytes);
    let count = project.count();
    assert_eq!((count.read, count.kept, count.rejected), (3, 1, 2));
    let rules: Vec<_> = project
        .rejects()
        .into_iter()
        .map(|reject| (reject.0, reject.2))
        .collect();
    assert_eq!(
        rules,
        [(2, "bad-utf8".to_owned()), (4, "bad-utf8".to_owned())]
    );
}

#[test]
fn lines_may_end_in_any_way() {
    let found = read("a.csv", "", ROWS.replace('\n', "\r"));
    same(&found, LINES);
    assert!(found.warnings[0].contains("carriage returns alone"));
    same(&read("a.csv", "", ROWS.replace('\n', "\r\n")), LINES);
    let any = "[dialect]\nnewline = \"any\"";
    let mixed = ROWS.replacen('\n', "\r", 1).replacen('\n', "\r\n", 1);
    same(&read("a.csv", any, mixed), LINES);
}

#[test]
fn headers_may_be_missing_or_tall_and_lines_may_stand_around_the_table() {
    let body = ROWS.split_once('\n').map_or("", |(_, body)| body);
    let names = "[dialect]\nnames = [\"id\", \"name\", \"vendor\"]";
    same(&read("a.csv", names, body), ["1", "2", "3"]);
    let renamed = format!("{names}\nheader_lines = 1");
    same(&read("a.csv", &renamed, format!("x,\"y,z\n{body}")), LINES);

    let before = format!("Report of \"tools\"\n\nPrinted, today\n{ROWS}");
    same(
        &read("a.csv", "[dialect]\nskip = 3", &before),
        ["5", "6", "7"],
    );
    let found = read("a.csv", "", &before);
    same(&found, ["5", "6", "7"]);
    assert!(
        found.warnings[0].contains("`skip = 3`"),
        "{:?}",
        found.warnings
    );

    let tall = format!("i,na,ven\nd,me,dor\n{body}");
    let project = mapping("[dialect]\nheader_lines = 2")
        .replace("\"id\"", "\"i d\"")
        .replace("\"name\"", "\"na me\"")
        .replace("\"vendor\" }", "\"ven dor\" }");
    let project = Project::new(&project);
    project.write("a.csv", tall);
    let ingested = project.ingest().expect("an ingest");
    assert_eq!(
        column(&project.rows(&ingested, "tool"), "vendor"),
        ["Ämter", "b", "null"]
    );
}

#[test]
fn a_trailer_is_held_against_what_was_read() {
    let dialect = "[dialect]\ntrailer = \"TRL|{count}\"";
    same(&read("a.csv", dialect, format!("{ROWS}TRL|003\n")), LINES);
    same(&read("a.csv", dialect, format!("{ROWS}TRL|3\n\n\n")), LINES);
    let error = refused("a.csv", dialect, format!("{ROWS}TRL|4\n"));
    assert!(
        error.contains("a.csv:5: error: the trailer counts 4 records, but 3 were read"),
        "{error}"
    );
    let error = refused("a.csv", dialect, ROWS);
    assert!(error.contains("does not end in the trailer"), "{error}");
    same(
        &read(
            "a.csv",
            "[dialect]\ntrailer_lines = 2",
            format!("{ROWS}a\nb,c\n"),
        ),
        LINES,
    );
}

#[test]
fn archives_are_known_by_their_content() {
    let gzip = |bytes: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(bytes).expect("memory");
        gzip.finish().expect("memory")
    };
    let zip = |files: &[(&str, &[u8])]| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default())
                .expect("memory");
            zip.write_all(bytes).expect("memory");
        }
        zip.finish().expect("memory").into_inner()
    };
    let packed = gzip(ROWS.as_bytes());
    same(&read("a.csv", "", &packed), LINES);
    same(
        &read("a.csv", "", gzip(&utf16(ROWS, u16::to_le_bytes))),
        LINES,
    );
    same(
        &read(
            "a.csv",
            "",
            zstd::encode_all(ROWS.as_bytes(), 1).expect("memory"),
        ),
        LINES,
    );
    let archive = zip(&[
        ("x/", b""),
        ("__MACOSX/a.csv", b"?"),
        ("x/a.csv", ROWS.as_bytes()),
    ]);
    let found = read("a.csv", "", &archive);
    same(&found, LINES);
    assert_eq!(
        column(&found.rows, "source_file")[0],
        "exports/a.csv/x/a.csv"
    );
    let two = zip(&[("b.csv", b"no,table\n"), ("a.csv", ROWS.as_bytes())]);
    same(
        &read("a.zip", "[dialect]\nmember = \"A*.csv\"", &two),
        LINES,
    );

    assert!(
        refused("a.csv", "", &packed[..packed.len() - 9])
            .contains("a.csv: error: the gzip data is cut off")
    );
    assert!(refused("a.csv", "", gzip(&packed)).contains("compressed twice"));
    assert!(refused("a.csv", "", zip(&[("a.zip", &archive)])).contains("inside an archive"));
    assert!(refused("a.csv", "", &archive[..archive.len() - 30]).contains("damaged or cut off"));
    let mut damaged = archive.clone();
    let at = damaged
        .windows(4)
        .rposition(|bytes| bytes == b"PK\x03\x04")
        .expect("a member");
    damaged[at + 50] ^= 0x10;
    assert!(refused("a.csv", "", &damaged).contains("damaged"));
    assert!(refused("a.csv", "", b"\x1f\x8b").contains("cut off"));
}
