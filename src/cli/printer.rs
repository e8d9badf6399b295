//! The only place that writes to the terminal. Results go to stdout, everything else to stderr; on a terminal a
//! stage is a progress bar, elsewhere one line. With `--json` stdout holds one JSON document and nothing else.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use throughline_model::Progress;

use crate::exit::Failure;

/// Writes to the terminal.
pub(crate) struct Printer {
    json: bool,
    quiet: bool,
    stage: Mutex<Option<Stage>>,
    timings: Mutex<Vec<(String, Duration)>>,
}

struct Stage {
    name: String,
    began: Instant,
    bar: ProgressBar,
}

impl Printer {
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        Self {
            json,
            quiet,
            stage: Mutex::default(),
            timings: Mutex::default(),
        }
    }

    /// Whether results are wanted as JSON.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// A line of a result for people; nothing with `--json`.
    pub(crate) fn line(&self, text: impl AsRef<str>) {
        if !self.json {
            write_line(std::io::stdout(), text.as_ref());
        }
    }

    /// A result as JSON; nothing without `--json`.
    pub(crate) fn document(&self, value: &impl Serialize) -> Result<(), Failure> {
        if self.json {
            let text = serde_json::to_string_pretty(value).map_err(|error| {
                Failure::new(
                    crate::exit::Exit::Bug,
                    format!("failed to write JSON: {error}"),
                )
            })?;
            write_line(std::io::stdout(), &text);
        }
        Ok(())
    }

    /// Text that is itself the result (a completion script, CSV), whatever the options.
    pub(crate) fn raw(&self, text: &str) {
        let _ = std::io::stdout().write_all(text.as_bytes());
    }

    /// Something worth knowing that is not a result.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        if !self.quiet {
            self.above_bar(text.as_ref());
        }
    }

    /// Something the user must see.
    pub(crate) fn warn(&self, text: impl AsRef<str>) {
        self.above_bar(text.as_ref());
    }

    /// Why a command failed.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.end_stage();
        let text = failure.to_string();
        if text.contains("error: ") {
            write_line(std::io::stderr(), &text);
        } else {
            write_line(std::io::stderr(), &format!("error: {text}"));
        }
    }

    /// Ends the current stage; without a terminal this is when its line is written.
    pub(crate) fn end_stage(&self) {
        let Some(stage) = lock(&self.stage).take() else {
            return;
        };
        let took = stage.began.elapsed();
        stage.bar.finish_and_clear();
        if !self.quiet {
            write_line(
                std::io::stderr(),
                &format!("{:<44} {:>7.2} s", stage.name, took.as_secs_f64()),
            );
        }
        lock(&self.timings).push((stage.name, took));
    }

    /// Stages so far and how long each took, in order.
    pub(crate) fn timings(&self) -> Vec<(String, f64)> {
        lock(&self.timings)
            .iter()
            .map(|(name, took)| (name.clone(), took.as_secs_f64()))
            .collect()
    }

    fn above_bar(&self, text: &str) {
        match &*lock(&self.stage) {
            Some(stage) => stage.bar.suspend(|| write_line(std::io::stderr(), text)),
            None => write_line(std::io::stderr(), text),
        }
    }
}

impl Progress for Printer {
    fn stage(&self, name: &str, total: Option<u64>) {
        self.end_stage();
        let hidden = self.quiet || !std::io::stderr().is_terminal();
        let target = if hidden {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(total, target);
        let template = if total.is_some() {
            "{msg:<44} {wide_bar} {percent:>3}%"
        } else {
            "{msg:<44} {spinner}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(name.to_owned());
        *lock(&self.stage) = Some(Stage {
            name: name.to_owned(),
            began: Instant::now(),
            bar,
        });
    }

    fn advance(&self, amount: u64) {
        if let Some(stage) = &*lock(&self.stage) {
            stage.bar.inc(amount);
        }
    }
}

/// The steps of one stage: they move its bar, and get no line of their own.
pub(crate) struct Steps<'p>(pub(crate) &'p Printer);

impl Progress for Steps<'_> {
    fn stage(&self, name: &str, total: Option<u64>) {
        if let Some(stage) = &*lock(&self.0.stage) {
            stage.bar.set_message(format!("{}: {name}", stage.name));
            stage.bar.set_position(0);
            if let Some(total) = total {
                stage.bar.set_length(total);
            }
        }
    }

    fn advance(&self, amount: u64) {
        self.0.advance(amount);
    }
}

/// What the standard library, Tokio and the lake say when they cannot have a thread.
const NO_THREAD: [&str; 3] = [
    "can't spawn worker thread",
    "failed to spawn thread",
    "the operating system starts a thread",
];

/// A panic is a bug; says so, and what to send, without the data that may be in its message's neighbourhood.
pub(crate) fn on_bug() {
    std::panic::set_hook(Box::new(|info| {
        // Where no thread can be had, a library panics in a thread that nobody waits for, and the run would never end.
        let said = info.payload_as_str().unwrap_or_default();
        if NO_THREAD.iter().any(|words| said.contains(words)) {
            write_line(
                std::io::stderr(),
                "error: the operating system starts no more threads: too little memory, or a limit on memory or threads\n  hint: the previous release is intact; run again with more",
            );
            #[expect(
                clippy::disallowed_methods,
                reason = "main waits for the thread that died here, and would for ever"
            )]
            std::process::exit(crate::exit::Exit::System as i32);
        }
        let place = info
            .location()
            .map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        write_line(
            std::io::stderr(),
            &format!(
                "error: this is a bug in Throughline {}{place}\n  hint: the previous release is intact; please report the line above and the command you ran",
                env!("CARGO_PKG_VERSION")
            ),
        );
    }));
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A closed pipe (`throughline query … | head`) is no error.
fn write_line(mut to: impl Write, text: &str) {
    let _ = writeln!(to, "{text}");
}
