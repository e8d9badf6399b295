//! A run that is killed: the last release still stands, and the next run ends with the bytes it would have had.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::district::{District, same};
use crate::project::Outcome;

const ATTENDANCE: &str = "exports/sis/attendance/attendance_2024-25.csv";
const SCORES: &str = "exports/assess/map_growth_2024-25_3_spring.csv";

/// A district whose last night is done and whose next one brings two files, beside one that has run that night.
fn nights() -> Result<(District, District), Box<dyn std::error::Error>> {
    let district = District::new()?;
    let (attendance, scores) = (fs::read(district.path(ATTENDANCE))?, district.take(SCORES)?);
    let half = attendance.len() / 2;
    let end = attendance[half..].iter().position(|byte| *byte == b'\n');
    district.bring(ATTENDANCE, &attendance[..half + end.ok_or("no line")? + 1])?;
    district.night(0)?;
    district.bring(SCORES, &scores)?;
    district.bring(ATTENDANCE, &attendance)?;
    let done = district.copied()?;
    done.night(0)?;
    Ok((district, done))
}

/// After a death: what can be read is the last release or the next one, whole; and the rerun finishes.
fn stands(killed: &District, before: &District, done: &District) -> Outcome {
    let (id, digest) = killed.current()?;
    let (old, new) = (before.current()?, done.current()?);
    assert!(
        (id == old.0 && digest == old.1) || digest == new.1,
        "{id} {digest}"
    );
    let rows = killed.ask(&["query", "SELECT count(*) AS n FROM attendance_event"])?;
    assert_eq!(rows.code, 0, "{rows:?}");
    killed.night(0)?;
    assert_eq!(killed.current()?.1, new.1);
    same(&killed.written()?, &done.written()?);
    Ok(())
}

/// Dies at every `stride`th step from `first` on, and returns how many deaths there were.
#[cfg(debug_assertions)]
fn dies_at(first: u32, stride: usize) -> Result<u32, Box<dyn std::error::Error>> {
    let (before, done) = nights()?;
    let mut deaths = 0;
    for step in (first..).step_by(stride) {
        let killed = before.copied()?;
        let mut command = killed.command(&["run", "pipelines/p.toml"]);
        let status = command
            .env("THROUGHLINE_DIE_AT", step.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        if status.success() {
            break;
        }
        assert_eq!(
            status.code(),
            None,
            "step {step}: it is killed and does not end by itself"
        );
        deaths += 1;
        stands(&killed, &before, &done)?;
    }
    Ok(deaths)
}

/// Some of the steps on every change of the program; all of them take minutes.
#[cfg(debug_assertions)]
#[test]
fn death_at_some_steps() -> Outcome {
    assert!(dies_at(3, 17)? >= 4);
    Ok(())
}

#[cfg(debug_assertions)]
#[test]
#[ignore = "minutes: every step of a run"]
fn death_at_every_step() -> Outcome {
    assert!(dies_at(1, 1)? >= 60);
    Ok(())
}

/// `THROUGHLINE_DEATHS` deaths (200) at moments spread over the time a run takes, in no order of the program's own.
#[test]
#[ignore = "minutes: 200 runs killed and finished"]
fn death_at_random_moments() -> Outcome {
    let deaths = std::env::var("THROUGHLINE_DEATHS").map_or(Ok(200), |text| text.parse())?;
    let (before, done) = nights()?;
    let timed = before.copied()?;
    let began = Instant::now();
    timed.night(0)?;
    let whole = began.elapsed();
    let (mut drawn, mut killed_runs) = (0x2545_f491_4f6c_dd1d_u64, 0);
    for _ in 0..deaths {
        // xorshift: the moments have to differ, and a failure has to come again.
        drawn ^= drawn << 13;
        drawn ^= drawn >> 7;
        drawn ^= drawn << 17;
        let share = (drawn >> 11) as f64 / (1_u64 << 53) as f64;
        let killed = before.copied()?;
        let mut command = killed.command(&["run", "pipelines/p.toml"]);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * share));
        child.kill()?;
        killed_runs += u32::from(!child.wait()?.success());
        stands(&killed, &before, &done)?;
    }
    assert!(
        killed_runs * 10 >= deaths * 7,
        "only {killed_runs} were killed in time"
    );
    Ok(())
}

/// Memory that ends: the address space is limited to less and less, and wherever a run dies the rest holds.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "minutes: runs that die of memory"]
fn death_by_memory() -> Outcome {
    let (before, done) = nights()?;
    let mut died = 0;
    for mebibytes in [300, 400, 500, 600, 700, 800, 1000, 1200] {
        let killed = before.copied()?;
        let script = format!(
            "ulimit -v {}; exec \"$0\" run pipelines/p.toml",
            mebibytes << 10
        );
        let status = std::process::Command::new("bash")
            .args(["-c", &script, env!("CARGO_BIN_EXE_throughline")])
            .current_dir(killed.path("."))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        died += u32::from(!status.success());
        stands(&killed, &before, &done)?;
    }
    assert!(died > 0);
    Ok(())
}

/// A disk that fills up: writes fail beyond a size that is reached in the parts, in the release, or only in the reports.
#[cfg(unix)]
#[test]
#[ignore = "minutes: runs that find no space"]
fn death_by_full_disk() -> Outcome {
    let (before, done) = nights()?;
    let mut failed = 0;
    for blocks in [1, 8, 32, 64, 128, 256, 512, 1024] {
        let killed = before.copied()?;
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" run pipelines/p.toml");
        let status = std::process::Command::new("bash")
            .args(["-c", &script, env!("CARGO_BIN_EXE_throughline")])
            .current_dir(killed.path("."))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        if !status.success() {
            assert_eq!(status.code(), Some(5), "{blocks} blocks");
            failed += 1;
        }
        stands(&killed, &before, &done)?;
    }
    assert!(failed > 2);
    Ok(())
}
