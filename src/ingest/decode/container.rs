//! What a file is, by its first bytes and never by its name, and its content as a stream: gzip, zstd and the members of
//! a zip are unpacked as they are read. Checksums are checked, what is cut off is noticed, and data that unpacks to
//! far more than any export does is refused before it fills anything.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use zip::{CompressionMethod, ZipArchive};

use super::row::{Damaged, DecodeError};

/// Unpacked bytes below which no ratio is suspicious.
const HARMLESS: u64 = 32 << 20;
/// Most unpacked bytes for one packed byte: exports come to some 5 to 60, bombs to 1,000 and more.
const RATIO: u64 = 250;
/// Most unpacked bytes at all.
const MOST: u64 = 64 << 30;
/// Most members of an archive.
const MEMBERS: usize = 10_000;
const DAMAGED: &str = "the zip archive is damaged or cut off";

/// What the first bytes of a file say it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Text, as far as can be told.
    Plain,
    Gzip,
    Zstd,
    /// An archive, or a workbook, which is one.
    Zip,
    /// A workbook of Excel 97, or another file of that family.
    Compound,
}

impl Content {
    /// Bytes needed to tell.
    pub(crate) const HEAD: usize = 8;

    pub(crate) fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Zip,
            [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => Self::Compound,
            _ => Self::Plain,
        }
    }

    /// What the first bytes of `file` say; its place is the start again.
    pub(crate) fn of_file(file: &mut File) -> io::Result<Self> {
        let mut head = Vec::with_capacity(Self::HEAD);
        file.by_ref()
            .take(Self::HEAD as u64)
            .read_to_end(&mut head)?;
        file.rewind()?;
        Ok(Self::of(&head))
    }
}

/// The names of all members of an archive, in its order.
pub(crate) fn names(file: File) -> Result<Vec<String>, DecodeError> {
    let archive = archive(file)?;
    let names = archive.file_names().map(|name| name.map(Cow::into_owned));
    names
        .collect::<Result<_, _>>()
        .map_err(|error| zip_error(error, DAMAGED))
}

/// The members of an archive that are files, by name; `None` for a workbook.
pub(crate) fn members(file: File) -> Result<Option<Vec<String>>, DecodeError> {
    let names = names(file)?;
    let is = |name: &str| names.iter().any(|known| known == name);
    if is("[Content_Types].xml") || is("content.xml") {
        return Ok(None);
    }
    let mut names: Vec<String> = names.into_iter().filter(|name| is_export(name)).collect();
    names.sort();
    Ok(Some(names))
}

/// Whether a member is an export, and not a folder or what an operating system leaves behind.
fn is_export(name: &str) -> bool {
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    !file.is_empty() && !file.starts_with('.') && !name.starts_with("__MACOSX/")
}

fn archive(file: File) -> Result<ZipArchive<BufReader<File>>, DecodeError> {
    let archive =
        ZipArchive::new(BufReader::new(file)).map_err(|error| zip_error(error, DAMAGED))?;
    if archive.len() > MEMBERS {
        let message = format!("the zip archive has more than {MEMBERS} members");
        return Err(DecodeError::refused(0, message));
    }
    Ok(archive)
}

fn zip_error(error: zip::result::ZipError, message: &str) -> DecodeError {
    match error {
        zip::result::ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            DecodeError::from(error)
        }
        _ => DecodeError::refused(0, message),
    }
}

/// The content of a compressed file.
pub(crate) fn unpacked<'a>(
    content: Content,
    file: impl Read + 'a,
) -> Result<Box<dyn Read + 'a>, DecodeError> {
    let packed = Counted::new(BufReader::with_capacity(1 << 16, file));
    Ok(match content {
        Content::Gzip => Box::new(Guard {
            what: "gzip",
            unpacked: 0,
            packed: |reader: &flate2::bufread::MultiGzDecoder<Counted<_>>| reader.get_ref().count,
            inner: flate2::bufread::MultiGzDecoder::new(packed),
        }),
        _ => Box::new(Guard {
            what: "zstd",
            unpacked: 0,
            packed: |reader: &zstd::Decoder<'static, Counted<_>>| reader.get_ref().count,
            inner: zstd::Decoder::with_buffer(packed)?,
        }),
    })
}

/// The content of one member of an archive.
pub(crate) fn member<'a>(mut file: File, name: &str) -> Result<Box<dyn Read + 'a>, DecodeError> {
    let mut archive = archive(file.try_clone()?)?;
    let (start, packed, size, method, sum) = {
        let index = archive
            .index_for_name(name)
            .ok_or_else(|| DecodeError::refused(0, "the zip archive no longer has this member"))?;
        let entry = archive
            .by_index_raw(index)
            .map_err(|error| zip_error(error, DAMAGED))?;
        if entry.encrypted() {
            return Err(DecodeError::hinted(
                0,
                "the zip archive is encrypted",
                "unpack it, or export it without a password",
            ));
        }
        let start = entry
            .data_start()
            .ok_or_else(|| DecodeError::refused(0, DAMAGED))?;
        (
            start,
            entry.compressed_size(),
            entry.size(),
            entry.compression(),
            entry.crc32(),
        )
    };
    file.seek(SeekFrom::Start(start))?;
    let stored = Counted::new(BufReader::with_capacity(1 << 16, file.take(packed)));
    let checked = |inner| Summed {
        inner,
        crc: flate2::Crc::new(),
        expected: (size, sum),
    };
    match method {
        CompressionMethod::Stored => Ok(Box::new(Summed {
            inner: stored,
            crc: flate2::Crc::new(),
            expected: (size, sum),
        })),
        CompressionMethod::Deflated => Ok(Box::new(checked(Guard {
            what: "zip",
            unpacked: 0,
            packed: |reader: &flate2::bufread::DeflateDecoder<Counted<_>>| reader.get_ref().count,
            inner: flate2::bufread::DeflateDecoder::new(stored),
        }))),
        _ => Err(DecodeError::hinted(
            0,
            "the zip archive is packed in a way that is not read",
            "pack it with the usual method (deflate)",
        )),
    }
}

/// Counts what is read through it.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R> Counted<R> {
    fn new(inner: R) -> Self {
        Self { inner, count: 0 }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}

impl<R: io::BufRead> io::BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.count += amount as u64;
        self.inner.consume(amount);
    }
}

/// An unpacker that is stopped when it unpacks too much, and whose errors say what is wrong with the file.
struct Guard<R, F> {
    inner: R,
    packed: F,
    unpacked: u64,
    what: &'static str,
}

impl<R: Read, F: Fn(&R) -> u64> Read for Guard<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let what = self.what;
        let count = self
            .inner
            .read(buffer)
            .map_err(|error| match error.kind() {
                io::ErrorKind::Interrupted => error,
                io::ErrorKind::UnexpectedEof => {
                    Damaged(format!("the {what} data is cut off")).into()
                }
                _ => Damaged(format!("the {what} data is damaged")).into(),
            })?;
        self.unpacked += count as u64;
        let packed = (self.packed)(&self.inner).max(1);
        if self.unpacked > MOST || self.unpacked > HARMLESS && self.unpacked / packed > RATIO {
            let message = format!(
                "the {what} data unpacks to more than {RATIO} times its size, as a bomb would and no export does"
            );
            return Err(Damaged(message).into());
        }
        Ok(count)
    }
}

/// A member of an archive, checked against the size and the sum that the archive says.
struct Summed<R> {
    inner: R,
    crc: flate2::Crc,
    expected: (u64, u32),
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.crc.update(&buffer[..count]);
        let (size, sum) = self.expected;
        // `amount` wraps at 4 GiB, and so must the size it is held against.
        if count == 0
            && !buffer.is_empty()
            && (self.crc.amount() != size as u32 || self.crc.sum() != sum)
        {
            return Err(Damaged("the zip data is damaged or cut off".to_owned()).into());
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn read(content: Content, bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
        let mut all = Vec::new();
        unpacked(content, bytes)?.read_to_end(&mut all)?;
        Ok(all)
    }

    #[test]
    fn gzip_and_zstd_are_unpacked_whole_or_not_at_all() -> Result<(), DecodeError> {
        let text: Vec<u8> = (0..50_000_u32)
            .flat_map(|i| format!("{i},x\n").into_bytes())
            .collect();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&text)?;
        let gzip = gzip.finish()?;
        let mut zstd = zstd::Encoder::new(Vec::new(), 1)?;
        zstd.include_checksum(true)?;
        zstd.write_all(&text)?;
        let zstd = zstd.finish()?;
        for (content, packed) in [(Content::Gzip, gzip), (Content::Zstd, zstd)] {
            assert_eq!(Content::of(&packed), content);
            assert_eq!(read(content, &packed)?, text);
            let twice = [packed.clone(), packed.clone()].concat();
            assert_eq!(read(content, &twice)?.len(), 2 * text.len(), "{content:?}");
            for cut in [packed.len() / 2, packed.len() - 1] {
                let error = read(content, &packed[..cut]).expect_err("cut off");
                assert!(matches!(error, DecodeError::Refused { .. }), "{error:?}");
            }
            let mut damaged = packed.clone();
            let middle = damaged.len() / 2;
            damaged[middle] ^= 0x55;
            assert!(matches!(
                read(content, &damaged),
                Err(DecodeError::Refused { .. })
            ));
        }
        Ok(())
    }

    #[test]
    fn a_bomb_is_stopped() -> Result<(), DecodeError> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        io::copy(&mut io::repeat(0).take(8 << 20), &mut gzip)?;
        let bomb = gzip.finish()?;
        let mut guard = Guard {
            what: "gzip",
            // As if the harmless part had been read already.
            unpacked: HARMLESS,
            packed: |_: &_| bomb.len() as u64,
            inner: flate2::read::MultiGzDecoder::new(bomb.as_slice()),
        };
        let error = io::copy(&mut guard, &mut io::sink()).expect_err("a bomb");
        assert!(error.to_string().contains("bomb"), "{error}");
        Ok(())
    }
}
