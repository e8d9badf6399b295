//! Which queries can be answered a school year at a time. From a query's plan it follows whether its rows of one year need
//! the rows of that year alone, of everything it reads; then a year whose tables did not change need not be measured again.
//!
//! Nobody declares it, so nobody can declare it wrongly: where the plan does not prove it (a spell that runs into the next
//! year, last year's score, a window over all years), the answer is no, and the query is answered as a whole.
//!
//! The proof follows *year columns* upwards. A column of a relation is one if, for every year, the rows with that year in it
//! depend on nothing but the rows of that year in the tables below, and on tables that are about no year.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, JoinType};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    BinaryExpr, Distinct, Expr, Join, LogicalPlan, Operator, Volatility,
};

/// The column that says which school year a row is about.
pub(crate) const YEAR: &str = "school_year";

/// What is known of a relation's years.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Years {
    /// Nothing below is about a year.
    Free,
    /// Places of the year columns, and pairs of places whose first known value is one together (a full join leaves either
    /// side empty).
    Apart(BTreeSet<usize>, BTreeSet<(usize, usize)>),
    /// Rows of one year need rows of another, or nobody can tell.
    Mixed,
}

/// Whether the rows of one school year follow from that year's rows of what the plan reads. `by_year` says of a table or view
/// whether it is about school years.
pub(super) fn is_apart(plan: &LogicalPlan, by_year: &dyn Fn(&str) -> bool) -> bool {
    let year = plan.schema().index_of_column_by_name(None, YEAR);
    match (years(plan, by_year), year) {
        (Years::Apart(columns, _), Some(year)) => columns.contains(&year),
        _ => false,
    }
}

/// Whether a plan gives the same rows whenever it reads the same: nothing in it asks for the time or for chance.
pub(super) fn repeats(plan: &LogicalPlan) -> bool {
    let changes = |part: &Expr| match part {
        Expr::ScalarFunction(call) => call.func.signature().volatility != Volatility::Immutable,
        Expr::ScalarVariable(..) => true,
        _ => false,
    };
    let found = plan.exists(|node| {
        let mut found = false;
        node.apply_expressions(|expression| {
            found |= expression.exists(|part| Ok(changes(part)))?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(found)
    });
    matches!(found, Ok(false))
}

fn apart(columns: BTreeSet<usize>, pairs: BTreeSet<(usize, usize)>) -> Years {
    match columns.is_empty() && pairs.is_empty() {
        true => Years::Mixed,
        false => Years::Apart(columns, pairs),
    }
}

fn years(plan: &LogicalPlan, by_year: &dyn Fn(&str) -> bool) -> Years {
    if plan.expressions().iter().any(asks_below) {
        return Years::Mixed;
    }
    let below = |input: &LogicalPlan| years(input, by_year);
    match plan {
        LogicalPlan::TableScan(scan) => {
            if !by_year(scan.table_name.table()) {
                return Years::Free;
            }
            let year = scan.projected_schema.index_of_column_by_name(None, YEAR);
            apart(year.into_iter().collect(), BTreeSet::new())
        }
        LogicalPlan::EmptyRelation(_) | LogicalPlan::Values(_) => Years::Free,
        LogicalPlan::SubqueryAlias(alias) => below(&alias.input),
        LogicalPlan::Filter(filter) => below(&filter.input),
        LogicalPlan::Repartition(repartition) => below(&repartition.input),
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => below(&sort.input),
        LogicalPlan::Distinct(Distinct::All(input)) => match below(input) {
            Years::Apart(columns, _) => apart(columns, BTreeSet::new()),
            other => other,
        },
        LogicalPlan::Projection(projection) => {
            let input = below(&projection.input);
            derived(&projection.expr, &input, projection.input.schema())
        }
        LogicalPlan::Aggregate(aggregate) => {
            let input = below(&aggregate.input);
            derived(&aggregate.group_expr, &input, aggregate.input.schema())
        }
        LogicalPlan::Window(window) => windowed(
            &window.window_expr,
            below(&window.input),
            window.input.schema(),
        ),
        LogicalPlan::Union(union) => {
            let mut inputs = union.inputs.iter().map(|input| below(input));
            let first = inputs.next().unwrap_or(Years::Mixed);
            inputs.fold(first, |all, one| match (all, one) {
                (Years::Free, Years::Free) => Years::Free,
                (Years::Apart(a, _), Years::Apart(b, _)) => {
                    apart(a.intersection(&b).copied().collect(), BTreeSet::new())
                }
                _ => Years::Mixed,
            })
        }
        LogicalPlan::Join(join) => joined(join, below(&join.left), below(&join.right)),
        _ => Years::Mixed,
    }
}

/// Whether an expression holds a query of its own.
fn asks_below(expression: &Expr) -> bool {
    let found = expression.exists(|part| {
        Ok(matches!(
            part,
            Expr::Exists(_)
                | Expr::InSubquery(_)
                | Expr::ScalarSubquery(_)
                | Expr::SetComparison(_)
                | Expr::OuterReferenceColumn(..)
                | Expr::GroupingSet(_)
        ))
    });
    !matches!(found, Ok(false))
}

/// The place of the input column that an expression is, under whatever name and width.
fn place(expression: &Expr, input: &DFSchema) -> Option<usize> {
    match expression {
        Expr::Column(column) => at(column, input),
        Expr::Alias(alias) => place(&alias.expr, input),
        Expr::Cast(cast) if cast.field.data_type().is_integer() => place(&cast.expr, input),
        _ => None,
    }
}

fn at(column: &Column, input: &DFSchema) -> Option<usize> {
    input.maybe_index_of_column(column)
}

/// The two columns of which an expression is the first that is known.
fn either(expression: &Expr, input: &DFSchema) -> Option<(usize, usize)> {
    match expression {
        Expr::Alias(alias) => either(&alias.expr, input),
        Expr::ScalarFunction(call) if call.func.name() == "coalesce" => match &call.args[..] {
            [one, other] => Some((place(one, input)?, place(other, input)?)),
            _ => None,
        },
        _ => None,
    }
}

/// The year columns among expressions over an input: of a projection, or what an aggregate groups by.
fn derived(expressions: &[Expr], years: &Years, input: &DFSchema) -> Years {
    let Years::Apart(columns, pairs) = years else {
        return years.clone();
    };
    let is_year = |expression: &Expr| {
        let plain = place(expression, input).is_some_and(|place| columns.contains(&place));
        plain
            || either(expression, input)
                .is_some_and(|(a, b)| pairs.contains(&(a, b)) || pairs.contains(&(b, a)))
    };
    let found = expressions.iter().enumerate();
    let found = found.filter(|(_, expression)| is_year(expression));
    apart(found.map(|(place, _)| place).collect(), BTreeSet::new())
}

/// Year columns that every window stays inside of.
fn windowed(windows: &[Expr], years: Years, input: &DFSchema) -> Years {
    let Years::Apart(mut columns, _) = years else {
        return years;
    };
    for window in windows {
        let mut inner = window;
        while let Expr::Alias(alias) = inner {
            inner = &alias.expr;
        }
        let Expr::WindowFunction(function) = inner else {
            return Years::Mixed;
        };
        let by: BTreeSet<usize> = function
            .params
            .partition_by
            .iter()
            .filter_map(|expression| place(expression, input))
            .collect();
        columns.retain(|column| by.contains(column));
    }
    apart(columns, BTreeSet::new())
}

fn joined(join: &Join, left: Years, right: Years) -> Years {
    use JoinType::{Full, Inner, Left, LeftAnti, LeftSemi, Right, RightAnti, RightSemi};
    let width = join.left.schema().fields().len();
    let moved = |columns: &BTreeSet<usize>| columns.iter().map(|at| at + width).collect();
    match (left, right) {
        (Years::Free, Years::Free) => Years::Free,
        (Years::Apart(columns, _), Years::Free) => match join.join_type {
            Inner | Left | LeftSemi | LeftAnti => apart(columns, BTreeSet::new()),
            _ => Years::Mixed,
        },
        (Years::Free, Years::Apart(columns, _)) => match join.join_type {
            Inner | Right => apart(moved(&columns), BTreeSet::new()),
            RightSemi | RightAnti => apart(columns, BTreeSet::new()),
            _ => Years::Mixed,
        },
        (Years::Apart(ours, _), Years::Apart(theirs, _)) => {
            let equal: BTreeSet<(usize, usize)> = equal(join)
                .into_iter()
                .filter(|(a, b)| ours.contains(a) && theirs.contains(b))
                .collect();
            let lefts = || equal.iter().map(|(a, _)| *a);
            let rights = |shift: usize| equal.iter().map(move |(_, b)| *b + shift);
            let (columns, pairs): (BTreeSet<usize>, BTreeSet<(usize, usize)>) = match join.join_type
            {
                Inner => (lefts().chain(rights(width)).collect(), BTreeSet::new()),
                Left | LeftSemi | LeftAnti => (lefts().collect(), BTreeSet::new()),
                Right => (rights(width).collect(), BTreeSet::new()),
                RightSemi | RightAnti => (rights(0).collect(), BTreeSet::new()),
                Full => {
                    let pairs = equal.iter().map(|(a, b)| (*a, *b + width));
                    (BTreeSet::new(), pairs.collect())
                }
                _ => (BTreeSet::new(), BTreeSet::new()),
            };
            apart(columns, pairs)
        }
        _ => Years::Mixed,
    }
}

/// Places on the left and on the right that a join demands to be equal.
fn equal(join: &Join) -> BTreeSet<(usize, usize)> {
    let (left, right) = (join.left.schema(), join.right.schema());
    let sides = |one: &Expr, other: &Expr| {
        let straight = place(one, left).zip(place(other, right));
        straight.or_else(|| place(other, left).zip(place(one, right)))
    };
    let stated = join.on.iter().filter_map(|(one, other)| sides(one, other));
    let filters = join.filter.iter().flat_map(split_conjunction);
    let filtered = filters.filter_map(|filter| match filter {
        Expr::BinaryExpr(BinaryExpr {
            left: one,
            op: Operator::Eq,
            right: other,
        }) => sides(one, other),
        _ => None,
    });
    stated.chain(filtered).collect()
}
