//! What a dose costs for each student it reaches, and what is paid for each step of the outcome.
//!
//! Cost per student: staff hours at the district's rate plus fees and licences, spread over the students of an exposed teacher (or
//! school). Counted on all students of the panel, since training reaches all of a teacher's students whichever
//! subgroup a finding is about. It is what was spent, not an estimate, so it has no interval.
//!
//! Cost per step is that number over the effect. With the numerator known, Fieller's interval of the ratio is the effect's own interval
//! turned over: it has two ends only where the effect's interval leaves out zero, and otherwise nothing is determined.

use serde::{Deserialize, Serialize};
use throughline_model::measure::MeasureGrain;
use throughline_model::panel::{Codes, NO_CODE, Panel};
use throughline_model::pipeline::{Exposure, Pipeline};

use crate::size::{Amount, Interval, Yardstick};

/// Steps of the outcome that are priced, in SD.
pub const STEP: f64 = 0.1;

/// What `per` of a dose costs, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Dollars per student reached.
    pub per_student: f64,
    /// Dollars per student for each [`STEP`] of the outcome.
    pub per_step: Price,
    /// Dollars for each day, student or event, where the outcome is counted so.
    pub per_unit: Option<UnitPrice>,
}

/// Dollars for something that may not be there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Price {
    /// Dollars with their 95 % interval.
    Determined(Interval),
    /// The effect's interval holds zero: the price may be anything, without bound.
    NotDetermined,
    /// The whole interval is worse: nothing was bought.
    NoGain,
}

/// A price of one unit of a yardstick.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitPrice {
    /// What is counted.
    pub unit: Yardstick,
    /// Dollars for one.
    pub price: Price,
}

impl Price {
    /// `dollars` over each of the effect's ends; plus is better.
    fn of(dollars: f64, effect: Interval) -> Self {
        if effect.lower > 0.0 {
            Self::Determined(Interval {
                estimate: dollars / effect.estimate,
                lower: dollars / effect.upper,
                upper: dollars / effect.lower,
            })
        } else if effect.upper < 0.0 {
            Self::NoGain
        } else {
            Self::NotDetermined
        }
    }
}

/// The costs of a dose whose effect, where there is one, is `better` SD and, on its yardstick, `amount` (plus is better).
pub(crate) fn cost(per_student: f64, better: Option<Interval>, amount: Option<Amount>) -> Cost {
    Cost {
        per_student,
        per_step: better.map_or(Price::NotDetermined, |sd| Price::of(per_student * STEP, sd)),
        per_unit: amount.map(|found| UnitPrice {
            unit: found.unit,
            price: Price::of(per_student * found.unit.students(), found.amount),
        }),
    }
}

/// Dollars per student for `per` of the dose; `None` where the pipeline leaves out a price that is needed.
pub(crate) fn per_student(pipeline: &Pipeline, exposure: &Exposure, panel: &Panel) -> Option<f64> {
    let time = match exposure.uses_staff_time {
        true => Some(pipeline.district.hourly_rate?),
        false => None,
    };
    if time.is_none() && exposure.cost_per_unit.is_none() {
        return None;
    }
    let unit = time.unwrap_or(0.0) + exposure.cost_per_unit.unwrap_or(0.0);
    let grain = pipeline.measure(&exposure.measure).map(|m| m.grain);
    let reach = match grain {
        Some(MeasureGrain::Student) => 1.0,
        Some(MeasureGrain::School) => students_each(panel, &panel.school, exposure)?,
        _ => students_each(panel, &panel.teacher, exposure)?,
    };
    Some(unit * exposure.per / reach)
}

/// Student × school years with any dose over teacher (or school) × school years with any.
fn students_each(panel: &Panel, codes: &Codes, exposure: &Exposure) -> Option<f64> {
    let dose = &panel.exposure(&exposure.id)?.values;
    let mut groups: Vec<(u32, i32)> = Vec::new();
    for (row, d) in dose.iter().enumerate() {
        if *d > 0.0 && codes.codes[row] != NO_CODE {
            groups.push((codes.codes[row], panel.school_year[row]));
        }
    }
    let students = groups.len() as f64;
    groups.sort_unstable();
    groups.dedup();
    (!groups.is_empty()).then(|| students / groups.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(estimate: f64, lower: f64, upper: f64) -> Interval {
        Interval {
            estimate,
            lower,
            upper,
        }
    }

    #[test]
    fn a_price_turns_the_interval_over() {
        // 20 dollars a student for 0.08 SD (0.05 to 0.16): 25 dollars for each 0.1 SD, 12.50 to 40.
        let found = cost(20.0, Some(interval(0.08, 0.05, 0.16)), None);
        let Price::Determined(price) = found.per_step else {
            panic!("{found:?}");
        };
        assert!((price.estimate - 25.0).abs() < 1e-9);
        assert!((price.lower - 12.5).abs() < 1e-9 && (price.upper - 40.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_is_determined_where_zero_is_possible() {
        assert_eq!(
            cost(20.0, Some(interval(0.08, -0.01, 0.17)), None).per_step,
            Price::NotDetermined
        );
        assert_eq!(
            cost(20.0, Some(interval(-0.08, -0.12, -0.04)), None).per_step,
            Price::NoGain
        );
    }

    #[test]
    fn a_student_fewer_in_a_thousand_costs_a_thousand_students() {
        let amount = Amount {
            unit: Yardstick::FewerInThousand,
            amount: interval(20.0, 10.0, 40.0),
        };
        let found = cost(5.0, Some(interval(0.1, 0.05, 0.2)), Some(amount));
        let Some(UnitPrice {
            price: Price::Determined(price),
            ..
        }) = found.per_unit
        else {
            panic!("{found:?}");
        };
        assert_eq!(price, interval(250.0, 125.0, 500.0));
    }
}
