//! A district drawn in memory: students with abilities, teachers with qualities, schools with good and bad years, and
//! programs that teachers take for reasons of their own.

use throughline_model::Panel;
use throughline_model::panel::{Codes, OutcomeValues, Values};

/// SplitMix64, with normals by Box and Muller: small, seeded, the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }
}

/// Who takes a program in a school year.
#[derive(Clone, Copy)]
pub(crate) enum Uptake {
    /// By choice: log-odds for an average teacher, and their rise per SD of teacher quality.
    Choice(f64, f64),
    /// Whose students did worst against expectation this very year.
    AfterBadYear,
    /// These many teachers of the district, from the middle year on.
    Pilot(usize),
    /// Every teacher of every other school, from a year that differs by school.
    Schools,
    /// This share of all teachers, each from a year of its own on, never in the panel's first.
    Stays(f64),
    /// The same, but those who begin were getting better by this much a year, in units of the outcome, from the start.
    Rising(f64, f64),
}

#[derive(Clone, Copy)]
pub(crate) struct Program {
    pub(crate) uptake: Uptake,
    /// Effect of 10 hours on next year's students, in units of the outcome.
    pub(crate) effect: f64,
}

pub(crate) struct District {
    pub(crate) schools: usize,
    pub(crate) teachers_each: usize,
    pub(crate) class: usize,
    pub(crate) years: usize,
    pub(crate) programs: Vec<Program>,
    /// How much every other school rises each year, whatever its teachers take.
    pub(crate) trend: f64,
    pub(crate) seed: u64,
}

impl Default for District {
    fn default() -> Self {
        Self {
            schools: 12,
            teachers_each: 8,
            class: 12,
            years: 5,
            programs: Vec::new(),
            trend: 0.0,
            seed: 1,
        }
    }
}

/// What uptake may depend on: each teacher's quality, this year's luck and own first year, each school's first year.
struct Known<'d> {
    quality: &'d [f64],
    shock: &'d [f64],
    starts: &'d [usize],
    begins: &'d [Option<usize>],
}

const QUALITY: f64 = 0.2;
const HOURS: f64 = 10.0;

impl District {
    /// Draws the panel. Exposures are called `p0`, `p1`, …; the outcome `score`.
    pub(crate) fn panel(&self) -> Panel {
        let mut random = Random::new(self.seed);
        let teachers = self.schools * self.teachers_each;
        let students = teachers * self.class;
        let quality: Vec<f64> = (0..teachers).map(|_| QUALITY * random.normal()).collect();
        let ability: Vec<f64> = (0..students).map(|_| 0.8 * random.normal()).collect();
        let poor: Vec<f64> = ability
            .iter()
            .map(|a| f64::from(random.normal() - a > 0.8))
            .collect();
        let starts: Vec<usize> = (0..self.schools)
            .map(|_| 1 + random.below(self.years))
            .collect();
        let begins = self.begins(teachers, Random::new(self.seed ^ 0xBE61));
        // Hours taken, by year × program × teacher; year 0 is before the panel.
        let mut hours: Vec<Vec<Vec<f64>>> = Vec::new();
        let mut last = vec![f64::NAN; students];
        let mut panel = empty(self, students, teachers);
        for year in 0..=self.years {
            let shock: Vec<f64> = (0..teachers).map(|_| 0.1 * random.normal()).collect();
            let known = Known {
                quality: &quality,
                shock: &shock,
                starts: &starts,
                begins: &begins,
            };
            let mut taken = Vec::new();
            for program in &self.programs {
                let mut takes = |teacher| self.takes(program, year, teacher, &known, &mut random);
                let each = (0..teachers).map(|teacher| if takes(teacher) { HOURS } else { 0.0 });
                taken.push(each.collect::<Vec<f64>>());
            }
            hours.push(taken);
            let rising = |school: usize| {
                if school.is_multiple_of(2) {
                    self.trend
                } else {
                    0.0
                }
            };
            let places: Vec<f64> = (0..self.schools)
                .map(|school| 0.15 * random.normal() + rising(school) * year as f64)
                .collect();
            let mut now = vec![f64::NAN; students];
            for student in 0..students {
                let school = student / (self.teachers_each * self.class);
                // A draw for each student and year, with better teachers a little likelier for able students.
                let mut teacher = school * self.teachers_each + random.below(self.teachers_each);
                let other = school * self.teachers_each + random.below(self.teachers_each);
                if ability[student] > 0.8 && quality[other] > quality[teacher] {
                    teacher = other;
                }
                let effect: f64 = (0..self.programs.len())
                    .filter(|_| year > 0)
                    .map(|p| self.programs[p].effect * hours[year - 1][p][teacher] / HOURS)
                    .sum();
                let score = ability[student] - 0.2 * poor[student]
                    + quality[teacher]
                    + self.drift(begins[teacher], year)
                    + shock[teacher]
                    + places[school]
                    + effect
                    + 0.5 * random.normal();
                now[student] = score;
                if year > 0 {
                    panel.student.codes.push(student as u32);
                    panel.school_year.push(2020 + year as i32);
                    panel.school.codes.push(school as u32);
                    panel.grade.codes.push((student % 3) as u32);
                    panel.teacher.codes.push(teacher as u32);
                    panel.linked.push(1.0);
                    panel.outcomes[0].values.push(score);
                    panel.outcomes[0].prior.push(last[student]);
                    panel.covariates[0].values.push(poor[student]);
                    for (column, before) in panel.exposures.iter_mut().zip(&hours[year - 1]) {
                        column.values.push(before[teacher]);
                    }
                    for (column, now) in panel.leads.iter_mut().zip(&hours[year]) {
                        column.values.push(now[teacher]);
                    }
                }
            }
            last = now;
        }
        panel
    }

    fn takes(
        &self,
        program: &Program,
        year: usize,
        teacher: usize,
        known: &Known<'_>,
        random: &mut Random,
    ) -> bool {
        match program.uptake {
            Uptake::Choice(log_odds, selection) => {
                let odds = (log_odds + selection * known.quality[teacher] / QUALITY).exp();
                random.uniform() < odds / (1.0 + odds)
            }
            Uptake::AfterBadYear => known.shock[teacher] < -0.06,
            Uptake::Pilot(n) => {
                teacher.is_multiple_of(known.quality.len() / n)
                    && teacher / (known.quality.len() / n) < n
                    && year >= self.years / 2
            }
            Uptake::Schools => {
                let school = teacher / self.teachers_each;
                school.is_multiple_of(2) && year >= known.starts[school]
            }
            Uptake::Stays(_) | Uptake::Rising(..) => {
                known.begins[teacher].is_some_and(|b| year >= b)
            }
        }
    }

    /// The year in which each teacher takes the first program that stays: 1 or later, so that the dose counts from 2 on.
    fn begins(&self, teachers: usize, mut random: Random) -> Vec<Option<usize>> {
        let share = self
            .programs
            .iter()
            .find_map(|program| match program.uptake {
                Uptake::Stays(share) | Uptake::Rising(share, _) => Some(share),
                _ => None,
            });
        let mut draw = || {
            let year = 1 + random.below(self.years - 1);
            (random.uniform() < share.unwrap_or(0.0)).then_some(year)
        };
        (0..teachers).map(|_| draw()).collect()
    }

    /// How much better a teacher who begins is than in the first year.
    fn drift(&self, begins: Option<usize>, year: usize) -> f64 {
        let rise = self
            .programs
            .iter()
            .find_map(|program| match program.uptake {
                Uptake::Rising(_, rise) => Some(rise),
                _ => None,
            });
        begins.map_or(0.0, |_| rise.unwrap_or(0.0) * year as f64)
    }
}

fn empty(district: &District, students: usize, teachers: usize) -> Panel {
    let labels = |n: usize| Codes {
        codes: Vec::new(),
        labels: (0..n).map(|i| i.to_string()).collect(),
    };
    let column = |name: String| Values {
        name,
        values: Vec::new(),
    };
    let columns = || {
        (0..district.programs.len())
            .map(|p| column(format!("p{p}")))
            .collect()
    };
    Panel {
        student: labels(students),
        school: labels(district.schools),
        grade: Codes {
            codes: Vec::new(),
            labels: ["3", "4", "5"].map(str::to_owned).to_vec(),
        },
        teacher: labels(teachers),
        outcomes: vec![OutcomeValues {
            name: "score".to_owned(),
            values: Vec::new(),
            prior: Vec::new(),
        }],
        exposures: columns(),
        leads: columns(),
        covariates: vec![column("economically_disadvantaged".to_owned())],
        ..Panel::default()
    }
}
