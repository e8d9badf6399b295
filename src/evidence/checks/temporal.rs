//! Did the dose come before the outcome? Read from the window that the pipeline declares.

use throughline_model::pipeline::Window;

use super::{Tried, Weight};

const NAME: &str = "training before outcome";

pub(crate) fn temporal(window: Window) -> Tried {
    let (passed, reason) = match window {
        Window::PriorYear => (
            true,
            "the dose was counted in the school year before the outcome's",
        ),
        Window::ToDate => (
            true,
            "the dose was counted up to the end of the school year before the outcome's",
        ),
        Window::SameYear => (
            false,
            "dose and outcome share the school year, so the outcome may have come first",
        ),
    };
    Tried::judged(NAME, passed, Weight::Serious, reason.to_owned())
}
