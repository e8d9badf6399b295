//! The choices a staggered design asks for, with the defaults of the R package `did`.

/// How one cohort is compared with its controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Doubly robust: right when either the outcome regression or the propensity score is (Sant'Anna and Zhao 2020, `drdid_panel`).
    #[default]
    DoublyRobust,
    /// Outcome regression of the change on covariates among controls (Heckman, Ichimura and Todd 1997, `reg_did_panel`).
    Regression,
    /// Inverse propensity weighting with normalised weights (Abadie 2005, `std_ipw_did_panel`).
    InversePropensity,
}

/// Who serves as control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ControlGroup {
    /// Units that never start inside the panel.
    #[default]
    NeverTreated,
    /// Units that have not started by the later of the two periods compared (plus anticipation).
    NotYetTreated,
}

/// Which period each effect is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BasePeriod {
    /// The last period before treatment for effects; the period just before for pre-treatment cells (default of `did`).
    #[default]
    Varying,
    /// The last period before treatment for every cell. Needed by [`crate::honest`].
    Universal,
}

/// Options of [`super::group_time`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupTimeOptions {
    /// Estimator of each cell.
    pub method: Method,
    /// Comparison units.
    pub control: ControlGroup,
    /// Base period.
    pub base_period: BasePeriod,
    /// Periods before the start in which units may already react.
    pub anticipation: u32,
}

impl Method {
    /// Name of the convention, as the papers and packages write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::DoublyRobust => "dr (Sant'Anna-Zhao)",
            Self::Regression => "reg (outcome regression)",
            Self::InversePropensity => "ipw (Hajek weights)",
        }
    }

    /// Whether a propensity score is fitted.
    pub(crate) fn weights(self) -> bool {
        self != Self::Regression
    }

    /// Whether an outcome regression is fitted.
    pub(crate) fn regresses(self) -> bool {
        self != Self::InversePropensity
    }
}
