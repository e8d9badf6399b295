//! Sums that do not depend on the order of what is added: billionths as whole numbers. Exports write hours and minutes with a few decimals,
//! so such a sum is also what one gets by hand, where binary fractions give 0.30000000000000004.

/// Parts of one.
const PARTS: f64 = 1e9;

/// A sum of decimal numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exact(i128);

impl Exact {
    /// Adds a number; what is too large stays as large as can be.
    pub(crate) fn add(&mut self, number: f64) {
        self.0 = self.0.saturating_add((number * PARTS).round() as i128);
    }

    /// Adds another sum.
    pub(crate) fn plus(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }

    /// The sum as a number.
    pub(crate) fn value(self) -> f64 {
        self.0 as f64 / PARTS
    }

    /// The sum of `numbers`; `None` where there is none.
    pub(crate) fn sum(numbers: impl Iterator<Item = f64>) -> Option<f64> {
        let mut sum = None;
        for number in numbers {
            sum.get_or_insert_with(Self::default).add(number);
        }
        sum.map(Self::value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_add_up_in_any_order() {
        let sum = |numbers: &[f64]| Exact::sum(numbers.iter().copied());
        assert_eq!(sum(&[0.1, 0.2, 0.3]), Some(0.6));
        assert_eq!(sum(&[0.3, 0.2, 0.1]), Some(0.6));
        assert_eq!(sum(&[1e15, 0.25, -1e15]), Some(0.25));
        assert_eq!(sum(&[]), None);
        assert_eq!(sum(&[7.0]), Some(7.0));
    }
}
