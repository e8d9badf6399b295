//! The Delta side of a commit: one version of one table in which exactly the given parts are active. Tables ask no more of a
//! reader than Delta's first protocol (reader 1, writer 2). Removed parts stay on disk, because older releases name
//! them; the table's properties tell other tools' clean-up to leave them alone for ten years.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::UNIX_EPOCH;

use deltalake::kernel::transaction::{CommitBuilder, CommitProperties, TableReference};
use deltalake::kernel::{Action, Add, MetadataExt as _, Remove, StructType};
use deltalake::operations::create::CreateBuilder;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use throughline_model::{Part, Table};
use url::Url;

use crate::error::LakeError;
use crate::{footer, log, schema};

const PROPERTIES: [(&str, &str); 3] = [
    ("delta.deletedFileRetentionDuration", "interval 3650 days"),
    ("delta.logRetentionDuration", "interval 3650 days"),
    ("delta.enableExpiredLogCleanup", "false"),
];

/// Makes `parts` the active files of `table`, in a new version if they are not already, and returns the version. It is on disk
/// when this returns. A log that is damaged is set aside and a new one begun: what a release holds stands in the release.
pub(crate) async fn commit(lake: &Path, table: &Table, parts: &[&Part]) -> Result<u64, LakeError> {
    let folder = lake.join(table.name);
    let version = match write(lake, table, parts).await {
        Err(LakeError::Delta { .. }) if log::is_damaged(&folder)? => {
            log::set_aside(&folder)?;
            write(lake, table, parts).await?
        }
        done => done?,
    };
    log::settle(&folder, version)?;
    Ok(version)
}

async fn write(lake: &Path, table: &Table, parts: &[&Part]) -> Result<u64, LakeError> {
    let failed = |source: DeltaTableError| LakeError::Delta {
        table: table.name.to_owned(),
        source: Box::new(source),
    };
    let folder = lake.join(table.name);
    std::fs::create_dir_all(&folder).map_err(LakeError::io("create", &folder))?;
    let wanted = wanted(table, parts)?;
    let mut delta = open(&folder).map_err(failed)?;
    if !delta.verify_deltatable_existence().await.map_err(failed)? {
        let adds = adds(lake, wanted.iter())?;
        return create(table, &delta, adds).await.map_err(failed);
    }
    delta.load().await.map_err(failed)?;
    let state = delta.snapshot().map_err(failed)?;
    let active: BTreeMap<String, i64> = state
        .log_data()
        .iter()
        .map(|file| (file.path().into_owned(), file.size()))
        .collect();
    let mut actions = Vec::new();
    let declared =
        StructType::try_new(schema::delta(table)).map_err(|error| failed(error.into()))?;
    if *state.schema() != declared {
        let metadata = state.metadata().clone().with_schema(&declared);
        actions.push(Action::Metadata(
            metadata.map_err(|error| failed(error.into()))?,
        ));
    }
    actions.extend(
        active
            .iter()
            .filter(|(path, _)| !wanted.contains_key(*path))
            .map(|(path, size)| remove(path, *size)),
    );
    actions.extend(adds(
        lake,
        wanted
            .iter()
            .filter(|(path, _)| !active.contains_key(*path)),
    )?);
    let version = delta.version().unwrap_or_default();
    if actions.is_empty() {
        return Ok(version);
    }
    let operation = DeltaOperation::Write {
        mode: SaveMode::Overwrite,
        partition_by: None,
        predicate: None,
    };
    let finished = CommitBuilder::from(CommitProperties::default())
        .with_actions(actions)
        .build(
            Some(state as &dyn TableReference),
            delta.log_store(),
            operation,
        )
        .await
        .map_err(failed)?;
    Ok(finished.version())
}

fn open(folder: &Path) -> Result<DeltaTable, DeltaTableError> {
    let url = Url::from_directory_path(folder)
        .map_err(|()| DeltaTableError::InvalidTableLocation(folder.display().to_string()))?;
    DeltaTableBuilder::from_url(url)?.build()
}

async fn create(
    table: &Table,
    delta: &DeltaTable,
    adds: Vec<Action>,
) -> Result<u64, DeltaTableError> {
    let properties = PROPERTIES.map(|(key, value)| (key, Some(value)));
    let created = CreateBuilder::new()
        .with_log_store(delta.log_store())
        .with_table_name(table.name)
        .with_comment(table.grain)
        .with_columns(schema::delta(table))
        .with_configuration(properties)
        .with_actions(adds)
        .await?;
    Ok(created.version().unwrap_or_default())
}

/// Parts by their path inside the table's folder.
fn wanted<'p>(table: &Table, parts: &[&'p Part]) -> Result<BTreeMap<String, &'p Part>, LakeError> {
    parts
        .iter()
        .filter(|part| part.rows > 0)
        .map(|part| {
            let inside = part
                .path
                .strip_prefix(table.name)
                .ok()
                .and_then(Path::to_str);
            match inside {
                Some(inside) => Ok((inside.replace('\\', "/"), *part)),
                None => Err(LakeError::BadPart {
                    path: part.path.clone(),
                    reason: format!("does not lie in the folder of table `{}`", table.name),
                }),
            }
        })
        .collect()
}

fn adds<'p>(
    lake: &Path,
    parts: impl Iterator<Item = (&'p String, &'p &'p Part)>,
) -> Result<Vec<Action>, LakeError> {
    parts
        .map(|(inside, part)| {
            let path = lake.join(&part.path);
            let metadata = path.metadata().map_err(LakeError::io("read", &path))?;
            if metadata.len() != part.bytes {
                return Err(LakeError::BadPart {
                    path: part.path.clone(),
                    reason: "has another size than when it was written".to_owned(),
                });
            }
            let modified = metadata
                .modified()
                .ok()
                .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
                .map_or(0, |age| age.as_millis() as i64);
            Ok(Action::Add(Add {
                path: inside.clone(),
                partition_values: HashMap::new(),
                size: part.bytes as i64,
                modification_time: modified,
                data_change: true,
                stats: Some(footer::statistics(&path)?),
                tags: None,
                deletion_vector: None,
                base_row_id: None,
                default_row_commit_version: None,
                clustering_provider: None,
            }))
        })
        .collect()
}

fn remove(path: &str, size: i64) -> Action {
    Action::Remove(Remove {
        path: path.to_owned(),
        data_change: true,
        deletion_timestamp: Some(chrono::Utc::now().timestamp_millis()),
        extended_file_metadata: Some(true),
        partition_values: Some(HashMap::new()),
        size: Some(size),
        ..Remove::default()
    })
}
