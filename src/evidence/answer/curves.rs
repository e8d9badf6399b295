//! How outcomes differ by size of dose, for everyone.

use throughline_model::pipeline::Subgroup;

use super::question::Question;
use super::reply::Answered;
use crate::association::Model;
use crate::dose::Sizes;
use crate::frame::Column;

impl Question<'_> {
    /// Dummies of dose sizes, for everyone only.
    pub(super) fn sizes(&self) -> Vec<(usize, Vec<Column>)> {
        if *self.job.students() != Subgroup::All {
            return Vec::new();
        }
        self.asked
            .iter()
            .filter_map(|(index, ready)| {
                let bins = ready.bins.as_ref()?;
                Some((*index, bins.columns(self.native(*index)?)))
            })
            .collect()
    }

    pub(super) fn curves<'m>(
        &'m self,
        model: &Model<'m>,
        sizes: &'m [(usize, Vec<Column>)],
        answered: &mut Answered,
    ) {
        for (index, columns) in sizes {
            let exposure = &self.pipeline.exposures[*index];
            let ready = self.frame.exposure(*index);
            let (Some(bins), Some(native)) =
                (ready.and_then(|r| r.bins.as_ref()), self.native(*index))
            else {
                continue;
            };
            let panel = self.frame.panel;
            let linear = self.dose(*index);
            let sizes = Sizes::new(exposure, linear, (bins, columns), model, panel, native);
            for outcome in self.outcomes {
                let named = &self.pipeline.outcomes[outcome.index];
                // A curve that cannot be estimated is not drawn; the finding beside it says why.
                if let Ok(curve) = sizes.curve(model, outcome, named) {
                    answered.curves.push((*index, outcome.index, curve));
                }
            }
        }
    }
}
