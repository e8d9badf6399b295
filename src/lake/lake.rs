//! The lake as the rest of the program sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use throughline_model::quality::Checked;
use throughline_model::{Measure, Part, Pipeline, Progress, step, tables};

use crate::check::{self, Asked};
use crate::engine::{Engine, LakeOptions};
use crate::error::LakeError;
use crate::lock::RunLock;
use crate::measure::{self, Measured, Wanted};
use crate::prune::{self, Pruned};
use crate::query::QueryResult;
use crate::release::{self, Release, ReleaseInfo};
use crate::{delta, log, query, tables as registered, views};

/// A lake's folder with an engine to query it. Opening touches nothing on disk.
pub struct Lake {
    folder: PathBuf,
    engine: Engine,
}

impl Lake {
    /// Opens the lake in `folder`, which need not exist yet.
    ///
    /// # Errors
    /// The operating system refuses threads or a spill folder.
    pub fn open(folder: &Path, options: LakeOptions) -> Result<Self, LakeError> {
        let folder = std::path::absolute(folder).map_err(LakeError::io("find", folder))?;
        Ok(Self {
            folder,
            engine: Engine::new(options)?,
        })
    }

    /// Takes the right to write to the lake. A run holds it from before its first part until after its release.
    ///
    /// # Errors
    /// [`LakeError::Locked`] while another process holds it.
    pub fn lock(&self) -> Result<RunLock, LakeError> {
        RunLock::take(&self.folder)
    }

    /// Commits `parts` as one release, all tables at once; tables that no part belongs to are empty. Committing the parts
    /// of the current release again returns it.
    ///
    /// # Errors
    /// Nothing of the release is visible if this fails; a later commit of the same parts finishes it.
    pub fn commit(
        &self,
        lock: &RunLock,
        parts: &[Part],
        about: ReleaseInfo,
    ) -> Result<Release, LakeError> {
        self.make(lock, parts, about, None)
    }

    /// Makes the content of an older release current again, as a new release: those in between stay in the history. The
    /// next run reads the exports as they are then.
    ///
    /// # Errors
    /// There is no such release, or a part of it is gone; the current release then stands.
    pub fn rollback(&self, lock: &RunLock, id: &str) -> Result<Release, LakeError> {
        let older = self.release(id)?;
        let about = ReleaseInfo {
            inputs: older.inputs,
            counts: older.counts,
        };
        self.make(lock, &older.parts, about, Some(older.id))
    }

    /// Takes away the releases in `ids`, the current one never, and every part that no remaining release needs. With
    /// `dry_run` it only says what it would take.
    ///
    /// # Errors
    /// A release that remains is damaged, so that nobody knows what it needs; or something cannot be removed.
    pub fn prune(
        &self,
        lock: &RunLock,
        ids: &[String],
        dry_run: bool,
    ) -> Result<Pruned, LakeError> {
        let current = self.current()?;
        let ids = ids.iter().filter(|id| **id != current.id).cloned();
        let ahead = !self.is_settled(&current);
        lock.check()?;
        prune::prune(&self.folder, &ids.collect(), ahead, dry_run)
    }

    /// Whether the Delta tables stand where the release says.
    fn is_settled(&self, release: &Release) -> bool {
        tables::TABLES.iter().all(|table| {
            let version = release.tables.get(table.name);
            version.is_some_and(|version| log::is_newest(&self.folder, table, *version))
        })
    }

    fn make(
        &self,
        lock: &RunLock,
        parts: &[Part],
        about: ReleaseInfo,
        back_to: Option<String>,
    ) -> Result<Release, LakeError> {
        // A current release that cannot be read is replaced: everything in the new one comes from the exports.
        let before = match release::current(&self.folder) {
            Err(LakeError::BadRelease { .. }) => None,
            before => before?,
        };
        let digest = release::digest(&about.inputs, parts, &about.counts);
        let same = |release: &Release| release.digest == digest && self.is_settled(release);
        if let Some(current) = before.as_ref().filter(|release| same(release)) {
            return Ok(current.clone());
        }
        if let Some(part) = parts
            .iter()
            .find(|part| tables::find(&part.table).is_none())
        {
            return Err(LakeError::BadPart {
                path: part.path.clone(),
                reason: format!("belongs to no canonical table (`{}`)", part.table),
            });
        }
        let last = self.forget_the_dead(before.as_ref())?;
        let (id, created) = release::next(&digest, last.as_deref());
        let versions = self.engine.run(async {
            let mut versions = BTreeMap::new();
            for table in tables::TABLES {
                let of_table: Vec<&Part> = parts
                    .iter()
                    .filter(|part| part.table == table.name)
                    .collect();
                let version = delta::commit(&self.folder, table, &of_table).await?;
                step::reached();
                versions.insert(table.name.to_owned(), version);
            }
            Ok::<_, LakeError>(versions)
        })?;
        let release = Release {
            id,
            created,
            inputs: about.inputs,
            tables: versions,
            parts: parts.to_vec(),
            counts: about.counts,
            back_to,
            digest,
        };
        release::write(&self.folder, &release)?;
        lock.check()?;
        release::swap(&self.folder, &release.id)?;
        Ok(release)
    }

    /// Removes release files that never became current, and returns the last id there is.
    fn forget_the_dead(&self, current: Option<&Release>) -> Result<Option<String>, LakeError> {
        let written = release::written(&self.folder)?;
        let Some(current) = current else {
            return Ok(written.into_iter().next_back());
        };
        for dead in written.iter().filter(|id| **id > current.id) {
            release::remove(&self.folder, dead)?;
        }
        Ok(Some(current.id.clone()))
    }

    /// The ids of all releases, oldest first; the last is the current one.
    ///
    /// # Errors
    /// Nobody can say which is current.
    pub fn ids(&self) -> Result<Vec<String>, LakeError> {
        release::ids(&self.folder)
    }

    /// Every release, oldest first; the last is the current one.
    ///
    /// # Errors
    /// A release file cannot be read.
    pub fn releases(&self) -> Result<Vec<Release>, LakeError> {
        release::ids(&self.folder)?
            .iter()
            .map(|id| release::read(&self.folder, id))
            .collect()
    }

    /// The current release.
    ///
    /// # Errors
    /// [`LakeError::NoRelease`] before the first run has finished.
    pub fn current(&self) -> Result<Release, LakeError> {
        release::current(&self.folder)?.ok_or_else(|| LakeError::NoRelease(self.folder.clone()))
    }

    /// The release with this id, or the only one whose id begins so.
    ///
    /// # Errors
    /// [`LakeError::UnknownRelease`] where there is none, or more than one.
    pub fn release(&self, id: &str) -> Result<Release, LakeError> {
        // Also where nobody can say which is current: somebody may want to go back.
        let ids = match release::ids(&self.folder) {
            Err(LakeError::BadRelease { .. }) => release::written(&self.folder)?,
            ids => ids?,
        };
        let mut matching = ids.iter().filter(|known| known.starts_with(id));
        match (matching.next(), matching.next()) {
            (Some(found), None) => release::read(&self.folder, found),
            _ => Err(LakeError::UnknownRelease(id.to_owned())),
        }
    }

    /// Plans a query over a release's tables and the link views among a pipeline's `measures`. It runs when its result is
    /// asked for.
    ///
    /// # Errors
    /// [`LakeError::BadQuery`] for anything that is not one statement that reads.
    pub fn query(
        &self,
        release: &Release,
        measures: &[Measure],
        sql: &str,
    ) -> Result<QueryResult<'_>, LakeError> {
        let session = self.engine.session();
        let needs =
            views::needs(&session, measures, [("query", sql)]).map_err(|error| match error {
                LakeError::BadMeasure { name, reason } if name == "query" => {
                    LakeError::BadQuery(reason)
                }
                other => other,
            })?;
        // `SHOW TABLES` and `DESCRIBE` should know every table, whatever the query names.
        for table in tables::TABLES {
            registered::register(&session, &self.folder, release, table, None)?;
        }
        let inner = views::inner(&session, &needs.views)?;
        let frame = self.engine.run(async {
            for view in needs.views {
                let frame = query::plan(&session, &view.sql).await?;
                let table = if inner.contains(&view.name) {
                    frame.cache().await?.into_view()
                } else {
                    frame.into_view()
                };
                views::stand(&session, &view.name, table)?;
            }
            query::plan(&session, sql).await
        })?;
        Ok(QueryResult::new(&self.engine, frame))
    }

    /// Measures a pipeline's outcomes and exposures over a release.
    ///
    /// # Errors
    /// [`LakeError::BadMeasure`] names the measure whose SQL or result is wrong.
    pub fn measure(
        &self,
        release: &Release,
        pipeline: &Pipeline,
        progress: &dyn Progress,
    ) -> Result<Measured, LakeError> {
        self.measure_unless(release, pipeline, &|_| false, progress)
    }

    /// As [`Lake::measure`]; where `known` says that what follows from measures with this digest (see [`Measured::digest`]) is
    /// known, no panels are made.
    ///
    /// # Errors
    /// As [`Lake::measure`].
    pub fn measure_unless(
        &self,
        release: &Release,
        pipeline: &Pipeline,
        known: &(dyn Fn(&str) -> bool + Sync),
        progress: &dyn Progress,
    ) -> Result<Measured, LakeError> {
        // A look back leaves what is kept for the next night alone.
        let current = release::current(&self.folder)?;
        let keep = current.is_some_and(|current| current.id == release.id);
        measure::measure(
            &self.engine,
            &self.folder,
            release,
            pipeline,
            &Wanted { keep, known },
            progress,
        )
    }

    /// Checks parts before they are committed, or those of a release. See [`Asked`].
    ///
    /// # Errors
    /// A part or an earlier release cannot be read.
    pub fn check(&self, asked: &Asked<'_>, progress: &dyn Progress) -> Result<Checked, LakeError> {
        // Where nobody can say which release is current, there is none to compare with: the next one replaces it.
        let mut earlier = match release::ids(&self.folder) {
            Err(LakeError::BadRelease { .. }) => Vec::new(),
            ids => ids?,
        };
        earlier.retain(|id| asked.release.is_none_or(|this| id.as_str() < this));
        // A release that cannot be read is nothing to compare with.
        let earlier = earlier
            .iter()
            .rev()
            .filter_map(|id| release::read(&self.folder, id).ok())
            .filter(|release| release.parts != asked.parts)
            .take(check::RELEASES)
            .map(|release| {
                let rows = tables::TABLES.iter();
                rows.map(|table| (table.name.to_owned(), release.rows(table.name)))
                    .collect()
            })
            .collect();
        check::check(&self.engine, &self.folder, asked, &earlier, progress)
    }

    /// The tables that each outcome and exposure of a pipeline rests on, by id.
    ///
    /// # Errors
    /// [`LakeError::BadMeasure`] names the measure whose SQL is wrong.
    pub fn depends(
        &self,
        pipeline: &Pipeline,
    ) -> Result<BTreeMap<String, BTreeSet<String>>, LakeError> {
        check::depends(&self.engine, pipeline)
    }
}
