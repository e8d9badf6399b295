//! The arguments all regressions share, and what they mean to the engine.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use throughline_stats::{
    ClusterFactor, CountLevels, FitOptions, Ssc, Vcov, WildOptions, WildWeights,
};

use crate::exit::Failure;

/// What is estimated on which rows.
#[derive(Args, Debug)]
pub(super) struct Source {
    /// A CSV or Parquet file
    pub file: PathBuf,
    /// For example `math ~ small + frl | school^grade`
    pub formula: String,
    /// Column (or expression) that weighs the rows
    #[arg(long, value_name = "COLUMN")]
    pub weights: Option<String>,
    /// Use only rows for which this holds, for example `sex == "F" & year >= 2019`
    #[arg(long = "where", value_name = "CONDITION")]
    pub filter: Option<String>,
}

/// How sure one may be.
#[derive(Args, Debug)]
pub(super) struct Judged {
    /// Variance estimator [default: crv1 with `--cluster`, iid without]
    #[arg(long, value_name = "KIND")]
    vcov: Option<VcovName>,
    /// Cluster by these columns; `a,b` clusters two ways, `a^b` by their crossing
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub cluster: Vec<String>,
    /// Small-sample corrections as in fixest: `K.adj=true,K.fixef=nonnested,K.exact=false,G.adj=true,G.df=min,t.df=min`
    #[arg(long, value_name = "OPTIONS", value_delimiter = ',')]
    ssc: Vec<String>,
    /// Keep rows that are alone in a level of an effect
    #[arg(long)]
    pub keep_singletons: bool,
    /// Confidence level
    #[arg(long, default_value_t = 0.95, value_name = "SHARE")]
    pub level: f64,
    /// Bootstrap draws (all sign combinations are enumerated when there are no more than this)
    #[arg(long, default_value_t = 9999, value_name = "N")]
    draws: usize,
    /// Seed of random draws
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Weights of the wild bootstrap
    #[arg(long, value_enum, default_value_t = WildName::Rademacher, value_name = "KIND")]
    wild_weights: WildName,
    /// Draw from the regression without the tested coefficient (WCR), or with it (WCU: `false`)
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set, value_name = "BOOL")]
    impose_null: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum VcovName {
    Iid,
    #[value(alias = "hetero", alias = "robust")]
    Hc1,
    Hc2,
    Hc3,
    #[value(alias = "cluster", alias = "cr1")]
    Crv1,
    #[value(alias = "crv2")]
    Cr2,
    #[value(alias = "cr3")]
    Crv3,
    Wild,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum WildName {
    Rademacher,
    Webb,
}

impl Judged {
    pub(super) fn options(&self) -> Result<FitOptions, Failure> {
        let name = self.vcov.unwrap_or(if self.cluster.is_empty() {
            VcovName::Iid
        } else {
            VcovName::Crv1
        });
        let clustered = matches!(
            name,
            VcovName::Crv1 | VcovName::Cr2 | VcovName::Crv3 | VcovName::Wild
        );
        if clustered == self.cluster.is_empty() {
            return Err(Failure::usage(if clustered {
                "clustered errors need `--cluster COLUMN`"
            } else {
                "`--cluster` needs a clustered `--vcov`: crv1, cr2, crv3 or wild"
            }));
        }
        let vcov = match name {
            VcovName::Iid => Vcov::Iid,
            VcovName::Hc1 => Vcov::Hc1,
            VcovName::Hc2 => Vcov::Hc2,
            VcovName::Hc3 => Vcov::Hc3,
            VcovName::Crv1 => Vcov::Crv1,
            VcovName::Cr2 => Vcov::Cr2,
            VcovName::Crv3 => Vcov::Crv3,
            VcovName::Wild => Vcov::Wild {
                draws: self.draws,
                seed: self.seed,
                weights: self.weights(),
                impose_null: self.impose_null,
            },
        };
        let mut options = FitOptions::new(vcov);
        options.ssc = ssc(&self.ssc)?;
        options.level = self.level;
        Ok(options)
    }

    fn weights(&self) -> WildWeights {
        match self.wild_weights {
            WildName::Rademacher => WildWeights::Rademacher,
            WildName::Webb => WildWeights::Webb,
        }
    }

    /// Bootstrap draws wherever they are used.
    pub(super) fn bootstrap(&self) -> WildOptions {
        WildOptions {
            draws: self.draws,
            seed: self.seed,
            weights: self.weights(),
            level: self.level,
            impose_null: self.impose_null,
        }
    }

    /// Draws and seed of other random methods.
    pub(super) fn draws(&self) -> (usize, u64) {
        (self.draws, self.seed)
    }

    /// Whether a variance was asked for by name.
    pub(super) fn named(&self) -> bool {
        self.vcov.is_some()
    }
}

/// fixest's `ssc()`, with the names of its versions before and after 0.13.
fn ssc(settings: &[String]) -> Result<Ssc, Failure> {
    let mut ssc = Ssc::default();
    for setting in settings {
        let wrong = || {
            Failure::usage(format!(
                "`--ssc {setting}` is not understood\n  hint: K.adj=true|false, K.fixef=nonnested|full|none, K.exact=true|false, \
                 G.adj=true|false, G.df=min|conventional, G.cross=cluster|hc0, t.df=min"
            ))
        };
        let (name, value) = setting.split_once('=').ok_or_else(wrong)?;
        let flag = match value {
            "true" | "TRUE" | "True" => Some(true),
            "false" | "FALSE" | "False" => Some(false),
            _ => None,
        };
        match name.to_ascii_lowercase().replace('_', ".").as_str() {
            "k.adj" | "adj" => ssc.adjust_parameters = flag.ok_or_else(wrong)?,
            "k.exact" | "fixef.force.exact" => ssc.exact_levels = flag.ok_or_else(wrong)?,
            "g.cross" | "multi0" => {
                ssc.white_crossing = match value {
                    "hc0" | "true" | "TRUE" => true,
                    "cluster" | "false" | "FALSE" => false,
                    _ => return Err(wrong()),
                }
            }
            "g.adj" | "cluster.adj" => ssc.adjust_clusters = flag.ok_or_else(wrong)?,
            "k.fixef" | "fixef.k" => {
                ssc.count_levels = match value {
                    "nonnested" | "nested" => CountLevels::NonNested,
                    "full" => CountLevels::All,
                    "none" => CountLevels::None,
                    _ => return Err(wrong()),
                }
            }
            "g.df" | "cluster.df" => {
                ssc.cluster_factor = match value {
                    "min" => ClusterFactor::Min,
                    "conventional" => ClusterFactor::PerTerm,
                    _ => return Err(wrong()),
                }
            }
            "t.df" if value == "min" => {}
            _ => return Err(wrong()),
        }
    }
    Ok(ssc)
}

#[cfg(test)]
mod tests {
    use super::{CountLevels, Ssc, ssc};

    #[test]
    fn both_generations_of_names_are_read() {
        let read = |text: &str| ssc(&[text.to_owned()]).ok();
        assert_eq!(read("G.df=min"), Some(Ssc::default()));
        assert_eq!(read("fixef.K=full"), read("K.fixef=full"));
        assert_eq!(
            read("k_fixef=none").map(|s| s.count_levels),
            Some(CountLevels::None)
        );
        assert_eq!(read("adj=FALSE").map(|s| s.adjust_parameters), Some(false));
        assert_eq!(read("adj=maybe"), None);
        assert_eq!(read("t.df=conventional"), None);
    }
}
