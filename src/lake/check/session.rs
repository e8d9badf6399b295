//! A session over parts that are not committed yet, with the views that follow people; and its answers as plain values.

use std::path::Path;
use std::sync::Arc;

use chrono::DateTime;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use serde::de::DeserializeOwned;
use throughline_model::quality::FileLine;
use throughline_model::{Measure, Part, tables};

use crate::engine::Engine;
use crate::error::LakeError;
use crate::release::Release;
use crate::{query, tables as registered, views};

/// The views that follow people.
const VIEWS: &str = "SELECT 1 FROM student_claim, student_alias, student_alias_year, staff_claim, staff_alias, year_span";
/// Name under which errors are told.
const CHECKS: &str = "checks";

/// Tables and views to ask.
pub(super) struct Session<'e> {
    engine: &'e Engine,
    context: SessionContext,
}

impl<'e> Session<'e> {
    pub(super) fn new(
        engine: &'e Engine,
        folder: &Path,
        parts: &[Part],
        measures: &[Measure],
    ) -> Result<Self, LakeError> {
        let context = engine.session();
        let release = Release {
            id: String::new(),
            created: DateTime::UNIX_EPOCH,
            inputs: String::new(),
            tables: std::collections::BTreeMap::new(),
            parts: parts.to_vec(),
            counts: Vec::new(),
            back_to: None,
            digest: String::new(),
        };
        for table in tables::TABLES {
            registered::register(&context, folder, &release, table, None)?;
        }
        let session = Self { engine, context };
        for view in views::needs(&session.context, measures, [(CHECKS, VIEWS)])?.views {
            session.keep(&view.name, &view.sql)?;
        }
        Ok(session)
    }

    /// Computes a query and keeps its result as table `name`; returns its rows.
    pub(super) fn keep(&self, name: &str, sql: &str) -> Result<usize, LakeError> {
        self.engine.run(async {
            let frame = self.plan(sql).await?;
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
            self.context.deregister_table(name)?;
            self.context.register_table(name, Arc::new(table))?;
            Ok(rows)
        })
    }

    /// The rows of a query, by the names of its columns.
    pub(super) fn rows<T: DeserializeOwned>(&self, sql: &str) -> Result<Vec<T>, LakeError> {
        let batches = self.engine.run(async {
            let frame = self.plan(sql).await?;
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

    async fn plan(&self, sql: &str) -> Result<datafusion::prelude::DataFrame, LakeError> {
        query::plan(&self.context, sql)
            .await
            .map_err(|error| LakeError::measure(CHECKS, error))
    }
}

/// A text as SQL writes it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
