//! Every pseudonym of a run and whom it stands for, so that two IDs with one pseudonym are noticed instead of becoming
//! one person. With 62 bits that takes a few hundred million IDs, or a bug.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::error::IngestError;

/// Pseudonyms of a run.
#[derive(Default)]
pub(crate) struct Pseudonyms(Mutex<HashMap<u64, u64>>);

impl Pseudonyms {
    /// Notes whom each pseudonym stands for: pairs of a pseudonym and other bits of the same HMAC.
    ///
    /// # Errors
    /// [`IngestError::Collision`] when it stands for someone else already.
    pub(crate) fn note(&self, people: impl Iterator<Item = (u64, u64)>) -> Result<(), IngestError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (pseudonym, person) in people {
            if *known.entry(pseudonym).or_insert(person) != person {
                return Err(IngestError::Collision);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_people_with_one_pseudonym_are_noticed() {
        let pseudonyms = Pseudonyms::default();
        assert!(
            pseudonyms
                .note([(1, 10), (2, 20), (1, 10)].into_iter())
                .is_ok()
        );
        assert!(matches!(
            pseudonyms.note([(2, 21)].into_iter()),
            Err(IngestError::Collision)
        ));
    }
}
