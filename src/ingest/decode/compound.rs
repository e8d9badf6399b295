//! Compound files (what an .xls is), checked before they are parsed: a chain of sectors that leads back into itself would be
//! followed for ever, filling memory. Layout: [MS-CFB] sections 2.2 to 2.6.

use std::fs::File;
use std::io;

use crate::positioned::read_at;

/// Sector numbers from here on have a meaning of their own: end of chain, free, part of a table.
const RESERVED: u32 = 0xffff_fffa;
/// Bytes of a directory entry.
const ENTRY: usize = 128;

/// Whether every chain of sectors that is used ends.
pub(crate) fn is_sound(file: &File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let mut header = [0; 512];
    if read_at(file, &mut header, 0)? < header.len() {
        return Ok(false);
    }
    let size = match header[30] {
        9 => 512,
        12 => 4096,
        _ => return Ok(false),
    };
    let book = Book { file, size };
    let most = (length / size) as usize + 2;
    let at = |place: usize| word(&header, place);
    let mut tables: Vec<u32> = (0..109).map(|index| at(76 + 4 * index)).collect();
    let (mut next, mut steps) = (at(68), 0);
    while next < RESERVED {
        let mut words = book.words(next)?;
        next = words.pop().unwrap_or(RESERVED);
        tables.extend(words);
        steps += 1;
        if steps > most {
            return Ok(false);
        }
    }
    tables.retain(|table| *table < RESERVED);
    if tables.len() > most {
        return Ok(false);
    }
    let mut fat = Vec::new();
    for table in tables {
        fat.extend(book.words(table)?);
    }
    let mut sectors = Chains::new(fat);
    let (Some(directory), Some(small)) = (sectors.follow(at(48)), sectors.follow(at(60))) else {
        return Ok(false);
    };
    let mut minifat = Vec::new();
    for sector in small {
        minifat.extend(book.words(sector)?);
    }
    let mut minis = Chains::new(minifat);
    for sector in directory {
        let bytes = book.bytes(sector)?;
        for entry in bytes.chunks_exact(ENTRY) {
            let start = word(entry, 116);
            if !sectors.ends(start) || !minis.ends(start) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn word(bytes: &[u8], place: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[place..place + 4]);
    u32::from_le_bytes(word)
}

struct Book<'a> {
    file: &'a File,
    size: u64,
}

impl Book<'_> {
    /// A sector; shorter where the file ends in it.
    fn bytes(&self, sector: u32) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.size as usize];
        let count = read_at(self.file, &mut bytes, (u64::from(sector) + 1) * self.size)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    fn words(&self, sector: u32) -> io::Result<Vec<u32>> {
        let bytes = self.bytes(sector)?;
        Ok(bytes.chunks_exact(4).map(|bytes| word(bytes, 0)).collect())
    }
}

/// A table of which sector follows which.
struct Chains {
    next: Vec<u32>,
    /// Sectors whose chains are known to end.
    fine: Vec<bool>,
}

impl Chains {
    fn new(next: Vec<u32>) -> Self {
        Self {
            fine: vec![false; next.len()],
            next,
        }
    }

    /// The chain from `start`; `None` where it does not end.
    fn follow(&self, start: u32) -> Option<Vec<u32>> {
        let (mut chain, mut at) = (Vec::new(), start);
        while let Some(next) = self.next.get(at as usize) {
            if chain.len() > self.next.len() {
                return None;
            }
            chain.push(at);
            at = *next;
        }
        Some(chain)
    }

    /// Whether the chain from `start` ends.
    fn ends(&mut self, start: u32) -> bool {
        let (mut chain, mut at) = (Vec::new(), start as usize);
        while at < self.next.len() && !self.fine[at] {
            if chain.len() > self.next.len() {
                return false;
            }
            chain.push(at);
            at = self.next[at] as usize;
        }
        for sector in chain {
            self.fine[sector] = true;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// A file of a header, a table of chains (sector 0) and a directory (sector 1) whose chain goes on as `next` says.
    fn file(next: u32, entry: u32) -> io::Result<File> {
        let mut bytes = vec![0; 512 * 3];
        bytes[30] = 9;
        bytes[76..512].fill(0xff);
        let mut put =
            |place: usize, word: u32| bytes[place..place + 4].copy_from_slice(&word.to_le_bytes());
        put(48, 1);
        put(60, 0xffff_fffe);
        put(68, 0xffff_fffe);
        put(76, 0);
        for index in 0..128 {
            put(512 + 4 * index, 0xffff_ffff);
        }
        put(512 + 4, next);
        put(512 + 8, 3);
        put(512 + 12, 2);
        for index in 0..4 {
            put(1024 + ENTRY * index + 116, entry);
        }
        let mut file = tempfile::tempfile()?;
        file.write_all(&bytes)?;
        Ok(file)
    }

    #[test]
    fn chains_that_never_end_are_noticed() -> io::Result<()> {
        assert!(is_sound(&file(0xffff_fffe, 0xffff_fffe)?)?);
        assert!(
            !is_sound(&file(1, 0xffff_fffe)?)?,
            "the directory follows itself"
        );
        assert!(
            !is_sound(&file(0xffff_fffe, 2)?)?,
            "two sectors follow each other"
        );
        Ok(())
    }
}
