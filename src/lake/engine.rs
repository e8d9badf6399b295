//! The query engine's one home: threads, memory and settings. What runs here could run on a cluster instead; nobody
//! outside this crate can tell.

use std::future::Future;
use std::sync::Arc;

use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::error::LakeError;

/// Planning recurses deeply, most of all in builds without optimisation.
const STACK: usize = 32 << 20;

/// Rows that operators hand on at once. Four times DataFusion's default: counting attendance takes a tenth less time so.
pub(crate) const BATCH: usize = 32 << 10;

/// A sort keeps this share of a limit on memory for merging what it spilled: DataFusion's own 10 MiB a sort leave nothing for
/// a plan of a dozen sorts under a small limit.
const MERGE_SHARE: usize = 256;

/// How much of the machine queries may use.
#[derive(Clone, Copy, Debug, Default)]
pub struct LakeOptions {
    /// Threads; 0 uses every core.
    pub threads: usize,
    /// Bytes that sorting, joining and grouping may hold before they spill to disk; `None` does not limit them.
    pub memory: Option<usize>,
}

pub(crate) struct Engine {
    tokio: tokio::runtime::Runtime,
    environment: Arc<RuntimeEnv>,
    options: LakeOptions,
}

impl Engine {
    pub(crate) fn new(options: LakeOptions) -> Result<Self, LakeError> {
        let threads = match options.threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        };
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_stack_size(STACK)
            .thread_name("lake")
            .enable_all()
            .build()
            .map_err(LakeError::io(
                "start threads for",
                std::path::Path::new("the lake"),
            ))?;
        let mut environment = RuntimeEnvBuilder::new();
        if let Some(bytes) = options.memory {
            // Not the fair pool: a measure over views has some 300 operators, most of them idle or done, and a 300th of the limit
            // is less than one batch. An operator that gets none fails, and a range join then runs its input a second time,
            // which a repartitioned input cannot (DataFusion 55 panics: "partition not used yet").
            environment = environment.with_memory_pool(Arc::new(GreedyMemoryPool::new(bytes)));
        }
        Ok(Self {
            tokio,
            environment: environment.build_arc()?,
            options: LakeOptions { threads, ..options },
        })
    }

    /// Runs a future to its end. It runs on a thread of its own, so that the caller's stack and the caller's own
    /// runtime, if it has one, do not matter.
    pub(crate) fn run<T: Send>(&self, future: impl Future<Output = T> + Send) -> T {
        std::thread::scope(|scope| {
            let worker = std::thread::Builder::new()
                .name("lake-run".to_owned())
                .stack_size(STACK)
                .spawn_scoped(scope, || self.tokio.block_on(future))
                .expect("the operating system starts a thread");
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Threads that queries use.
    pub(crate) fn threads(&self) -> usize {
        self.options.threads
    }

    /// A session without tables.
    pub(crate) fn session(&self) -> SessionContext {
        let mut config = SessionConfig::new()
            .with_target_partitions(self.options.threads)
            .with_batch_size(BATCH)
            .with_information_schema(true)
            .with_collect_statistics(true);
        let options = config.options_mut();
        if let Some(bytes) = self.options.memory {
            let merging = &mut options.execution.sort_spill_reservation_bytes;
            *merging = (bytes / MERGE_SHARE).min(*merging);
        }
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.bloom_filter_on_read = false;
        options.catalog.create_default_catalog_and_schema = true;
        SessionContext::new_with_config_rt(config, Arc::clone(&self.environment))
    }
}
