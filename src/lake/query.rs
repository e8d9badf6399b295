//! A user's own query over a release: one statement that reads, never one that changes anything. Results stream, so that a large
//! one can be written to a file without being held in memory.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use arrow::record_batch::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::prelude::{DataFrame, SessionContext};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::engine::Engine;
use crate::error::LakeError;

/// A query that was checked and planned, and has not run yet.
pub struct QueryResult<'l> {
    engine: &'l Engine,
    frame: DataFrame,
}

/// The first rows of a result as a table of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The table, with a header.
    pub text: String,
    /// Rows in it.
    pub rows: usize,
    /// Whether the result has more.
    pub more: bool,
}

/// Plans a statement that only reads.
pub(crate) async fn plan(session: &SessionContext, sql: &str) -> Result<DataFrame, LakeError> {
    let reads = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    session
        .sql_with_options(sql, reads)
        .await
        .map_err(|error| match LakeError::from(error) {
            LakeError::Query(error) => LakeError::BadQuery(error.strip_backtrace()),
            other => other,
        })
}

impl<'l> QueryResult<'l> {
    pub(crate) fn new(engine: &'l Engine, frame: DataFrame) -> Self {
        Self { engine, frame }
    }

    /// Runs the query and formats its first `rows` rows.
    ///
    /// # Errors
    /// Whatever keeps the query from running.
    pub fn table(self, rows: usize) -> Result<Printed, LakeError> {
        let Self { engine, frame } = self;
        let limited = match frame.logical_plan() {
            LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_) => {
                frame
            }
            _ => frame.limit(0, Some(rows.saturating_add(1)))?,
        };
        let schema = std::sync::Arc::new(limited.schema().as_arrow().clone());
        let batches = engine.run(limited.collect())?;
        let found: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let mut shown = first(batches, rows);
        shown.push(RecordBatch::new_empty(schema));
        Ok(Printed {
            text: pretty_format_batches(&shown)?.to_string(),
            rows: found.min(rows),
            more: found > rows,
        })
    }

    /// Runs the query and returns its rows.
    ///
    /// # Errors
    /// Whatever keeps the query from running.
    pub fn collect(self) -> Result<Vec<RecordBatch>, LakeError> {
        Ok(self.engine.run(self.frame.collect())?)
    }

    /// Runs the query and returns its rows as a JSON array of objects.
    ///
    /// # Errors
    /// Whatever keeps the query from running.
    pub fn json(self) -> Result<String, LakeError> {
        let batches = self.collect()?;
        let mut writer = arrow::json::ArrayWriter::new(Vec::new());
        writer.write_batches(&batches.iter().collect::<Vec<_>>())?;
        writer.finish()?;
        Ok(String::from_utf8_lossy(&writer.into_inner()).into_owned())
    }

    /// Runs the query and writes its rows as CSV with a header. Returns how many there were.
    ///
    /// # Errors
    /// Whatever keeps the query from running or the file from being written; then there is no file.
    pub fn write_csv(self, path: &Path) -> Result<u64, LakeError> {
        let schema = self.frame.schema().as_arrow().clone();
        self.write(path, |file| {
            let mut writer = arrow::csv::Writer::new(BufWriter::new(file));
            writer.write(&RecordBatch::new_empty(schema.into()))?;
            Ok(Box::new(writer))
        })
    }

    /// Runs the query and writes its rows as Parquet (zstd). Returns how many there were.
    ///
    /// # Errors
    /// Whatever keeps the query from running or the file from being written; then there is no file.
    pub fn write_parquet(self, path: &Path) -> Result<u64, LakeError> {
        let schema = self.frame.schema().as_arrow().clone();
        self.write(path, |file| {
            let properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(ZstdLevel::default()))
                .build();
            let writer = ArrowWriter::try_new(file, schema.into(), Some(properties))?;
            Ok(Box::new(writer))
        })
    }

    fn write(
        self,
        path: &Path,
        start: impl FnOnce(File) -> Result<Box<dyn Sink>, Failure> + Send,
    ) -> Result<u64, LakeError> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".tmp");
        let beside = PathBuf::from(beside);
        let Self { engine, frame } = self;
        let written = engine.run(async {
            let file = File::create(&beside).map_err(LakeError::io("write", &beside))?;
            let stream = frame.execute_stream().await?;
            let failed =
                |error: Failure| LakeError::io("write", &beside)(std::io::Error::other(error));
            pour(stream, start(file).map_err(failed)?, failed).await
        });
        let moved = written.and_then(|rows| {
            std::fs::rename(&beside, path).map_err(LakeError::io("write", path))?;
            Ok(rows)
        });
        if moved.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
        moved
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A file format that takes batches.
trait Sink: Send {
    fn put(&mut self, batch: &RecordBatch) -> Result<(), Failure>;
    fn finish(self: Box<Self>) -> Result<(), Failure>;
}

impl Sink for arrow::csv::Writer<BufWriter<File>> {
    fn put(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        Ok(self.write(batch)?)
    }

    fn finish(self: Box<Self>) -> Result<(), Failure> {
        use std::io::Write as _;
        Ok(self.into_inner().flush()?)
    }
}

impl Sink for ArrowWriter<File> {
    fn put(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        Ok(self.write(batch)?)
    }

    fn finish(self: Box<Self>) -> Result<(), Failure> {
        self.close()?;
        Ok(())
    }
}

async fn pour(
    mut stream: SendableRecordBatchStream,
    mut sink: Box<dyn Sink>,
    failed: impl Fn(Failure) -> LakeError,
) -> Result<u64, LakeError> {
    let mut rows = 0;
    while let Some(batch) = std::future::poll_fn(|task| stream.as_mut().poll_next(task)).await {
        let batch = batch?;
        rows += batch.num_rows() as u64;
        sink.put(&batch).map_err(&failed)?;
    }
    sink.finish().map_err(&failed)?;
    Ok(rows)
}

fn first(batches: Vec<RecordBatch>, rows: usize) -> Vec<RecordBatch> {
    let mut left = rows;
    batches
        .into_iter()
        .map(|batch| {
            let kept = batch.slice(0, left.min(batch.num_rows()));
            left -= kept.num_rows();
            kept
        })
        .collect()
}
