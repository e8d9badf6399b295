//! The truth is in the world as stated: teachers' gains rise with the dose by the stated effect once each teacher is
//! compared with themselves, and without that comparison the choice of better teachers misleads.

use crate::generate::simulate;
use crate::program::PD;
use crate::spec::Spec;
use crate::world::World;
use crate::world::classes::MATH;
use crate::world::outcomes::teachers;

/// Dose (usual doses of a PD program) and mean math gain of a teacher in a year, with the students behind it.
struct Cell {
    teacher: usize,
    year: usize,
    doses: Vec<f64>,
    gain: f64,
    students: f64,
}

/// Four years of a district, teacher by teacher; co-taught students count for no one.
fn cells() -> Vec<Cell> {
    let spec = Spec {
        students: 12_000,
        schools: 30,
        years: 4,
        trend: 0.0,
        ..Spec::default()
    };
    let mut world = World::new(&spec);
    let mut cells = Vec::new();
    for t in 0..4 {
        let year = simulate(&mut world, t);
        let mut sums = vec![(0.0, 0.0); year.world.staff.len()];
        for (seat, outcome) in year.outcomes.iter().enumerate() {
            if let [(_, teacher, _)] = teachers(year.world, &year.classes, seat, Some(MATH))[..] {
                sums[teacher].0 += outcome.gain[MATH];
                sums[teacher].1 += 1.0;
            }
        }
        for (teacher, (sum, students)) in sums.into_iter().enumerate() {
            if students >= 5.0 && t > 0 {
                let hours = year.world.staff[teacher].hours_before;
                cells.push(Cell {
                    teacher,
                    year: t,
                    doses: PD
                        .iter()
                        .zip(hours)
                        .map(|(p, h)| h / p.usual_hours)
                        .collect(),
                    gain: sum / students,
                    students,
                });
            }
        }
    }
    cells
}

/// Weighted least squares of gain on one dose, after removing the means of every group in turn.
fn slope(cells: &[Cell], program: usize, groups: &[fn(&Cell) -> usize]) -> f64 {
    let mut dose: Vec<f64> = cells.iter().map(|cell| cell.doses[program]).collect();
    let mut gain: Vec<f64> = cells.iter().map(|cell| cell.gain).collect();
    for _ in 0..60 {
        for group in groups {
            for values in [&mut dose, &mut gain] {
                let mut sums = std::collections::BTreeMap::<usize, (f64, f64)>::new();
                for (cell, value) in cells.iter().zip(values.iter()) {
                    let sum = sums.entry(group(cell)).or_default();
                    sum.0 += cell.students * value;
                    sum.1 += cell.students;
                }
                for (cell, value) in cells.iter().zip(values.iter_mut()) {
                    let (sum, weight) = sums[&group(cell)];
                    *value -= sum / weight;
                }
            }
        }
    }
    let product = |a: &[f64], b: &[f64]| -> f64 {
        let pairs = a.iter().zip(b);
        pairs
            .zip(cells)
            .map(|((a, b), cell)| cell.students * a * b)
            .sum()
    };
    product(&dose, &gain) / product(&dose, &dose)
}

#[test]
fn effects_are_planted_as_stated_and_selection_misleads() {
    let cells = cells();
    let within: [fn(&Cell) -> usize; 2] = [|cell| cell.teacher, |cell| cell.year];
    let across: [fn(&Cell) -> usize; 1] = [|cell| cell.year];
    let find = |id| {
        PD.iter()
            .position(|program| program.id == id)
            .expect("a program")
    };
    // The effect of other programs is noise here: about 0.02 with this many teachers.
    for (id, tolerance) in [
        ("number_talks", 0.05),
        ("flip_now", 0.05),
        ("edtech_cafe", 0.05),
        ("warm_start", 0.05),
        ("restorative_circles", 0.05),
    ] {
        let program = find(id);
        let found = slope(&cells, program, &within);
        let planted = PD[program].effects.math;
        assert!(
            (found - planted).abs() < tolerance,
            "{id}: {found} for {planted}"
        );
    }
    let naive = |id| slope(&cells, find(id), &across);
    assert!(naive("edtech_cafe") > 0.06, "{}", naive("edtech_cafe"));
    assert!(
        naive("classroom_reset") < -0.05,
        "{}",
        naive("classroom_reset")
    );
    assert!(
        naive("flip_now") > PD[find("flip_now")].effects.math + 0.04,
        "{}",
        naive("flip_now")
    );
}
