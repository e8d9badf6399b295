//! The district's pseudonym key: 32 random bytes in a file outside the lake, written as hexadecimal. Whoever holds
//! it can tie pseudonyms to IDs again, so it is made readable for its owner alone and is never printed.

use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use throughline_model::mapping::PersonType;

/// Length of a pseudonym in characters.
pub(crate) const PSEUDONYM_LENGTH: usize = 12;

const BYTES: usize = 32;

/// The key that turns IDs into pseudonyms.
#[derive(Clone)]
pub struct Key {
    bytes: [u8; BYTES],
    exposed: bool,
}

/// What can be wrong with a key file.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is a key already, and pseudonyms made with it.
    #[error("`{0}` exists already; a new key would give everyone a new pseudonym")]
    Exists(PathBuf),
    /// The file cannot be read.
    #[error("failed to read the key `{0}`: {1}")]
    Read(PathBuf, #[source] io::Error),
    /// The file cannot be written.
    #[error("failed to write the key `{0}`: {1}")]
    Write(PathBuf, #[source] io::Error),
    /// It is not a key.
    #[error("`{0}` is not a key: it must hold 64 hexadecimal digits")]
    Malformed(PathBuf),
    /// The operating system has no randomness to give.
    #[error("the operating system gave no random bytes: {0}")]
    Random(String),
}

impl Key {
    /// Makes a new key of random bytes and writes it to `path`, readable for its owner alone. The folder is made
    /// where it is missing.
    ///
    /// # Errors
    /// [`KeyError::Exists`] when there is a file already: it is never overwritten.
    pub fn create(path: &Path) -> Result<Self, KeyError> {
        let failed = |error| KeyError::Write(path.to_path_buf(), error);
        let bytes = Self::ephemeral()?.bytes;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeyError::Exists(path.to_path_buf()),
            _ => failed(error),
        })?;
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(file, "{digits}").map_err(failed)?;
        file.sync_all().map_err(failed)?;
        Ok(Self {
            bytes,
            exposed: false,
        })
    }

    /// A key of random bytes that is kept nowhere, for reading without writing.
    ///
    /// # Errors
    /// [`KeyError::Random`] when the operating system gives no random bytes.
    pub fn ephemeral() -> Result<Self, KeyError> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|error| KeyError::Random(error.to_string()))?;
        Ok(Self {
            bytes,
            exposed: false,
        })
    }

    /// Reads the key at `path`.
    ///
    /// # Errors
    /// When it cannot be read, or is not 64 hexadecimal digits.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| KeyError::Read(path.to_path_buf(), error))?;
        let bytes = parse(text.trim()).ok_or_else(|| KeyError::Malformed(path.to_path_buf()))?;
        Ok(Self {
            bytes,
            exposed: exposed(path),
        })
    }

    /// Whether others than the owner can read the file the key came from.
    pub fn readable_by_others(&self) -> bool {
        self.exposed
    }

    /// Eight hexadecimal digits that tell keys apart and say nothing about them.
    pub fn fingerprint(&self) -> String {
        let mut mac = self.mac();
        mac.update(b"fingerprint\0");
        let mut digits = blake3::hash(&mac.finalize().into_bytes())
            .to_hex()
            .to_string();
        digits.truncate(8);
        digits
    }

    /// Makes pseudonyms for one kind of person of one ID system.
    pub(crate) fn namespace(&self, person: PersonType, system: &str) -> Namespace {
        let mut mac = self.mac();
        mac.update(person.word().as_bytes());
        mac.update(b"\0");
        mac.update(system.as_bytes());
        mac.update(b"\0");
        Namespace(mac)
    }

    /// A key that everyone knows.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self {
            bytes: std::array::from_fn(|i| i as u8),
            exposed: false,
        }
    }

    fn mac(&self) -> Hmac<Sha256> {
        // HMAC fills a short key up with zeros to a block of its hash.
        let mut block = [0; 64];
        block[..BYTES].copy_from_slice(&self.bytes);
        Hmac::<Sha256>::new(&block.into())
    }
}

/// Pseudonyms of one kind of person of one ID system.
pub(crate) struct Namespace(Hmac<Sha256>);

impl Namespace {
    pub(crate) fn pseudonym(&self, id: &str) -> Pseudonym {
        let mut mac = self.0.clone();
        mac.update(id.as_bytes());
        let digest = mac.finalize().into_bytes();
        let word = |from: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&digest[from..from + 8]);
            u64::from_be_bytes(word)
        };
        Pseudonym {
            number: word(0) >> 2,
            rest: word(8),
        }
    }
}

/// The HMAC of an ID, as far as it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pseudonym {
    /// The pseudonym as a number below 36¹²: 62 bits of the first eight bytes.
    pub(crate) number: u64,
    /// The next eight bytes: they differ where two IDs share a pseudonym.
    pub(crate) rest: u64,
}

/// A pseudonym as it is written: twelve characters of `0-9a-z`.
pub(crate) fn spell(mut pseudonym: u64) -> [u8; PSEUDONYM_LENGTH] {
    let mut text = [b'0'; PSEUDONYM_LENGTH];
    for place in text.iter_mut().rev() {
        *place = b"0123456789abcdefghijklmnopqrstuvwxyz"[(pseudonym % 36) as usize];
        pseudonym /= 36;
    }
    text
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.fingerprint())
    }
}

fn parse(text: &str) -> Option<[u8; BYTES]> {
    if text.len() != 2 * BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; BYTES];
    for (byte, place) in bytes.iter_mut().zip((0..text.len()).step_by(2)) {
        *byte = u8::from_str_radix(&text[place..place + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(unix)]
fn exposed(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn exposed(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_and_never_replaced() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("secret/key");
        let made = Key::create(&path)?;
        let read = Key::load(&path)?;
        assert_eq!(made.fingerprint(), read.fingerprint());
        assert!(!read.readable_by_others());
        assert!(matches!(Key::create(&path), Err(KeyError::Exists(_))));
        let other = Key::create(&folder.path().join("other"))?;
        assert_ne!(made.fingerprint(), other.fingerprint());
        assert!(!format!("{made:?}").contains(&std::fs::read_to_string(&path)?[..8]));
        Ok(())
    }

    #[test]
    fn what_is_not_a_key_is_refused() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("key");
        for text in ["", "abc", &"g".repeat(64), &"é".repeat(32)] {
            std::fs::write(&path, text)?;
            assert!(matches!(Key::load(&path), Err(KeyError::Malformed(_))));
        }
        Ok(())
    }

    /// Expected value from Python: `hmac.new(bytes(range(32)), b"student\0sis\x00007", "sha256")`, first eight
    /// bytes big-endian, shifted right by two, in base 36.
    #[test]
    fn a_pseudonym_is_the_hmac_of_person_system_and_id() {
        let key = Key::for_tests();
        let spelled = |person, system, id| {
            String::from_utf8(spell(key.namespace(person, system).pseudonym(id).number).to_vec())
                .unwrap_or_default()
        };
        assert_eq!(spelled(PersonType::Student, "sis", "007"), "vxtrnx5ppxpm");
        assert_ne!(
            spelled(PersonType::Student, "sis", "007"),
            spelled(PersonType::Staff, "sis", "007")
        );
        assert_ne!(
            spelled(PersonType::Student, "sis", "007"),
            spelled(PersonType::Student, "sis", "7")
        );
    }
}
