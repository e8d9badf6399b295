//! A release's tables in a query session. What a table holds is what the release says, not what lies in its folder: a
//! query over an old release, or during a run, sees exactly that release.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::prelude::{SessionContext, col, lit};
use throughline_model::table::YearFrom;
use throughline_model::{Part, Table};
use url::Url;

use crate::by_year::{Slice, YEAR};
use crate::error::LakeError;
use crate::release::Release;
use crate::schema;

/// Registers a canonical table of a release under its own name: all of it, or the slices that are wanted. A table that is
/// about no school year is always whole.
pub(crate) fn register(
    session: &SessionContext,
    folder: &Path,
    release: &Release,
    table: &Table,
    wanted: Option<&BTreeSet<Slice>>,
) -> Result<(), LakeError> {
    let parts = || release.parts_of(table.name).filter(|part| part.rows > 0);
    let wanted = wanted.filter(|_| table.year != YearFrom::Never);
    let Some(wanted) = wanted else {
        let provider = provider(session, folder, parts().collect(), table)?;
        session.register_table(table.name, provider)?;
        return Ok(());
    };
    let first = |part: &Part| {
        part.years
            .map_or(Slice::NoYear, |(first, _)| Slice::Year(first))
    };
    let is_pure = |part: &&Part| part.years.is_none_or(|(first, last)| first == last);
    let holds = |part: &&Part| {
        let (low, high) = part.years.unwrap_or((0, -1));
        let years = wanted.iter().any(|slice| match slice {
            Slice::Year(year) => (low..=high).contains(year),
            _ => !is_pure(part),
        });
        years || wanted.contains(&first(part))
    };
    let found: Vec<&Part> = parts().filter(holds).collect();
    let pure = found.iter().all(is_pure);
    let provider = provider(session, folder, found, table)?;
    if pure {
        session.register_table(table.name, provider)?;
        return Ok(());
    }
    // Parts of several years, which the reader does not make, are narrowed row by row.
    let years = wanted.iter().filter_map(|slice| match slice {
        Slice::Year(year) => Some(lit(*year)),
        _ => None,
    });
    let mut rows = col(YEAR).in_list(years.collect(), false);
    if wanted.contains(&Slice::NoYear) {
        rows = rows.or(col(YEAR).is_null());
    }
    let narrowed = session.read_table(provider)?.filter(rows)?;
    session.register_table(table.name, narrowed.into_view())?;
    Ok(())
}

fn provider(
    session: &SessionContext,
    folder: &Path,
    parts: Vec<&Part>,
    table: &Table,
) -> Result<Arc<dyn TableProvider>, LakeError> {
    let schema = schema::arrow(table);
    let mut files = Vec::new();
    for part in parts {
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
