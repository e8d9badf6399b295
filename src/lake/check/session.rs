//! A session over parts that are not committed yet, with the views that follow people and what every check counts in all rows of a
//! table; and its answers as plain values. A table is seen here as it will be committed, also where a view stands in its place.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use datafusion::datasource::MemTable;
use datafusion::prelude::{DataFrame, SessionContext};
use serde::de::DeserializeOwned;
use throughline_model::quality::FileLine;
use throughline_model::{Pipeline, tables};

use crate::by_year::{Kept, Relation, Relations};
use crate::engine::Engine;
use crate::error::LakeError;
use crate::release::Release;
use crate::{query, tables as registered, views};

/// Where a lake keeps what checks counted, by pipeline.
const FOLDER: &str = "_checked";
/// The views that follow people.
const VIEWS: &str = "SELECT 1 FROM student_claim, student_alias, student_alias_year, staff_claim, staff_alias, year_span";
/// Name under which errors are told.
const CHECKS: &str = "checks";

/// Tables, views and relations to ask.
pub(super) struct Session<'e> {
    engine: &'e Engine,
    context: SessionContext,
    relations: RefCell<Relations<'e>>,
}

impl<'e> Session<'e> {
    /// A session over a release's parts. `relations` are brought up to date a school year at a time; each may read tables, the
    /// views that follow people, and relations before it.
    pub(super) fn new(
        engine: &'e Engine,
        folder: &'e Path,
        release: &'e Release,
        pipeline: &Pipeline,
        relations: Vec<Relation>,
    ) -> Result<Self, LakeError> {
        let context = engine.session();
        for table in tables::TABLES {
            registered::register(&context, folder, release, table, None)?;
        }
        let asked = relations.iter().filter(|relation| !relation.committed);
        let asked = asked.map(|relation| (relation.shown.as_str(), relation.sql.as_str()));
        let queries = std::iter::once((CHECKS, VIEWS)).chain(asked);
        let found = views::needs(&context, &pipeline.measures, queries)?.views;
        let views: Vec<String> = found
            .iter()
            .map(|view| view.name.clone())
            .filter(|name| tables::find(name).is_none())
            .collect();
        let all: Vec<Relation> = found
            .into_iter()
            .map(Relation::from)
            .chain(relations)
            .collect();
        let relations = engine.run(async {
            let kept = Kept::open(folder.join(FOLDER).join(&pipeline.name));
            let places = all.len();
            let mut relations = Relations::plan(engine, folder, release, kept, all).await?;
            for place in 0..places {
                relations.refresh(place).await?;
            }
            Ok::<_, LakeError>(relations)
        })?;
        let session = Self {
            engine,
            context,
            relations: RefCell::new(relations),
        };
        for view in views {
            session.bring(&view)?;
        }
        Ok(session)
    }

    /// Makes the rows of a relation a table of the same name.
    pub(super) fn bring(&self, name: &str) -> Result<(), LakeError> {
        let mut relations = self.relations.borrow_mut();
        let relations: &mut Relations<'_> = &mut relations;
        self.engine.run(relations.show(name, &self.context))
    }

    /// Makes the views that a query reads tables of the same name; those that another view reads are worked out, once. Views that
    /// stand in a table's place are left out.
    pub(super) fn inline(&self, pipeline: &Pipeline, sql: &str) -> Result<(), LakeError> {
        let context = &self.context;
        let found = views::needs(context, &pipeline.measures, [(CHECKS, sql)])?.views;
        let inner = views::inner(context, &found)?;
        self.engine.run(async {
            for view in found {
                if context.table_exist(view.name.as_str())? {
                    continue;
                }
                let frame = plan(context, &view.sql).await?;
                let table = if inner.contains(&view.name) {
                    let cached = frame.cache().await;
                    cached.map_err(LakeError::in_measure(CHECKS))?.into_view()
                } else {
                    frame.into_view()
                };
                context.register_table(view.name.as_str(), table)?;
            }
            Ok(())
        })
    }

    /// Writes down what was counted, for the next night.
    pub(super) fn close(&self) -> Result<(), LakeError> {
        self.relations.borrow().close()
    }

    /// Computes a query and keeps its result as table `name`; returns its rows.
    pub(super) fn keep(&self, name: &str, sql: &str) -> Result<usize, LakeError> {
        let context = &self.context;
        self.engine.run(async {
            let frame = plan(context, sql).await?;
            let schema = Arc::new(frame.schema().as_arrow().clone());
            let partitions = frame
                .collect_partitioned()
                .await
                .map_err(LakeError::in_measure(name))?;
            let rows = partitions
                .iter()
                .flatten()
                .map(|batch| batch.num_rows())
                .sum();
            let table =
                MemTable::try_new(schema, partitions).map_err(LakeError::in_measure(name))?;
            context.deregister_table(name)?;
            context.register_table(name, Arc::new(table))?;
            Ok(rows)
        })
    }

    /// The rows of a query, by the names of its columns.
    pub(super) fn rows<T: DeserializeOwned>(&self, sql: &str) -> Result<Vec<T>, LakeError> {
        let context = &self.context;
        let batches = self.engine.run(async {
            let frame = plan(context, sql).await?;
            frame.collect().await.map_err(LakeError::in_measure(CHECKS))
        })?;
        let mut writer = arrow::json::ArrayWriter::new(Vec::new());
        writer.write_batches(&batches.iter().collect::<Vec<_>>())?;
        writer.finish()?;
        let text = writer.into_inner();
        if text.is_empty() {
            return Ok(Vec::new());
        }
        serde_json::from_slice(&text).map_err(|error| LakeError::measure(CHECKS, error))
    }

    /// The only number of a query's only row; 0 where it is null.
    pub(super) fn number(&self, sql: &str) -> Result<u64, LakeError> {
        #[derive(serde::Deserialize)]
        struct Row {
            #[serde(default)]
            n: u64,
        }
        let rows: Vec<Row> = self.rows(&format!("SELECT CAST(n AS BIGINT) AS n FROM ({sql})"))?;
        Ok(rows.first().map_or(0, |row| row.n))
    }

    /// Files and lines of the first rows that `from` (what follows `FROM`, with `r` as the table's name) gives.
    pub(super) fn places(&self, from: &str, most: usize) -> Result<Vec<FileLine>, LakeError> {
        self.rows(&format!(
            "SELECT r.source_file AS file, r.source_line AS line FROM {from} ORDER BY 1, 2 LIMIT {most}"
        ))
    }
}

async fn plan(context: &SessionContext, sql: &str) -> Result<DataFrame, LakeError> {
    query::plan(context, sql)
        .await
        .map_err(|error| LakeError::measure(CHECKS, error))
}

/// A text as SQL writes it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
