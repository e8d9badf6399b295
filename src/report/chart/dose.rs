//! One program, outcomes by size of dose: each group of doses against those without any. Groups stand side by
//! side at equal distance, named by their limits, because doses crowd at the small end of their own scale.

use throughline_evidence::finding::{DoseBin, DoseCurve};

use super::canvas::{Canvas, Caption, Chart, ChartError, Type};
use super::font;
use super::scale::{self, Scale};
use super::sheet::{self, Sheet};
use super::style;
use crate::content::{Content, Effect, Program};
use crate::{number, tables, words};

const PANEL: i32 = 216;
/// Room for the numbers of the vertical scale.
const NUMBERS: i32 = 52;

/// One outcome's panel.
struct Panel {
    heading: String,
    slots: Vec<Slot>,
}

/// One size of dose.
struct Slot {
    label: String,
    effect: Option<Effect>,
    is_reference: bool,
    is_withheld: bool,
}

/// The dose-response chart of a program; `None` where its dose is yes or no.
pub(crate) fn draw(
    content: &Content<'_>,
    program: &Program<'_>,
) -> Result<Option<Chart>, ChartError> {
    let panels: Vec<Panel> = program
        .doses
        .iter()
        .filter(|curve| curve.bins.len() > 1)
        .map(|curve| panel(content, curve))
        .collect();
    let Some(unit) = program.doses.first().map(|curve| curve.dose_unit.as_str()) else {
        return Ok(None);
    };
    if panels.is_empty() {
        return Ok(None);
    }
    let id = format!("dose-{}", words::file_stem(program.id));
    let title = title(program.label, &panels);
    let subtitle = format!(
        "Difference to no dose in SD with 95% interval, up is better, by {unit}; all students, {}",
        words::period(content.report)
    );
    let description = describe(program.label, unit, &panels);
    let caption = Caption {
        id: &id,
        title: &title,
        description: &description,
    };
    let figure = paint(caption, &subtitle, unit, &panels)?;
    Ok(Some(Chart {
        table: tables::doses(content, &program.doses),
        id,
        title,
        figure,
    }))
}

fn panel(content: &Content<'_>, curve: &DoseCurve) -> Panel {
    let higher = content
        .outcome(&curve.outcome.id)
        .and_then(|outcome| outcome.higher_is_better)
        .unwrap_or(true);
    let slots = curve
        .bins
        .iter()
        .enumerate()
        .map(|(place, bin)| Slot {
            label: bin_label(bin, place == 0),
            effect: bin.effect.as_ref().map(|effect| Effect::of(effect, higher)),
            is_reference: place == 0,
            is_withheld: bin.withheld.is_some(),
        })
        .collect();
    Panel {
        heading: curve.outcome.label.clone(),
        slots,
    }
}

/// `none`, `up to 5`, `5–10`, `over 20`.
pub(crate) fn bin_label(bin: &DoseBin, is_reference: bool) -> String {
    let show = |value: f64| number::short(value, 2);
    match bin.up_to {
        _ if is_reference => "none".to_owned(),
        None => format!("over {}", show(bin.above)),
        Some(up_to) if bin.above <= 0.0 => format!("up to {}", show(up_to)),
        Some(up_to) => format!("{}–{}", show(bin.above), show(up_to)),
    }
}

/// States what the largest dose that could be estimated went with.
fn title(label: &str, panels: &[Panel]) -> String {
    let largest: Vec<Effect> = panels
        .iter()
        .filter_map(|panel| {
            let dosed = panel.slots.iter().rev().filter(|slot| !slot.is_reference);
            dosed.filter_map(|slot| slot.effect).next()
        })
        .collect();
    let better = largest.iter().filter(|effect| effect.lower > 0.0).count();
    let worse = largest.iter().filter(|effect| effect.upper < 0.0).count();
    let open = panels.len() - better - worse;
    let on = |count: usize| words::several(count, "outcome", "outcomes");
    let mut parts = Vec::new();
    if better > 0 {
        parts.push(format!("went with better results on {}", on(better)));
    }
    if worse > 0 {
        parts.push(format!("went with worse results on {}", on(worse)));
    }
    if open > 0 {
        parts.push(format!("cannot be told from no dose on {}", on(open)));
    }
    format!("{label}: the largest doses {}", words::list(&parts))
}

fn describe(label: &str, unit: &str, panels: &[Panel]) -> String {
    let mut text = format!(
        "Outcomes by {unit} of {label}, each group against those without any, in standard deviations with 95% \
         intervals, plus is better."
    );
    for panel in panels {
        let told: Vec<String> = panel
            .slots
            .iter()
            .filter(|slot| !slot.is_reference)
            .map(|slot| format!("{} {}", slot.label, said(slot)))
            .collect();
        text.push_str(&format!(" {}: {}.", panel.heading, told.join("; ")));
    }
    text
}

fn said(slot: &Slot) -> String {
    match slot.effect {
        _ if slot.is_withheld => crate::table::WITHHELD.to_owned(),
        Some(effect) => words::effect(effect),
        None => "not estimated".to_owned(),
    }
}

/// Text in a slot that has no effect to draw.
fn instead(slot: &Slot) -> &'static str {
    match (slot.is_withheld, slot.effect, slot.is_reference) {
        (true, _, _) => "withheld",
        (false, None, false) => "no estimate",
        _ => "",
    }
}

fn paint(
    caption: Caption<'_>,
    subtitle: &str,
    unit: &str,
    panels: &[Panel],
) -> Result<String, ChartError> {
    let ends = ends(panels);
    let sheet = Sheet {
        caption,
        subtitle,
        columns: columns(panels)?,
        heights: vec![PANEL; panels.len()],
    };
    sheet.draw(|canvas, number, place| {
        paint_panel(
            canvas,
            &panels[number],
            unit,
            ends,
            (place.x, place.y, place.width),
        )
    })
}

/// Three panels side by side where all words fit, else two, else one.
fn columns(panels: &[Panel]) -> Result<i32, ChartError> {
    let slots = panels.iter().flat_map(|panel| &panel.slots);
    let texts = slots.flat_map(|slot| [slot.label.as_str(), instead(slot)]);
    let widest = font::widest(texts, style::NOTE, false)? + 8;
    let most = panels.iter().map(|panel| panel.slots.len()).max();
    let most = i32::try_from(most.unwrap_or(1)).unwrap_or(1);
    let fits = |columns: i32| widest * most <= sheet::width(columns) - NUMBERS;
    Ok([3, 2].into_iter().find(|count| fits(*count)).unwrap_or(1))
}

/// Lowest and highest value of the vertical scale, which all panels share.
fn ends(panels: &[Panel]) -> (f64, f64) {
    let effects: Vec<Effect> = panels
        .iter()
        .flat_map(|panel| &panel.slots)
        .filter_map(|slot| slot.effect)
        .collect();
    let points: Vec<f64> = effects.iter().map(|effect| effect.estimate).collect();
    let limits: Vec<f64> = effects
        .iter()
        .flat_map(|effect| [effect.lower, effect.upper])
        .collect();
    let reach = scale::reach(&points, &limits, 0.02);
    let lowest = limits.iter().copied().fold(0.0, f64::min) * 1.05;
    let highest = limits.iter().copied().fold(0.0, f64::max) * 1.05;
    // Both sides of zero are seen, also where nothing lies on one of them.
    (
        lowest.clamp(-reach, -reach / 4.0),
        highest.clamp(reach / 4.0, reach),
    )
}

fn paint_panel(
    canvas: &Canvas<'_>,
    panel: &Panel,
    unit: &str,
    ends: (f64, f64),
    (x, y, width): (i32, i32, i32),
) -> Result<(), ChartError> {
    let heading = font::elide(&panel.heading, style::LABEL, true, width)?;
    canvas.text(&heading, x, y + 12, Type::new(style::LABEL).bold())?;
    let note = Type::new(style::NOTE).colour(style::QUIET);
    let (left, right) = (x + NUMBERS, x + width);
    let (top, bottom) = (y + 30, y + PANEL - 58);
    let scale = Scale::new(ends, (bottom, top));
    for (at, label) in scale.ticks(5, true) {
        canvas.line((left, at), (right, at), style::RULE, 1)?;
        canvas.text(&label, left - 6, at, note.ending())?;
    }
    let zero = scale.at(0.0);
    canvas.line((left, zero), (right, zero), style::ZERO, 1)?;
    let count = i32::try_from(panel.slots.len()).unwrap_or(1);
    let middle = |place: i32| left + (right - left) * (2 * place + 1) / (2 * count);
    let blue = style::colour(throughline_evidence::finding::Verdict::Helped);
    let line: Vec<(i32, i32)> = panel
        .slots
        .iter()
        .zip(0_i32..)
        .filter_map(|(slot, place)| {
            let at = match slot.effect {
                Some(effect) => effect.estimate,
                None if slot.is_reference && !slot.is_withheld => 0.0,
                None => return None,
            };
            Some((middle(place), scale.at(at)))
        })
        .collect();
    if line.len() > 1 {
        canvas.path(&line, style::NAIVE, 1)?;
    }
    for (slot, place) in panel.slots.iter().zip(0_i32..) {
        let at = middle(place);
        canvas.text(&slot.label, at, bottom + 16, note.centred())?;
        if let Some(effect) = slot.effect.filter(|_| !slot.is_reference) {
            let ends = (scale.at(effect.lower), scale.at(effect.upper));
            canvas.line((at, ends.0), (at, ends.1), blue, 3)?;
            if scale.is_outside(effect.lower) {
                let (y, x) = (ends.0, at);
                canvas.polygon(&[(x, y + 6), (x - 5, y - 3), (x + 5, y - 3)], blue)?;
            }
            if scale.is_outside(effect.upper) {
                let (y, x) = (ends.1, at);
                canvas.polygon(&[(x, y - 6), (x - 5, y + 3), (x + 5, y + 3)], blue)?;
            }
            canvas.circle((at, scale.at(effect.estimate)), 6, blue, None)?;
        } else if slot.is_reference && !slot.is_withheld {
            canvas.circle((at, zero), 5, style::QUIET, Some(2))?;
        } else {
            canvas.text(instead(slot), at, zero - 10, note.centred())?;
        }
    }
    let axis = font::elide(unit, style::NOTE, false, right - left)?;
    canvas.text(&axis, (left + right) / 2, bottom + 34, note.centred())
}
