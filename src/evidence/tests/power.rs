//! Power by planting: what is not there is found as often as chance says, and more is found of larger effects, whatever the programs
//! in the district truly do.

use throughline_evidence::{PowerOptions, PowerRow, power};
use throughline_model::progress::Silent;

use crate::district::{District, Program, Uptake};
use crate::pipeline::pipeline;

fn rows(effect: f64, options: &PowerOptions) -> Vec<PowerRow> {
    let district = District {
        programs: vec![Program {
            uptake: Uptake::Choice(-0.7, 0.8),
            effect,
        }],
        ..District::default()
    };
    let pipeline = pipeline(1);
    power(&pipeline, &[district.panel()], options, &Silent).expect("a panel that fits")
}

#[test]
fn nothing_is_found_by_chance_alone_and_large_effects_are_found() {
    let options = PowerOptions {
        draws: 200,
        ..PowerOptions::default()
    };
    // A program that truly helps much: participation drawn anew does not inherit it.
    let rows = rows(0.5, &options);
    let [row] = rows.as_slice() else {
        panic!("one program, one outcome");
    };
    assert_eq!(row.draws, 200);
    // 200 draws at 5 %: 10 ± 9.
    let nothing = row.false_positives.expect("draws");
    assert!(nothing <= 0.10, "{nothing}");
    for pair in row.power.windows(2) {
        assert!(pair[0].share <= pair[1].share, "{:?}", row.power);
    }
    let detectable = row.detectable.expect("draws");
    let more = PowerOptions {
        sizes: vec![detectable, 2.0 * detectable],
        ..options
    };
    let again = self::rows(0.5, &more);
    // What is said to be found four times in five is: 200 draws, 80 % ± 9, and errors that are themselves estimated.
    let found = again[0].power[0].share;
    assert!((0.68..=0.92).contains(&found), "{found}");
    assert!(again[0].power[1].share > 0.98);
}

#[test]
fn the_same_draws_give_the_same_answer_at_any_number_of_threads() {
    let options = PowerOptions {
        draws: 5,
        ..PowerOptions::default()
    };
    let pool = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads").install(|| rows(0.1, &options))
    };
    assert_eq!(pool(1), pool(3));
    let other = PowerOptions {
        seed: 2,
        ..options.clone()
    };
    assert_ne!(rows(0.1, &options), rows(0.1, &other));
}
