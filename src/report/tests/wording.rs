//! Wording: neutral, complete, and never stronger than the design.

use throughline_disclosure::{Released, Report};
use throughline_evidence::wording::{Earned, unearned};
use throughline_model::calendar::Running;

use super::{tags, written};
use crate::chart::coverage;
use crate::content::Content;
use crate::fixture;
use crate::words;

/// What is said to readers: the template, the strings of the files that make sentences, and what the README claims.
fn sources() -> Vec<(String, String)> {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.join("../..");
    let mut texts = vec![
        (
            "report.html".to_owned(),
            visible(include_str!("../templates/report.html")),
        ),
        (
            "README.md".to_owned(),
            prose(&std::fs::read_to_string(root.join("README.md")).expect("the README")),
        ),
    ];
    let mut folders = vec![here.to_owned(), here.join("../evidence")];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).expect("a folder of sources");
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.expect("a name").to_owned();
            if path.is_dir() && name != "tests" && name != "fonts" {
                folders.push(path);
            } else if name.ends_with(".rs") && name != "wording.rs" {
                let text = std::fs::read_to_string(&path).expect("a source");
                texts.push((name, strings(&text)));
            }
        }
    }
    texts
}

/// A page without its tags.
fn visible(page: &str) -> String {
    page.split('<')
        .map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Text without what stands in code or in quotation marks: a word that is quoted is not used.
fn prose(markdown: &str) -> String {
    let blocks = markdown
        .split("```")
        .step_by(2)
        .collect::<Vec<_>>()
        .join("\n");
    let words = blocks.split('`').step_by(2).collect::<Vec<_>>().join("…");
    words.split('"').step_by(2).collect::<Vec<_>>().join("…")
}

/// The string literals of a source outside its comments and its tests, one a line.
fn strings(source: &str) -> String {
    let source = source
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or(source);
    let mut found = String::new();
    for line in source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        // A literal that goes on in the next line stays open: its text is taken as it comes.
        let mut inside = !line.contains('"') && line.trim_end().ends_with('\\');
        for piece in line.replace("\\\"", "…").split('"') {
            if inside {
                found.push_str(piece.trim_end_matches('\\').trim());
                found.push(' ');
            }
            inside = !inside;
        }
        if !line.trim_end().ends_with('\\') {
            found.push('\n');
        }
    }
    found
}

#[test]
fn no_template_and_no_wording_file_outruns_what_an_association_has_earned() {
    let sources = sources();
    assert!(sources.len() > 60, "{}", sources.len());
    let words: usize = sources
        .iter()
        .map(|(_, text)| text.split_whitespace().count())
        .sum();
    assert!(words > 4_000, "{words} words");
    let mut found = Vec::new();
    for (name, text) in sources {
        let lines = text.lines().filter_map(|line| {
            let word = unearned(line, Earned::Association)?;
            Some(format!("{name}: `{word}` in {line}"))
        });
        found.extend(lines);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_page_chart_or_table_outruns_its_design() {
    for written in written() {
        let page = written.text("report.html");
        let page = page
            .split_once("</style>")
            .expect("the style ends")
            .1
            .to_owned();
        let charts = written.charts().into_iter().map(|(_, svg)| {
            let text = svg.split_once("</style>").expect("the style ends").1;
            visible(text)
        });
        let tables = ["findings.csv", "designs.csv"].map(|name| written.text(name));
        for text in charts.chain(tables).chain([visible(&page)]) {
            assert_eq!(unearned(&text, Earned::Association), None);
        }
    }
}

/// A report with one sentence that claims too much, and one program whose name does.
fn claiming(sentence: Option<&str>, name: Option<&str>) -> Released<Report> {
    let mut report = fixture::small().get().clone();
    let finding = &mut report.findings.findings[0];
    if let Some(sentence) = sentence {
        finding.verdict_reason = sentence.to_owned();
    }
    if let Some(name) = name {
        let old = finding.exposure.label.clone();
        for finding in &mut report.findings.findings {
            if finding.exposure.label == old {
                finding.exposure.label = name.to_owned();
                finding.verdict_reason = finding.verdict_reason.replace(&old, name);
            }
        }
        for definition in &mut report.exposures {
            if definition.label == old {
                definition.label = name.to_owned();
            }
        }
    }
    fixture::released(report)
}

#[test]
fn a_sentence_that_claims_too_much_stops_the_report() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let report = claiming(Some("coaching caused better scores"), None);
    let error = crate::write(&report, folder.path()).expect_err("refused");
    assert!(error.to_string().contains("`caused`"), "{error}");
    assert!(
        std::fs::read_dir(folder.path())
            .expect("a folder")
            .next()
            .is_none(),
        "nothing was written"
    );
}

#[test]
fn a_name_that_claims_something_is_printed_in_quotation_marks() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let report = claiming(None, Some("The Impact Institute"));
    crate::write(&report, folder.path()).expect("names are people's own");
    let page = std::fs::read_to_string(folder.path().join("report.html")).expect("a page");
    assert!(page.contains("“The Impact Institute”"));
    let bare = page.replace("“The Impact Institute”", "");
    assert!(!bare.contains("The Impact Institute"));
}

#[test]
fn the_headline_counts_every_verdict() {
    let report = fixture::small();
    let content = Content::new(&report);
    insta::assert_snapshot!(words::headline(&content), @"Sample Unified School District compared 4 programs of teacher training and tools with 3 outcomes of its students in the school years 2020-21 to 2024-25: 10 comparisons for all students together. Of these, 1 went with better results, 1 points to better results on thinner evidence, 3 show no meaningful difference, 1 went with worse results, 2 cannot be told yet, 1 is not credible and 1 is withheld for privacy.");
    insta::assert_snapshot!(words::caution(&content), @"These are associations in this district's own records. They show what went together, adjusted for what the records can tell; they do not show what would have happened without the program. At best they are candidates for tier 3 of the federal evidence tiers (ESSA), where 1 is the strongest and 4 the weakest.");
}

#[test]
fn a_year_that_is_still_running_is_said_to_be_left_out() {
    let mut report = fixture::small().get().clone();
    report.running = Some(Running {
        year: 2026,
        reached: "2026-02-11".parse().expect("a date"),
        counts_from: "2026-05-08".parse().expect("a date"),
    });
    let report = fixture::released(report);
    let caution = words::caution(&Content::new(&report));
    assert!(
        caution.ends_with(" 2025-26 is still running and not in here: it counts once its attendance reaches 8 May 2026."),
        "{caution}"
    );
}

#[test]
fn chart_titles_state_what_was_found() {
    let report = fixture::small();
    let content = Content::new(&report);
    let titles: Vec<String> = content.programs.iter().map(words::program_title).collect();
    insta::assert_snapshot!(titles.join("\n"), @"
    Literacy coaching cycles: went with better results on Reading growth (fall to spring, conditional on the prior score); no meaningful difference on Attendance rate; cannot tell yet on Chronic absence
    Restorative practices workshop series for secondary schools: points to better results on Attendance rate; no meaningful difference on Reading growth (fall to spring, conditional on the prior score); went with worse results on Chronic absence
    Microcredential “Data & Feedback <level 2>”: no meaningful difference on Chronic absence; cannot tell yet on Attendance rate; not credible on Reading growth (fall to spring, conditional on the prior score)
    Five-teacher pilot: withheld (fewer than the minimum)
    ");
    let chart = coverage::draw(&content)
        .expect("drawn")
        .expect("somebody took part");
    insta::assert_snapshot!(chart.title, @"In 2024-25, Microcredential “Data & Feedback <level 2>” reached the most students (42%) and Literacy coaching cycles the fewest (6.4%)");
}

#[test]
fn the_summary_reads_alone() {
    let table = crate::summary(&fixture::small());
    let lines: Vec<String> = std::iter::once(table.header().join(" | "))
        .chain(table.lines().into_iter().map(|line| line.join(" | ")))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    Program | Outcome | SD per dose, + is better | Plain | Evidence | Verdict
    Literacy coaching cycles (per 10 hours) | Attendance rate | +0.004 (−0.012 to +0.020) | +0.064 | 3 of 5 marks | no meaningful difference
    Literacy coaching cycles (per 10 hours) | Chronic absence | +0.012 (−0.087 to +0.111) | +0.072 | 3 of 5 marks | cannot tell yet
    Literacy coaching cycles (per 10 hours) | Reading growth (fall to spring, conditional on the prior score) | +0.081 (+0.051 to +0.111) | +0.141 | 4 of 5 marks, ESSA tier 3 candidate | helped
    Restorative practices workshop series for secondary schools (per 5 hours) | Attendance rate | +0.035 (+0.011 to +0.059) | +0.095 | 3 of 5 marks | promising
    Restorative practices workshop series for secondary schools (per 5 hours) | Chronic absence | −0.075 (−0.115 to −0.035) | −0.015 | 3 of 5 marks | went with worse outcomes
    Restorative practices workshop series for secondary schools (per 5 hours) | Reading growth (fall to spring, conditional on the prior score) | +0.001 (−0.013 to +0.015) | +0.061 | 3 of 5 marks | no meaningful difference
    Microcredential “Data & Feedback <level 2>” (with against without) | Attendance rate | −0.009 (−1.197 to +1.179) | +0.051 | 3 of 5 marks | cannot tell yet
    Microcredential “Data & Feedback <level 2>” (with against without) | Chronic absence | −0.001 (−0.011 to +0.009) | +0.059 | 3 of 5 marks | no meaningful difference
    Microcredential “Data & Feedback <level 2>” (with against without) | Reading growth (fall to spring, conditional on the prior score) | +0.140 (+0.100 to +0.180) | +0.200 | 0 of 5 marks | not credible
    Five-teacher pilot | Reading growth (fall to spring, conditional on the prior score) | withheld (fewer than the minimum) | withheld | – | withheld
    ");
}

#[test]
fn a_long_summary_is_told_short_and_counts_what_it_leaves_out() {
    let report = fixture::large();
    let content = Content::new(&report);
    let lines = crate::summary(&report).lines();
    let (counted, told): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| line[0].ends_with(" more"));
    let left_out: usize = counted
        .iter()
        .map(|line| {
            line[0]
                .trim_end_matches(" more")
                .parse::<usize>()
                .expect("a count")
        })
        .sum();
    assert_eq!(counted.len(), 2);
    assert_eq!(told.len() + left_out, content.main().count());
    assert!(
        told.iter()
            .any(|line| line[5] == "went with worse outcomes")
    );
    assert!(
        told.iter()
            .any(|line| line[5] == "no meaningful difference")
    );
}

#[test]
fn a_reason_is_a_sentence() {
    let report = fixture::small();
    let mut finding = report.findings.findings[0].clone();
    finding.verdict_reason = "it is better, also after all comparisons".to_owned();
    assert_eq!(
        words::reason(&finding),
        "It is better, also after all comparisons."
    );
    finding.verdict_reason = "the check failed: 3 of 4 schools".to_owned();
    assert_eq!(words::reason(&finding), "The check failed: 3 of 4 schools.");
}

#[test]
fn an_empty_report_says_so() {
    let page = written()[2].text("report.html");
    assert!(tags(&page).contains(&"main"));
    assert!(page.contains("0 comparisons"));
}
