//! IDs as each system writes them. Every system numbers people its own way; each way is one-to-one, so a crosswalk
//! exists, and none can be guessed from another's order.

/// How the student information system numbers students: digits with a leading zero.
#[derive(Clone, Copy)]
pub(crate) struct StudentNumbers {
    prime: u64,
    /// Digits, leading zeros included.
    pub(crate) width: usize,
}

impl StudentNumbers {
    /// For at most `count` students over all years.
    pub(crate) fn new(count: u64) -> Self {
        // The largest primes below a million and below a hundred million: multiplication modulo a prime is one-to-one.
        if count < 999_983 {
            Self {
                prime: 999_983,
                width: 7,
            }
        } else {
            Self {
                prime: 99_999_989,
                width: 9,
            }
        }
    }

    /// Whether the `index`th student has a number that nobody before has.
    pub(crate) fn has(self, index: u64) -> bool {
        index < self.prime
    }

    /// The number of the `index`th student.
    pub(crate) fn number(self, index: u64) -> u64 {
        (index * 7_919 + 4_211) % self.prime
    }
}

/// The MAP-like vendor's student ID: eight hexadecimal digits.
pub(crate) fn map_id(index: u64) -> String {
    let mut x = (index as u32)
        .wrapping_mul(0x9E37_79B1)
        .wrapping_add(0x7F4A_7C15);
    x ^= x >> 15;
    x = x.wrapping_mul(0x85EB_CA6B);
    x ^= x >> 13;
    format!("{x:08X}")
}

/// The state's student ID: ten digits.
pub(crate) fn state_id(index: u64) -> u64 {
    1_000_000_000 + (index * 48_271 + 77_003) % 99_999_989
}

/// The HR system's employee number: `E00123`.
pub(crate) fn employee(index: usize) -> String {
    format!("E{:05}", (index * 523 + 118) % 99_991)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_people_share_an_id() {
        let numbers = StudentNumbers::new(805_000);
        let distinct = |mut ids: Vec<String>| {
            let all = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), all);
        };
        distinct(
            (0..805_000)
                .map(|i| numbers.number(i).to_string())
                .collect(),
        );
        distinct((0..805_000).map(map_id).collect());
        distinct((0..805_000).map(|i| state_id(i).to_string()).collect());
        distinct((0..99_000).map(employee).collect());
    }

    #[test]
    fn student_numbers_keep_a_leading_zero() {
        for count in [3_000, 2_000_000] {
            let numbers = StudentNumbers::new(count);
            let text = format!("{:0width$}", numbers.prime - 1, width = numbers.width);
            assert!(text.starts_with('0'));
        }
    }
}
