//! From file, formula and options to columns on rows that can be used: what every regression needs before it estimates.

use throughline_stats::formula::{
    Complete, Expr, Formula, FormulaError, Grouping, MISSING, Model, Problem, evaluate, expression,
    groups,
};
use throughline_stats::{Column, Design, Effect, StatsError};

use super::data::Data;
use super::regression::Source;
use crate::exit::{Exit, Failure};

/// A model on data, with weights and clusters.
pub(super) struct Prepared {
    pub formula: Formula,
    pub model: Model,
    pub weights: Option<Vec<f64>>,
    /// A further expression the estimator asked for, such as an offset.
    pub extra: Option<Vec<f64>>,
    pub clusters: Vec<Grouping>,
    /// Rows that `--where` left out.
    pub filtered: usize,
    data: Data,
}

/// A formula error with the nearest column of the file.
pub(super) fn formula_error(error: &FormulaError, data: Option<&Data>) -> Failure {
    let hint = match (&error.problem, data) {
        (Problem::UnknownColumn { name }, Some(data)) => data.hint(name),
        _ => String::new(),
    };
    Failure::usage(format!("{error}{hint}"))
}

/// What the engine refused: what was asked for, or the data.
pub(super) fn stats_error(error: &StatsError) -> Failure {
    let exit = match error {
        StatsError::UnknownColumn { .. }
        | StatsError::DuplicateName { .. }
        | StatsError::Unsupported { .. }
        | StatsError::InvalidOption { .. } => Exit::Usage,
        _ => Exit::DataRefused,
    };
    Failure::new(exit, error.to_string())
}

/// Reads the columns a set of expressions needs and applies the filter. Returns the data and how many rows the filter left out.
pub(super) fn read(
    file: &std::path::Path,
    names: Vec<String>,
    filter: Option<&str>,
) -> Result<(Data, usize), Failure> {
    let mut names = names;
    let filter = match filter {
        None => None,
        Some(text) => {
            let expr = expression(text).map_err(|e| formula_error(&e, None))?;
            names.extend(names_of(&expr));
            Some((text, expr))
        }
    };
    let mut data = Data::read(file, &names)?;
    let Some((text, expr)) = filter else {
        return Ok((data, 0));
    };
    let holds = evaluate(&expr, text, &data.frame()).map_err(|e| formula_error(&e, Some(&data)))?;
    let keep: Vec<bool> = holds.iter().map(|v| *v != 0.0 && !v.is_nan()).collect();
    let before = data.rows();
    data.keep(&keep);
    let filtered = before - data.rows();
    Ok((data, filtered))
}

pub(super) fn names_of(expr: &Expr) -> Vec<String> {
    let mut names = Vec::new();
    expr.names(&mut names);
    names.into_iter().map(str::to_owned).collect()
}

/// Columns named by cluster options such as `a` or `a^b`.
pub(super) fn names_of_groups(texts: &[String]) -> Vec<String> {
    let part = |t: &str| t.trim().trim_matches('`').to_owned();
    texts
        .iter()
        .flat_map(|t| t.split(['^', ':']).map(part))
        .collect()
}

impl Prepared {
    pub(super) fn new(source: &Source, cluster: &[String]) -> Result<Self, Failure> {
        Self::with_extra(source, cluster, None)
    }

    /// The same for an estimator that takes neither instruments nor random terms.
    pub(super) fn plain(source: &Source, cluster: &[String]) -> Result<Self, Failure> {
        let prepared = Self::new(source, cluster)?;
        prepared.refuse(&Refused {
            instruments: true,
            random: true,
            no_outcome: true,
            ..Refused::default()
        })?;
        Ok(prepared)
    }

    /// The outcome and the regressors of a formula that holds one model.
    pub(super) fn single(&self) -> Result<(usize, &[usize]), Failure> {
        match (&self.model.outcomes[..], &self.model.specifications[..]) {
            (&[outcome], [regressors]) => Ok((outcome, regressors)),
            _ => Err(Failure::usage("name one outcome and one set of regressors")),
        }
    }

    /// The same with a further expression.
    pub(super) fn with_extra(
        source: &Source,
        cluster: &[String],
        extra: Option<&str>,
    ) -> Result<Self, Failure> {
        let formula = Formula::parse(&source.formula).map_err(|e| formula_error(&e, None))?;
        let mut names: Vec<String> = formula.names().into_iter().map(str::to_owned).collect();
        let read_expression = |text: Option<&str>| match text {
            None => Ok(None),
            Some(text) => expression(text)
                .map(|expr| Some((text.to_owned(), expr)))
                .map_err(|e| formula_error(&e, None)),
        };
        let weights = read_expression(source.weights.as_deref())?;
        let extra = read_expression(extra)?;
        for (_, expr) in weights.iter().chain(&extra) {
            names.extend(names_of(expr));
        }
        names.extend(names_of_groups(cluster));
        let (data, filtered) = read(&source.file, names, source.filter.as_deref())?;
        let frame = data.frame();
        let explain = |e: FormulaError| formula_error(&e, Some(&data));
        let model = Model::build(&formula, &frame).map_err(explain)?;
        let compute = |of: Option<(String, Expr)>| match of {
            None => Ok(None),
            Some((text, expr)) => evaluate(&expr, &text, &frame).map(Some).map_err(explain),
        };
        let weights = compute(weights)?;
        let extra = compute(extra)?;
        let clusters = cluster
            .iter()
            .map(|text| groups(text, &frame).map_err(explain))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            formula,
            model,
            weights,
            extra,
            clusters,
            filtered,
            data,
        })
    }

    /// How the file writes the levels of a random group, by code.
    pub(super) fn labels(&self, random: usize) -> Vec<String> {
        let group = &self.model.random[random].group;
        let parts = names_of_groups(std::slice::from_ref(&group.name));
        let mut labels = vec![String::new(); group.levels];
        // Codes are numbered by first appearance.
        let mut next = 0;
        for (row, &code) in group.codes.iter().enumerate() {
            if code == next {
                let written: Vec<String> = parts.iter().map(|p| self.data.label(p, row)).collect();
                labels[next as usize] = written.join("^");
                next += 1;
            }
        }
        labels
    }

    /// Rows on which these columns, the groups, clusters and weights are all there.
    pub(super) fn complete(&self, columns: &[usize]) -> Complete {
        let mut complete = self.model.complete(columns);
        let mut lost = 0;
        let mut lose = |keep: &mut bool, missing: bool| {
            lost += usize::from(*keep && missing);
            *keep &= !missing;
        };
        if let Some(weights) = &self.weights {
            for (keep, w) in complete.rows.iter_mut().zip(weights) {
                lose(keep, w.is_nan());
            }
        }
        for cluster in &self.clusters {
            for (keep, c) in complete.rows.iter_mut().zip(&cluster.codes) {
                lose(keep, *c == MISSING);
            }
        }
        complete.missing += lost;
        complete
    }

    /// The shared parts of the estimates on the given rows.
    pub(super) fn design<'a>(&'a self, rows: &'a [bool], keep_singletons: bool) -> Design<'a> {
        fn effect(group: &Grouping) -> Effect<'_> {
            Effect {
                name: &group.name,
                codes: &group.codes,
            }
        }
        Design {
            sample: Some(rows),
            weights: self.weights.as_deref(),
            effects: self.model.effects.iter().map(effect).collect(),
            clusters: self.clusters.iter().map(effect).collect(),
            shared: None,
            no_intercept: !self.model.intercept,
            keep_singletons,
        }
    }

    pub(super) fn column(&self, number: usize) -> Column<'_> {
        let column = &self.model.columns[number];
        Column {
            name: &column.name,
            values: &column.values,
        }
    }

    pub(super) fn name(&self, number: usize) -> &str {
        &self.model.columns[number].name
    }

    /// Refuses parts of a formula the estimator has no use for.
    pub(super) fn refuse(&self, what: &Refused) -> Result<(), Failure> {
        let found = if what.instruments && !self.model.endogenous.is_empty() {
            Some(("instruments", "use `estimate iv`"))
        } else if what.random && !self.model.random.is_empty() {
            Some(("random terms", "use `estimate mixed`"))
        } else if what.effects && !self.model.effects.is_empty() {
            Some(("absorbed effects", "write them as `factor(x)`"))
        } else {
            None
        };
        if let Some((found, hint)) = found {
            return Err(Failure::usage(format!(
                "this estimator takes no {found}\n  {}\n  hint: {hint}",
                self.formula.text
            )));
        }
        if what.no_outcome && self.model.outcomes.is_empty() {
            return Err(Failure::usage(format!(
                "the formula names no outcome before `~`\n  {}",
                self.formula.text
            )));
        }
        Ok(())
    }
}

/// Parts of a formula to refuse.
#[derive(Default)]
pub(super) struct Refused {
    pub instruments: bool,
    pub random: bool,
    pub effects: bool,
    pub no_outcome: bool,
}
