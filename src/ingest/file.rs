//! One export file from reading to parts: read, judged row by row, freed of duplicates, written, counted.

use std::fs;

use rayon::prelude::*;
use throughline_model::Calendar;
use throughline_model::part::FileCount;
use throughline_model::pipeline::Source;

use crate::conflict;
use crate::duplicate::{self, Fate, Fates, FileKeys, mark};
use crate::error::IngestError;
use crate::layout::Layout;
use crate::listing::{Listed, Stamp};
use crate::part;
use crate::range::Range;
use crate::reject::{self, Reject};
use crate::sheet::{Reading, Sheet};
use crate::state::Done;
use crate::store::{Label, Lake};

/// A file of a source whose header fits.
pub(crate) struct Input<'a> {
    pub(crate) source: &'a Source,
    pub(crate) listed: &'a Listed,
    /// `None` while it is being written: only what is remembered of it may be used.
    pub(crate) layout: Option<&'a Layout>,
    /// BLAKE3 of its content.
    pub(crate) hash: &'a str,
    /// Hash of everything that its rows are made from, other files aside.
    pub(crate) base: String,
}

/// A file that has been read and judged.
pub(crate) struct Judged {
    sheet: Sheet,
    fates: Vec<Fates>,
    rejects: Vec<Reject>,
    rejected: u64,
    pub(crate) range: Range,
}

impl Input<'_> {
    /// Reads the file and rejects what breaks a rule.
    pub(crate) fn judge(&self, reading: &Reading<'_>) -> Result<Judged, IngestError> {
        let (shown, stamp) = (&self.listed.shown, self.listed.stamp);
        let unreadable = |error| IngestError::Read {
            path: shown.clone(),
            error,
        };
        let changed = || IngestError::Changed {
            file: shown.clone(),
        };
        let layout = self.layout.ok_or_else(changed)?;
        let sheet = Sheet::read(self.listed, layout, &self.source.mapping, reading)?;
        let now = fs::metadata(&self.listed.path)
            .and_then(|about| Stamp::of(&about))
            .map_err(unreadable)?;
        if now != stamp {
            return Err(changed());
        }
        let mapping = &self.source.mapping;
        let key = sheet.key_inputs(mapping);
        let mut ruled = sheet.ruled(layout);
        sheet.untested(mapping, &mut ruled);
        let judged: Vec<(Fates, Vec<Reject>)> = sheet
            .blocks
            .par_iter()
            .zip(ruled)
            .map(|(block, mut fates)| {
                let rejects = sheet.faults(block).into_iter().filter_map(|fault| {
                    match fates.as_ref().map(|fates| fates[fault.row]) {
                        Some(Fate::Passed | Fate::NotTested) => return None,
                        // Of a record that takes a row back only the key counts.
                        Some(Fate::Deleted | Fate::Invalid) if !key.contains(&fault.input) => {
                            return None;
                        }
                        Some(Fate::Invalid) => {
                            mark(&mut fates, block.batch.rows, fault.row, Fate::NotTested);
                            return None;
                        }
                        _ => mark(&mut fates, block.batch.rows, fault.row, Fate::Rejected),
                    }
                    Some(Reject {
                        line: sheet.line(block, fault.row),
                        rule: fault.rule,
                        cell: Some((fault.input, fault.cell)),
                        shape: None,
                    })
                });
                let rejects = rejects.collect();
                (fates, rejects)
            })
            .collect();
        let (fates, rejects): (Vec<Fates>, Vec<Vec<Reject>>) = judged.into_iter().unzip();
        let mut rejects: Vec<Reject> = rejects.into_iter().flatten().collect();
        rejects.extend(sheet.broken.iter().map(|(line, rule, shape)| Reject {
            line: *line,
            rule: *rule,
            cell: None,
            shape: Some(shape.clone()),
        }));
        rejects.sort_by_key(|reject| (reject.line, reject.cell.map(|(input, _)| input)));
        let rejected = count(&fates, Fate::Rejected) + sheet.broken.len() as u64;
        let range = Range::of(&sheet, &fates, mapping);
        Ok(Judged {
            sheet,
            fates,
            rejects,
            rejected,
            range,
        })
    }

    /// Settles copies and conflicts and writes the parts; `later` are the files that may supersede rows of this one, each with the hash
    /// of its content.
    pub(crate) fn finish(
        &self,
        mut judged: Judged,
        later: &[(&str, &FileKeys)],
        lake: Option<&Lake<'_>>,
        calendar: &Calendar,
    ) -> Result<Done, IngestError> {
        let mapping = &self.source.mapping;
        let table = mapping.table;
        let sets: Vec<&FileKeys> = later.iter().map(|(_, keys)| *keys).collect();
        let superseding = duplicate::between(&judged.sheet, mapping, &sets, &mut judged.fates);
        let settled = conflict::within(&mut judged.sheet, mapping, &mut judged.fates);
        // Rows are made from the file and from those that supersede some of them; that others are there changes nothing.
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.base.as_bytes());
        for ((hash, _), _) in later.iter().zip(superseding).filter(|(_, any)| *any) {
            hasher.update(hash.as_bytes());
        }
        let key = hasher.finalize().to_hex().to_string();
        let shown = &self.listed.shown;
        let faults = reject::faults(&judged.rejects, &judged.sheet, shown);
        let mut parts = Vec::new();
        if let Some(lake) = lake {
            let label = Label {
                table,
                source: &self.source.id,
                file: shown,
                modified: self.listed.stamp.modified.div_euclid(1_000_000),
                key: &key,
                lake,
                calendar,
            };
            parts = part::write(&judged.sheet, &judged.fates, &label)?;
            parts.extend(reject::write(&judged.rejects, &judged.sheet, &label)?);
        }
        let of = |fate: Fate| count(&judged.fates, fate);
        let duplicate = of(Fate::Duplicate) + of(Fate::Deleted);
        let conflict = of(Fate::Conflict);
        let not_tested = of(Fate::NotTested) + of(Fate::Invalid);
        let passed = of(Fate::Passed) + of(Fate::Merged) + not_tested;
        let read = judged.sheet.rows() - passed + judged.sheet.broken.len() as u64;
        let kept = if lake.is_some() {
            let rows = parts.iter().filter(|part| part.table == table.name);
            rows.map(|part| part.rows).sum()
        } else {
            read - judged.rejected - duplicate - conflict
        };
        let count = FileCount {
            source: self.source.id.clone(),
            file: shown.clone(),
            table: table.name.to_owned(),
            hash: self.hash.to_owned(),
            read,
            kept,
            rejected: judged.rejected,
            duplicate,
            conflict,
            unsettled: settled.unsettled,
            passed: passed + judged.sheet.added,
            not_tested,
            conflicts: settled.told,
        };
        if !count.balances() {
            return Err(IngestError::Unbalanced {
                file: count.file,
                read,
                kept,
                rejected: count.rejected,
                duplicate,
                conflict,
            });
        }
        Ok(Done {
            base: self.base.clone(),
            key,
            later: later.iter().map(|(hash, _)| (*hash).to_owned()).collect(),
            range: judged.range,
            count,
            parts,
            faults,
            refused: settled.refused,
            notes: judged.sheet.note.into_iter().collect(),
        })
    }

    /// The keys of the file's rows.
    pub(crate) fn keys(&self, reading: &Reading<'_>) -> Result<FileKeys, IngestError> {
        let judged = self.judge(reading)?;
        Ok(judged.keys(self))
    }
}

impl Judged {
    /// The keys of the file's rows.
    pub(crate) fn keys(&self, input: &Input<'_>) -> FileKeys {
        FileKeys::of(&self.sheet, &input.source.mapping, &self.fates)
    }
}

fn count(fates: &[Fates], wanted: Fate) -> u64 {
    fates
        .iter()
        .flatten()
        .map(|fates| fates.iter().filter(|fate| **fate == wanted).count() as u64)
        .sum()
}
