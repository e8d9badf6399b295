//! The order of work: views, rows, outcomes, teachers, exposures, panels, link rates.

use std::path::Path;
use std::sync::Arc;

use arrow::array::Array;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use throughline_model::measure::MeasureGrain;
use throughline_model::panel::LinkRate;
use throughline_model::{Panel, Pipeline, Progress, SchoolYear};

use super::columns::Columns;
use super::dose::{self, Known, Reading};
use super::job::{Job, is_state};
use super::links::{self, Links};
use super::names::Names;
use super::panel::{Measure, assemble};
use super::spine::{self, Spine};
use crate::engine::Engine;
use crate::error::LakeError;
use crate::release::Release;
use crate::{query, tables, views};

const RATES: &str = "link_rate";
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
}

pub(crate) fn measure(
    engine: &Engine,
    folder: &Path,
    release: &Release,
    pipeline: &Pipeline,
    progress: &dyn Progress,
) -> Result<Measured, LakeError> {
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
    let work = Work {
        session,
        pipeline,
        progress,
    };
    let sql = outcomes
        .iter()
        .chain(&exposures)
        .map(|job| (job.id.clone(), job.sql.clone()))
        .collect();
    engine.run(async {
        work.prepare(folder, release, outcomes.iter().chain(&exposures))
            .await?;
        let spine = Spine::read(&work.session, pipeline.calendar.years).await?;
        let panels = match spine.years() {
            Some(years) => work.panels(&spine, years, &outcomes, &exposures).await?,
            None => Vec::new(),
        };
        Ok(Measured {
            panels,
            links: work.rates().await?,
            sql,
        })
    })
}

struct Work<'w> {
    session: SessionContext,
    pipeline: &'w Pipeline,
    progress: &'w dyn Progress,
}

impl Work<'_> {
    /// Registers the tables that anything reads, and computes the views, each once.
    async fn prepare(
        &self,
        folder: &Path,
        release: &Release,
        jobs: impl Iterator<Item = &Job> + Clone,
    ) -> Result<(), LakeError> {
        let spine = spine::sql(self.pipeline.calendar.years);
        let links = links::sql(None);
        let own = [
            (spine::VIEW, spine.as_str()),
            (links::VIEW, links.as_str()),
            (RATES, RATES_SQL),
        ];
        let queries = own.into_iter().chain(
            jobs.clone()
                .map(|job| (job.name.as_str(), job.sql.as_str())),
        );
        let needs = views::needs(&self.session, &self.pipeline.measures, queries)?;
        for table in &needs.tables {
            tables::register(&self.session, folder, release, table)?;
        }
        let subjects = self.subjects().len();
        let queries = needs.views.len() + jobs.count() + subjects + 2;
        self.progress.stage("measure", Some(queries as u64));
        for view in &needs.views {
            let frame = query::plan(&self.session, &view.sql)
                .await
                .map_err(|error| LakeError::measure(&view.name, error))?;
            let schema = Arc::new(frame.schema().as_arrow().clone());
            let partitions = frame
                .collect_partitioned()
                .await
                .map_err(LakeError::in_measure(&view.name))?;
            let table =
                MemTable::try_new(schema, partitions).map_err(LakeError::in_measure(&view.name))?;
            self.session
                .register_table(view.name.as_str(), Arc::new(table))?;
            self.progress.advance(1);
        }
        Ok(())
    }

    /// The subjects of the pipeline's outcomes, each once.
    fn subjects(&self) -> Vec<Option<&str>> {
        let mut subjects = Vec::new();
        for outcome in &self.pipeline.outcomes {
            let subject = outcome.subject.as_deref();
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
        subjects
    }

    async fn panels(
        &self,
        spine: &Spine,
        years: (SchoolYear, SchoolYear),
        outcomes: &[Job],
        exposures: &[Job],
    ) -> Result<Vec<Panel>, LakeError> {
        self.progress.advance(1);
        let mut measured = Vec::with_capacity(outcomes.len());
        for job in outcomes {
            measured.push(self.outcome(job, spine, years).await?);
        }
        let mut staff = Names::default();
        let mut links = Vec::new();
        for subject in self.subjects() {
            links.push(Links::read(&self.session, subject, spine.len(), &mut staff).await?);
            self.progress.advance(1);
        }
        let mut doses = Vec::with_capacity(exposures.len());
        for (index, job) in exposures.iter().enumerate() {
            doses.push(self.exposure(job, index, spine, &staff, years).await?);
        }
        let panel = |(subject, links): (Option<&str>, Links)| {
            let served = measured
                .iter()
                .zip(&self.pipeline.outcomes)
                .filter(|(_, outcome)| outcome.subject.as_deref() == subject)
                .map(|(measure, _)| measure);
            assemble(subject, spine, &links, &staff, served, &doses)
        };
        Ok(self.subjects().into_iter().zip(links).map(panel).collect())
    }

    async fn outcome(
        &self,
        job: &Job,
        spine: &Spine,
        (first, last): (SchoolYear, SchoolYear),
    ) -> Result<Measure, LakeError> {
        if job.grain != MeasureGrain::Student {
            return Err(LakeError::measure(
                &job.name,
                "an outcome needs `grain: student`",
            ));
        }
        let result = job.run(&self.session).await?;
        let mut grid = job.grid(&result, &spine.students, (first - 1, last))?;
        for year in first - 1..=last {
            if !job.known.has(year) {
                grid.forget(year);
            }
        }
        self.progress.advance(1);
        Ok(Measure {
            id: job.id.clone(),
            grain: job.grain,
            grid,
        })
    }

    async fn exposure(
        &self,
        job: &Job,
        index: usize,
        spine: &Spine,
        staff: &Names,
        (first, last): (SchoolYear, SchoolYear),
    ) -> Result<Measure, LakeError> {
        let exposure = &self.pipeline.exposures[index];
        let result = job.run(&self.session).await?;
        let is_state = is_state(&result);
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
        let by_year = job.grid(&result, names, (back, last + 1))?;
        self.progress.advance(1);
        Ok(Measure {
            id: job.id.clone(),
            grain: job.grain,
            grid: dose::effective(&by_year, &reading, (first, last + 1)),
        })
    }

    async fn rates(&self) -> Result<Vec<LinkRate>, LakeError> {
        let frame = query::plan(&self.session, RATES_SQL)
            .await
            .map_err(|error| LakeError::measure(RATES, error))?;
        let mut rates = Vec::new();
        for batch in frame
            .collect()
            .await
            .map_err(LakeError::in_measure(RATES))?
        {
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
        self.progress.advance(1);
        Ok(rates)
    }
}
