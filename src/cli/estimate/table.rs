//! Aligned text tables for a terminal, and numbers with six significant digits as R prints them.

/// Rows of cells; the first column to the left, the others to the right.
#[derive(Default)]
pub(super) struct TextTable {
    rows: Vec<Vec<String>>,
}

impl TextTable {
    pub(super) fn new(header: &[&str]) -> Self {
        let mut table = Self::default();
        table.row(header.iter().map(|h| (*h).to_owned()));
        table
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl std::fmt::Display for TextTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (i, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let wide = widths[column];
                if column == 0 {
                    line.push_str(&format!("{cell:<wide$}"));
                } else {
                    line.push_str(&format!(" {cell:>wide$}"));
                }
            }
            if i > 0 {
                writeln!(f)?;
            }
            f.write_str(line.trim_end())?;
        }
        Ok(())
    }
}

/// Six significant digits, at most six decimals; exponents where those would show nothing.
pub(super) fn number(x: f64) -> String {
    if x.is_nan() {
        return "NA".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "Inf" } else { "-Inf" }.to_owned();
    }
    let size = x.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e9).contains(&size) {
        return scientific(x);
    }
    if x.fract() == 0.0 {
        return format!("{x}");
    }
    let before = size.log10().floor() as i32;
    let decimals = (5 - before).clamp(0, 6) as usize;
    format!("{x:.decimals$}")
}

/// With an exponent of two digits at least.
fn scientific(x: f64) -> String {
    let text = format!("{x:.4e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, size) = match exponent.strip_prefix('-') {
                Some(size) => ('-', size),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{size:0>2}")
        }
        None => text,
    }
}

/// A p-value as R prints it.
pub(super) fn p_value(p: f64) -> String {
    if p.is_nan() {
        "NA".to_owned()
    } else if p < 2.2e-16 {
        "< 2.2e-16".to_owned()
    } else if p < 1e-4 {
        scientific(p)
    } else {
        format!("{p:.6}")
    }
}

/// R's stars.
pub(super) fn stars(p: f64) -> &'static str {
    match p {
        p if p < 0.001 => "***",
        p if p < 0.01 => "**",
        p if p < 0.05 => "*",
        p if p < 0.1 => ".",
        _ => "",
    }
}

/// What the stars mean.
pub(super) const STARS: &str = "Signif. codes:  0 '***' 0.001 '**' 0.01 '*' 0.05 '.' 0.1 ' ' 1";

/// `24,613`.
pub(super) fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{TextTable, count, number, p_value};

    #[test]
    fn numbers_read_as_in_r() {
        assert_eq!(number(10.037_432_38), "10.0374");
        assert_eq!(number(0.115_678_16), "0.115678");
        assert_eq!(number(-1_527.874_3), "-1527.87");
        assert_eq!(number(0.000_012_3), "1.2300e-05");
        assert_eq!(number(12.0), "12");
        assert_eq!(p_value(7.4e-20), "< 2.2e-16");
        assert_eq!(p_value(0.054_21), "0.054210");
        assert_eq!(count(1_234_567), "1,234,567");
        let mut table = TextTable::new(&["", "a"]);
        table.row(["x".to_owned(), "10".to_owned()]);
        assert_eq!(table.to_string(), "   a\nx 10");
    }
}
