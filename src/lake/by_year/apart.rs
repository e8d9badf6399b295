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
            // Two rows without a year are of one slice, so this keeps years apart as well.
            op: Operator::Eq | Operator::IsNotDistinctFrom,
            right: other,
        }) => sides(one, other),
        _ => None,
    });
    stated.chain(filtered).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::datasource::empty::EmptyTable;
    use throughline_model::table::YearFrom;
    use throughline_model::tables;

    use super::{is_apart, repeats};
    use crate::engine::{Engine, LakeOptions};
    use crate::query;

    /// What `judge` says of the plan of each query.
    fn judged<T: Send>(
        queries: &[&str],
        judge: impl Fn(&datafusion::logical_expr::LogicalPlan) -> T + Sync,
    ) -> Vec<T> {
        let engine = Engine::new(LakeOptions::default()).expect("an engine");
        let session = engine.session();
        for table in tables::TABLES {
            let empty = EmptyTable::new(crate::schema::arrow(table));
            session
                .register_table(table.name, Arc::new(empty))
                .expect("a table");
        }
        let mut found = Vec::new();
        for sql in queries {
            let frame = engine.run(query::plan(&session, sql)).expect("a plan");
            found.push(judge(frame.logical_plan()));
        }
        found
    }

    fn by_year(name: &str) -> bool {
        tables::find(name).is_some_and(|table| table.year != YearFrom::Never)
    }

    #[test]
    fn years_that_stay_apart() {
        let queries = [
            "SELECT student_id, school_year, count(*) FROM attendance_event GROUP BY 1, 2",
            "SELECT DISTINCT student_id, school_year FROM attendance_event WHERE period IS NULL",
            "SELECT student_id, school_year, lag(date) OVER (PARTITION BY student_id, school_year ORDER BY date) AS before FROM attendance_event",
            "SELECT a.student_id, a.school_year FROM attendance_event a JOIN student s ON s.student_id = a.student_id AND a.school_year = s.school_year",
            "SELECT a.school_year, s.gender FROM attendance_event a LEFT JOIN student s ON s.school_year = a.school_year",
            "SELECT coalesce(s.school_year, a.school_year) AS school_year FROM attendance_event a FULL JOIN student s ON s.school_year = a.school_year",
            "SELECT school_year FROM attendance_event UNION ALL SELECT CAST(school_year AS BIGINT) FROM student",
            "SELECT p.school_year, c.hours FROM pd_participation p LEFT JOIN pd_activity c ON c.activity_id = p.activity_id",
            "WITH one AS (SELECT school_year AS year FROM student) SELECT year AS school_year FROM one ORDER BY year",
        ];
        for (sql, apart) in queries
            .iter()
            .zip(judged(&queries, |plan| is_apart(plan, &by_year)))
        {
            assert!(apart, "{sql}");
        }
    }

    #[test]
    fn years_that_need_each_other() {
        let queries = [
            // Nothing says which year a row is about.
            "SELECT student_id, count(*) FROM attendance_event GROUP BY 1",
            "SELECT student_id, max(school_year) AS school_year FROM attendance_event GROUP BY 1",
            "SELECT school_year + 1 AS school_year FROM student",
            "SELECT student_id, school_year, lag(date) OVER (PARTITION BY student_id ORDER BY date) AS before FROM attendance_event",
            "SELECT a.school_year FROM attendance_event a JOIN student s ON s.student_id = a.student_id",
            "SELECT a.school_year FROM attendance_event a JOIN student s ON s.school_year = a.school_year - 1",
            // The side that may be empty does not say it.
            "SELECT s.school_year FROM attendance_event a LEFT JOIN student s ON s.school_year = a.school_year",
            "SELECT a.school_year FROM attendance_event a FULL JOIN student s ON s.school_year = a.school_year",
            "SELECT p.school_year FROM pd_activity c LEFT JOIN pd_participation p ON c.activity_id = p.activity_id",
            "SELECT school_year FROM student UNION ALL SELECT 2024",
            "SELECT school_year FROM student ORDER BY school_year LIMIT 3",
            "SELECT school_year FROM student WHERE student_id IN (SELECT student_id FROM attendance_event)",
            "SELECT school_year, (SELECT max(date) FROM attendance_event) AS last FROM student",
            "SELECT school_year, count(*) FROM student GROUP BY GROUPING SETS ((school_year), ())",
        ];
        for (sql, apart) in queries
            .iter()
            .zip(judged(&queries, |plan| is_apart(plan, &by_year)))
        {
            assert!(!apart, "{sql}");
        }
    }

    #[test]
    fn what_asks_for_the_time_is_not_kept() {
        let queries = [
            "SELECT school_year FROM student",
            "SELECT school_year FROM student WHERE now() > to_timestamp(0)",
            "SELECT a.school_year FROM (SELECT school_year, random() AS chance FROM student) a",
        ];
        assert_eq!(judged(&queries, repeats), [true, false, false]);
    }
}
