//! `throughline estimate power`: before the study, what it can find; or how many units it needs.

use clap::{Args, ValueEnum};
use throughline_stats::power::{
    ClusterLevel, Design, Test, detectable_effect, power, units_needed,
};

use super::super::printer::Printer;
use super::document::Head;
use super::facts::Facts;
use super::prepare::stats_error;
use crate::exit::Failure;

/// What a study of a given size can find
///
/// Without `--effect`: the smallest effect it finds with the wanted power. With `--effect`: its power against that effect, and
/// how many units would be needed.
#[derive(Args, Debug)]
pub(super) struct Power {
    /// What is assigned, and within what
    #[arg(value_enum)]
    design: Kind,
    /// Individuals (in each group of the lowest level)
    #[arg(long, value_name = "N")]
    n: f64,
    /// Units assigned, or blocks: clusters of `cluster2`, blocks of `blocked…`, top-level units of `…3`
    #[arg(long, value_name = "J", default_value_t = 1.0)]
    units: f64,
    /// Middle-level units in each top-level unit (three levels)
    #[arg(long, value_name = "J", default_value_t = 1.0)]
    middle: f64,
    /// Share treated
    #[arg(long, default_value_t = 0.5)]
    share: f64,
    /// Covariates at the level of assignment
    #[arg(long, default_value_t = 0)]
    covariates: usize,
    /// Share of individual variance that covariates explain
    #[arg(long, default_value_t = 0.0)]
    r2: f64,
    /// Share of variance between units (between blocks; between middle units with three levels)
    #[arg(long, default_value_t = 0.0)]
    icc: f64,
    /// Share of that variance that covariates explain
    #[arg(long, default_value_t = 0.0)]
    r2_units: f64,
    /// Share of variance between top-level units (three levels)
    #[arg(long, default_value_t = 0.0)]
    top_icc: f64,
    /// Share of that variance that covariates explain
    #[arg(long, default_value_t = 0.0)]
    r2_top: f64,
    /// Variance of the effect across blocks, relative to the variance between blocks
    #[arg(long, default_value_t = 0.0)]
    effect_variation: f64,
    /// Share of the effect's variation that block covariates explain
    #[arg(long, default_value_t = 0.0)]
    r2_effect: f64,
    /// True effect, in standard deviations
    #[arg(long)]
    effect: Option<f64>,
    /// Power wanted
    #[arg(long, default_value_t = 0.8)]
    power: f64,
    /// Size of the test
    #[arg(long, default_value_t = 0.05)]
    alpha: f64,
    /// Test in one direction only
    #[arg(long)]
    one_sided: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Individuals
    Individual,
    /// Individuals within blocks, the same effect in each
    Blocked,
    /// Individuals within blocks drawn from many
    BlockedRandom,
    /// Clusters of individuals
    Cluster2,
    /// Top-level units of clusters of individuals
    Cluster3,
    /// Clusters within top-level blocks drawn from many
    BlockedCluster3,
}

impl Power {
    fn design(&self) -> Design {
        let Self {
            n,
            units,
            middle,
            share,
            covariates,
            r2,
            icc,
            r2_units,
            top_icc,
            r2_top,
            effect_variation,
            r2_effect,
            ..
        } = *self;
        let level = ClusterLevel { icc, r2: r2_units };
        match self.design {
            Kind::Individual => Design::Individual {
                n,
                share,
                covariates,
                r2,
            },
            Kind::Blocked => Design::BlockedConstant {
                blocks: units,
                n,
                share,
                covariates,
                r2,
            },
            Kind::BlockedRandom => Design::BlockedRandom {
                blocks: units,
                n,
                share,
                covariates,
                r2,
                icc,
                effect_variation,
                r2_effect,
            },
            Kind::Cluster2 => Design::Cluster2 {
                clusters: units,
                n,
                share,
                covariates,
                r2,
                level,
            },
            Kind::Cluster3 => Design::Cluster3 {
                top: units,
                middle,
                n,
                share,
                covariates,
                r2,
                middle_level: level,
                top_level: ClusterLevel {
                    icc: top_icc,
                    r2: r2_top,
                },
            },
            Kind::BlockedCluster3 => Design::BlockedCluster3 {
                top: units,
                middle,
                n,
                share,
                covariates,
                r2,
                middle_level: level,
                top_icc,
                effect_variation,
                r2_effect,
            },
        }
    }

    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let design = self.design();
        let test = Test {
            alpha: self.alpha,
            power: self.power,
            two_sided: !self.one_sided,
        };
        let found = detectable_effect(&design, test).map_err(|e| stats_error(&e))?;
        let mut facts = Facts::default()
            .with("detectable_effect", found.effect)
            .with("lower", found.lower)
            .with("upper", found.upper)
            .with("multiplier", found.multiplier)
            .with("se", found.se)
            .with("df", found.df);
        if let Some(effect) = self.effect {
            let against = power(&design, effect, test).map_err(|e| stats_error(&e))?;
            facts = facts
                .with("effect", effect)
                .with("power", against.power)
                .with("noncentrality", against.noncentrality);
            let needed = units_needed(&design, effect, test).map_err(|e| stats_error(&e))?;
            facts = facts.with("units_needed", needed);
        }
        facts.show(Head::computed("power analysis", "noncentral t"), printer)
    }
}
