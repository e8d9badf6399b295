//! Staggered adoption (Callaway and Sant'Anna 2021): teachers before and after they began a program, against those who had not;
//! schools, for a program that reaches whole schools.
//!
//! Rules, none of which looks at an effect:
//! - Teachers are followed by the mean of their students' outcomes adjusted for prior outcome, covariates and the study's other
//!   programs. Schools are followed by the *level* of the outcome, adjusted for covariates and other whole-school programs: what a school's
//!   students knew a year ago is partly what the program did, so adjusting for it would take that away.
//! - Comparison: units that never begin where there are ten or more, otherwise also those that have not begun yet; the other
//!   choice is a check.
//! - Teachers are compared with teachers of like grades and like prior outcomes (doubly robust) where every cohort has ten and twenty never
//!   begin; otherwise without covariates.
//! - Errors cluster by teacher (school for whole schools), and by school where schools decide which teachers begin.

use throughline_model::pipeline::{Design, Pipeline, Subgroup};
use throughline_model::{Kind, tables};
use throughline_stats::did::ControlGroup;

use super::event::{Event, Series};
use super::timeline::Timeline;
use super::told::Told;
use super::units::{Unit, Units};
use crate::association::Comparison;
use crate::checks;
use crate::finding::{DesignResult, Detail, EventStudy};
use crate::frame::{Column, Frame, Level, ReadyExposure, ReadyOutcome};
use crate::plan::Job;
use crate::sample::{Sample, covariates, members};
use crate::words::Floors;

/// This many units that never begin serve as comparison by themselves.
const ENOUGH_NEVER: usize = 10;
/// Covariates need cohorts of this size …
const COHORT_FOR_COVARIATES: usize = 10;
/// … and twice as many that never begin.
const NEVER_FOR_COVARIATES: usize = 20;

/// A sample's tables, shared by its questions.
pub(crate) struct Staggered<'q> {
    pipeline: &'q Pipeline,
    frame: &'q Frame<'q>,
    job: &'q Job<'q>,
    /// Teacher × year, where some exposure is given to teachers or students.
    teachers: Option<Table>,
    /// School × year, one an outcome, where some exposure reaches whole schools.
    schools: Vec<Table>,
}

/// Units with outcomes and doses, and who began when.
struct Table {
    units: Units,
    /// Pipeline index and cell means of each outcome.
    outcomes: Vec<(usize, Vec<f64>)>,
    /// Pipeline index, cell means per `per`, and timeline of each exposure.
    exposures: Vec<(usize, Vec<f64>, Result<Timeline, String>)>,
    /// By outcome and exposure, what goes with each dose.
    slopes: Vec<Vec<f64>>,
    grade: Vec<f64>,
    /// By outcome, where there is one.
    prior: Vec<Option<Vec<f64>>>,
}

impl<'q> Staggered<'q> {
    pub(crate) fn new(
        pipeline: &'q Pipeline,
        frame: &'q Frame<'q>,
        job: &'q Job<'q>,
        sample: &Sample,
    ) -> Self {
        let outcomes: Vec<&ReadyOutcome> = sample
            .outcomes
            .iter()
            .filter_map(|index| frame.outcome(*index))
            .filter(|outcome| outcome.sd > 0.0)
            .collect();
        let exposures = |school: bool| -> Vec<(usize, &ReadyExposure)> {
            let all = job.asks.exposures.iter();
            all.filter_map(|index| Some((*index, frame.exposure(*index)?)))
                .filter(|(_, ready)| (ready.level == Level::School) == school)
                .collect()
        };
        let (by_teacher, by_school) = (exposures(false), exposures(true));
        let covariates = |mask: &[bool]| covariates(frame.panel, job.asks, mask);
        let teachers = (!by_teacher.is_empty() && !outcomes.is_empty()).then(|| {
            let known = covariates(&sample.mask);
            let units = Units::new(frame, &sample.mask, Unit::Teacher);
            Table::new(frame, units, &outcomes, &by_teacher, &known, true)
        });
        let schools = if by_school.is_empty() {
            Vec::new()
        } else {
            let members = members(frame.panel, job.students());
            let each = outcomes.iter().map(|outcome| {
                let mask = whole_schools(frame, &members, outcome, &by_school);
                let units = Units::new(frame, &mask, Unit::School);
                Table::new(
                    frame,
                    units,
                    &[outcome],
                    &by_school,
                    &covariates(&mask),
                    false,
                )
            });
            each.collect()
        };
        Self {
            pipeline,
            frame,
            job,
            teachers,
            schools,
        }
    }

    /// What this design tells of one exposure and outcome.
    pub(crate) fn tell(&self, exposure: usize, outcome: usize) -> Told {
        let school = self
            .frame
            .exposure(exposure)
            .is_some_and(|ready| ready.level == Level::School);
        let (contrast, table) = match school {
            true => (
                "schools that had begun against schools that had not",
                self.schools.iter().find(|t| t.outcomes[0].0 == outcome),
            ),
            false => (
                "teachers who had begun against teachers who had not",
                self.teachers.as_ref(),
            ),
        };
        let not_run = |why: &str| Told::not_run(Design::StaggeredAdoption, contrast, why);
        let Some((table, y)) = table.and_then(|table| {
            let y = table.outcomes.iter().position(|(i, _)| *i == outcome)?;
            Some((table, y))
        }) else {
            return not_run("the outcome is the same for everyone");
        };
        let Some(e) = table.exposures.iter().position(|(i, _, _)| *i == exposure) else {
            return not_run("the panel does not have the dose");
        };
        let timeline = match &table.exposures[e].2 {
            Ok(timeline) => timeline,
            Err(why) => return not_run(why),
        };
        let series = table.series(timeline, y, e);
        let (begun, never) = timeline.sides();
        let (control, other) = if never >= ENOUGH_NEVER {
            (ControlGroup::NeverTreated, ControlGroup::NotYetTreated)
        } else {
            (ControlGroup::NotYetTreated, ControlGroup::NeverTreated)
        };
        // Robust intervals are for the finding itself, not for each subgroup again.
        let whole = *self.job.students() == Subgroup::All;
        let event = match series.event(control, whole) {
            Ok(event) if event.overall.se > 0.0 => event,
            Ok(_) => return not_run("the units that began do not differ from one another"),
            Err(error) => return not_run(&error.to_string()),
        };
        let other = series.overall(other).ok();
        let floors = Floors::of(&self.pipeline.privacy);
        let smallest = self.pipeline.outcomes[outcome].smallest_difference;
        let unit = table.units.unit.name();
        let mut tried = vec![
            checks::temporal(self.pipeline.exposures[exposure].window),
            checks::began(begun, never, unit, floors),
            checks::pre_trend(&event.before, smallest),
            checks::honest(&event.overall, &event.honest, school),
            checks::controls(&event.overall, other.as_ref(), smallest),
        ];
        let overall = &event.overall;
        let difference = overall.lower > 0.0 || overall.upper < 0.0;
        if school && difference && event.honest.is_empty() {
            // Nothing tells the program from schools that were improving anyway.
            tried.extend(checks::school_trend(Comparison::WithinSchool));
        }
        Told {
            tried,
            dose: timeline.mean_since(&table.units, &table.exposures[e].1),
            changing: begun as u64,
            cluster: match series_clusters(table.units.unit, timeline) {
                true => Unit::School.name(),
                false => unit,
            },
            result: DesignResult {
                design: Design::StaggeredAdoption,
                contrast: contrast.to_owned(),
                estimate: Some(event.overall),
                not_run: None,
                n: timeline.n.clone(),
                checks: Vec::new(),
                estimator: self.estimator(table, timeline, &event, y),
                detail: Detail::EventStudy(study(event, control, other, timeline, floors, unit)),
            },
        }
    }

    fn estimator(&self, table: &Table, timeline: &Timeline, event: &Event, y: usize) -> String {
        let unit = table.units.unit;
        let adjusted = match (unit, &table.prior[y]) {
            (Unit::Teacher, Some(_)) => "the outcome of the school year before, ",
            _ => "",
        };
        let known = &self.job.asks.covariates;
        let covariates = match known.is_empty() {
            true => String::new(),
            false => format!("{}, ", known.join(", ")),
        };
        let method = match event.doubly_robust {
            true => "doubly robust, on grade and the teacher's students' prior outcome",
            false => "without further covariates",
        };
        let cluster = match series_clusters(unit, timeline) {
            true => Unit::School.name(),
            false => unit.name(),
        };
        format!(
            "group-time effects (Callaway and Sant'Anna) of {}s' yearly means, adjusted for {adjusted}{covariates}and the study's other programs, {method}; who has begun counts as begun ever after; errors by {cluster}, HC2 with Satterthwaite's degrees of freedom",
            unit.name(),
        )
    }
}

/// Rows for whole-school programs: what a student knew before and who taught does not matter.
fn whole_schools(
    frame: &Frame<'_>,
    members: &[bool],
    outcome: &ReadyOutcome,
    exposures: &[(usize, &ReadyExposure)],
) -> Vec<bool> {
    use throughline_model::panel::NO_CODE;
    (0..frame.panel.len())
        .map(|row| {
            members[row]
                && !outcome.y.at(row).is_nan()
                && frame.school_year[row] != NO_CODE
                && frame.grade_year[row] != NO_CODE
                && exposures.iter().all(|(_, e)| !e.d.at(row).is_nan())
        })
        .collect()
}

/// Whether errors cluster by school although teachers are followed.
fn series_clusters(unit: Unit, timeline: &Timeline) -> bool {
    unit == Unit::Teacher && timeline.schools_decide()
}

impl Table {
    fn new(
        frame: &Frame<'_>,
        units: Units,
        outcomes: &[&ReadyOutcome],
        exposures: &[(usize, &ReadyExposure)],
        covariates: &[Column],
        with_prior: bool,
    ) -> Self {
        let means = units.outcomes(outcomes, covariates, with_prior);
        let doses: Vec<Vec<f64>> = exposures
            .iter()
            .map(|(_, ready)| units.means(|row| ready.d.at(row)))
            .collect();
        let slopes = match doses.len() {
            // Nothing stands beside a single program.
            1 => vec![vec![0.0]; outcomes.len()],
            _ => units.dose_slopes(&means, &doses),
        };
        let Kind::Code(grades) = tables::GRADES else {
            unreachable!("grades are codes")
        };
        let places: Vec<f64> = frame
            .panel
            .grade
            .labels
            .iter()
            .map(|label| grades.iter().position(|g| g == label))
            .map(|at| at.map_or(f64::NAN, |at| at as f64))
            .collect();
        let grade = units.means(|row| {
            let code = frame.panel.grade.codes[row] as usize;
            places.get(code).copied().unwrap_or(f64::NAN)
        });
        let prior = outcomes
            .iter()
            .map(|outcome| {
                let prior = outcome.priors.first().filter(|_| with_prior)?;
                Some(units.means(|row| prior.at(row)))
            })
            .collect();
        Self {
            outcomes: outcomes.iter().map(|o| o.index).zip(means).collect(),
            exposures: exposures
                .iter()
                .zip(doses)
                .map(|((index, _), dose)| {
                    let timeline = Timeline::new(frame.panel, &units, &dose);
                    (*index, dose, timeline)
                })
                .collect(),
            slopes,
            grade,
            prior,
            units,
        }
    }

    /// One outcome of a timeline's units, other programs taken out.
    fn series(&self, timeline: &Timeline, y: usize, e: usize) -> Series {
        let of = |cell: usize| -> f64 {
            let others: f64 = self
                .exposures
                .iter()
                .zip(&self.slopes[y])
                .enumerate()
                .filter(|(other, _)| *other != e)
                .map(|(_, ((_, dose, _), slope))| slope * dose[cell])
                .sum();
            self.outcomes[y].1[cell] - others
        };
        let spread = |column: &[f64]| -> Vec<Vec<f64>> {
            let unit = |cells: &Vec<usize>| cells.iter().map(|c| column[*c]).collect();
            timeline.cells.iter().map(unit).collect()
        };
        let wanted = self.units.unit == Unit::Teacher
            && timeline.smallest_cohort() >= COHORT_FOR_COVARIATES
            && timeline.sides().1 >= NEVER_FOR_COVARIATES;
        let covariates = [Some(&self.grade), self.prior[y].as_ref()]
            .into_iter()
            .flatten()
            .filter(|_| wanted)
            .map(|column| spread(column))
            .filter(|column: &Vec<Vec<f64>>| varies(column))
            .collect();
        Series {
            periods: timeline.periods.clone(),
            start: timeline.start.clone(),
            outcome: timeline
                .cells
                .iter()
                .map(|cells| cells.iter().map(|c| of(*c)).collect())
                .collect(),
            covariates,
            weight: timeline.weight.clone(),
            cluster: series_clusters(self.units.unit, timeline).then(|| timeline.school.clone()),
        }
    }
}

/// Whether a covariate is known everywhere and differs.
fn varies(column: &[Vec<f64>]) -> bool {
    let first = column[0][0];
    let all = || column.iter().flatten();
    all().all(|v| v.is_finite()) && all().any(|v| (v - first).abs() > 1e-9)
}

fn study(
    event: Event,
    control: ControlGroup,
    other: Option<crate::finding::Estimate>,
    timeline: &Timeline,
    floors: Floors,
    unit: &str,
) -> EventStudy {
    let last = timeline.periods.last().copied().unwrap_or(0);
    let first = timeline.periods.first().copied().unwrap_or(0);
    let behind = |year: i32| {
        let seen = |start: &&i32| (first..=last).contains(&(**start + year));
        timeline.start.iter().flatten().filter(seen).count() as u64
    };
    EventStudy {
        controls: match control {
            ControlGroup::NeverTreated => "never treated",
            ControlGroup::NotYetTreated => "not yet treated",
        }
        .to_owned(),
        // A year that few stand behind is theirs alone.
        points: event
            .points
            .into_iter()
            .filter(|point| floors.allow(behind(point.relative_year), unit))
            .collect(),
        pre_trend_p: event.before.as_ref().ok().map(|before| before.p),
        pre_trend_detectable: event.before.as_ref().ok().map(|before| before.detectable),
        honest: event.honest,
        other_controls: other,
    }
}
