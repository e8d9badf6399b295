//! What holds for every file.

use proptest::prelude::*;
use throughline_ingest::Options;

use crate::kit::{ATTENDANCE, HEADER, Project, TITLES, column};

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn check() -> Options {
    Options {
        check_only: true,
        ..Options::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn rows_survive_from_csv_to_parquet(
        names in prop::collection::vec("[a-z,\"\n\r é✓;]{0,40}", 1..30),
        crlf in any::<bool>(),
        last in any::<bool>(),
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let rows: Vec<String> = names
            .iter()
            .enumerate()
            .map(|(row, name)| format!("{row},{},{}", quoted(&format!("n{name}")), quoted(name)))
            .collect();
        let text = format!("id,name,vendor{end}{}{}", rows.join(end), if last { end } else { "" });
        let project = Project::new(TITLES);
        project.write("a.csv", text);
        let ingested = project.ingest().expect("an ingest");
        let back = project.rows(&ingested, "tool");
        let expected: Vec<String> = names.iter().map(|name| format!("n{name}").trim().to_owned()).collect();
        prop_assert_eq!(column(&back, "name"), expected);
        let vendors: Vec<Option<String>> = back.iter().map(|row| row["vendor"].clone()).collect();
        let expected: Vec<Option<String>> = names
            .iter()
            .map(|name| Some(name.trim().to_owned()).filter(|name| !name.is_empty()))
            .collect();
        prop_assert_eq!(vendors, expected);
        let mut line = 2;
        for (row, name) in back.iter().zip(&names) {
            prop_assert_eq!(row["source_line"].clone(), Some(line.to_string()));
            line += 1 + 2 * name.matches('\n').count();
        }
    }

    #[test]
    fn counts_balance_whatever_the_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let project = Project::new(TITLES);
        let mut text = b"id,name,vendor\n".to_vec();
        text.extend_from_slice(&bytes);
        project.write("a.csv", text);
        let ingested = project.ingest().expect("an ingest");
        prop_assert!(ingested.counts[0].balances());
        prop_assert_eq!(project.rows(&ingested, "tool").len() as u64, ingested.counts[0].kept);
    }

    #[test]
    fn counts_balance_for_likely_bytes(text in "[12,\"\n\rPUAT/09/2024]{0,300}") {
        let project = Project::new(ATTENDANCE);
        project.write("a.csv", format!("{HEADER}\n{text}"));
        let checked = project.ingest_with(&check()).expect("a check");
        prop_assert!(checked.counts[0].balances());
    }

    #[test]
    fn any_file_at_all_is_rows_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let project = Project::new(TITLES);
        project.write("a.csv", bytes);
        if let Ok(checked) = project.ingest_with(&check()) {
            prop_assert!(checked.counts.iter().all(|count| count.balances()));
        }
    }
}
