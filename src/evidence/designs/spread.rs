//! Standard errors for few units. The influence functions of group-time effects say how far each unit moves an estimate; summed
//! as they are they are too small with few units, most of all with small cohorts, whose mean is taken from themselves. Here each
//! unit's square is divided by one less its share of its cohort (HC2), and the degrees of freedom are Satterthwaite's over
//! the cohorts (Bell and McCaffrey 2002), as in a comparison of means with unequal variances.
//!
//! Where units are clustered above themselves (teachers whose schools decide), sums by cluster with G/(G − 1) take their place, and as many
//! degrees of freedom as clusters with a unit that began, less one.

use throughline_stats::dist::{t_quantile, t_two_sided};

use crate::finding::Estimate;

/// How units hang together.
pub(crate) struct Spread {
    /// Cohort of each unit, from zero.
    pub(crate) cohort: Vec<u32>,
    /// Weight of each unit.
    pub(crate) weight: Vec<f64>,
    /// Cluster of each unit, from zero, where units do not stand alone.
    pub(crate) cluster: Option<Vec<u32>>,
    /// Whether each unit began inside the panel.
    pub(crate) begun: Vec<bool>,
}

impl Spread {
    /// One less each unit's share of its cohort.
    fn leverage(&self) -> Vec<f64> {
        let mut total = vec![0.0; self.cohorts()];
        for (cohort, weight) in self.cohort.iter().zip(&self.weight) {
            total[*cohort as usize] += weight;
        }
        self.cohort
            .iter()
            .zip(&self.weight)
            .map(|(cohort, weight)| 1.0 - weight / total[*cohort as usize])
            .collect()
    }

    fn cohorts(&self) -> usize {
        self.cohort.iter().max().map_or(0, |c| *c as usize + 1)
    }

    /// Covariance of estimates from their influence columns, row-major.
    pub(crate) fn covariance(&self, columns: &[&[f64]]) -> Vec<f64> {
        let n = self.cohort.len() as f64;
        let parts: Vec<Vec<f64>> = columns.iter().map(|column| self.parts(column)).collect();
        let mut covariance = Vec::with_capacity(columns.len().pow(2));
        for a in &parts {
            for b in &parts {
                let sum: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
                covariance.push(sum / (n * n));
            }
        }
        covariance
    }

    /// What each independent part moves, corrected.
    fn parts(&self, column: &[f64]) -> Vec<f64> {
        let Some(cluster) = &self.cluster else {
            return column
                .iter()
                .zip(self.leverage())
                .map(|(psi, rest)| if rest > 0.0 { psi / rest.sqrt() } else { 0.0 })
                .collect();
        };
        let count = cluster.iter().max().map_or(0, |c| *c as usize + 1);
        let mut sums = vec![0.0; count];
        for (psi, cluster) in column.iter().zip(cluster) {
            sums[*cluster as usize] += psi;
        }
        let factor = (count as f64 / (count as f64 - 1.0)).sqrt();
        sums.into_iter().map(|sum| sum * factor).collect()
    }

    /// Degrees of freedom of an influence column.
    pub(crate) fn df(&self, column: &[f64]) -> f64 {
        if let Some(cluster) = &self.cluster {
            let mut with: Vec<u32> = cluster
                .iter()
                .zip(&self.begun)
                .filter(|(_, begun)| **begun)
                .map(|(cluster, _)| *cluster)
                .collect();
            with.sort_unstable();
            with.dedup();
            return (with.len() as f64 - 1.0).max(1.0);
        }
        let mut variance = vec![0.0; self.cohorts()];
        let mut weight = vec![(0.0, 0.0); self.cohorts()];
        for (i, part) in self.parts(column).iter().enumerate() {
            let cohort = self.cohort[i] as usize;
            variance[cohort] += part * part;
            weight[cohort].0 += self.weight[i];
            weight[cohort].1 += self.weight[i].powi(2);
        }
        let total: f64 = variance.iter().sum();
        let below: f64 = variance
            .iter()
            .zip(weight)
            .filter(|(variance, _)| **variance > 0.0)
            .map(|(variance, (sum, squares))| {
                variance * variance / (sum * sum / squares - 1.0).max(1e-9)
            })
            .sum();
        if below > 0.0 {
            (total * total / below).max(1.0)
        } else {
            1.0
        }
    }

    /// An estimate from its influence column.
    pub(crate) fn estimate(&self, estimate: f64, column: &[f64]) -> Estimate {
        let df = self.df(column);
        let se = self.covariance(&[column])[0].sqrt();
        let reach = t_quantile(0.975, df) * se;
        Estimate {
            estimate,
            se,
            lower: estimate - reach,
            upper: estimate + reach,
            p: t_two_sided(estimate / se, df),
            df,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two groups of means: the influence of unit i on mean(a) − mean(b) is ± n / nₐ (yᵢ − mean).
    #[test]
    fn two_groups_give_welchs_test() {
        let (a, b) = ([1.0, 2.0, 4.0, 5.0], [0.0, 1.0, 5.0]);
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
        let n = 7.0;
        let mut column: Vec<f64> = a.iter().map(|y| n / 4.0 * (y - mean(&a))).collect();
        column.extend(b.iter().map(|y| -n / 3.0 * (y - mean(&b))));
        let spread = Spread {
            cohort: vec![0, 0, 0, 0, 1, 1, 1],
            weight: vec![1.0; 7],
            cluster: None,
            begun: vec![true, true, true, true, false, false, false],
        };
        let found = spread.estimate(mean(&a) - mean(&b), &column);
        // Variances of the means: 10/3/4 and 7/3. Welch: se² = 10/12 + 7/3, df = se⁴ / ((10/12)²/3 + (7/3)²/2).
        let (va, vb) = (10.0 / 12.0, 7.0 / 3.0);
        assert!((found.se.powi(2) - (va + vb)).abs() < 1e-12);
        let df = (va + vb).powi(2) / (va * va / 3.0 + vb * vb / 2.0);
        assert!((found.df - df).abs() < 1e-9, "{}", found.df);
    }
}
