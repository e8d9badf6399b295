//! Programs for calibration: eight of them, each a case that evidence must get right, with effects drawn anew for every
//! district. What a program is like (who takes it, and why) is fixed here; what it does is the caller's to say. The
//! sample's programs stand in `program` and are not touched.

use crate::program::{Audience, Effects, NIL, Program, Uptake};
use crate::spec::SynthError;

/// A student-level standard deviation of the spring score as a test shows it, in units of the true score, and of the share of
/// days attended: what turns a planted effect into hundredths of these. `truth.json` says what came of it in the
/// district that was made.
const SCORE_SD: f64 = 1.03;
const ATTENDANCE_SD: f64 = 0.035;

/// An effect in student-level standard deviations, of a usual dose.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Planted {
    /// Math score.
    pub math: f64,
    /// Reading score.
    pub reading: f64,
    /// Share of days attended.
    pub attendance: f64,
}

/// The programs of a calibration district and what they do.
#[derive(Clone, Debug, PartialEq)]
pub struct Plant {
    /// `chosen_a`, `chosen_b`, `chosen_c`: taken by choice, with little selection of better, no selection, and little selection
    /// of weaker teachers.
    pub chosen: [Planted; 3],
    /// `pilot`: a few teachers from the middle year on.
    pub pilot: Planted,
    /// `trainer_in_school`: a certified trainer in six of ten schools, staggered over the years; its effect on attendance must
    /// be nil.
    pub trainer: Planted,
    /// Whether those schools are the improving ones first.
    pub trainers_where_improving: bool,
    /// Share of teachers (0–1) who take each of the chosen programs, and `better_teachers`, in a year.
    pub shares: [f64; 4],
    /// Their usual hours.
    pub hours: [f64; 4],
    /// How many teachers the pilot has.
    pub pilot_teachers: usize,
}

impl Default for Plant {
    fn default() -> Self {
        Self {
            chosen: [Planted::default(); 3],
            pilot: Planted::default(),
            trainer: Planted::default(),
            trainers_where_improving: false,
            shares: [1.0 / 3.0; 4],
            hours: [12.0; 4],
            pilot_teachers: 5,
        }
    }
}

impl Planted {
    fn effects(&self) -> Effects {
        Effects {
            math: self.math * SCORE_SD,
            reading: self.reading * SCORE_SD,
            attendance: self.attendance * ATTENDANCE_SD,
            ..NIL
        }
    }
}

/// Hours of the programs that are not in [`Plant::hours`].
const HOURS: f64 = 10.0;

impl Plant {
    pub(crate) fn check(&self) -> Result<(), SynthError> {
        let all = self.chosen.iter().chain([&self.pilot, &self.trainer]);
        let sound = all
            .flat_map(|planted| [planted.math, planted.reading, planted.attendance])
            .all(|effect| effect.abs() <= 1.0)
            && self.trainer.attendance == 0.0
            && self
                .shares
                .iter()
                .all(|share| (0.001..=0.95).contains(share))
            && self.hours.iter().all(|hours| (1.0..=500.0).contains(hours));
        if sound {
            Ok(())
        } else {
            Err(SynthError::Spec(
                "planted effects must lie within 1 SD (a trainer's on attendance at 0), shares between 0.001 and 0.95, hours between 1 and 500"
                    .to_owned(),
            ))
        }
    }

    /// What a trainer in the building does.
    pub(crate) fn trainer(&self) -> Effects {
        self.trainer.effects()
    }

    /// The PD programs.
    pub(crate) fn programs(&self) -> Vec<Program> {
        let [a, b, c] = self.chosen.map(|planted| planted.effects());
        let choice = |which: usize, selection| Uptake::Choice {
            log_odds: log_odds(self.shares[which]),
            selection,
        };
        let hours = self.hours;
        vec![
            program("chosen_a", "CHOSENA", hours[0], choice(0, 0.3), a),
            program("chosen_b", "CHOSENB", hours[1], choice(1, 0.0), b),
            program("chosen_c", "CHOSENC", hours[2], choice(2, -0.3), c),
            program("better_teachers", "BETTER", hours[3], choice(3, 1.4), NIL),
            program(
                "after_bad_year",
                "BADYEAR",
                HOURS,
                Uptake::AfterBadYear,
                NIL,
            ),
            program(
                "improving_schools",
                "IMPROVING",
                HOURS,
                Uptake::ImprovingSchools,
                NIL,
            ),
            program(
                "pilot",
                "PILOT",
                HOURS,
                Uptake::Pilot {
                    teachers: self.pilot_teachers,
                },
                self.pilot.effects(),
            ),
        ]
    }
}

/// Log-odds at which `share` of average teachers take a program in a year, when those who took it the year before are
/// less likely to (by 0.6, in `world::training`).
fn log_odds(share: f64) -> f64 {
    libm::log(share / (1.0 - share)) + 0.6 * share
}

fn program(
    id: &'static str,
    code: &'static str,
    usual_hours: f64,
    uptake: Uptake,
    effects: Effects,
) -> Program {
    Program {
        id,
        code,
        title: id,
        topic: "calibration",
        provider: "Calibration",
        delivery: "In person",
        usual_hours,
        fee: 0.0,
        funding: "general fund",
        audience: Audience::Teachers,
        uptake,
        effects,
        naive: "not foretold",
        caution: None,
    }
}
