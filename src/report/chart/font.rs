//! The font, and how wide text in it is.
//!
//! Atkinson Hyperlegible (SIL Open Font License) is embedded twice: as TTF, which plotters measures, and as WOFF2 in
//! every SVG and page, which the reader's browser draws. Its ascent and descent add up to 1.24 em, the very factor by
//! which plotters divides a text's height to get the SVG's `font-size`, so that what is measured is what is drawn.
//! Kerning is switched off in charts because plotters does not measure it.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

use super::canvas::ChartError;

/// The family's name, in SVG, CSS and plotters' register.
pub(crate) const FAMILY: &str = "Atkinson Hyperlegible";

/// Height of a line over `font-size`, and the factor between plotters' font size and SVG's.
const LINE: f64 = 1.24;

const REGULAR: &[u8] = include_bytes!("../fonts/AtkinsonHyperlegible-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/AtkinsonHyperlegible-Bold.ttf");

/// The font at an SVG `font-size` of `pixels`.
pub(crate) fn font(pixels: u32, bold: bool) -> Result<FontDesc<'static>, ChartError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let registered = *REGISTERED.get_or_init(|| {
        register_font(FAMILY, FontStyle::Normal, REGULAR).is_ok()
            && register_font(FAMILY, FontStyle::Bold, BOLD).is_ok()
    });
    if !registered {
        return Err(ChartError::Font);
    }
    let style = if bold {
        FontStyle::Bold
    } else {
        FontStyle::Normal
    };
    Ok(FontDesc::new(
        FontFamily::Name(FAMILY),
        f64::from(pixels) * LINE,
        style,
    ))
}

/// Height of a line of text, in pixels.
pub(crate) fn line_height(pixels: u32) -> i32 {
    // At most a few dozen pixels: the cast is exact after rounding.
    (f64::from(pixels) * 1.3).round() as i32
}

/// Width of `text` in pixels, rounded up: the sum of its letters' widths, since there is no kerning.
pub(crate) fn width(text: &str, pixels: u32, bold: bool) -> Result<i32, ChartError> {
    let mut thousandths = 0;
    for letter in text.chars() {
        thousandths += advance(letter, bold)?;
    }
    let pixels = i32::try_from(pixels).unwrap_or(i32::MAX);
    Ok(thousandths * pixels / 1000 + 1)
}

/// Width of one letter in thousandths of an em, which are the font's own units. plotters measures it at a size of 1000
/// pixels, so that nothing is lost to its whole pixels; each letter once, because a report measures text many
/// thousand times.
fn advance(letter: char, bold: bool) -> Result<i32, ChartError> {
    static KNOWN: Mutex<BTreeMap<(char, bool), i32>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(advance) = known.get(&(letter, bold)) {
        return Ok(*advance);
    }
    let mut text = [0; 4];
    let (low, high) = font(1000, bold)?
        .layout_box(letter.encode_utf8(&mut text))
        .map_err(|_| ChartError::Font)?;
    known.insert((letter, bold), high.0 - low.0);
    Ok(high.0 - low.0)
}

/// The widest of `texts`, in pixels.
pub(crate) fn widest<'t>(
    texts: impl IntoIterator<Item = &'t str>,
    pixels: u32,
    bold: bool,
) -> Result<i32, ChartError> {
    texts
        .into_iter()
        .try_fold(0, |widest, text| Ok(widest.max(width(text, pixels, bold)?)))
}

/// `text` on lines of at most `room` pixels, broken between words; what does not fit on `lines` lines ends in `…`.
pub(crate) fn wrap(
    text: &str,
    pixels: u32,
    bold: bool,
    room: i32,
    lines: usize,
) -> Result<Vec<String>, ChartError> {
    let mut wrapped: Vec<String> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    let mut line = String::new();
    while let Some(word) = words.peek() {
        let longer = if line.is_empty() {
            (*word).to_owned()
        } else {
            format!("{line} {word}")
        };
        if width(&longer, pixels, bold)? <= room {
            line = longer;
            words.next();
        } else if wrapped.len() + 1 == lines || line.is_empty() {
            // The last line, or one word wider than the room: what is left is cut.
            let rest: Vec<&str> = words.by_ref().collect();
            let all = if line.is_empty() {
                rest.join(" ")
            } else {
                format!("{line} {}", rest.join(" "))
            };
            line = elide(&all, pixels, bold, room)?;
        } else {
            wrapped.push(std::mem::take(&mut line));
        }
    }
    if !line.is_empty() {
        wrapped.push(line);
    }
    Ok(wrapped)
}

/// `text`, or its beginning and `…` where it is wider than `room` pixels.
pub(crate) fn elide(text: &str, pixels: u32, bold: bool, room: i32) -> Result<String, ChartError> {
    if width(text, pixels, bold)? <= room {
        return Ok(text.to_owned());
    }
    let mut kept: Vec<char> = text.chars().collect();
    while kept.pop().is_some() {
        let short: String = kept.iter().collect::<String>().trim_end().to_owned() + "…";
        if width(&short, pixels, bold)? <= room {
            return Ok(short);
        }
    }
    Ok("…".to_owned())
}

/// [`width`] for tests of finished charts.
#[cfg(test)]
pub(crate) fn measured(text: &str, pixels: u32, bold: bool) -> i32 {
    width(text, pixels, bold).expect("the font loads")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_wide_as_its_glyphs() {
        // From the font's own `hmtx` table, in thousandths of an em: H 690, e 539, l 239, p 566.
        let expected = 20.0 * (690.0 + 539.0 + 239.0 + 566.0) / 1000.0;
        let measured = width("Help", 20, false).expect("the font loads");
        assert!((f64::from(measured) - expected).abs() <= 1.0, "{measured}");
    }

    #[test]
    fn letters_add_up_to_what_plotters_measures() {
        for bold in [false, true] {
            let text = "AVAToffee: +0.081 (−0.012 to +0.174), “Day 1”";
            let (low, high) = font(40, bold)
                .and_then(|font| font.layout_box(text).map_err(|_| ChartError::Font))
                .expect("the font loads");
            let ours = width(text, 40, bold).expect("the font loads");
            assert!((ours - (high.0 - low.0)).abs() <= 1, "{ours}");
        }
    }

    #[test]
    fn wrapped_lines_fit_and_lose_no_word() {
        let text = "Literacy coaching cycles with a partner school and a long name indeed";
        let lines = wrap(text, 15, false, 160, 9).expect("the font loads");
        assert!(lines.len() > 2);
        for line in &lines {
            assert!(
                width(line, 15, false).expect("the font loads") <= 160,
                "{line}"
            );
        }
        assert_eq!(lines.join(" "), text);
    }

    #[test]
    fn what_does_not_fit_says_so() {
        let lines =
            wrap("one two three four five six seven", 15, true, 90, 2).expect("the font loads");
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…'));
        let cut =
            elide("Donaudampfschifffahrtsgesellschaft", 15, false, 80).expect("the font loads");
        assert!(cut.ends_with('…') && width(&cut, 15, false).expect("the font loads") <= 80);
    }
}
