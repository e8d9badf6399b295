//! `throughline estimate effect-size`: standardised effects and the rules of the What Works Clearinghouse 5.0.

use clap::{Args, Subcommand};
use serde_json::json;
use throughline_stats::effect_size::{
    Arm, AttritionBoundary, AttritionVerdict, Baseline, attrition, baseline_equivalence,
    clustered_g, clustered_t, cox_g, exact_correction, hedges_g,
};

use super::super::printer::Printer;
use super::document::Head;
use super::facts::Facts;
use super::prepare::stats_error;
use crate::exit::Failure;

/// Standardised effects and the rules of the What Works Clearinghouse
#[derive(Debug, Subcommand)]
pub(super) enum EffectSize {
    /// Hedges' g of two groups
    Hedges(Hedges),
    /// Cox's index of two shares
    Cox(Cox),
    /// g, or t, of a study that assigned clusters
    Cluster(Cluster),
    /// Whether groups were alike at baseline
    Baseline(BaselineArguments),
    /// Whether too many left
    Attrition(AttritionArguments),
}

/// Hedges' g of two groups
#[derive(Args, Debug)]
pub(super) struct Hedges {
    /// Mean, standard deviation and number of the treated
    #[arg(long, num_args = 3, value_names = ["MEAN", "SD", "N"], allow_negative_numbers = true)]
    treated: Vec<f64>,
    /// The same of the comparison group
    #[arg(long, num_args = 3, value_names = ["MEAN", "SD", "N"], allow_negative_numbers = true)]
    control: Vec<f64>,
}

/// Cox's index of two shares
#[derive(Args, Debug)]
pub(super) struct Cox {
    /// Share and number of the treated
    #[arg(long, num_args = 2, value_names = ["SHARE", "N"])]
    treated: Vec<f64>,
    /// The same of the comparison group
    #[arg(long, num_args = 2, value_names = ["SHARE", "N"])]
    control: Vec<f64>,
}

/// g, or t, of a study that assigned clusters
#[derive(Args, Debug)]
pub(super) struct Cluster {
    /// Individual-level standardised difference
    #[arg(long, allow_negative_numbers = true, required_unless_present = "t")]
    d: Option<f64>,
    /// t statistic that ignored the clusters
    #[arg(long, allow_negative_numbers = true)]
    t: Option<f64>,
    /// Individuals in the study
    #[arg(long)]
    total: f64,
    /// Individuals per cluster
    #[arg(long)]
    per_cluster: f64,
    /// Intraclass correlation (WWC: 0.20 for achievement, 0.10 otherwise)
    #[arg(long, default_value_t = 0.2)]
    icc: f64,
}

/// Whether groups were alike at baseline
#[derive(Args, Debug)]
pub(super) struct BaselineArguments {
    /// Baseline difference in standard deviations
    #[arg(long, allow_negative_numbers = true)]
    g: f64,
}

/// Whether too many left
#[derive(Args, Debug)]
pub(super) struct AttritionArguments {
    /// Numbers assigned and analysed among the treated
    #[arg(long, num_args = 2, value_names = ["ASSIGNED", "ANALYSED"])]
    treated: Vec<usize>,
    /// The same of the comparison group
    #[arg(long, num_args = 2, value_names = ["ASSIGNED", "ANALYSED"])]
    control: Vec<usize>,
    /// Leaving is unlikely to be related to the program
    #[arg(long)]
    optimistic: bool,
}

/// A whole number typed as one of several numbers.
fn whole(x: f64) -> Result<usize, Failure> {
    if x >= 0.0 && x.fract() == 0.0 && x < 1e15 {
        Ok(x as usize)
    } else {
        Err(Failure::usage("the number of individuals must be whole"))
    }
}

/// Facts and the head they stand under.
type Told = (Head<'static>, Facts);

impl EffectSize {
    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let (head, facts) = match self {
            Self::Hedges(a) => a.told()?,
            Self::Cox(a) => a.told()?,
            Self::Cluster(a) => a.told()?,
            Self::Baseline(a) => a.told(),
            Self::Attrition(a) => a.told()?,
        };
        facts.show(head, printer)
    }
}

impl BaselineArguments {
    fn told(&self) -> Told {
        let verdict = match baseline_equivalence(self.g) {
            Baseline::Satisfied => "satisfied",
            Baseline::NeedsAdjustment => "needs adjustment",
            Baseline::Failed => "failed",
        };
        (
            Head::computed("baseline equivalence (WWC 5.0)", "none"),
            Facts::default().with("g", self.g).with("baseline", verdict),
        )
    }
}

fn arm(numbers: &[f64]) -> Result<Arm, Failure> {
    match *numbers {
        [mean, sd, n] => Ok(Arm {
            mean,
            sd,
            n: whole(n)?,
        }),
        _ => Err(Failure::usage(
            "give `--treated MEAN SD N` and `--control MEAN SD N`",
        )),
    }
}

impl Hedges {
    fn told(&self) -> Result<Told, Failure> {
        let e = hedges_g(arm(&self.treated)?, arm(&self.control)?).map_err(|e| stats_error(&e))?;
        let exact = exact_correction(e.n as f64 - 2.0);
        let facts = Facts::default()
            .with("d", e.d)
            .with("omega", e.omega)
            .with("g", e.g)
            .with("se", e.se)
            .with("sd", e.sd)
            .with("improvement_index", e.improvement_index)
            .with("exact_correction", exact)
            .with("g_exact", exact * e.d);
        let head = Head::computed("Hedges' g", "large-sample variance of g (WWC 5.0)");
        Ok((head.of(e.n), facts))
    }
}

impl Cox {
    fn told(&self) -> Result<Told, Failure> {
        let (&[pt, nt], &[pc, nc]) = (&self.treated[..], &self.control[..]) else {
            return Err(Failure::usage(
                "give `--treated SHARE N` and `--control SHARE N`",
            ));
        };
        let e = cox_g(pt, whole(nt)?, pc, whole(nc)?).map_err(|e| stats_error(&e))?;
        let facts = Facts::default()
            .with("d", e.d)
            .with("omega", e.omega)
            .with("g", e.g)
            .with("se", e.se)
            .with("improvement_index", e.improvement_index);
        let head = Head::computed("Cox index", "large-sample variance of the index (WWC 5.0)");
        Ok((head.of(e.n), facts))
    }
}

impl Cluster {
    fn told(&self) -> Result<Told, Failure> {
        let mut facts = Facts::default();
        if let Some(d) = self.d {
            let e = clustered_g(d, self.total, self.per_cluster, self.icc)
                .map_err(|e| stats_error(&e))?;
            facts = facts
                .with("g", e.g)
                .with("omega", e.omega)
                .with("gamma", e.gamma)
                .with("df", e.df)
                .with("improvement_index", e.improvement_index);
        }
        if let Some(t) = self.t {
            let (t, df, p) = clustered_t(t, self.total, self.per_cluster, self.icc)
                .map_err(|e| stats_error(&e))?;
            facts = facts.with("t", t).with("t_df", df).with("p", p);
        }
        let head = Head::computed(
            "effect of a study that assigned clusters",
            "intraclass correlation as given (WWC 5.0)",
        );
        Ok((head.of(self.total.round() as usize), facts))
    }
}

impl AttritionArguments {
    fn told(&self) -> Result<Told, Failure> {
        let (&[ta, tb], &[ca, cb]) = (&self.treated[..], &self.control[..]) else {
            return Err(Failure::usage(
                "give `--treated ASSIGNED ANALYSED` and `--control ASSIGNED ANALYSED`",
            ));
        };
        let boundary = if self.optimistic {
            AttritionBoundary::Optimistic
        } else {
            AttritionBoundary::Cautious
        };
        let a = attrition((ta, tb), (ca, cb), boundary).map_err(|e| stats_error(&e))?;
        let facts = Facts::default()
            .with("overall", a.overall)
            .with("differential", a.differential)
            .with("allowed", a.allowed)
            .with(
                "attrition",
                match a.verdict {
                    AttritionVerdict::Low => "low",
                    AttritionVerdict::High => "high",
                },
            );
        let head = Head {
            dropped: json!({ "left": ta + ca - tb - cb }),
            ..Head::computed("attrition (WWC 5.0)", "none").of(tb + cb)
        };
        Ok((head, facts))
    }
}
