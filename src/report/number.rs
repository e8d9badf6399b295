//! Numbers as people read them: rounded, with a real minus sign, and with a plus sign where the direction matters.
//! The same function prints a number in a chart, a page and a table, so that no two of them disagree.

/// Three decimals: the precision of effects in standard deviations.
pub(crate) const SD: usize = 3;

/// `1,234.50`, `−0.30`; a number that rounds to zero has no sign.
pub(crate) fn plain(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text
        .split_once('.')
        .map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut out = String::new();
    if value < 0.0 && text.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
        out.push('−');
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(rest) = rest {
        out.push('.');
        out.push_str(rest);
    }
    out
}

/// As [`plain`], with `+` before what is above zero.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = plain(value, decimals);
    if value > 0.0 && text.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
        format!("+{text}")
    } else {
        text
    }
}

/// `12,345`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share (0–1) as `34%`; with a decimal where whole percents would hide what is there.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 99.0 && percent < 100.0 {
        // Never up to all: one missing row in ten thousand is still missing.
        return format!("{}%", plain((percent * 100.0).floor() / 100.0, 2));
    }
    let whole = percent == 0.0 || percent >= 9.95;
    format!("{}%", plain(percent, usize::from(!whole)))
}

/// `$12.50`.
pub(crate) fn dollars(value: f64) -> String {
    format!("${}", plain(value, 2))
}

/// As few digits as the number has, at most `decimals`: `10`, `0.5`.
pub(crate) fn short(value: f64, decimals: usize) -> String {
    let text = plain(value, decimals);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// How many decimals show two digits of an uncertainty of size `se`; none are made up beyond four.
pub(crate) fn decimals_for(se: f64) -> usize {
    [10.0, 1.0, 0.1, 0.01]
        .iter()
        .position(|limit| se >= *limit)
        .unwrap_or(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_separators() {
        assert_eq!(signed(0.0814, SD), "+0.081");
        assert_eq!(signed(-0.0004, SD), "0.000");
        assert_eq!(signed(-0.0006, SD), "−0.001");
        assert_eq!(plain(1_234_567.891, 2), "1,234,567.89");
        assert_eq!(count(145_000_000), "145,000,000");
        assert_eq!(count(999), "999");
        assert_eq!(short(10.0, 2), "10");
        assert_eq!(short(0.5, 2), "0.5");
        assert_eq!(dollars(12.5), "$12.50");
    }

    #[test]
    fn a_share_close_to_all_is_not_rounded_to_all() {
        assert_eq!(percent(0.999_996), "99.99%");
        assert_eq!(percent(0.996), "99.60%");
        assert_eq!(percent(0.344), "34%");
        assert_eq!(percent(0.021), "2.1%");
        assert_eq!(percent(0.0), "0%");
        assert_eq!(percent(1.0), "100%");
    }
}
