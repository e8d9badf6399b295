//! An effect of which rows have several levels equals its shares as explicit columns.

use throughline_stats::{
    Column, CountLevels, Design, Effect, FitOptions, Shared, StatsError, Vcov, absorb,
};

/// Both remove the same space; what differs is rounding.
const ROUNDING: f64 = 1e-9;

const LEVELS: usize = 14;

/// A small generator of numbers between 0 and 1.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as f64 / (1u64 << 31) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() * n as f64) as usize
    }
}

struct Data {
    y: Vec<f64>,
    x: Vec<f64>,
    place: Vec<u32>,
    age: Vec<u32>,
    own: Vec<u32>,
    starts: Vec<u32>,
    codes: Vec<u32>,
    shares: Vec<f64>,
}

/// Every third row has a second level; levels 12 and 13 are nobody's own.
fn data(n: usize) -> Data {
    let mut draw = Draw(11);
    let skill: Vec<f64> = (0..LEVELS).map(|_| draw.next()).collect();
    let mut data = Data {
        y: Vec::new(),
        x: Vec::new(),
        place: Vec::new(),
        age: Vec::new(),
        own: Vec::new(),
        starts: vec![0],
        codes: Vec::new(),
        shares: Vec::new(),
    };
    for row in 0..n {
        let own = draw.below(12);
        let mut levels = vec![(own, 1.0)];
        if row % 3 == 0 {
            levels = vec![(own, 0.6), (12 + draw.below(2), 0.4)];
        }
        let (place, age) = (own / 3 * 2 + draw.below(2), draw.below(3));
        let lasting: f64 = levels
            .iter()
            .map(|(level, share)| share * skill[*level])
            .sum();
        let x = lasting + draw.next();
        data.y
            .push(0.3 * x + 2.0 * lasting + 0.1 * place as f64 + draw.next());
        data.x.push(x);
        data.place.push(place as u32);
        data.age.push(age as u32);
        data.own.push(own as u32);
        for (level, share) in levels {
            data.codes.push(level as u32 + 100);
            data.shares.push(share);
        }
        data.starts.push(data.codes.len() as u32);
    }
    data
}

impl Data {
    fn design<'d>(&'d self, shared: bool) -> Design<'d> {
        let effect = |name, codes| Effect { name, codes };
        Design {
            effects: vec![
                effect("place", &self.place[..]),
                effect("age", &self.age[..]),
            ],
            clusters: vec![effect("own", &self.own[..])],
            shared: shared.then_some(Shared {
                name: "level",
                starts: &self.starts,
                codes: &self.codes,
                shares: &self.shares,
            }),
            ..Design::default()
        }
    }

    /// Shares as columns, one a level.
    fn columns(&self) -> Vec<Vec<f64>> {
        let mut columns = vec![vec![0.0; self.y.len()]; LEVELS];
        for (row, range) in self.starts.windows(2).enumerate() {
            for at in range[0] as usize..range[1] as usize {
                columns[self.codes[at] as usize - 100][row] += self.shares[at];
            }
        }
        columns
    }
}

#[test]
fn it_equals_its_shares_as_columns() {
    let data = data(400);
    let two = [("y", &data.y), ("x", &data.x)].map(|(name, values)| Column { name, values });
    let mut shared = absorb(&data.design(true), &two[..1]).expect("absorbed");
    shared.push(&two[1..]).expect("pushed");
    let explicit = data.columns();
    let names: Vec<String> = (0..LEVELS).map(|level| format!("s{level}")).collect();
    let mut all = two.to_vec();
    all.extend(
        names
            .iter()
            .zip(&explicit)
            .map(|(name, values)| Column { name, values }),
    );
    let plain = absorb(&data.design(false), &all).expect("absorbed");
    let mut regressors = vec!["x"];
    regressors.extend(names.iter().map(String::as_str));
    for vcov in [Vcov::Iid, Vcov::Hc1, Vcov::Crv1] {
        let mut options = FitOptions::new(vcov);
        options.ssc.count_levels = CountLevels::All;
        let (a, b) = (
            shared.ols("y", &["x"], &options).expect("shared"),
            plain.ols("y", &regressors, &options).expect("columns"),
        );
        let (x, y) = (
            a.coefficient("x").expect("x"),
            b.coefficient("x").expect("x"),
        );
        assert!((x.estimate - y.estimate).abs() < ROUNDING, "{x:?} {y:?}");
        // All the shares but one stand beside the effects, so both count the same parameters.
        assert!((x.se - y.se).abs() < ROUNDING, "{vcov:?}: {x:?} {y:?}");
        assert_eq!(a.residual_df, b.residual_df);
    }
}

#[test]
fn levels_that_are_nobodys_own_count_as_parameters_beside_clusters() {
    let data = data(400);
    let columns = [("y", &data.y), ("x", &data.x)].map(|(name, values)| Column { name, values });
    let fit = |count| {
        let mut options = FitOptions::new(Vcov::Crv1);
        options.ssc.count_levels = count;
        let data = absorb(&data.design(true), &columns).expect("absorbed");
        let fit = data.ols("y", &["x"], &options).expect("fit");
        fit.coefficient("x").expect("x").se
    };
    // By hand: 400 rows; one slope, eight places, three ages less one, and two levels that are nobody's own; or none of them.
    let ratio = fit(CountLevels::NonNested) / fit(CountLevels::None);
    let wanted = ((400.0 - 1.0) / (400.0 - 13.0_f64)).sqrt();
    assert!((ratio - wanted).abs() < 1e-12, "{ratio} {wanted}");
}

#[test]
fn what_it_does_not_go_with_is_refused() {
    let data = data(100);
    let columns = [("y", &data.y), ("x", &data.x)].map(|(name, values)| Column { name, values });
    let absorbed = absorb(&data.design(true), &columns).expect("absorbed");
    for vcov in [Vcov::Hc2, Vcov::Hc3, Vcov::Cr2, Vcov::Crv3] {
        let refused = absorbed.ols("y", &["x"], &FitOptions::new(vcov));
        assert!(
            matches!(refused, Err(StatsError::Unsupported { .. })),
            "{vcov:?}"
        );
    }
    let mut alone = data.design(true);
    alone.effects.clear();
    assert!(matches!(
        absorb(&alone, &columns),
        Err(StatsError::Unsupported { .. })
    ));
    let mut negative = data.shares.clone();
    negative[5] = -0.1;
    let mut wrong = data.design(true);
    wrong.shared = wrong.shared.map(|shared| Shared {
        shares: &negative,
        ..shared
    });
    assert!(matches!(
        absorb(&wrong, &columns),
        Err(StatsError::InvalidWeight { .. })
    ));
}
