//! Up to 65,536 records as raw-cell numbers, each column in the fewest bytes that hold it. A year of daily
//! attendance (20.7 million rows) fits in about 200 MB this way, so a file is read once and duplicates are settled
//! before anything is written.

/// Most records in one batch.
pub(crate) const BATCH: usize = 1 << 16;

/// Numbers of up to [`BATCH`] records.
#[derive(Debug, PartialEq)]
pub(crate) enum Packed {
    /// The same number throughout.
    Same(u32),
    /// All below 2⁸.
    Narrow(Vec<u8>),
    /// All below 2¹⁶.
    Middle(Vec<u16>),
    /// Any.
    Wide(Vec<u32>),
}

impl Packed {
    pub(crate) fn new(numbers: &[u32]) -> Self {
        let first = numbers.first().copied().unwrap_or_default();
        let (mut union, mut differ) = (0, 0);
        for number in numbers {
            union |= number;
            differ |= number ^ first;
        }
        if differ == 0 {
            Self::Same(first)
        } else if union < 1 << 8 {
            Self::Narrow(numbers.iter().map(|number| *number as u8).collect())
        } else if union < 1 << 16 {
            Self::Middle(numbers.iter().map(|number| *number as u16).collect())
        } else {
            Self::Wide(numbers.to_vec())
        }
    }

    /// Appends `map[number]` of records `from..to` to `into`.
    pub(crate) fn extend(&self, from: usize, to: usize, map: &[u32], into: &mut Vec<u32>) {
        match self {
            Self::Same(number) => into.resize(into.len() + to - from, map[*number as usize]),
            Self::Narrow(numbers) => {
                into.extend(numbers[from..to].iter().map(|n| map[usize::from(*n)]));
            }
            Self::Middle(numbers) => {
                into.extend(numbers[from..to].iter().map(|n| map[usize::from(*n)]));
            }
            Self::Wide(numbers) => into.extend(numbers[from..to].iter().map(|n| map[*n as usize])),
        }
    }

    /// Appends `map[number]` of the listed records to `into`.
    pub(crate) fn pick(&self, rows: &[u16], map: &[u32], into: &mut Vec<u32>) {
        match self {
            Self::Same(number) => into.resize(into.len() + rows.len(), map[*number as usize]),
            _ => into.extend(
                rows.iter()
                    .map(|row| map[self.at(usize::from(*row)) as usize]),
            ),
        }
    }

    /// Hands over `map[number]` of every record, in order.
    pub(crate) fn each<T: Copy>(&self, rows: usize, map: &[T], mut with: impl FnMut(usize, T)) {
        match self {
            Self::Same(number) => (0..rows).for_each(|row| with(row, map[*number as usize])),
            Self::Narrow(numbers) => {
                for (row, n) in numbers.iter().enumerate() {
                    with(row, map[usize::from(*n)]);
                }
            }
            Self::Middle(numbers) => {
                for (row, n) in numbers.iter().enumerate() {
                    with(row, map[usize::from(*n)]);
                }
            }
            Self::Wide(numbers) => {
                for (row, n) in numbers.iter().enumerate() {
                    with(row, map[*n as usize]);
                }
            }
        }
    }

    /// The number of one record.
    pub(crate) fn at(&self, row: usize) -> u32 {
        match self {
            Self::Same(number) => *number,
            Self::Narrow(numbers) => u32::from(numbers[row]),
            Self::Middle(numbers) => u32::from(numbers[row]),
            Self::Wide(numbers) => numbers[row],
        }
    }
}

/// Records in file order, with the lines they start on, counted from the start of their segment.
#[derive(Debug)]
pub(crate) struct Batch {
    /// How many.
    pub(crate) rows: usize,
    /// One per input column of the layout.
    pub(crate) columns: Vec<Packed>,
    lines: BatchLines,
}

#[derive(Debug)]
enum BatchLines {
    /// One record a line.
    From(u32),
    Listed(Vec<u32>),
}

impl Batch {
    pub(crate) fn new(columns: Vec<Packed>, lines: &[u32]) -> Self {
        let first = lines.first().copied().unwrap_or_default();
        // Several rows of a nested record may stand on one line.
        let consecutive = lines
            .windows(2)
            .all(|pair| pair[1] == pair[0].wrapping_add(1));
        Self {
            rows: lines.len(),
            columns,
            lines: if consecutive {
                BatchLines::From(first)
            } else {
                BatchLines::Listed(lines.to_vec())
            },
        }
    }

    /// The line a record starts on, counted from the start of the segment.
    pub(crate) fn line(&self, row: usize) -> u32 {
        match &self.lines {
            BatchLines::From(first) => first + row as u32,
            BatchLines::Listed(lines) => lines[row],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_stand_on_the_lines_they_are_given() {
        for lines in [vec![], vec![5], vec![5, 6, 7], vec![1, 1, 3], vec![2, 9]] {
            let batch = Batch::new(Vec::new(), &lines);
            let back: Vec<u32> = (0..batch.rows).map(|row| batch.line(row)).collect();
            assert_eq!(back, lines);
        }
    }

    proptest! {
        #[test]
        fn packing_loses_nothing(
            top in prop::sample::select(vec![1_u32, 200, 60_000, 100_000]),
            seed in prop::collection::vec(any::<u32>(), 1..100),
        ) {
            let numbers: Vec<u32> = seed.iter().map(|n| n % top).collect();
            let map: Vec<u32> = (0..top).collect();
            let packed = Packed::new(&numbers);
            let mut back = Vec::new();
            packed.extend(0, numbers.len(), &map, &mut back);
            prop_assert_eq!(&back, &numbers);
            let rows: Vec<u16> = (0..numbers.len() as u16).rev().collect();
            let mut picked = Vec::new();
            packed.pick(&rows, &map, &mut picked);
            picked.reverse();
            prop_assert_eq!(&picked, &numbers);
        }
    }
}
