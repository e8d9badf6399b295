//! Raw cells to small numbers, in order of first appearance. School data repeats itself: 20 million attendance
//! rows hold a hundred thousand student numbers, two hundred dates and six codes. So a cell costs a lookup here, and
//! everything dear (parsing a date, an HMAC) is done once per distinct text, later.
//!
//! Exports list students in the same order day after day, so the number after the last one is tried first.
//! Knows bytes only: nothing here trims, decodes or judges a cell.

use std::hash::{BuildHasher as _, RandomState};

/// Bytes that must follow a cell in its buffer (any bytes): cells are loaded sixteen at a time.
pub(crate) const PADDING: usize = 16;

/// Cells up to this length are kept in their key.
const SHORT: usize = 15;
/// Top byte of the key of a longer cell.
const LONG: u128 = 0xff << 120;

/// Distinct cells, numbered from 0.
#[derive(Debug)]
pub(crate) struct Interner {
    /// Number + 1 of the cell whose hash leads here; 0 is free. Length is a power of two.
    slots: Vec<u32>,
    /// Short cells: bytes little-endian, length in the top byte. Longer: place in `long`, hash, 255 on top.
    keys: Vec<u128>,
    long: Vec<Box<[u8]>>,
    last: usize,
    seed: u64,
}

impl Interner {
    pub(crate) fn new() -> Self {
        Self {
            slots: vec![0; 64],
            keys: Vec::new(),
            long: Vec::new(),
            last: 0,
            seed: RandomState::new().hash_one(0_u8) | 1,
        }
    }

    /// How many distinct cells there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The number of the cell `buffer[start..end]`. At least [`PADDING`] bytes follow `end`.
    #[inline]
    pub(crate) fn intern(&mut self, buffer: &[u8], start: usize, end: usize) -> u32 {
        let length = end - start;
        if length > SHORT {
            return self.intern_long(&buffer[start..end]);
        }
        let mut word = [0; 16];
        word.copy_from_slice(&buffer[start..start + 16]);
        let key =
            u128::from_le_bytes(word) & ((1_u128 << (8 * length)) - 1) | (length as u128) << 120;
        self.intern_short(key)
    }

    #[inline]
    fn intern_short(&mut self, key: u128) -> u32 {
        if self.keys.get(self.last) == Some(&key) {
            return self.last as u32;
        }
        if self.keys.get(self.last + 1) == Some(&key) {
            self.last += 1;
            return self.last as u32;
        }
        self.probe(key)
    }

    #[inline(never)]
    fn probe(&mut self, key: u128) -> u32 {
        let mask = self.slots.len() - 1;
        let mut slot = mix(key as u64 ^ self.seed, (key >> 64) as u64) as usize & mask;
        loop {
            match self.slots[slot] {
                0 => return self.insert(slot, key),
                number if self.keys[number as usize - 1] == key => {
                    self.last = number as usize - 1;
                    return number - 1;
                }
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    fn intern_long(&mut self, cell: &[u8]) -> u32 {
        if let Some(key) = self.keys.get(self.last)
            && *key >= LONG
            && *self.long[place(*key)] == *cell
        {
            return self.last as u32;
        }
        let hash = self.hash(cell);
        let mask = self.slots.len() - 1;
        let mut slot = mix(hash ^ self.seed, LONG_WORD) as usize & mask;
        loop {
            match self.slots[slot] {
                0 => {
                    let key = LONG | (self.long.len() as u128) << 64 | u128::from(hash);
                    self.long.push(cell.into());
                    return self.insert(slot, key);
                }
                number => {
                    let key = self.keys[number as usize - 1];
                    if key >= LONG && key as u64 == hash && *self.long[place(key)] == *cell {
                        self.last = number as usize - 1;
                        return number - 1;
                    }
                    slot = (slot + 1) & mask;
                }
            }
        }
    }

    fn hash(&self, cell: &[u8]) -> u64 {
        let mut hash = self.seed ^ cell.len() as u64;
        for chunk in cell.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            hash = mix(hash ^ u64::from_le_bytes(word), self.seed);
        }
        hash
    }

    fn insert(&mut self, slot: usize, key: u128) -> u32 {
        self.last = self.keys.len();
        self.keys.push(key);
        self.slots[slot] = self.keys.len() as u32;
        if self.keys.len() * 2 > self.slots.len() {
            self.grow();
        }
        self.last as u32
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        self.slots = vec![0; mask + 1];
        for (number, key) in self.keys.iter().enumerate() {
            let high = if *key >= LONG {
                LONG_WORD
            } else {
                (key >> 64) as u64
            };
            let mut slot = mix(*key as u64 ^ self.seed, high) as usize & mask;
            while self.slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = number as u32 + 1;
        }
    }

    /// The bytes of cell `number`; `scratch` holds those of a short one.
    pub(crate) fn cell<'a>(&'a self, number: u32, scratch: &'a mut [u8; 16]) -> &'a [u8] {
        let key = self.keys[number as usize];
        if key >= LONG {
            &self.long[place(key)]
        } else {
            *scratch = key.to_le_bytes();
            &scratch[..(key >> 120) as usize]
        }
    }

    /// Takes over every cell of `other`, in its order; returns the number here of each number there.
    pub(crate) fn absorb(&mut self, other: &Self) -> Vec<u32> {
        (0..other.len())
            .map(|number| {
                let key = other.keys[number];
                if key >= LONG {
                    self.intern_long(&other.long[place(key)])
                } else {
                    self.intern_short(key)
                }
            })
            .collect()
    }
}

/// Stands for the upper half of a long cell's key when it is hashed.
const LONG_WORD: u64 = 0xff << 56;

fn place(key: u128) -> usize {
    ((key & !LONG) >> 64) as usize
}

/// A folded multiplication: every bit of both words reaches the low bits.
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x9e37_79b9_7f4a_7c15) * u128::from(b ^ 0xe703_7ed1_a0b4_28db);
    (product as u64) ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn intern(interner: &mut Interner, cell: &[u8]) -> u32 {
        let mut buffer = b"xx".to_vec();
        buffer.extend_from_slice(cell);
        buffer.extend_from_slice(&[b'9'; PADDING]);
        interner.intern(&buffer, 2, 2 + cell.len())
    }

    proptest! {
        #[test]
        fn cells_are_numbered_by_first_appearance(
            cells in prop::collection::vec(prop::collection::vec(0_u8..3, 0..20), 0..200),
            cut in 0_usize..200,
        ) {
            let mut interner = Interner::new();
            let mut expected = HashMap::new();
            for cell in &cells {
                let next = expected.len() as u32;
                let number = *expected.entry(cell.clone()).or_insert(next);
                prop_assert_eq!(intern(&mut interner, cell), number);
                let mut scratch = [0; 16];
                prop_assert_eq!(interner.cell(number, &mut scratch), cell.as_slice());
            }
            prop_assert_eq!(interner.len(), expected.len());

            // Two halves merged are the whole.
            let cut = cut.min(cells.len());
            let (mut left, mut right) = (Interner::new(), Interner::new());
            for cell in &cells[..cut] {
                intern(&mut left, cell);
            }
            for cell in &cells[cut..] {
                intern(&mut right, cell);
            }
            let mut merged = Interner::new();
            merged.absorb(&left);
            let moved = merged.absorb(&right);
            for cell in &cells[cut..] {
                prop_assert_eq!(moved[intern(&mut right, cell) as usize], expected[cell]);
            }
        }
    }
}
