//! A release's tables in a query session. What a table holds is what the release says, not what lies in its folder: a
//! query over an old release, or during a run, sees exactly that release.

use std::path::Path;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::prelude::SessionContext;
use throughline_model::Table;
use url::Url;

use crate::error::LakeError;
use crate::release::Release;
use crate::schema;

/// Registers a canonical table of a release under its own name.
pub(crate) fn register(
    session: &SessionContext,
    folder: &Path,
    release: &Release,
    table: &Table,
) -> Result<(), LakeError> {
    let provider = provider(session, folder, release, table)?;
    session.register_table(table.name, provider)?;
    Ok(())
}

fn provider(
    session: &SessionContext,
    folder: &Path,
    release: &Release,
    table: &Table,
) -> Result<Arc<dyn TableProvider>, LakeError> {
    let schema = schema::arrow(table);
    let mut files = Vec::new();
    for part in release.parts_of(table.name).filter(|part| part.rows > 0) {
        let path = folder.join(&part.path);
        let url = Url::from_file_path(&path).map_err(|()| LakeError::BadPart {
            path: part.path.clone(),
            reason: "has no absolute path".to_owned(),
        })?;
        files.push(ListingTableUrl::try_new(url, None)?);
    }
    if files.is_empty() {
        return Ok(Arc::new(EmptyTable::new(schema)));
    }
    let options =
        ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
    let config = ListingTableConfig::new_with_multi_paths(files)
        .with_listing_options(options)
        .with_schema(schema);
    let cache = session
        .runtime_env()
        .cache_manager
        .get_file_statistic_cache();
    Ok(Arc::new(ListingTable::try_new(config)?.with_cache(cache)))
}
