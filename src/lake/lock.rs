//! One writer at a time. The lock itself is the operating system's on `<lake>/_lock`, so it vanishes with the process that
//! held it, however that ends. Beside it lies `_holder.json`: who holds it, for whoever has to wait, and a beat that its
//! holder counts up every two seconds.
//!
//! The beat is for lakes on a share where the operating system's lock does not reach other machines: a holder on another host
//! is alive if its beat moves while we watch. No clock is asked, so one that jumps makes no lock stale and no stale lock good.
//! A holder that was taken for dead (asleep, cut off from the share) finds out before it makes its release current.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::error::LakeError;

const LOCK: &str = "_lock";
const HOLDER: &str = "_holder.json";
/// How often a holder shows that it lives.
const BEAT: Duration = Duration::from_secs(2);
/// How long a holder on another host may be silent: a share can be slow.
const SILENCE: Duration = Duration::from_secs(9);

/// Who holds a lake's lock, or held it when it died.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub process: u32,
    /// The machine, as it calls itself.
    pub host: String,
    /// When it took the lock, by its own clock, UTC.
    pub since: String,
    /// Counts up while it lives.
    beat: u64,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "process {} on `{}`, since {}",
            self.process, self.host, self.since
        )
    }
}

impl Holder {
    fn this() -> Self {
        Self {
            process: std::process::id(),
            host: host(),
            since: chrono::Utc::now().format("%Y-%m-%d %H:%M:%SZ").to_string(),
            beat: 0,
        }
    }

    fn is(&self, other: &Self) -> bool {
        (self.process, &self.host, &self.since) == (other.process, &other.host, &other.since)
    }

    /// What the file says; `None` where there is none, or none that can be read.
    fn read(folder: &Path) -> Option<Self> {
        let text = fs::read(folder.join(HOLDER)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Swapped in at once, and not flushed: after a power failure there is no holder to ask for.
    fn write(&self, folder: &Path) -> io::Result<()> {
        let beside = folder.join(format!("{HOLDER}.tmp"));
        let text = serde_json::to_vec(self)?;
        fs::write(&beside, text).and_then(|()| fs::rename(&beside, folder.join(HOLDER)))
    }
}

/// The right to write to a lake, until dropped. Taken before the reader writes its first part.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
    folder: Arc<Path>,
    holder: Holder,
    stale: Option<Holder>,
    /// Dropped to end the beat.
    end: Option<Sender<()>>,
    beating: Option<JoinHandle<()>>,
}

impl RunLock {
    pub(crate) fn take(folder: &Path) -> Result<Self, LakeError> {
        Self::patiently(folder, BEAT, SILENCE)
    }

    fn patiently(folder: &Path, beat: Duration, silence: Duration) -> Result<Self, LakeError> {
        fs::create_dir_all(folder).map_err(LakeError::io("create", folder))?;
        let path = folder.join(LOCK);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(LakeError::io("open", &path))?;
        let locked = |holder| LakeError::Locked {
            path: path.clone(),
            holder,
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(locked(Holder::read(folder))),
            Err(TryLockError::Error(source)) => return Err(LakeError::io("lock", &path)(source)),
        }
        let holder = Holder::this();
        let stale = Holder::read(folder);
        if let Some(other) = &stale
            && other.host != holder.host
            && let Some(alive) = moves(folder, other, silence)
        {
            return Err(locked(Some(alive)));
        }
        holder
            .write(folder)
            .map_err(LakeError::io("write", &path))?;
        let folder: Arc<Path> = folder.into();
        let (end, ended) = mpsc::channel();
        let beating = std::thread::Builder::new()
            .name("lock".to_owned())
            .spawn({
                let (folder, mut holder) = (Arc::clone(&folder), holder.clone());
                move || {
                    while matches!(ended.recv_timeout(beat), Err(RecvTimeoutError::Timeout)) {
                        if !Holder::read(&folder).is_some_and(|now| now.is(&holder)) {
                            return;
                        }
                        holder.beat += 1;
                        // A beat that is missed on a full disk makes nobody's lock: the operating system has it.
                        let _ = holder.write(&folder);
                    }
                }
            })
            .map_err(LakeError::io("start a thread beside", &path))?;
        Ok(Self {
            _file: file,
            folder,
            holder,
            stale,
            end: Some(end),
            beating: Some(beating),
        })
    }

    /// Who held the lock last, if that run ended without giving it back: it was killed, or its machine went down.
    pub fn stale(&self) -> Option<&Holder> {
        self.stale.as_ref()
    }

    /// Whether it is still ours: asked before something becomes visible to readers.
    pub(crate) fn check(&self) -> Result<(), LakeError> {
        match Holder::read(&self.folder) {
            Some(other) if !other.is(&self.holder) => Err(LakeError::Locked {
                path: self.folder.join(LOCK),
                holder: Some(other),
            }),
            _ => Ok(()),
        }
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(beating) = self.beating.take() {
            // It holds nothing that could be lost.
            let _ = beating.join();
        }
        if self.check().is_ok() {
            // What stays behind is found to be stale.
            let _ = fs::remove_file(self.folder.join(HOLDER));
        }
    }
}

/// The holder, if its beat moves within `silence`.
fn moves(folder: &Path, before: &Holder, silence: Duration) -> Option<Holder> {
    let until = Instant::now() + silence;
    while Instant::now() < until {
        std::thread::sleep(silence / 20);
        // A file that is being swapped may be missing for a moment; one that is gone was given back.
        if let Some(now) = Holder::read(folder)
            && now != *before
        {
            return Some(now);
        }
    }
    None
}

/// What the machine calls itself.
fn host() -> String {
    let known = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let known = known.or_else(|| std::env::var("COMPUTERNAME").ok());
    let known = known.or_else(|| {
        let asked = std::process::Command::new("hostname").output().ok()?;
        String::from_utf8(asked.stdout).ok()
    });
    let name = known.unwrap_or_default().trim().to_owned();
    if name.is_empty() {
        "localhost".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    fn foreign(beat: u64) -> Holder {
        Holder {
            process: 7,
            host: "another-host".to_owned(),
            since: "2099-01-01 00:00:00Z".to_owned(),
            beat,
        }
    }

    #[test]
    fn who_holds_it_is_told_and_it_is_given_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = RunLock::take(folder.path()).expect("the lock");
        assert_eq!(lock.stale(), None);
        let Err(LakeError::Locked { holder, .. }) = RunLock::take(folder.path()) else {
            panic!("it is held");
        };
        assert_eq!(
            holder.map(|holder| holder.process),
            Some(std::process::id())
        );
        drop(lock);
        assert!(!folder.path().join(HOLDER).exists());
        RunLock::take(folder.path()).expect("it is free again");
    }

    #[test]
    fn a_holder_that_died_here_is_stale_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let dead = Holder {
            host: host(),
            ..foreign(4)
        };
        dead.write(folder.path()).expect("written");
        let lock = RunLock::take(folder.path()).expect("the lock");
        assert_eq!(lock.stale(), Some(&dead));
        lock.check().expect("it is ours");
    }

    #[test]
    fn another_host_is_watched_whatever_its_clock_says() {
        let folder = tempfile::tempdir().expect("a folder");
        foreign(4).write(folder.path()).expect("written");
        let lock = RunLock::patiently(folder.path(), SHORT, 10 * SHORT).expect("it is silent");
        assert_eq!(lock.stale(), Some(&foreign(4)));
        drop(lock);
        foreign(4).write(folder.path()).expect("written");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(SHORT);
                foreign(5).write(folder.path()).expect("written");
            });
            let alive = RunLock::patiently(folder.path(), SHORT, 100 * SHORT);
            assert!(matches!(
                alive,
                Err(LakeError::Locked {
                    holder: Some(_),
                    ..
                })
            ));
        });
    }

    #[test]
    fn one_that_was_taken_for_dead_finds_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = RunLock::patiently(folder.path(), SHORT, SHORT).expect("the lock");
        std::thread::sleep(3 * SHORT);
        lock.check().expect("its own beat does not disturb it");
        foreign(0).write(folder.path()).expect("written");
        assert!(lock.check().is_err());
        drop(lock);
        assert!(folder.path().join(HOLDER).exists(), "it is another's");
    }

    #[test]
    fn a_holder_nobody_can_read_is_no_holder() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(HOLDER), "{").expect("written");
        let lock = RunLock::take(folder.path()).expect("the lock");
        assert_eq!(lock.stale(), None);
    }
}
