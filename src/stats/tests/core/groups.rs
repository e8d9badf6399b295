//! Groups left out, the pull of clusters, and columns added later: each against the long way round.

use throughline_stats::{Absorbed, Column, Design, Effect, FitOptions, Vcov, absorb};

/// Twelve schools of five teachers; `school` and `teacher` codes, an outcome and three regressors of 600 rows.
struct Drawn {
    school: Vec<u32>,
    teacher: Vec<u32>,
    columns: Vec<(&'static str, Vec<f64>)>,
}

fn drawn() -> Drawn {
    let mut state = 7u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1u32 << 31) - 0.5
    };
    let n = 600;
    let teacher: Vec<u32> = (0..n).map(|i| i % 60).collect();
    let school = teacher.iter().map(|t| t / 5).collect();
    let mut column = |name| (name, (0..n).map(|_| next()).collect::<Vec<f64>>());
    let mut columns = vec![column("y"), column("a"), column("b"), column("c")];
    for (row, t) in teacher.iter().enumerate() {
        let pull = f64::from(t % 7) * columns[1].1[row];
        columns[0].1[row] += 0.4 * columns[1].1[row] - 0.2 * columns[2].1[row] + 0.1 * pull;
    }
    Drawn {
        school,
        teacher,
        columns,
    }
}

impl Drawn {
    fn absorbed(&self, mask: Option<&[bool]>, first: usize) -> Absorbed {
        let effect = |name, codes| Effect { name, codes };
        let design = Design {
            sample: mask,
            effects: vec![effect("teacher", &self.teacher)],
            clusters: vec![effect("teacher", &self.teacher)],
            ..Design::default()
        };
        absorb(&design, &self.of(0, first)).expect("absorbed")
    }

    fn of(&self, from: usize, to: usize) -> Vec<Column<'_>> {
        let columns = self.columns[from..to].iter();
        columns
            .map(|(name, values)| Column { name, values })
            .collect()
    }
}

/// Two sums of the same numbers in another order.
const ROUNDING: f64 = 1e-12;

#[test]
fn without_a_group_is_the_regression_on_the_other_rows() {
    let drawn = drawn();
    let whole = drawn.absorbed(None, 4);
    let groups = whole.groups(&drawn.school).expect("codes");
    assert_eq!(groups.len(), 12);
    for drop in [vec![0], vec![3], vec![1, 7, 8]] {
        let mask: Vec<bool> = drawn.school.iter().map(|s| !drop.contains(s)).collect();
        let fit = drawn
            .absorbed(Some(&mask), 4)
            .ols("y", &["a", "b", "c"], &FitOptions::new(Vcov::Iid))
            .expect("fit");
        let found = whole
            .without(&groups, &drop, "y", &["a", "b", "c"])
            .expect("slopes");
        for (slope, expected) in found.iter().zip(&fit.coefficients) {
            // Teachers lie inside schools, so their effects leave with them and nothing is approximate.
            assert!((slope.expect("estimated") - expected.estimate).abs() < ROUNDING);
        }
        let rows: Vec<u32> = (0..drawn.school.len() as u32)
            .filter(|row| drop.contains(&drawn.school[*row as usize]))
            .collect();
        let by_row = whole
            .without_rows(&rows, "y", &["a", "b", "c"])
            .expect("slopes");
        for (one, other) in by_row.iter().zip(&found) {
            assert!((one.expect("estimated") - other.expect("estimated")).abs() < ROUNDING);
        }
    }
}

#[test]
fn a_regressor_that_lived_in_the_group_left_out_has_no_slope() {
    let mut drawn = drawn();
    for row in 0..drawn.school.len() {
        if drawn.school[row] != 2 {
            drawn.columns[3].1[row] = 0.0;
        }
    }
    let whole = drawn.absorbed(None, 4);
    let groups = whole.groups(&drawn.school).expect("codes");
    let found = whole
        .without(&groups, &[2], "y", &["a", "c"])
        .expect("slopes");
    assert!(found[0].is_some() && found[1].is_none());
}

#[test]
fn the_pull_of_clusters_adds_up_to_the_variance() {
    let drawn = drawn();
    let whole = drawn.absorbed(None, 4);
    let fit = whole
        .ols("y", &["a", "b", "c"], &FitOptions::new(Vcov::Crv1))
        .expect("fit");
    let pulls = whole
        .influence("y", &["a", "b", "c"], "teacher")
        .expect("pulls");
    let own = pulls.of("b").expect("a term");
    let squares: f64 = own.iter().map(|v| v * v).sum();
    let se = fit.coefficient("b").expect("a term").se;
    assert!((pulls.factor * squares - se * se).abs() < ROUNDING);
    assert!(own.iter().sum::<f64>().abs() < ROUNDING);
}

#[test]
fn variation_by_cluster_is_that_of_the_residuals() {
    let drawn = drawn();
    let whole = drawn.absorbed(None, 4);
    let (codes, levels) = whole.cluster("teacher").expect("clusters");
    for others in [vec![], vec!["b", "c"]] {
        let own = match others.is_empty() {
            true => whole.column("a").expect("a column").to_vec(),
            false => whole.residuals("a", &others).expect("residuals"),
        };
        let mut expected = vec![0.0; levels];
        for (value, code) in own.iter().zip(codes) {
            expected[*code as usize] += value * value;
        }
        let found = whole.variation("a", &others, "teacher").expect("variation");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < ROUNDING);
        }
    }
}

#[test]
fn columns_added_later_are_as_if_they_had_been_there() {
    let drawn = drawn();
    let options = FitOptions::new(Vcov::Crv1);
    let all = ["a", "b", "c"];
    let whole = drawn
        .absorbed(None, 4)
        .ols("y", &all, &options)
        .expect("fit");
    let few = drawn.absorbed(None, 2);
    let alone = few.ols("y", &["a"], &options).expect("fit");
    let mut grown = drawn.absorbed(None, 2);
    grown.push(&drawn.of(2, 4)).expect("added");
    let close = |one: &throughline_stats::Fit, other: &throughline_stats::Fit| {
        one.coefficients
            .iter()
            .zip(&other.coefficients)
            .all(|(a, b)| {
                (a.estimate - b.estimate).abs() < ROUNDING && (a.se - b.se).abs() < ROUNDING
            })
    };
    assert!(close(&grown.ols("y", &all, &options).expect("fit"), &whole));
    grown.truncate(2);
    assert!(close(
        &grown.ols("y", &["a"], &options).expect("fit"),
        &alone
    ));
    assert!(grown.ols("y", &all, &options).is_err());
    assert!(
        grown.push(&drawn.of(1, 2)).is_err(),
        "a name that is there already"
    );
}
