//! Planted truth for a lottery with people who do not do as they were drawn.

use throughline_evidence::estimate;
use throughline_evidence::finding::{Detail, Finding, Lottery};
use throughline_model::Panel;
use throughline_model::pipeline::Design;
use throughline_model::progress::Silent;

use crate::district::{District, Program, Random, Uptake};
use crate::pipeline::pipeline;

const YEAR: i32 = 2025;

/// Teachers apply, better ones more often; half of them are offered a place, of whom three in four come, and one in ten of the others.
fn draw(effect: f64, seed: u64) -> Panel {
    let program = Program {
        uptake: Uptake::Pilot(1),
        effect: 0.0,
    };
    let district = District {
        schools: 20,
        teachers_each: 8,
        class: 14,
        programs: vec![program, program],
        seed,
        ..District::default()
    };
    let mut panel = district.panel();
    let mut random = Random::new(seed ^ 0xD4A3);
    let teachers: Vec<(f64, f64)> = (0..panel.teacher.labels.len())
        .map(|_| {
            let applies = random.uniform() < 0.7;
            let offered = random.uniform() < 0.5;
            let comes = random.uniform() < if offered { 0.75 } else { 0.1 };
            match applies {
                true => (f64::from(offered), f64::from(comes)),
                false => (f64::NAN, 0.0),
            }
        })
        .collect();
    for row in 0..panel.len() {
        let (offered, comes) = match panel.school_year[row] {
            YEAR => teachers[panel.teacher.codes[row] as usize],
            _ => (f64::NAN, 0.0),
        };
        panel.exposures[0].values[row] = 10.0 * comes;
        panel.exposures[1].values[row] = offered;
        panel.outcomes[0].values[row] += effect * comes;
        for lead in &mut panel.leads {
            lead.values[row] = f64::NAN;
        }
    }
    panel
}

fn first(panel: Panel) -> Finding {
    let mut pipeline = pipeline(2);
    pipeline.studies[0].exposures = vec![0];
    pipeline.exposures[0].assignment = Some(1);
    let found = estimate(&pipeline, &[panel], &Silent).expect("a panel that fits");
    found.findings[0].clone()
}

fn told(finding: &Finding) -> &Lottery {
    let mut all = finding.designs.iter();
    let told = all.find(|d| d.design == Design::Randomised);
    match &told.expect("asked for").detail {
        Detail::Lottery(lottery) => lottery,
        other => panic!("{other:?} is no lottery"),
    }
}

#[test]
fn a_draw_speaks_and_the_effect_on_those_who_came_is_recovered() {
    const DISTRICTS: u64 = 30;
    let mut covered = 0;
    for seed in 0..DISTRICTS {
        let finding = first(draw(0.3, 9000 + seed));
        assert_eq!(finding.design, Design::Randomised);
        let lottery = told(&finding);
        assert!((lottery.taken_offered - 0.75).abs() < 0.2);
        assert!(lottery.taken_not_offered < 0.3);
        let complier = lottery.complier.expect("offers were taken");
        let (sd, raw) = (finding.adjusted, finding.adjusted_raw);
        let truth = 0.3 * sd.expect("estimated").se / raw.expect("estimated").se;
        covered += u64::from(complier.lower <= truth && truth <= complier.upper);
        // The finding is per ten hours, which is what coming means here.
        let per_dose = sd.expect("estimated").estimate;
        assert!((per_dose - complier.estimate).abs() < 0.5 * complier.se);
    }
    // 95 % of 30 is 28.5 ± 3.6.
    assert!(covered >= 25, "{covered} of 30 covered");
}

#[test]
fn a_draw_that_did_nothing_is_not_found_and_who_left_is_counted() {
    let mut small = 0;
    for seed in 0..20 {
        let finding = first(draw(0.0, 9100 + seed));
        small += u64::from(told(&finding).randomisation_p.expect("drawn again") < 0.05);
    }
    assert!(small <= 4, "{small} of 20 rejected a true zero");
    let mut panel = draw(0.0, 9200);
    let mut random = Random::new(1);
    for row in 0..panel.len() {
        if panel.exposures[1].values[row] == 1.0 && random.uniform() < 0.25 {
            panel.outcomes[0].values[row] = f64::NAN;
        }
    }
    let finding = first(panel);
    let lottery = told(&finding);
    assert!((lottery.differential_attrition - 0.25).abs() < 0.06);
    let lost = finding
        .checks
        .iter()
        .find(|c| c.name.contains("students lost"));
    let failed = throughline_evidence::finding::CheckOutcome::Failed;
    assert_eq!(lost.expect("tried").outcome, failed);
}
