//! The BLAKE3 hash of a file (what `b3sum` prints), computed in parallel: blocks of the file are read and hashed on all
//! threads and their chaining values merged.

use std::fs::File;
use std::io;

use blake3::hazmat::{
    ChainingValue, HasherExt as _, Mode, left_subtree_len, merge_subtrees_non_root,
    merge_subtrees_root,
};
use rayon::prelude::*;

use crate::positioned::read_exact_at;

/// A power of two, as the hash tree wants it.
const BLOCK: u64 = 1 << 20;

/// The hash of the first `length` bytes of `file`, in hexadecimal.
pub(crate) fn hash(file: &File, length: u64) -> io::Result<String> {
    if length <= BLOCK {
        let mut bytes = vec![0; length as usize];
        read_exact_at(file, &mut bytes, 0)?;
        return Ok(blake3::hash(&bytes).to_hex().to_string());
    }
    let values = (0..length.div_ceil(BLOCK))
        .into_par_iter()
        .map_init(
            || vec![0; BLOCK as usize],
            |buffer, block| {
                let offset = block * BLOCK;
                let bytes = &mut buffer[..BLOCK.min(length - offset) as usize];
                read_exact_at(file, bytes, offset)?;
                let mut hasher = blake3::Hasher::new();
                hasher.set_input_offset(offset).update(bytes);
                Ok(hasher.finalize_non_root())
            },
        )
        .collect::<io::Result<Vec<_>>>()?;
    let (left, right) = split(&values, length);
    let root = merge_subtrees_root(&merge(left.0, left.1), &merge(right.0, right.1), Mode::Hash);
    Ok(root.to_hex().to_string())
}

type Subtree<'a> = (&'a [ChainingValue], u64);

fn split(values: &[ChainingValue], length: u64) -> (Subtree<'_>, Subtree<'_>) {
    let left = left_subtree_len(length);
    let (first, rest) = values.split_at((left / BLOCK) as usize);
    ((first, left), (rest, length - left))
}

fn merge(values: &[ChainingValue], length: u64) -> ChainingValue {
    if let [value] = values {
        return *value;
    }
    let (left, right) = split(values, length);
    merge_subtrees_non_root(&merge(left.0, left.1), &merge(right.0, right.1), Mode::Hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_give_the_hash_of_the_whole() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("file");
        for length in [
            0,
            1,
            BLOCK - 1,
            BLOCK,
            BLOCK + 1,
            2 * BLOCK,
            3 * BLOCK,
            5 * BLOCK + 77,
            8 * BLOCK,
        ] {
            let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            std::fs::write(&path, &bytes)?;
            let file = File::open(&path)?;
            assert_eq!(
                hash(&file, length)?,
                blake3::hash(&bytes).to_hex().to_string(),
                "{length}"
            );
        }
        Ok(())
    }
}
