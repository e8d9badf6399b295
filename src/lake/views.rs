//! Which tables and views a query reads. Views are measures of role `view`; they may read tables and each other. A session gets
//! only what a query needs, in an order in which every view finds what it reads.
//!
//! A view that bears the name of a canonical table stands in the table's place: every other query sees the view under that
//! name, and the view itself sees the table. So a district's own measure that adds up a table's numbers adds up the right ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::prelude::SessionContext;
use throughline_model::measure::Role;
use throughline_model::{Measure, Table, tables};

use crate::error::LakeError;

/// What a query reads, directly or through views.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Canonical tables, also those that a view stands in the place of.
    pub(crate) tables: Vec<&'static Table>,
    /// Views, each after those it reads.
    pub(crate) views: Vec<Measure>,
}

/// What `queries` read, given the views that exist.
pub(crate) fn needs<'q>(
    session: &SessionContext,
    views: &[Measure],
    queries: impl IntoIterator<Item = (&'q str, &'q str)>,
) -> Result<Needs, LakeError> {
    let mut walk = Walk {
        session,
        views,
        needs: Needs::default(),
        open: Vec::new(),
    };
    for (name, sql) in queries {
        walk.read(name, sql)?;
    }
    Ok(walk.needs)
}

/// The canonical tables that a query names itself, not through views.
pub(crate) fn named_tables(
    session: &SessionContext,
    sql: &str,
) -> Result<Vec<&'static Table>, LakeError> {
    Ok(references(session, sql)?
        .iter()
        .filter_map(|name| tables::find(name))
        .collect())
}

/// The views, of some, that another of them reads. They are worked out once: a view that is written out wherever it is read makes a
/// plan that grows with every view above it.
pub(crate) fn inner(
    session: &SessionContext,
    views: &[Measure],
) -> Result<BTreeSet<String>, LakeError> {
    let mut found = BTreeSet::new();
    for view in views {
        let references = references(session, &view.sql)
            .map_err(|error| LakeError::measure(&view.name, error))?;
        found.extend(references);
    }
    Ok(found)
}

/// Makes `table` what queries that are planned from now on see under a name, whatever they saw before.
pub(crate) fn stand(
    session: &SessionContext,
    name: &str,
    table: Arc<dyn TableProvider>,
) -> Result<(), LakeError> {
    session.deregister_table(name)?;
    session.register_table(name, table)?;
    Ok(())
}

struct Walk<'w> {
    session: &'w SessionContext,
    views: &'w [Measure],
    needs: Needs,
    open: Vec<String>,
}

impl Walk<'_> {
    fn read(&mut self, name: &str, sql: &str) -> Result<(), LakeError> {
        let references =
            references(self.session, sql).map_err(|error| LakeError::measure(name, error))?;
        for reference in references {
            self.visit(name, reference)?;
        }
        Ok(())
    }

    fn visit(&mut self, reader: &str, name: String) -> Result<(), LakeError> {
        let table = tables::find(&name);
        // Inside its own SQL the name of a view that stands in a table's place is the table.
        let own = self.open.last() == Some(&name) && table.is_some();
        let view = self
            .views
            .iter()
            .find(|view| !own && view.role == Role::View && view.name == name);
        match (view, table) {
            (Some(view), _) => {
                if self.needs.views.iter().any(|known| known.name == name) {
                    return Ok(());
                }
                if self.open.contains(&name) {
                    return Err(LakeError::measure(
                        reader,
                        format!("view `{name}` reads itself"),
                    ));
                }
                self.open.push(name.clone());
                self.read(&name, &view.sql)?;
                self.open.pop();
                self.needs.views.push(view.clone());
            }
            (None, Some(table)) => {
                if !self.needs.tables.iter().any(|known| known.name == name) {
                    self.needs.tables.push(table);
                }
            }
            (None, None) => {}
        }
        Ok(())
    }
}

/// Names of tables and views in a query's text; none of those it defines itself.
pub(crate) fn references(session: &SessionContext, sql: &str) -> Result<Vec<String>, LakeError> {
    let state = session.state();
    let dialect = state.config_options().sql_parser.dialect;
    let statement = state.sql_to_statement(sql, &dialect)?;
    let references = state.resolve_table_references(&statement)?;
    Ok(references
        .into_iter()
        .map(|reference| reference.table().to_owned())
        .collect())
}
