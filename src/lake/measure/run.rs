//! The order of work: views, rows, outcomes, teachers, exposures, panels, link rates.

use std::borrow::Cow;
use std::path::Path;

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use rayon::prelude::*;
use throughline_model::calendar::Running;
use throughline_model::definition::Patterns;
use throughline_model::measure::MeasureGrain;
use throughline_model::membership::{Outside, Style};
use throughline_model::panel::LinkRate;
use throughline_model::{Panel, Pipeline, Progress, SchoolYear};

use super::beside;
use super::dose::{self, Known, Reading};
use super::job::{Job, is_state};
use super::links::{self, Links};
use super::names::Names;
use super::panel::{Measure, assemble};
use super::running;
use super::spine::{self, Spine};
use super::told;
use crate::by_year::{Kept, Relation, Relations, hash};
use crate::columns::Columns;
use crate::engine::Engine;
use crate::error::LakeError;
use crate::release::Release;
use crate::views;

const ATTENDANCE: &str = "attendance_event";
/// Where a lake keeps what was measured, by pipeline.
const FOLDER: &str = "_measured";
const RATES: &str = "throughline_link_rate";
const RATES_SQL: &str = "SELECT hop, linked, total FROM link_rate ORDER BY position";

/// What a pipeline measured over a release.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// One panel per distinct subject of the outcomes, in the order of the outcomes; all carry every exposure.
    pub panels: Vec<Panel>,
    /// How many rows found a partner at each hop; hops that no row takes are left out.
    pub links: Vec<LinkRate>,
    /// The SQL that made each outcome and exposure, by id, with its parameters filled in.
    pub sql: Vec<(String, String)>,
    /// Rows that count for nobody because their day is no day of membership.
    pub outside: Vec<Outside>,
    /// How every school's attendance is exported.
    pub styles: Vec<Style>,
    /// Outcomes by the definitions of several authorities.
    pub beside: Vec<Patterns>,
    /// The school year that is left out because it is still running.
    pub running: Option<Running>,
    /// Hash of everything the panels are made of, beside the pipeline.
    pub digest: String,
}

/// What is to be done with measures.
pub(crate) struct Wanted<'w> {
    /// Whether what this run measures takes the place of what earlier ones did.
    pub(crate) keep: bool,
    /// Whether what follows from measures with this digest is known, so that no panel is needed.
    pub(crate) known: &'w (dyn Fn(&str) -> bool + Sync),
}

/// Measures a release. What earlier runs measured of the same rows is not measured again.
pub(crate) fn measure(
    engine: &Engine,
    folder: &Path,
    release: &Release,
    pipeline: &Pipeline,
    wanted: &Wanted<'_>,
    progress: &dyn Progress,
) -> Result<Measured, LakeError> {
    let running = running::find(engine, folder, release, pipeline)?;
    let (first, last) = pipeline.calendar.years;
    let (counted, years) = match &running {
        Some(running) => (
            Cow::Owned(running::without(release, running.year)),
            (first, last.min(running.year - 1)),
        ),
        None => (Cow::Borrowed(release), (first, last)),
    };
    let release: &Release = &counted;
    let session = engine.session();
    let job = |id, measure, params| Job::new(&session, release, pipeline, (id, measure, params));
    let outcomes: Vec<Job> = pipeline
        .outcomes
        .iter()
        .map(|outcome| job(&outcome.id, &outcome.measure, &outcome.params))
        .collect::<Result<_, _>>()?;
    let exposures: Vec<Job> = pipeline
        .exposures
        .iter()
        .map(|exposure| job(&exposure.id, &exposure.measure, &exposure.params))
        .collect::<Result<_, _>>()?;
    let subjects = subjects(pipeline);
    let rows = relation(spine::ROWS, spine::sql(years));
    let teachers = subjects
        .iter()
        .map(|subject| relation(&links::name(*subject), links::sql(*subject)));
    let mut own: Vec<Relation> = std::iter::once(rows).chain(teachers).collect();
    own.push(relation(RATES, RATES_SQL.to_owned()));
    for job in outcomes.iter().chain(&exposures) {
        let name = job.relation();
        if own.iter().all(|known| known.name != name) {
            own.push(Relation {
                name,
                shown: job.name.clone(),
                sql: job.sql.clone(),
                committed: false,
            });
        }
    }
    let counted = own.len();
    let attended = release.parts_of(ATTENDANCE).any(|part| part.rows > 0);
    if attended {
        own.extend(told::relations());
    }
    let compared = &pipeline.compared;
    let mut beside = Vec::new();
    for one in compared {
        let relation = beside::relation(pipeline, one)?;
        beside.push(relation.name.clone());
        own.push(relation);
    }
    let queries = own.iter().map(|one| (one.shown.as_str(), one.sql.as_str()));
    let found = views::needs(&session, &pipeline.measures, queries)?.views;
    let views = found.len();
    let relations: Vec<Relation> = found.into_iter().map(Relation::from).chain(own).collect();
    let sql = outcomes
        .iter()
        .chain(&exposures)
        .map(|job| (job.id.clone(), job.sql.clone()))
        .collect();
    engine.run(async {
        let kept = Kept::open(folder.join(FOLDER).join(&pipeline.name));
        let relations = Relations::plan(engine, folder, release, kept, relations).await?;
        progress.stage("measure", Some(relations.len() as u64 + 1));
        let mut work = Work {
            relations,
            pipeline,
        };
        for place in 0..work.relations.len() {
            work.relations.refresh(place).await?;
            progress.advance(1);
        }
        let jobs = outcomes.iter().chain(&exposures);
        let known: Vec<String> = jobs
            .map(|job| format!("{} {:?}", job.id, job.known))
            .collect();
        let digest = hash(&[work.relations.digest(views..views + counted), hash(&known)]);
        let panels = if (wanted.known)(&digest) {
            Vec::new()
        } else {
            work.panels(&subjects, (&outcomes, &exposures)).await?
        };
        let links = work.rates().await?;
        let (mut outside, mut styles) = (Vec::new(), Vec::new());
        if attended {
            outside = told::outside(&work.relations.rows(told::OUTSIDE).await?, years)?;
            styles = told::styles(&work.relations.rows(told::STYLES).await?, years)?;
        }
        let mut patterns = Vec::new();
        for (one, name) in compared.iter().zip(&beside) {
            let rows = work.relations.rows(name).await?;
            patterns.push(beside::read(one, &rows, years)?);
        }
        if wanted.keep {
            work.relations.close()?;
        }
        progress.advance(1);
        Ok(Measured {
            panels,
            links,
            sql,
            outside,
            styles,
            beside: patterns,
            running,
            digest,
        })
    })
}

fn relation(name: &str, sql: String) -> Relation {
    Relation {
        name: name.to_owned(),
        shown: name.to_owned(),
        sql,
        committed: false,
    }
}

/// The subjects of the pipeline's outcomes, each once.
fn subjects(pipeline: &Pipeline) -> Vec<Option<&str>> {
    let mut subjects = Vec::new();
    for outcome in &pipeline.outcomes {
        let subject = outcome.subject.as_deref();
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    subjects
}

struct Work<'w> {
    relations: Relations<'w>,
    pipeline: &'w Pipeline,
}

impl Work<'_> {
    /// One panel a subject; none where no school year has a row.
    async fn panels(
        &mut self,
        subjects: &[Option<&str>],
        (outcomes, exposures): (&[Job], &[Job]),
    ) -> Result<Vec<Panel>, LakeError> {
        let spine = Spine::read(&self.relations.rows(spine::ROWS).await?)?;
        let spine = &spine;
        let Some(years) = spine.years() else {
            return Ok(Vec::new());
        };
        let measured = self
            .grids(outcomes, |_, job, rows| outcome(job, rows, spine, years))
            .await?;
        let mut staff = Names::default();
        let mut links = Vec::new();
        for subject in subjects {
            let rows = self.relations.rows(&links::name(*subject)).await?;
            links.push(Links::read(&rows, spine, &mut staff)?);
        }
        let pipeline = self.pipeline;
        let doses = self
            .grids(exposures, |place, job, rows| {
                exposure(pipeline, place, job, rows, spine, &staff, years)
            })
            .await?;
        let panel = |(subject, links): (&Option<&str>, Links)| {
            let served = measured
                .iter()
                .zip(&self.pipeline.outcomes)
                .filter(|(_, outcome)| outcome.subject.as_deref() == *subject)
                .map(|(measure, _)| measure)
                .collect();
            assemble(*subject, spine, &links, &staff, served, &doses)
        };
        Ok(subjects.iter().zip(links).map(panel).collect())
    }

    /// Lays out the results of jobs, a few at a time.
    async fn grids(
        &mut self,
        jobs: &[Job],
        lay: impl Fn(usize, &Job, &[RecordBatch]) -> Result<Measure, LakeError> + Sync,
    ) -> Result<Vec<Measure>, LakeError> {
        let mut measures = Vec::with_capacity(jobs.len());
        for together in jobs.chunks(rayon::current_num_threads().max(1)) {
            let mut results = Vec::new();
            for job in together {
                results.push(self.relations.rows(&job.relation()).await?);
            }
            let first = measures.len();
            let laid: Vec<Measure> = results
                .par_iter()
                .enumerate()
                .map(|(at, rows)| lay(first + at, &together[at], rows))
                .collect::<Result<_, _>>()?;
            measures.extend(laid);
        }
        Ok(measures)
    }

    async fn rates(&mut self) -> Result<Vec<LinkRate>, LakeError> {
        let mut rates = Vec::new();
        for batch in self.relations.rows(RATES).await? {
            let columns = Columns::new(RATES, &batch);
            let hop = columns.text("hop")?;
            let linked = columns.longs("linked")?;
            let total = columns.longs("total")?;
            for row in
                (0..batch.num_rows()).filter(|row| total.is_valid(*row) && total.value(*row) > 0)
            {
                rates.push(LinkRate {
                    hop: hop.value(row).to_owned(),
                    linked: linked.value(row).unsigned_abs(),
                    total: total.value(row).unsigned_abs(),
                });
            }
        }
        Ok(rates)
    }
}

fn outcome(
    job: &Job,
    rows: &[RecordBatch],
    spine: &Spine,
    (first, last): (SchoolYear, SchoolYear),
) -> Result<Measure, LakeError> {
    if job.grain != MeasureGrain::Student {
        return Err(LakeError::measure(
            &job.name,
            "an outcome needs `grain: student`",
        ));
    }
    let mut grid = job.grid(rows, &spine.students, (first - 1, last))?;
    for year in first - 1..=last {
        if !job.known.has(year) {
            grid.forget(year);
        }
    }
    Ok(Measure {
        id: job.id.clone(),
        grain: job.grain,
        grid,
    })
}

fn exposure(
    pipeline: &Pipeline,
    place: usize,
    job: &Job,
    rows: &[RecordBatch],
    spine: &Spine,
    staff: &Names,
    (first, last): (SchoolYear, SchoolYear),
) -> Result<Measure, LakeError> {
    let exposure = &pipeline.exposures[place];
    let is_state = is_state(rows);
    // A state is known in every year that has a first day, once its tables hold anything at all.
    let known = match (is_state, job.has_data) {
        (true, true) => Known::Years(first, last),
        (true, false) => Known::Never,
        (false, _) => job.known,
    };
    let reading = Reading {
        window: exposure.window,
        is_state,
        unit: &exposure.unit,
        known,
        absent: job.absent,
    };
    let names = match job.grain {
        MeasureGrain::Staff => staff,
        MeasureGrain::School => &spine.schools,
        MeasureGrain::Student | MeasureGrain::Free => &spine.students,
    };
    let back = dose::reaches_back(&reading, first);
    let by_year = job.grid(rows, names, (back, last + 1))?;
    Ok(Measure {
        id: job.id.clone(),
        grain: job.grain,
        grid: dose::effective(&by_year, &reading, (first, last + 1)),
    })
}
