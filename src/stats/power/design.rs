//! Study designs and the standard error each gives.

use crate::error::StatsError;

/// One level above the individual in a clustered design.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterLevel {
    /// Share of the outcome's variance between units of this level.
    pub icc: f64,
    /// Share of that variance explained by covariates of the level.
    pub r2: f64,
}

/// A design. `share` is the share of assigned units that is treated, `covariates` the covariates at the level of assignment, `r2` the share of
/// individual variance explained by covariates. P = share, Q = 1 − P.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Design {
    /// Individuals assigned: se² = (1 − R²)/(PQn), df = n − g − 2 (`ira1r1`).
    Individual {
        /// Individuals.
        n: f64,
        /// Share treated.
        share: f64,
        /// Covariates.
        covariates: usize,
        /// Variance explained.
        r2: f64,
    },
    /// Individuals assigned within blocks of equal effect: se² = (1 − R²)/(PQJn), df = J(n − 1) − g − 1 (`bira2c1`).
    BlockedConstant {
        /// Blocks.
        blocks: f64,
        /// Individuals per block.
        n: f64,
        /// Share treated within blocks.
        share: f64,
        /// Covariates.
        covariates: usize,
        /// Variance explained.
        r2: f64,
    },
    /// Individuals assigned within blocks sampled from many:
    /// se² = ρω(1 − R²ₜ)/J + (1 − ρ)(1 − R²)/(PQJn), df = J − g − 1 (`bira2r1`).
    BlockedRandom {
        /// Blocks.
        blocks: f64,
        /// Individuals per block.
        n: f64,
        /// Share treated within blocks.
        share: f64,
        /// Block-level covariates.
        covariates: usize,
        /// Individual variance explained.
        r2: f64,
        /// Share of variance between blocks.
        icc: f64,
        /// ω: variance of the effect across blocks relative to the variance between blocks.
        effect_variation: f64,
        /// Share of the effect's variation explained by block covariates.
        r2_effect: f64,
    },
    /// Clusters assigned: se² = ρ(1 − R₂²)/(PQJ) + (1 − ρ)(1 − R₁²)/(PQJn), df = J − g − 2 (`cra2`).
    Cluster2 {
        /// Clusters in both arms.
        clusters: f64,
        /// Individuals per cluster.
        n: f64,
        /// Share of clusters treated.
        share: f64,
        /// Cluster-level covariates.
        covariates: usize,
        /// Individual variance explained.
        r2: f64,
        /// Cluster level.
        level: ClusterLevel,
    },
    /// Top-level clusters assigned:
    /// se² = ρ₃(1 − R₃²)/(PQK) + ρ₂(1 − R₂²)/(PQJK) + (1 − ρ₂ − ρ₃)(1 − R₁²)/(PQJKn), df = K − g − 2 (`cra3`).
    Cluster3 {
        /// Top-level clusters.
        top: f64,
        /// Middle clusters per top cluster.
        middle: f64,
        /// Individuals per middle cluster.
        n: f64,
        /// Share of top clusters treated.
        share: f64,
        /// Top-level covariates.
        covariates: usize,
        /// Individual variance explained.
        r2: f64,
        /// Middle level.
        middle_level: ClusterLevel,
        /// Top level.
        top_level: ClusterLevel,
    },
    /// Middle clusters assigned within top-level blocks sampled from many:
    /// se² = ρ₃ω(1 − R²ₜ)/K + ρ₂(1 − R₂²)/(PQJK) + (1 − ρ₂ − ρ₃)(1 − R₁²)/(PQJKn), df = K − g − 1 (`bcra3r2`).
    BlockedCluster3 {
        /// Top-level blocks.
        top: f64,
        /// Middle clusters per block.
        middle: f64,
        /// Individuals per middle cluster.
        n: f64,
        /// Share of middle clusters treated within blocks.
        share: f64,
        /// Block-level covariates.
        covariates: usize,
        /// Individual variance explained.
        r2: f64,
        /// Middle level.
        middle_level: ClusterLevel,
        /// Share of variance between blocks.
        top_icc: f64,
        /// ω: variance of the effect across blocks relative to the variance between blocks.
        effect_variation: f64,
        /// Share of the effect's variation explained by block covariates.
        r2_effect: f64,
    },
}

impl Design {
    /// Standard error of the effect, in standard deviations, and degrees of freedom.
    ///
    /// # Errors
    /// A size, share or proportion out of range, or no degrees of freedom left.
    pub fn precision(&self) -> Result<(f64, f64), StatsError> {
        self.check()?;
        let (variance, df) = match *self {
            Self::Individual {
                n,
                share,
                covariates,
                r2,
            } => (
                (1.0 - r2) / (share * (1.0 - share) * n),
                n - covariates as f64 - 2.0,
            ),
            Self::BlockedConstant {
                blocks,
                n,
                share,
                covariates,
                r2,
            } => (
                (1.0 - r2) / (share * (1.0 - share) * blocks * n),
                blocks * (n - 1.0) - covariates as f64 - 1.0,
            ),
            Self::BlockedRandom {
                blocks,
                n,
                share,
                covariates,
                r2,
                icc,
                effect_variation,
                r2_effect,
            } => {
                let between = icc * effect_variation * (1.0 - r2_effect) / blocks;
                (
                    between + (1.0 - icc) * (1.0 - r2) / (share * (1.0 - share) * blocks * n),
                    blocks - covariates as f64 - 1.0,
                )
            }
            Self::Cluster2 {
                clusters,
                n,
                share,
                covariates,
                r2,
                level,
            } => {
                let pq = share * (1.0 - share) * clusters;
                (
                    level.icc * (1.0 - level.r2) / pq + (1.0 - level.icc) * (1.0 - r2) / (pq * n),
                    clusters - covariates as f64 - 2.0,
                )
            }
            Self::Cluster3 {
                top,
                middle,
                n,
                share,
                covariates,
                r2,
                middle_level,
                top_level,
            } => {
                let pq = share * (1.0 - share) * top;
                let rest =
                    (1.0 - middle_level.icc - top_level.icc) * (1.0 - r2) / (pq * middle * n);
                let between = top_level.icc * (1.0 - top_level.r2) / pq
                    + middle_level.icc * (1.0 - middle_level.r2) / (pq * middle);
                (between + rest, top - covariates as f64 - 2.0)
            }
            Self::BlockedCluster3 {
                top,
                middle,
                n,
                share,
                covariates,
                r2,
                middle_level,
                top_icc,
                effect_variation,
                r2_effect,
            } => {
                let pq = share * (1.0 - share) * middle * top;
                let rest = (1.0 - middle_level.icc - top_icc) * (1.0 - r2) / (pq * n);
                let between = top_icc * effect_variation * (1.0 - r2_effect) / top
                    + middle_level.icc * (1.0 - middle_level.r2) / pq;
                (between + rest, top - covariates as f64 - 1.0)
            }
        };
        if df < 1.0 {
            return Err(StatsError::option(
                "design",
                "leaves no degrees of freedom; more units at the level of assignment are needed",
            ));
        }
        if variance <= 0.0 {
            return Err(StatsError::option(
                "design",
                "has no variance left; an R² of 1 cannot be",
            ));
        }
        Ok((variance.sqrt(), df))
    }

    fn check(&self) -> Result<(), StatsError> {
        let (sizes, share, proportions): (Vec<f64>, f64, Vec<f64>) = match *self {
            Self::Individual { n, share, r2, .. } => (vec![n], share, vec![r2]),
            Self::BlockedConstant {
                blocks,
                n,
                share,
                r2,
                ..
            } => (vec![blocks, n], share, vec![r2]),
            Self::BlockedRandom {
                blocks,
                n,
                share,
                r2,
                icc,
                r2_effect,
                ..
            } => (vec![blocks, n], share, vec![r2, icc, r2_effect]),
            Self::Cluster2 {
                clusters,
                n,
                share,
                r2,
                level,
                ..
            } => (vec![clusters, n], share, vec![r2, level.icc, level.r2]),
            Self::Cluster3 {
                top,
                middle,
                n,
                share,
                r2,
                middle_level,
                top_level,
                ..
            } => (
                vec![top, middle, n],
                share,
                vec![
                    r2,
                    middle_level.icc,
                    middle_level.r2,
                    top_level.icc,
                    top_level.r2,
                    middle_level.icc + top_level.icc,
                ],
            ),
            Self::BlockedCluster3 {
                top,
                middle,
                n,
                share,
                r2,
                middle_level,
                top_icc,
                r2_effect,
                ..
            } => (
                vec![top, middle, n],
                share,
                vec![
                    r2,
                    middle_level.icc,
                    middle_level.r2,
                    top_icc,
                    r2_effect,
                    middle_level.icc + top_icc,
                ],
            ),
        };
        if let Self::BlockedRandom {
            effect_variation, ..
        }
        | Self::BlockedCluster3 {
            effect_variation, ..
        } = *self
            && !(effect_variation.is_finite() && effect_variation >= 0.0)
        {
            return Err(StatsError::option(
                "effect_variation",
                "must be zero or more",
            ));
        }
        if sizes.iter().any(|s| !(s.is_finite() && *s >= 1.0)) {
            return Err(StatsError::option("size", "every size must be 1 or more"));
        }
        if !(share > 0.0 && share < 1.0) {
            return Err(StatsError::option(
                "share",
                "must lie strictly between 0 and 1",
            ));
        }
        if proportions.iter().any(|p| !(0.0..=1.0).contains(p)) {
            return Err(StatsError::option(
                "icc or r2",
                "must lie between 0 and 1, and intraclass correlations may not add to more than 1",
            ));
        }
        Ok(())
    }

    /// The same design with another number of units at the level that carries the degrees of freedom (individuals, blocks, clusters).
    #[must_use]
    pub fn with_units(mut self, units: f64) -> Self {
        match &mut self {
            Self::Individual { n, .. } => *n = units,
            Self::BlockedConstant { blocks, .. } | Self::BlockedRandom { blocks, .. } => {
                *blocks = units
            }
            Self::Cluster2 { clusters, .. } => *clusters = units,
            Self::Cluster3 { top, .. } | Self::BlockedCluster3 { top, .. } => *top = units,
        }
        self
    }
}
