//! One comparison of two groups in two periods: outcome regression, inverse propensity weighting or both.
//!
//! Formulas and influence functions are those of DRDID (`reg_did_panel`, `std_ipw_did_panel`, `drdid_panel`), trimming of controls
//! with a propensity of 0.995 or more included. With ΔY the change, D treated, π the propensity score and m the regression of ΔY on X
//! among controls, the doubly robust effect is
//! E\[wᵀ(ΔY − m)\]/E\[wᵀ\] − E\[wᶜ(ΔY − m)\]/E\[wᶜ\], wᵀ = D, wᶜ = π(1 − D)/(1 − π).
//!
//! Everything that does not depend on the outcome (the score, the Gram matrices, the leverage terms) is computed once per set
//! of units and reused for every period that shares it.

use super::options::Method;
use super::{WhyNot, cells::Key, panel::Wide};
use crate::kit::dense::{cholesky, cholesky_solve, dot, gram, mat_vec, spd_inverse};
use crate::kit::logit::{self, LogitFailure};
use std::sync::Arc;

/// Controls with a propensity at or above this are given no weight (DRDID `trim.level`).
const TRIM: f64 = 0.995;
/// A fitted propensity at or above this means treated and controls do not overlap (`did` 2.5).
const NO_OVERLAP: f64 = 0.999;

/// The outcome-free part of a comparison.
pub(crate) struct Comparison {
    method: Method,
    /// Units: treated first, then controls.
    pub(crate) index: Arc<[u32]>,
    treated: usize,
    /// Intercept and covariates over `index`.
    columns: Vec<Vec<f64>>,
    /// Sampling weights with mean one over `index`.
    weight: Vec<f64>,
    /// Weight of each control in the comparison mean.
    control_weight: Vec<f64>,
    mean_treated: f64,
    mean_control: f64,
    /// Factor of Σ w x xᵀ over controls, and Σ w x xᵀ v = the leverage of each control.
    outcome_factor: Vec<f64>,
    leverage: Vec<f64>,
    /// Inverse information of the score, times n.
    score_inverse: Vec<f64>,
    /// w (D − π) of each unit.
    score_residual: Vec<f64>,
}

/// Sum over all units to the scale of the whole panel, and the effect.
pub(crate) struct CellFit {
    /// ATT(g, t).
    pub(crate) effect: f64,
    /// Influence of each unit of `Comparison::index`, scaled to the whole panel.
    pub(crate) influence: Vec<f64>,
}

impl Comparison {
    /// Gathers units, covariates and weights, and fits what the method needs.
    pub(crate) fn new(wide: &Wide, key: Key, method: Method) -> Result<Self, WhyNot> {
        let mut index: Vec<u32> = Vec::new();
        let pick = |index: &mut Vec<u32>, wanted: &dyn Fn(i32) -> bool| {
            index.extend(
                wide.start
                    .iter()
                    .enumerate()
                    .filter(|(_, s)| wanted(**s))
                    .map(|(i, _)| i as u32),
            );
        };
        pick(&mut index, &|s| s == key.group);
        let treated = index.len();
        pick(&mut index, &|s| s > key.controls_after && s != key.group);
        let n = index.len();
        if treated == 0 {
            return Err(WhyNot::NoTreated);
        }
        if n == treated {
            return Err(WhyNot::NoControls);
        }
        let mut columns = vec![vec![1.0; n]];
        for covariate in &wide.covariates {
            let source = &covariate[if covariate.len() > 1 {
                key.covariates_at
            } else {
                0
            }];
            columns.push(index.iter().map(|&i| source[i as usize]).collect());
        }
        let mut weight = vec![1.0; n];
        if !wide.weights.is_empty() {
            let source = &wide.weights[key.weights_at];
            let mean = index.iter().map(|&i| source[i as usize]).sum::<f64>() / n as f64;
            if mean <= 0.0 {
                return Err(WhyNot::NoTreated);
            }
            weight = index.iter().map(|&i| source[i as usize] / mean).collect();
        }
        let mut fit = Self {
            method,
            index: index.into(),
            treated,
            columns,
            weight,
            control_weight: Vec::new(),
            mean_treated: 0.0,
            mean_control: 0.0,
            outcome_factor: Vec::new(),
            leverage: Vec::new(),
            score_inverse: Vec::new(),
            score_residual: Vec::new(),
        };
        fit.weigh()?;
        if method.regresses() {
            fit.prepare_outcome()?;
        }
        Ok(fit)
    }

    /// Propensity score and the weights of the two means.
    fn weigh(&mut self) -> Result<(), WhyNot> {
        let n = self.index.len();
        let k = self.columns.len();
        let sum_treated: f64 = self.weight[..self.treated].iter().sum();
        if sum_treated <= 0.0 {
            return Err(WhyNot::NoTreated);
        }
        self.mean_treated = sum_treated / n as f64;
        if !self.method.weights() {
            // No controls are averaged: the regression carries them to the treated.
            self.mean_control = 1.0;
            self.control_weight = vec![0.0; n - self.treated];
            return Ok(());
        }
        let treated: Vec<bool> = (0..n).map(|i| i < self.treated).collect();
        let fitted = if k == 1 {
            vec![sum_treated / self.weight.iter().sum::<f64>(); n]
        } else {
            logit::fit(&self.columns, &treated, Some(&self.weight))
                .map_err(|failure| match failure {
                    LogitFailure::Collinear(_) => WhyNot::Singular,
                    LogitFailure::Separated => WhyNot::NoOverlap,
                })?
                .fitted
        };
        if fitted.iter().any(|&p| p >= NO_OVERLAP) {
            return Err(WhyNot::NoOverlap);
        }
        let information: Vec<f64> = fitted
            .iter()
            .zip(&self.weight)
            .map(|(p, w)| w * p * (1.0 - p))
            .collect();
        self.score_inverse = spd_inverse(&gram(&self.columns, Some(&information)), k)
            .map_err(|_| WhyNot::Singular)?;
        for v in &mut self.score_inverse {
            *v *= n as f64;
        }
        self.score_residual = (0..n)
            .map(|i| self.weight[i] * (f64::from(u8::from(treated[i])) - fitted[i]))
            .collect();
        self.control_weight = (self.treated..n)
            .map(|i| {
                if fitted[i] < TRIM {
                    self.weight[i] * fitted[i] / (1.0 - fitted[i])
                } else {
                    0.0
                }
            })
            .collect();
        let sum_control: f64 = self.control_weight.iter().sum();
        if sum_control <= 0.0 {
            return Err(WhyNot::NoControls);
        }
        self.mean_control = sum_control / n as f64;
        Ok(())
    }

    /// Gram matrix among controls and the leverage of each of them on the effect.
    fn prepare_outcome(&mut self) -> Result<(), WhyNot> {
        let (n, k, t) = (self.index.len(), self.columns.len(), self.treated);
        let controls: Vec<Vec<f64>> = self.columns.iter().map(|c| c[t..].to_vec()).collect();
        let matrix = gram(&controls, Some(&self.weight[t..]));
        self.outcome_factor = cholesky(&matrix, k).map_err(|_| WhyNot::Singular)?;
        // v = (E[w(1−D)xxᵀ])⁻¹ (E[wᵀx]/E[wᵀ] − E[wᶜx]/E[wᶜ])
        let mut v: Vec<f64> = self
            .columns
            .iter()
            .map(|c| {
                let treated = dot(&c[..t], &self.weight[..t]) / self.mean_treated;
                let control = if self.method.weights() {
                    dot(&c[t..], &self.control_weight) / self.mean_control
                } else {
                    0.0
                };
                treated - control
            })
            .collect();
        cholesky_solve(&self.outcome_factor, k, &mut v);
        self.leverage = (t..n)
            .map(|i| {
                self.weight[i]
                    * self
                        .columns
                        .iter()
                        .zip(&v)
                        .map(|(c, b)| c[i] * b)
                        .sum::<f64>()
            })
            .collect();
        Ok(())
    }

    /// Effect and influence for one change in the outcome, `whole` units in the panel.
    pub(crate) fn effect(&self, later: &[f64], earlier: &[f64], whole: usize) -> CellFit {
        let (n, t, k) = (self.index.len(), self.treated, self.columns.len());
        let mut residual: Vec<f64> = self
            .index
            .iter()
            .map(|&i| later[i as usize] - earlier[i as usize])
            .collect();
        if self.method.regresses() {
            let weighted: Vec<f64> = residual[t..]
                .iter()
                .zip(&self.weight[t..])
                .map(|(r, w)| r * w)
                .collect();
            let mut beta: Vec<f64> = self
                .columns
                .iter()
                .map(|c| dot(&c[t..], &weighted))
                .collect();
            cholesky_solve(&self.outcome_factor, k, &mut beta);
            for (c, b) in self.columns.iter().zip(&beta) {
                for (r, x) in residual.iter_mut().zip(c) {
                    *r -= b * x;
                }
            }
        }
        let size = n as f64;
        let eta_treated = dot(&residual[..t], &self.weight[..t]) / (size * self.mean_treated);
        let (mut eta_control, mut u) = (0.0, Vec::new());
        if self.method.weights() {
            eta_control = dot(&residual[t..], &self.control_weight) / (size * self.mean_control);
            let tilted: Vec<f64> = residual[t..]
                .iter()
                .zip(&self.control_weight)
                .map(|(r, w)| w * (r - eta_control))
                .collect();
            let moment: Vec<f64> = self
                .columns
                .iter()
                .map(|c| dot(&c[t..], &tilted) / (size * self.mean_control))
                .collect();
            u = mat_vec(&self.score_inverse, &moment);
        }
        let scale = whole as f64 / size;
        // Residuals are no longer needed: each gives way to its unit's influence.
        let mut influence = residual;
        for (v, w) in influence[..t].iter_mut().zip(&self.weight) {
            *v = w * (*v - eta_treated) / self.mean_treated;
        }
        for (j, v) in influence[t..].iter_mut().enumerate() {
            let residual = *v;
            *v = -self.control_weight[j] * (residual - eta_control) / self.mean_control;
            if self.method.regresses() {
                *v -= self.leverage[j] * residual;
            }
        }
        if self.method.weights() {
            for (i, v) in influence.iter_mut().enumerate() {
                let mut lean = 0.0;
                for (c, b) in self.columns.iter().zip(&u) {
                    lean += c[i] * b;
                }
                *v -= self.score_residual[i] * lean;
            }
        }
        for v in &mut influence {
            *v *= scale;
        }
        CellFit {
            effect: eta_treated - eta_control,
            influence,
        }
    }
}
