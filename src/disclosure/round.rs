//! Rounding, once and for all outputs. The rule, which reports may quote:
//! effects, standard errors, intervals and detectable effects in SD, shares, p- and q-values to 4 decimals; effects in the
//! outcome's own unit and mean doses to 4 significant digits; degrees of freedom to 1 decimal; dollars to cents;
//! counts as they are; percentile points to 2 decimals; days, students and events to 4 significant digits. A p- or q-value is never less than 0.0001, which reads "0.0001 or less".

use throughline_evidence::finding::{
    BalanceRow, Cost, Curve, DesignResult, Detail, Estimate, EventStudy, Findings, Joint, Price,
    Rate, Size,
};

/// Rounds every number of the findings in place.
pub(crate) fn round(findings: &mut Findings) {
    for finding in &mut findings.findings {
        each(&mut finding.naive, in_sd);
        each(&mut finding.adjusted, in_sd);
        each(&mut finding.alone, in_sd);
        each(&mut finding.shrunk, in_sd);
        each(&mut finding.gap, in_sd);
        each(&mut finding.adjusted_raw, in_unit);
        each(&mut finding.q_value, probability);
        each(&mut finding.q_in_domain, probability);
        each(&mut finding.minimum_detectable, fourth);
        each(&mut finding.size, size);
        each(&mut finding.cost, cost);
        finding.designs.iter_mut().for_each(design);
    }
    for bin in findings.doses.iter_mut().flat_map(|curve| &mut curve.bins) {
        each(&mut bin.mean_dose, significant);
        each(&mut bin.effect, in_sd);
    }
    for cell in &mut findings.coverage {
        each(&mut cell.share, fourth);
    }
}

fn design(result: &mut DesignResult) {
    each(&mut result.estimate, in_sd);
    match &mut result.detail {
        Detail::None => {}
        Detail::EventStudy(study) => event_study(study),
        Detail::Balance(balance) => {
            balance.rows.iter_mut().for_each(balance_row);
            whole(&mut balance.effective_comparison, 1);
            each(&mut balance.attrition_exposed, fourth);
            each(&mut balance.attrition_comparison, fourth);
        }
        Detail::Lottery(lottery) => {
            each(&mut lottery.complier, in_sd);
            for share in [
                &mut lottery.taken_offered,
                &mut lottery.taken_not_offered,
                &mut lottery.overall_attrition,
                &mut lottery.differential_attrition,
            ] {
                whole(share, 4);
            }
            each(&mut lottery.randomisation_p, probability);
            lottery.balance.iter_mut().for_each(balance_row);
        }
        Detail::Curve(found) => curve(found),
        Detail::Joint(Joint {
            without,
            together,
            difference,
            ..
        }) => {
            for estimate in [without, together, difference] {
                *estimate = in_sd(*estimate);
            }
        }
        Detail::Rate(Rate { factor, base, .. }) => {
            *factor = in_sd(*factor);
            *base = significant(*base);
        }
    }
}

fn size(size: Size) -> Size {
    Size {
        hedges_g: size.hedges_g.map(|x| decimals(x, 4)),
        improvement: size.improvement.map(|x| decimals(x, 2)),
        amount: size.amount.map(|mut found| {
            found.amount = found.amount.map(significant);
            found
        }),
        benchmark: size.benchmark,
    }
}

fn cost(cost: Cost) -> Cost {
    Cost {
        per_student: dollars(cost.per_student),
        per_step: price(cost.per_step),
        per_unit: cost.per_unit.map(|mut unit| {
            unit.price = price(unit.price);
            unit
        }),
    }
}

fn price(price: Price) -> Price {
    match price {
        Price::Determined(interval) => Price::Determined(interval.map(dollars)),
        other => other,
    }
}

fn dollars(x: f64) -> f64 {
    decimals(x, 2)
}

fn event_study(study: &mut EventStudy) {
    for point in &mut study.points {
        point.effect = in_sd(point.effect);
        whole(&mut point.band_lower, 4);
        whole(&mut point.band_upper, 4);
    }
    each(&mut study.pre_trend_p, probability);
    each(&mut study.pre_trend_detectable, fourth);
    for interval in &mut study.honest {
        whole(&mut interval.lower, 4);
        whole(&mut interval.upper, 4);
    }
    each(&mut study.other_controls, in_sd);
}

fn curve(curve: &mut Curve) {
    for point in &mut curve.points {
        point.dose = significant(point.dose);
        point.effect = in_sd(point.effect);
        whole(&mut point.band_lower, 4);
        whole(&mut point.band_upper, 4);
    }
    each(&mut curve.any_p, probability);
    each(&mut curve.curved_p, probability);
    each(&mut curve.stops_paying, significant);
}

fn balance_row(row: &mut BalanceRow) {
    whole(&mut row.before, 4);
    whole(&mut row.after, 4);
}

fn whole(place: &mut f64, places: i32) {
    *place = decimals(*place, places);
}

fn fourth(x: f64) -> f64 {
    decimals(x, 4)
}

fn each<T: Copy>(place: &mut Option<T>, round: impl Fn(T) -> T) {
    *place = place.map(round);
}

fn in_sd(estimate: Estimate) -> Estimate {
    with(estimate, |x| decimals(x, 4))
}

fn in_unit(estimate: Estimate) -> Estimate {
    with(estimate, significant)
}

fn with(estimate: Estimate, round: impl Fn(f64) -> f64) -> Estimate {
    Estimate {
        estimate: round(estimate.estimate),
        se: round(estimate.se),
        lower: round(estimate.lower),
        upper: round(estimate.upper),
        p: probability(estimate.p),
        df: decimals(estimate.df, 1),
    }
}

fn probability(p: f64) -> f64 {
    decimals(p, 4).max(0.0001)
}

/// To so many decimals; halves go away from zero, and there is no negative zero.
fn decimals(x: f64, places: i32) -> f64 {
    let scale = 10f64.powi(places);
    (x * scale).round() / scale + 0.0
}

/// To 4 significant digits.
fn significant(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap_or(x) + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_evidence::finding::Interval;

    #[test]
    fn the_last_bits_do_not_show() {
        assert_eq!(decimals(0.1 + 0.2, 4), 0.3);
        assert_eq!(decimals(-0.000_04, 4).to_string(), "0");
        assert_eq!(decimals(0.123_45, 4), 0.1235);
        assert_eq!(significant(0.000_123_456), 0.000_123_5);
        assert_eq!(significant(123_456.0), 123_500.0);
        assert_eq!(significant(0.0), 0.0);
    }

    #[test]
    fn sizes_and_prices_are_rounded_too() {
        let interval = |at: f64| Interval {
            estimate: at,
            lower: at,
            upper: at,
        };
        let found = cost(Cost {
            per_student: 12.345_678,
            per_step: Price::Determined(interval(0.123_456)),
            per_unit: None,
        });
        assert_eq!(found.per_student, 12.35);
        assert_eq!(found.per_step, Price::Determined(interval(0.12)));
        let found = size(Size {
            hedges_g: interval(0.123_456),
            improvement: interval(4.912_34),
            amount: None,
            benchmark: None,
        });
        assert_eq!(found.hedges_g, interval(0.1235));
        assert_eq!(found.improvement, interval(4.91));
    }

    #[test]
    fn no_p_value_is_printed_as_nothing() {
        assert_eq!(probability(1e-12), 0.0001);
        assert_eq!(probability(0.5), 0.5);
    }
}
