//! Every query of a run, each brought up to date a school year at a time. A query's result for a year is kept under the hash of
//! what it was made from: its SQL, the engine, and the year's slices of all it reads (everything it reads, where the plan does
//! not show that years stand apart). Only what has no result under that hash runs again.
//!
//! A result's own hash is that of its rows. So a change stops where it makes no difference: new rosters that leave the
//! first and the last day of school where they were do not touch what follows from those days.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::ops::Range;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::datasource::empty::EmptyTable;
use datafusion::prelude::SessionContext;
use rayon::prelude::*;
use throughline_model::table::YearFrom;
use throughline_model::{Measure, Table, tables as canonical};

use super::apart::{self, YEAR};
use super::kept::{Index, Kept, Made};
use super::slice::{self, Slice, Sliced};
use crate::engine::Engine;
use crate::error::LakeError;
use crate::release::Release;
use crate::{query, tables, views};

/// Rises whenever the same SQL over the same parts would give other rows.
const ENGINE: &str = concat!(env!("CARGO_PKG_VERSION"), "/1");

/// A query with a name.
pub(crate) struct Relation {
    pub(crate) name: String,
    /// For messages.
    pub(crate) shown: String,
    pub(crate) sql: String,
    /// Whether it reads canonical tables as they were committed, whatever views stand in their place.
    pub(crate) committed: bool,
}

impl From<Measure> for Relation {
    /// A view under its own name.
    fn from(view: Measure) -> Self {
        Self {
            shown: view.name.clone(),
            name: view.name,
            sql: view.sql,
            committed: false,
        }
    }
}

/// A relation as far as its plan tells.
struct Planned {
    relation: Relation,
    inputs: Vec<Input>,
    schema: SchemaRef,
    /// Whether years stand apart.
    apart: bool,
    /// Whether the same inputs always give the same rows.
    repeats: bool,
    slices: BTreeMap<Slice, Made>,
    rows: Sliced,
}

/// What a relation reads.
#[derive(Clone, Copy)]
enum Input {
    Table(&'static Table),
    Relation(usize),
}

impl Input {
    /// Under which name a query sees it.
    fn name(self, planned: &[Planned]) -> &str {
        match self {
            Self::Table(table) => table.name,
            Self::Relation(place) => &planned[place].relation.name,
        }
    }

    /// Whether it is about school years.
    fn by_year(self, planned: &[Planned]) -> bool {
        match self {
            Self::Table(table) => table.year != YearFrom::Never,
            Self::Relation(place) => planned[place].by_year(),
        }
    }
}

/// All relations of a run, each after those it reads.
pub(crate) struct Relations<'r> {
    engine: &'r Engine,
    folder: &'r Path,
    release: &'r Release,
    kept: Kept,
    planned: Vec<Planned>,
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, LakeError>> + Send + 'a>>;

impl<'r> Relations<'r> {
    /// Plans `relations`, each of which may read tables and those before it.
    pub(crate) async fn plan(
        engine: &'r Engine,
        folder: &'r Path,
        release: &'r Release,
        kept: Kept,
        relations: Vec<Relation>,
    ) -> Result<Self, LakeError> {
        let session = engine.session();
        let mut planned: Vec<Planned> = Vec::new();
        for relation in relations {
            let wrong = |error| LakeError::measure(&relation.shown, error);
            let mut inputs = Vec::new();
            for name in views::references(&session, &relation.sql).map_err(wrong)? {
                let table = canonical::find(&name);
                let before = planned.iter().position(|one| one.relation.name == name);
                let before = before.filter(|_| table.is_none() || !relation.committed);
                let (input, schema) = match (before, table) {
                    (Some(place), _) => {
                        (Input::Relation(place), Arc::clone(&planned[place].schema))
                    }
                    (None, Some(table)) => (Input::Table(table), crate::schema::arrow(table)),
                    (None, None) => continue,
                };
                views::stand(&session, &name, Arc::new(EmptyTable::new(schema)))?;
                inputs.push(input);
            }
            let frame = query::plan(&session, &relation.sql).await.map_err(wrong)?;
            // Types are settled when the plan is checked, not when it is read.
            let state = session.state();
            let checked = state.analyzer().execute_and_check(
                frame.logical_plan().clone(),
                state.config_options(),
                |_, _| {},
            );
            let checked = checked.map_err(LakeError::in_measure(&relation.shown))?;
            let schema: SchemaRef = Arc::new(checked.schema().as_arrow().clone());
            let by_year = |name: &str| {
                let of = |input: &&Input| input.name(&planned) == name;
                let input = inputs.iter().find(of);
                input.is_some_and(|input| input.by_year(&planned))
            };
            let apart = apart::is_apart(frame.logical_plan(), &by_year);
            let repeats = apart::repeats(frame.logical_plan());
            planned.push(Planned {
                relation,
                inputs,
                schema,
                apart,
                repeats,
                slices: BTreeMap::new(),
                rows: Sliced::new(),
            });
        }
        Ok(Self {
            engine,
            folder,
            release,
            kept,
            planned,
        })
    }

    /// How many relations there are.
    pub(crate) fn len(&self) -> usize {
        self.planned.len()
    }

    /// Hash of the rows of all relations from `first` on, which are up to date.
    pub(crate) fn digest(&self, places: Range<usize>) -> String {
        let mut texts = Vec::new();
        for place in places {
            texts.push(self.planned[place].relation.name.clone());
            texts.extend(
                self.contents(place)
                    .map(|(slice, content)| format!("{slice} {content}")),
            );
        }
        slice::hash(&texts)
    }

    /// Brings a relation up to date; those it reads are already.
    pub(crate) async fn refresh(&mut self, place: usize) -> Result<(), LakeError> {
        let keys = self.keys(place);
        let before = self.kept.of(&self.planned[place].relation.name);
        let fresh = |slice: &Slice, key: &String| {
            let made = before?.get(slice)?;
            (made.key == *key).then(|| (*slice, made.clone()))
        };
        let planned = &self.planned[place];
        let repeats = planned.repeats;
        match &keys {
            Keys::Apart(keys) => {
                let found: BTreeMap<Slice, Made> = keys
                    .iter()
                    .filter(|_| repeats)
                    .filter_map(|(slice, key)| fresh(slice, key))
                    .collect();
                let stale: BTreeMap<Slice, String> = keys
                    .iter()
                    .filter(|(slice, _)| !found.contains_key(slice))
                    .map(|(slice, key)| (*slice, key.clone()))
                    .collect();
                self.planned[place].slices = found;
                if !stale.is_empty() {
                    let wanted = stale.keys().copied().collect();
                    let rows = self.compute(place, Some(wanted)).await?;
                    self.keep(place, &stale, rows)?;
                }
            }
            Keys::Together(key) => {
                let found = before.filter(|slices| {
                    repeats && !slices.is_empty() && slices.values().all(|made| made.key == *key)
                });
                if let Some(found) = found {
                    self.planned[place].slices = found.clone();
                } else {
                    let rows = self.compute(place, None).await?;
                    let mut keys: BTreeMap<Slice, String> =
                        rows.keys().map(|slice| (*slice, key.clone())).collect();
                    if keys.is_empty() {
                        keys.insert(Slice::Whole, key.clone());
                    }
                    self.keep(place, &keys, rows)?;
                }
            }
        }
        if place + 1 < self.planned.len() {
            self.forget(place);
        }
        Ok(())
    }

    /// All rows of a relation, brought up to date where it is not: by year, in the order in which the query gave them. There
    /// is always a batch, so that the columns can be asked for.
    pub(crate) async fn rows(&mut self, name: &str) -> Result<Vec<RecordBatch>, LakeError> {
        let (place, sliced) = self.sliced(name).await?;
        let mut rows: Vec<RecordBatch> = sliced.into_values().flatten().collect();
        if rows.is_empty() {
            rows.push(RecordBatch::new_empty(self.planned[place].schema.clone()));
        }
        Ok(rows)
    }

    /// Makes all rows of a relation, brought up to date where it is not, a table of a session.
    pub(crate) async fn show(
        &mut self,
        name: &str,
        session: &SessionContext,
    ) -> Result<(), LakeError> {
        let (place, rows) = self.sliced(name).await?;
        self.register(session, place, rows)
    }

    async fn sliced(&mut self, name: &str) -> Result<(usize, Sliced), LakeError> {
        let place = self
            .planned
            .iter()
            .position(|one| one.relation.name == name);
        let place = place.ok_or_else(|| LakeError::measure(name, "it was not planned"))?;
        if self.planned[place].slices.is_empty() {
            self.refresh(place).await?;
        }
        let sliced = self.load(place, None).await?;
        self.forget(place);
        Ok((place, sliced))
    }

    /// Lets go of rows that no relation after this one reads; they stay in the lake.
    fn forget(&mut self, place: usize) {
        let (before, after) = self.planned.split_at_mut(place + 1);
        for (at, one) in before.iter_mut().enumerate() {
            let reads = |later: &Planned| {
                let inputs = later.inputs.iter();
                inputs
                    .clone()
                    .any(|input| matches!(input, Input::Relation(read) if *read == at))
            };
            if !after.iter().any(reads) {
                one.rows.clear();
            }
        }
    }

    /// The hash of a relation's rows, year by year.
    fn contents(&self, place: usize) -> impl Iterator<Item = (Slice, &str)> {
        let slices = self.planned[place].slices.iter();
        slices.map(|(slice, made)| (*slice, made.content.as_str()))
    }

    /// Writes down what there is now.
    pub(crate) fn close(&self) -> Result<(), LakeError> {
        let of = |one: &Planned| (one.relation.name.clone(), one.slices.clone());
        let index: Index = self
            .planned
            .iter()
            .filter(|one| one.repeats && !one.slices.is_empty())
            .map(of)
            .collect();
        self.kept.close(&index)
    }

    /// What an input consists of, each slice with its hash.
    fn slices(&self, input: Input) -> BTreeMap<Slice, String> {
        match input {
            Input::Table(table) => slice::of_table(self.release, table),
            Input::Relation(place) => self
                .contents(place)
                .map(|(slice, content)| (slice, content.to_owned()))
                .collect(),
        }
    }

    fn keys(&self, place: usize) -> Keys {
        let one = &self.planned[place];
        let inputs: Vec<(bool, BTreeMap<Slice, String>)> = one
            .inputs
            .iter()
            .map(|input| (input.by_year(&self.planned), self.slices(*input)))
            .collect();
        let key = |year: Option<Slice>| {
            let mut texts = vec![
                ENGINE.to_owned(),
                datafusion::DATAFUSION_VERSION.to_owned(),
                one.relation.sql.clone(),
                year.map(|year| year.to_string()).unwrap_or_default(),
            ];
            for (by_year, slices) in &inputs {
                texts.push("reads".to_owned());
                let own = |slice: &Slice| !by_year || year.is_none_or(|year| year == *slice);
                for (slice, hash) in slices.iter().filter(|(slice, _)| own(slice)) {
                    texts.push(format!("{slice} {hash}"));
                }
            }
            slice::hash(&texts)
        };
        if !one.apart {
            return Keys::Together(key(None));
        }
        let by_year = inputs.iter().filter(|(by_year, _)| *by_year);
        let years: BTreeSet<Slice> = by_year
            .flat_map(|(_, slices)| slices.keys().copied())
            .filter(|slice| *slice != Slice::Whole)
            .collect();
        let keys = years.into_iter().map(|year| (year, key(Some(year))));
        Keys::Apart(keys.collect())
    }

    /// Runs a relation's query over the wanted slices of what it reads, or over everything.
    fn compute(&mut self, place: usize, wanted: Option<BTreeSet<Slice>>) -> Answer<'_, Sliced> {
        Box::pin(async move {
            let session = self.engine.session();
            for input in self.planned[place].inputs.clone() {
                match input {
                    Input::Table(table) => {
                        let (folder, release) = (self.folder, self.release);
                        tables::register(&session, folder, release, table, wanted.as_ref())?;
                    }
                    Input::Relation(other) => {
                        let rows = self.load(other, wanted.as_ref()).await?;
                        self.register(&session, other, rows)?;
                    }
                }
            }
            let relation = &self.planned[place].relation;
            let frame = query::plan(&session, &relation.sql)
                .await
                .map_err(|error| LakeError::measure(&relation.shown, error))?;
            let batches = frame
                .collect()
                .await
                .map_err(LakeError::in_measure(&relation.shown))?;
            let rows = slice::split(&relation.shown, batches)?;
            match wanted {
                Some(wanted) if rows.keys().any(|slice| !wanted.contains(slice)) => {
                    let reason = "a row belongs to a school year that was not asked for";
                    Err(LakeError::measure(&relation.shown, reason))
                }
                _ => Ok(rows),
            }
        })
    }

    /// Makes rows of another relation readable, spread evenly over the engine's threads.
    fn register(
        &self,
        session: &SessionContext,
        place: usize,
        rows: Sliced,
    ) -> Result<(), LakeError> {
        let one = &self.planned[place];
        let mut spread = vec![Vec::new(); self.engine.threads()];
        for (at, batch) in rows.into_values().flatten().enumerate() {
            let threads = spread.len();
            // Kept rows come back without the query's say on what may be empty.
            let batch = RecordBatch::try_new(Arc::clone(&one.schema), batch.columns().to_vec())?;
            spread[at % threads].push(batch);
        }
        let table = MemTable::try_new(Arc::clone(&one.schema), spread)?;
        session.register_table(one.relation.name.as_str(), Arc::new(table))?;
        Ok(())
    }

    /// The wanted slices of a relation: from memory, from the lake, or measured again where the lake has lost them.
    fn load<'a>(
        &'a mut self,
        place: usize,
        wanted: Option<&'a BTreeSet<Slice>>,
    ) -> Answer<'a, Sliced> {
        Box::pin(async move {
            let one = &self.planned[place];
            let by_year = one.by_year();
            let own =
                |slice: &Slice| !by_year || wanted.is_none_or(|wanted| wanted.contains(slice));
            let missing: Vec<(Slice, Made)> = one
                .slices
                .iter()
                .filter(|(slice, _)| own(slice) && !one.rows.contains_key(slice))
                .map(|(slice, made)| (*slice, made.clone()))
                .collect();
            let kept = &self.kept;
            let read: Vec<(Slice, Option<Vec<RecordBatch>>)> = missing
                .par_iter()
                .map(|(slice, made)| (*slice, kept.read(made)))
                .collect();
            let mut lost = BTreeSet::new();
            for (slice, rows) in read {
                match rows {
                    Some(rows) => {
                        self.planned[place].rows.insert(slice, rows);
                    }
                    None => {
                        lost.insert(slice);
                    }
                }
            }
            if !lost.is_empty() {
                let again = self.planned[place].apart.then_some(lost);
                let keys = self.planned[place].slices.clone();
                let rows = self.compute(place, again.clone()).await?;
                let keys: BTreeMap<Slice, String> = keys
                    .into_iter()
                    .filter(|(slice, _)| again.as_ref().is_none_or(|lost| lost.contains(slice)))
                    .map(|(slice, made)| (slice, made.key))
                    .collect();
                self.keep(place, &keys, rows)?;
            }
            let rows = self.planned[place].rows.iter();
            Ok(rows
                .filter(|(slice, _)| own(slice))
                .map(|(slice, rows)| (*slice, rows.clone()))
                .collect())
        })
    }

    /// Keeps what was measured, in memory and in the lake.
    fn keep(
        &mut self,
        place: usize,
        keys: &BTreeMap<Slice, String>,
        mut rows: Sliced,
    ) -> Result<(), LakeError> {
        let one = &self.planned[place];
        for slice in keys.keys() {
            rows.entry(*slice).or_default();
        }
        let made: Vec<(Slice, Made)> = rows
            .par_iter()
            .map(|(slice, rows)| {
                let key = keys.get(slice).cloned().unwrap_or_default();
                let about = (key, slice::content(rows)?);
                let made = self.kept.write(&one.relation.name, *slice, about, rows)?;
                Ok((*slice, made))
            })
            .collect::<Result<_, LakeError>>()?;
        let one = &mut self.planned[place];
        one.slices.extend(made);
        one.rows.extend(rows);
        Ok(())
    }
}

/// The hashes of what a relation is made from.
enum Keys {
    /// Year by year.
    Apart(BTreeMap<Slice, String>),
    /// Of all years.
    Together(String),
}

impl Planned {
    fn by_year(&self) -> bool {
        // In a table that is about no school year the column is empty, and in a view in its place as well.
        let timeless =
            canonical::find(&self.relation.name).is_some_and(|table| table.year == YearFrom::Never);
        !timeless && self.schema.column_with_name(YEAR).is_some()
    }
}
