//! Wording: neutral, complete, and never stronger than the design.

use super::{tags, written};
use crate::chart::coverage;
use crate::content::Content;
use crate::fixture;
use crate::words;

/// Words that no association has earned.
const UNEARNED: [&str; 13] = [
    "caus",
    "proves",
    "proved",
    "proof",
    "because of",
    "impact",
    "due to",
    "thanks to",
    "leads to",
    "resulted in",
    "made a difference",
    "effective",
    " works ",
];

#[test]
fn no_word_outruns_the_design() {
    let templates = include_str!("../templates/report.html").to_lowercase();
    let written = &written()[1];
    let page = written.text("report.html").to_lowercase();
    let page = page.split_once("</style>").expect("the style ends").1;
    let csv = written.text("findings.csv").to_lowercase();
    let charts = written.charts().into_iter().map(|(_, svg)| {
        let svg = svg.to_lowercase();
        svg.split_once("</style>")
            .expect("the style ends")
            .1
            .to_owned()
    });
    for text in charts.chain([templates, page.to_owned(), csv]) {
        for word in UNEARNED {
            assert!(
                !text.contains(word),
                "`{word}` in {}",
                &text[..80.min(text.len())]
            );
        }
    }
}

#[test]
fn the_headline_counts_every_verdict() {
    let report = fixture::small();
    let content = Content::new(&report);
    insta::assert_snapshot!(words::headline(&content), @"Sample Unified School District compared 4 programs of teacher training and tools with 3 outcomes of its students in the school years 2020-21 to 2024-25: 10 comparisons for all students together. Of these, 1 went with better results, 1 points to better results on thinner evidence, 3 show no meaningful difference, 1 went with worse results, 2 cannot be told yet, 1 is not credible and 1 is withheld for privacy.");
    insta::assert_snapshot!(words::caution(&content), @"These are associations in this district's own records. They show what went together, adjusted for what the records can tell; they do not show what would have happened without the program. At best they are candidates for tier 3 of the federal evidence tiers (ESSA), where 1 is the strongest and 4 the weakest.");
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
fn a_reason_beside_its_effect_does_not_repeat_it() {
    let report = fixture::small();
    let mut finding = report.findings.findings[0].clone();
    finding.verdict_reason =
        "10 hours of Coaching went with 0.081 SD in Math (95 % interval 0.05 to 0.11), which is \
                              better, also after all comparisons"
            .to_owned();
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
