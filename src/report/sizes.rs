//! Sizes and prices in words: what an effect in standard deviations is in days, students and percentile points, and what was
//! paid for it. Amounts say their direction in words (`11 more`, `from 12 fewer to 34 more`), for of days missed and students absent fewer is
//! better and a sign would contradict the word; in numbers with a sign plus is better.

use throughline_evidence::finding::{
    Benchmark, Cost, DAYS, Finding, Interval, Price, STEP, Size, Yardstick,
};

use crate::number;

/// `1.2 more days attended, a student and year (from 0.3 fewer to 2.7 more)`; for achievement `+3.2 percentile points (…), medium`.
pub(crate) fn in_words(finding: &Finding) -> Option<String> {
    let size = finding.size?;
    Some(match (amount(&size), size.benchmark) {
        (Some(amount), _) => amount,
        (None, Some(benchmark)) => {
            format!("{}, {}", percentile(&size), benchmarked(benchmark))
        }
        (None, None) => percentile(&size),
    })
}

/// The amount on its yardstick. The interval runs in the direction of the estimate, each end in words.
pub(crate) fn amount(size: &Size) -> Option<String> {
    let found = size.amount?;
    let at = found.amount;
    let digits = number::decimals_for((at.upper - at.lower) / 4.0);
    let (near, far) = if at.estimate >= 0.0 {
        (at.lower, at.upper)
    } else {
        (at.upper, at.lower)
    };
    let end = |value: f64| {
        let words = found.unit.words(value >= 0.0);
        let direction = words.split(' ').next().unwrap_or_default();
        format!("{} {direction}", number::plain(value.abs(), digits))
    };
    Some(format!(
        "{} {} (from {} to {})",
        number::plain(at.estimate.abs(), digits),
        found.unit.words(at.estimate >= 0.0),
        end(near),
        end(far)
    ))
}

/// `+3.2 percentile points (+1.9 to +4.4)`.
pub(crate) fn percentile(size: &Size) -> String {
    format!(
        "{} percentile points ({})",
        number::signed(size.improvement.estimate, 1),
        ends(size.improvement, 1)
    )
}

/// `+0.080 (+0.050 to +0.110)`.
pub(crate) fn hedges(size: &Size) -> String {
    format!(
        "{} ({})",
        number::signed(size.hedges_g.estimate, number::SD),
        ends(size.hedges_g, number::SD)
    )
}

/// `medium beside other studies`.
pub(crate) fn benchmarked(benchmark: Benchmark) -> String {
    format!("{} beside other studies", benchmark.words())
}

fn ends(interval: Interval, digits: usize) -> String {
    format!(
        "{} to {}",
        number::signed(interval.lower, digits),
        number::signed(interval.upper, digits)
    )
}

/// `$15.60 ($9.80 to $39.00)`, or why there is no price.
pub(crate) fn price(price: &Price) -> String {
    match price {
        Price::Determined(at) => format!(
            "{} ({} to {})",
            number::dollars(at.estimate),
            number::dollars(at.lower),
            number::dollars(at.upper)
        ),
        Price::NotDetermined => "not determined: the interval holds zero".to_owned(),
        Price::NoGain => "nothing was gained".to_owned(),
    }
}

/// What a step of the outcome is, for headings: `0.1 SD`.
pub(crate) fn step() -> String {
    format!("{} SD", number::short(STEP, 2))
}

/// The price of a day, student or event, with what is counted.
pub(crate) fn unit_price(cost: &Cost) -> Option<String> {
    let unit = cost.per_unit?;
    let one = match unit.unit {
        Yardstick::DaysAttended => "a day attended",
        Yardstick::DaysNotMissed => "a day not missed",
        Yardstick::FewerInThousand => "a student fewer",
        Yardstick::MoreInThousand => "a student more",
        Yardstick::FewerAHundredStudents => "each one fewer",
    };
    Some(match unit.price {
        Price::Determined(_) => format!("{} for {one}", price(&unit.price)),
        _ => price(&unit.price),
    })
}

/// What the numbers here rest on, one paragraph.
pub(crate) fn about() -> String {
    format!(
        "Sizes: Hedges’ g and the percentile points that an average student would move (What Works Clearinghouse 5.0, corrected for \
         clusters with its default correlations); days in a school year of {} days; for achievement, small, medium and large as in \
         Kraft (2020). Prices divide the cost per student by the difference that went with it; their interval is that of the difference \
         turned over, and where that holds zero no price can be told. Cost per student is staff time, fees and licences; no \
         overheads, no substitutes.",
        number::short(DAYS, 0)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_evidence::finding::Amount;

    fn interval(estimate: f64, lower: f64, upper: f64) -> Interval {
        Interval {
            estimate,
            lower,
            upper,
        }
    }

    #[test]
    fn an_amount_and_its_interval_say_their_direction_in_words() {
        let of = |unit, amount| Size {
            hedges_g: interval(0.08, 0.05, 0.11),
            improvement: interval(3.19, 1.99, 4.38),
            amount: Some(Amount { unit, amount }),
            benchmark: None,
        };
        let size = of(Yardstick::DaysAttended, interval(-1.24, -2.7, 0.3));
        assert_eq!(
            amount(&size).expect("days"),
            "1.24 fewer days attended, a student and year (from 0.30 more to 2.70 fewer)"
        );
        // Fewer absent students is better: 11 more is worse, and plus stands for better inside.
        let absent = of(Yardstick::FewerInThousand, interval(-11.0, -34.0, 12.0));
        assert_eq!(
            amount(&absent).expect("students"),
            "11 more students of 1,000 (from 12 fewer to 34 more)"
        );
        let fewer = of(Yardstick::FewerInThousand, interval(20.0, 5.0, 35.0));
        assert_eq!(
            amount(&fewer).expect("students"),
            "20.0 fewer students of 1,000 (from 5.0 fewer to 35.0 fewer)"
        );
        assert_eq!(percentile(&size), "+3.2 percentile points (+2.0 to +4.4)");
    }

    #[test]
    fn a_price_that_is_not_there_says_why() {
        assert_eq!(
            price(&Price::Determined(interval(25.0, 12.5, 40.0))),
            "$25.00 ($12.50 to $40.00)"
        );
        assert!(price(&Price::NotDetermined).starts_with("not determined"));
        assert_eq!(price(&Price::NoGain), "nothing was gained");
    }
}
