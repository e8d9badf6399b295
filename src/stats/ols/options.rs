//! How an estimate is to be judged: variance estimator, small-sample conventions, level.

/// The variance estimator.
///
/// Which one: errors that are alike and independent, [`Vcov::Iid`]; independent but unequal,
/// [`Vcov::Hc1`] (or HC2/HC3 in small samples); alike within clusters, [`Vcov::Crv1`] from about 40 clusters and
/// [`Vcov::Cr2`] or [`Vcov::Wild`] below. Cluster where the treatment is assigned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Vcov {
    /// Homoskedastic and independent: `σ² (X'X)⁻¹`.
    Iid,
    /// White (1980) with factor `n/(n−K)`.
    Hc1,
    /// Residuals over `√(1−h)`: unbiased if errors are homoskedastic.
    Hc2,
    /// Residuals over `1−h`: close to the jackknife, the safest of the three in small samples.
    Hc3,
    /// Liang–Zeger clustered errors with the small-sample factors of [`Ssc`]; multi-way if several clusters are named.
    Crv1,
    /// Bell–McCaffrey bias-reduced clustered errors with Satterthwaite degrees of freedom (Pustejovsky and Tipton 2018).
    /// With weights the working model is still that errors are alike, as clubSandwich's default for `lm` (not that weights are
    /// inverse variances).
    Cr2,
    /// Cluster jackknife: leave one cluster out.
    Crv3,
    /// Wild cluster bootstrap (Cameron, Gelbach and Miller 2008): p-values and intervals from the draws, standard errors
    /// from [`Vcov::Crv1`].
    Wild {
        /// Bootstrap draws (for example 9,999). All sign combinations are enumerated instead when there are no more than this.
        draws: usize,
        /// Seed; draw `i` depends on the seed and `i` only.
        seed: u64,
        /// Distribution of the cluster weights.
        weights: WildWeights,
        /// Draw from the regression without the tested coefficient (WCR, the better test) or with it (WCU).
        impose_null: bool,
    },
}

/// Distribution of the wild bootstrap's cluster weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WildWeights {
    /// ±1 with equal chance.
    Rademacher,
    /// Webb's six points `±√½, ±1, ±√1½`; for fewer than about 12 clusters.
    Webb,
}

/// How absorbed levels count in `K`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountLevels {
    /// Effects nested in a cluster count one parameter, others all their levels. The default.
    NonNested,
    /// All levels count.
    All,
    /// No level counts.
    None,
}

/// Which number of clusters enters the factor of each term of a multi-way variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterFactor {
    /// The smallest number among the cluster variables, for every term. The default.
    Min,
    /// Each term its own number (Petersen 2009).
    PerTerm,
}

/// Small-sample corrections, with the meaning and defaults of fixest's `ssc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ssc {
    /// Multiply by `(n−1)/(n−K)`.
    pub adjust_parameters: bool,
    /// How absorbed levels count in `K`.
    pub count_levels: CountLevels,
    /// Count the levels of two or more effects net of the exact number of redundant ones: connected components of two effects, the rank
    /// of the normal equations of more (up to 5,000 levels beside those of the largest effect).
    pub exact_levels: bool,
    /// Multiply by `G/(G−1)`.
    pub adjust_clusters: bool,
    /// Which `G` a multi-way variance uses.
    pub cluster_factor: ClusterFactor,
    /// Subtract White's variance (each row by itself, no factor) where a multi-way variance subtracts that of the crossing of all cluster
    /// variables, as `multi0` in R's sandwich: the same but for the factor where no two rows share a crossing (Petersen 2009).
    pub white_crossing: bool,
}

impl Default for Ssc {
    fn default() -> Self {
        Self {
            adjust_parameters: true,
            count_levels: CountLevels::NonNested,
            exact_levels: false,
            adjust_clusters: true,
            cluster_factor: ClusterFactor::Min,
            white_crossing: false,
        }
    }
}

/// Options of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct FitOptions {
    /// The variance estimator.
    pub vcov: Vcov,
    /// Cluster variables to use, by name; empty uses all of the design's.
    pub cluster_by: Vec<String>,
    /// Small-sample corrections.
    pub ssc: Ssc,
    /// Confidence level of the intervals.
    pub level: f64,
}

impl FitOptions {
    /// The given variance estimator with default corrections and 95 % intervals.
    #[must_use]
    pub fn new(vcov: Vcov) -> Self {
        Self {
            vcov,
            cluster_by: Vec::new(),
            ssc: Ssc::default(),
            level: 0.95,
        }
    }
}
