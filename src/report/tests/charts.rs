//! Charts: nothing overlaps, nothing is cut, everything is said in words too.

use super::{Written, assert_balanced, attribute, tags, written};
use crate::chart::measured;

/// A text's box in pixels.
struct Label {
    text: String,
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
}

impl std::fmt::Display for Label {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            text,
            left,
            right,
            top,
            bottom,
        } = self;
        write!(out, "`{text}` at {left}–{right} × {top}–{bottom}")
    }
}

fn boxes(svg: &str) -> Vec<Label> {
    svg.split("<text ")
        .skip(1)
        .map(|piece| {
            let (tag, rest) = piece.split_once('>').expect("a tag ends");
            let tag = format!(" {tag}");
            let text = rest.split_once('<').expect("a text ends").0.trim();
            let text = text
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&apos;", "'")
                .replace("&amp;", "&");
            let number = |name: &str| -> f64 {
                let value = attribute(&tag, name).expect("the attribute is there");
                value.parse().expect("a number")
            };
            let size = number("font-size").round() as u32;
            let bold = attribute(&tag, "font-weight") == Some("bold");
            let width = measured(&text, size, bold);
            let x = number("x") as i32;
            let left = match attribute(&tag, "text-anchor") {
                Some("middle") => x - width / 2,
                Some("end") => x - width,
                _ => x,
            };
            // The middle of the line lies at `y`; capitals are 0.67 em high.
            let half = (f64::from(size) * 0.36) as i32;
            let y = number("y") as i32;
            Label {
                text,
                left,
                right: left + width,
                top: y - half,
                bottom: y + half,
            }
        })
        .collect()
}

fn charts() -> impl Iterator<Item = (String, String)> {
    written().iter().flat_map(Written::charts)
}

#[test]
fn texts_lie_inside_and_apart() {
    for (name, svg) in charts() {
        let head = tags(&svg)
            .into_iter()
            .find(|tag| tag.starts_with("svg "))
            .expect("an svg");
        let size = |side: &str| -> i32 {
            attribute(head, side)
                .and_then(|value| value.parse().ok())
                .expect("a size")
        };
        let (width, height) = (size("width"), size("height"));
        let boxes = boxes(&svg);
        assert!(boxes.len() > 4, "{name}");
        for (place, a) in boxes.iter().enumerate() {
            let inside = a.left >= 0 && a.right <= width && a.top >= 0 && a.bottom <= height;
            assert!(inside, "{name}: {a} in {width} × {height}");
            for b in &boxes[place + 1..] {
                let apart = a.right <= b.left
                    || b.right <= a.left
                    || a.bottom <= b.top
                    || b.bottom <= a.top;
                assert!(apart, "{name}: {a} on {b}");
            }
        }
    }
}

#[test]
fn files_stand_alone() {
    for (name, svg) in charts() {
        assert_balanced(&svg);
        assert!(svg.contains("@font-face"), "{name}");
        assert!(svg.contains("<title id="), "{name}");
        assert!(svg.contains("<desc id="), "{name}");
        assert!(
            !svg.replace("http://www.w3.org/2000/svg", "")
                .contains("http"),
            "{name}"
        );
    }
}

#[test]
fn every_kind_of_chart_is_drawn() {
    let names = written()[0].names();
    let charts: Vec<&str> = names
        .iter()
        .filter_map(|name| name.strip_prefix("charts/"))
        .collect();
    insta::assert_snapshot!(charts.join("\n"), @"
    balance-literacy_coaching.svg
    balance-restorative.svg
    coverage.svg
    curve-literacy_coaching.svg
    dose-literacy_coaching.svg
    dose-restorative.svg
    forest-badge_edtech.svg
    forest-literacy_coaching.svg
    forest-pilot.svg
    forest-restorative.svg
    ranking-achievement.svg
    ranking-attendance.svg
    years-literacy_coaching.svg
    ");
}
