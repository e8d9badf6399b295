//! Where the bytes that matter to CSV stand: delimiters, line feeds and quotes, eight bytes at a time. Which of
//! them separate fields and which are text inside quotes is for [`crate::record`] to say.

const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// The high bit of every byte of `word` that equals the byte repeated in `pattern`.
#[inline]
fn equal(word: u64, pattern: u64) -> u64 {
    let differ = word ^ pattern;
    !(((differ & LOW) + LOW) | differ) & !LOW
}

fn repeated(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Appends the places in `bytes` of `delimiter`, line feed and `"`, ascending.
pub(crate) fn index(bytes: &[u8], delimiter: u8, places: &mut Vec<u32>) {
    let (fields, lines, quotes) = (repeated(delimiter), repeated(b'\n'), repeated(b'"'));
    let mut words = bytes.chunks_exact(8);
    let mut base = 0;
    for chunk in words.by_ref() {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        let word = u64::from_le_bytes(word);
        let mut hits = equal(word, fields) | equal(word, lines) | equal(word, quotes);
        while hits != 0 {
            places.push(base + hits.trailing_zeros() / 8);
            hits &= hits - 1;
        }
        base += 8;
    }
    for (place, byte) in words.remainder().iter().enumerate() {
        if *byte == delimiter || *byte == b'\n' || *byte == b'"' {
            places.push(base + place as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_every_place(bytes in prop::collection::vec(any::<u8>(), 0..100), delimiter in prop::sample::select(b",;\t|".to_vec())) {
            let mut places = Vec::new();
            index(&bytes, delimiter, &mut places);
            let expected: Vec<u32> = (0..bytes.len() as u32)
                .filter(|i| [delimiter, b'\n', b'"'].contains(&bytes[*i as usize]))
                .collect();
            prop_assert_eq!(places, expected);
        }

        #[test]
        fn finds_every_place_among_likely_bytes(bytes in prop::collection::vec(prop::sample::select(b",\n\"-\x0b\x8a\x2d!#".to_vec()), 0..100)) {
            let mut places = Vec::new();
            index(&bytes, b',', &mut places);
            let expected: Vec<u32> = (0..bytes.len() as u32)
                .filter(|i| b",\n\"".contains(&bytes[*i as usize]))
                .collect();
            prop_assert_eq!(places, expected);
        }
    }
}
