//! The page: well-formed, self-contained, and usable without eyes or mouse.

use std::collections::BTreeSet;

use super::{Written, assert_balanced, attribute, tags, written};
use crate::fixture;

fn pages() -> impl Iterator<Item = String> {
    written().iter().map(|report| report.text("report.html"))
}

#[test]
fn is_well_formed() {
    for page in pages() {
        assert_balanced(&page);
    }
}

#[test]
fn names_with_markup_stay_text() {
    let page = written()[0].text("report.html");
    assert!(!page.contains("<level"));
    assert!(
        page.contains("&#38; Feedback &#60;level 2&#62;")
            || page.contains("&amp; Feedback &lt;level 2&gt;")
    );
}

#[test]
fn needs_no_network_and_no_script() {
    for page in pages() {
        let page = page.replace("http://www.w3.org/2000/svg", "");
        for foreign in [
            "http:",
            "https:",
            "//cdn",
            "@import",
            "<script",
            "<iframe",
            "<link",
            " src=",
            "javascript:",
        ] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        let urls = page.split("url(").skip(1);
        for url in urls {
            assert!(url.starts_with("data:font/woff2;base64,"));
        }
    }
}

#[test]
fn every_link_has_a_target_and_every_id_is_unique() {
    for page in pages() {
        let all = tags(&page);
        let ids: Vec<&str> = all.iter().filter_map(|tag| attribute(tag, "id")).collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len());
        for tag in &all {
            if let Some(target) = attribute(tag, "href") {
                if target == "quality.html" {
                    continue;
                }
                let id = target.strip_prefix('#').expect("links stay on the page");
                assert!(unique.contains(id), "{target}");
            }
            for name in ["aria-labelledby", "aria-describedby"] {
                for id in attribute(tag, name).unwrap_or_default().split_whitespace() {
                    assert!(unique.contains(id), "{name} {id}");
                }
            }
        }
    }
}

#[test]
fn headings_never_skip_a_level() {
    for page in pages() {
        let levels: Vec<u32> = tags(&page)
            .iter()
            .filter_map(|tag| {
                let level = tag.strip_prefix('h')?.get(..1)?.parse().ok()?;
                Some(level)
            })
            .collect();
        assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
        for pair in levels.windows(2) {
            assert!(pair[1] <= pair[0] + 1, "{levels:?}");
        }
    }
}

#[test]
fn tables_name_their_headers_and_charts_have_words() {
    for page in pages() {
        for tag in tags(&page) {
            if tag.starts_with("th ") || tag == "th" {
                assert!(attribute(tag, "scope").is_some(), "{tag}");
            }
        }
        let tables = page.matches("<table").count();
        assert_eq!(tables, page.matches("<caption").count());
        let charts = page.matches("role=\"img\" aria-labelledby").count();
        assert_eq!(charts, page.matches("<figure>").count());
        assert_eq!(charts, page.matches("<desc ").count());
        for landmark in ["<header>", "<nav ", "<main>", "<footer>", "lang=\"en\""] {
            assert!(page.contains(landmark), "{landmark}");
        }
    }
}

#[test]
fn what_did_not_help_has_a_card_like_what_did() {
    let page = written()[0].text("report.html");
    assert_eq!(page.matches("<section class=\"card c-").count(), 6);
    assert!(page.contains("went with worse outcomes"));
    assert!(page.contains("not credible"));
    assert!(page.contains("no meaningful difference"));
}

/// Colours of the style sheet and of the charts that stand for text on white, or on the palest ground that is used.
#[test]
fn text_has_the_contrast_that_wcag_asks_for() {
    let css = include_str!("../templates/report.css");
    let mut colours: Vec<&str> = css
        .split("color:#")
        .skip(1)
        .filter_map(|rest| rest.get(..6))
        .collect();
    colours.retain(|colour| colour.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(colours.len() > 6, "{colours:?}");
    colours.extend(["1b1f24", "505760", "004570", "666d77"]);
    for colour in colours {
        let value = u32::from_str_radix(colour, 16).expect("a colour");
        let ratio = contrast(luminance(value), luminance(0x00f4_f6f8));
        assert!(ratio >= 4.5, "#{colour}: {ratio:.2}");
    }
}

/// Relative luminance and contrast as WCAG 2.2 defines them.
fn luminance(colour: u32) -> f64 {
    let part = |shift: u32| {
        let value = f64::from((colour >> shift) & 0xff) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0)
}

fn contrast(a: f64, b: f64) -> f64 {
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// What several authorities make of one outcome stands side by side; a rule that differs by four students is withheld.
#[test]
fn definitions_stand_side_by_side_with_the_students_that_each_moves() {
    let report = Written::new(&fixture::defined());
    let page = report.text("report.html");
    assert_balanced(&page);
    let (_, table) = page
        .split_once("Chronic absence, as authorities define it, 2024-25")
        .expect("a table");
    let (table, _) = table.split_once("</table>").expect("its end");
    let rows: Vec<Vec<&str>> = table
        .split("<tr")
        .skip(2)
        .map(|row| {
            let cells = row.split('>').filter_map(|piece| piece.split_once('<'));
            cells
                .map(|(text, _)| text.trim())
                .filter(|text| !text.is_empty())
                .collect()
        })
        .collect();
    assert_eq!(
        rows[0],
        [
            "this pipeline (this report)",
            "min_days = 45",
            "1,100",
            "100",
            "9.1%",
            "–",
            "–",
            "–",
            "–"
        ]
    );
    assert_eq!(rows[1][2..], ["1,140", "140", "12%", "40", "0", "40", "0"]);
    assert_eq!(rows[2][2..5], ["close to the report’s"; 3]);
    assert_eq!(rows[2][5..7], ["0", "fewer than 10"]);
    assert!(!page.contains("Federal <rule>"));
    // The exact patterns are in no file.
    assert!(!report.text("run.json").contains("1096"));
}
