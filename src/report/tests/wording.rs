//! Wording: neutral, complete, and never stronger than the design.

use super::{Written, tags};
use crate::chart::coverage;
use crate::content::Content;
use crate::fixture;
use crate::words;

/// Words that no association has earned.
const UNEARNED: [&str; 12] = [
    "caus", "prove", "proof", "because of", "impact", "due to", "thanks to", "leads to", "resulted in", "made a difference",
    "effective", "works",
];

#[test]
fn no_word_outruns_the_design() {
    let templates = include_str!("../templates/report.html").to_lowercase();
    let written = Written::new(&fixture::large());
    let page = written.text("report.html").to_lowercase();
    let page = page.split_once("</style>").expect("the style ends").1;
    let csv = written.text("findings.csv").to_lowercase();
    let charts = written.charts().into_iter().map(|(_, svg)| {
        let svg = svg.to_lowercase();
        svg.split_once("</style>").expect("the style ends").1.to_owned()
    });
    for text in charts.chain([templates, page.to_owned(), csv]) {
        for word in UNEARNED {
            assert!(!text.contains(word), "`{word}` in {}", &text[..80.min(text.len())]);
        }
    }
}

#[test]
fn the_headline_counts_every_verdict() {
    let report = fixture::small();
    let content = Content::new(&report);
    insta::assert_snapshot!(words::headline(&content), @"");
    insta::assert_snapshot!(words::caution(&content), @"");
}

#[test]
fn chart_titles_state_what_was_found() {
    let report = fixture::small();
    let content = Content::new(&report);
    let titles: Vec<String> = content.programs.iter().map(words::program_title).collect();
    insta::assert_snapshot!(titles.join("\n"), @"");
    let chart = coverage::draw(&content).expect("drawn").expect("somebody took part");
    insta::assert_snapshot!(chart.title, @"");
}

#[test]
fn the_summary_reads_alone() {
    let table = crate::summary(&fixture::small());
    let lines: Vec<String> = std::iter::once(table.header().join(" | "))
        .chain(table.lines().into_iter().map(|line| line.join(" | ")))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"");
}

#[test]
fn an_empty_report_says_so() {
    let page = Written::new(&fixture::empty()).text("report.html");
    assert!(tags(&page).contains(&"main"));
    assert!(page.contains("0 comparisons"));
}
