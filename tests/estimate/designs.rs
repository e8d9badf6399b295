//! Staggered adoption, matching, lotteries and dose-response.

use serde_json::Value;

use super::{Folder, close, of};
use crate::project::Outcome;

/// Four units in three periods; two start, in periods 2 and 3.
pub(super) const PANEL: &str = "id,t,g,y\n1,1,0,1\n1,2,0,2\n1,3,0,3.5\n2,1,2,2\n2,2,2,5\n2,3,2,6\n\
    3,1,3,0\n3,2,3,1.5\n3,3,3,4\n4,1,0,3\n4,2,0,4.2\n4,3,0,5\n";

#[test]
fn two_stages_estimate_what_imputation_does() -> Outcome {
    let folder = Folder::with("d.csv", PANEL)?;
    let run = |method: &str| {
        let panel = "--outcome y --unit id --time t --cohort g --aggregate simple";
        let arguments: Vec<&str> = ["did", "d.csv", "--method", method]
            .into_iter()
            .chain(panel.split(' '))
            .collect();
        folder.json(&arguments)
    };
    let (imputed, staged) = (run("imputation")?, run("two-stage")?);
    assert_eq!(
        imputed["overall"]["estimate"],
        staged["overall"]["estimate"]
    );
    // Effects that differ between cohorts and periods count as error in one and not in the other.
    let se = |fit: &Value| fit["overall"]["se"].as_f64().unwrap_or(f64::NAN);
    assert!(se(&staged) > se(&imputed), "{staged} {imputed}");
    Ok(())
}

#[test]
fn the_change_of_starters_less_the_change_of_the_others() -> Outcome {
    let mut text = "id,year,start,y\n".to_owned();
    // Starters change by 3 and 5, the others by 1 and 1: 4 − 1 = 3.
    for (id, start, before, after) in [(1, 2020, 1, 4), (2, 2020, 2, 7), (3, 0, 5, 6), (4, 0, 3, 4)]
    {
        text.push_str(&format!(
            "{id},2019,{start},{before}\n{id},2020,{start},{after}\n"
        ));
    }
    let folder = Folder::with("d.csv", &text)?;
    let panel = [
        "did",
        "d.csv",
        "--outcome",
        "y",
        "--unit",
        "id",
        "--time",
        "year",
        "--cohort",
        "start",
    ];
    let fit = folder.json(&panel)?;
    assert!(close(
        fit["overall"]["estimate"].as_f64().unwrap_or(0.0),
        3.0
    ));
    assert_eq!(
        (&fit["units"], &fit["never_treated"]),
        (&4.into(), &2.into())
    );
    Ok(())
}

#[test]
fn exact_matching_compares_within_strata() -> Outcome {
    // Within `a` 5 against the mean of 3 and 1, within `b` 10 against 7; nobody matches `c`.
    let text = "t,g,y\n1,a,5\n0,a,3\n0,a,1\n1,b,10\n0,b,7\n0,c,99\n1,b,10\n";
    let folder = Folder::with("d.csv", text)?;
    let fit = folder.json(&[
        "match",
        "d.csv",
        "t ~ g",
        "--method",
        "exact",
        "--outcome",
        "y",
        "--where",
        "y != 99",
    ])?;
    // Two of the three treated are in `b`: (3 + 3 + 3)/3.
    assert!(close(of(&fit, "t", "estimate"), 3.0));
    assert_eq!(
        (&fit["treated"], &fit["comparison"]),
        (&3.into(), &3.into())
    );
    assert!(close(
        fit["largest_difference"].as_f64().unwrap_or(1.0),
        0.0
    ));
    let ate = folder.run(&[
        "match",
        "d.csv",
        "t ~ g",
        "--method",
        "exact",
        "--estimand",
        "ate",
    ])?;
    assert_eq!(ate.code, 2);
    Ok(())
}

/// Four schools of five: school means 2, 4, 6, 8 and the same deviations in each.
#[test]
fn a_lottery_is_drawn_again() -> Outcome {
    // The treated hold the two largest of four: 2 of the 6 assignments differ by as much.
    let folder = Folder::with("d.csv", "y,t,b\n4,1,1\n3,1,1\n2,0,1\n1,0,1\n9,1,2\n")?;
    let r = folder.json(&["randomise", "d.csv", "y ~ t | b"])?;
    assert!(close(of(&r, "t", "estimate"), 2.0));
    assert!(close(of(&r, "t", "p"), 2.0 / 6.0));
    assert_eq!((&r["exact"], &r["assignments"]), (&true.into(), &6.into()));
    assert_eq!(r["dropped"]["units_in_blocks_of_one_kind"], 1);
    let said = folder.run(&["randomise", "d.csv", "y ~ b"])?;
    assert_eq!(said.code, 3, "{said:?}");
    let draw = |seed| {
        folder.json(&[
            "randomise",
            "d.csv",
            "y ~ t | b",
            "--list",
            "1",
            "--draws",
            "199",
            "--seed",
            seed,
        ])
    };
    assert_eq!(draw("7")?, draw("7")?);
    assert_eq!(draw("7")?["exact"], false);
    Ok(())
}

/// Two teachers in two schools, doses 0 to 3, outcome 2 more from the first hour on.
pub(super) fn doses() -> String {
    let mut text = "y,hours,school,teacher\n".to_owned();
    for i in 0..48 {
        let (school, hours) = (i % 2, (i / 2) % 4);
        let wobble = f64::from((i * 5) % 7 - 3) / 10.0;
        let y = f64::from(3 * school) + if hours > 0 { 2.0 } else { 0.0 } + wobble;
        text.push_str(&format!("{y},{hours},{school},{}\n", i % 12));
    }
    text
}

#[test]
fn bins_of_dose_are_the_regression_on_indicators() -> Outcome {
    let folder = Folder::with("d.csv", &doses())?;
    let cluster = ["--cluster", "teacher"];
    let bins = folder.json(
        &[
            &["dose", "d.csv", "y ~ hours | school", "--edges", "1,2,3"],
            &cluster[..],
        ]
        .concat(),
    )?;
    let plain = folder.json(
        &[
            &["ols", "d.csv", "y ~ i(hours, ref = 0) | school"],
            &cluster[..],
        ]
        .concat(),
    )?;
    for (bin, level) in [
        ("hours [1, 2)", "hours::1"),
        ("hours [2, 3)", "hours::2"),
        ("hours 3 or more", "hours::3"),
    ] {
        for what in ["estimate", "se", "p", "df"] {
            assert!(
                close(of(&bins, bin, what), of(&plain, level, what)),
                "{bin} {what}"
            );
        }
    }
    assert_eq!(
        (&bins["clusters"], &bins["vcov"], &bins["n"]),
        (&plain["clusters"], &plain["vcov"], &48.into())
    );
    assert_eq!(bins["settings"]["reference_rows"], 12);
    Ok(())
}

#[test]
fn curves_of_dose_are_told_with_their_limits() -> Outcome {
    let folder = Folder::with("d.csv", &doses())?;
    let natural = folder.json(&[
        "dose",
        "d.csv",
        "y ~ hours | school",
        "--kind",
        "natural",
        "--knots",
        "3",
        "--at",
        "0,2",
        "--cluster",
        "teacher",
    ])?;
    assert!(close(of(&natural, "hours = 0", "estimate"), 0.0));
    assert!(of(&natural, "hours = 2", "estimate") > 1.0);
    assert_eq!(natural["tests"]["nonlinear"]["df1"], 1.0);
    let arguments = [
        "dose",
        "d.csv",
        "y ~ hours | school",
        "--kind",
        "penalised",
        "--basis",
        "8",
        "--at",
        "1,3",
        "--draws",
        "199",
    ];
    let curve = folder.json(&arguments)?;
    for c in curve["coefficients"].as_array().ok_or("no coefficients")? {
        let number = |name: &str| c[name].as_f64().unwrap_or(f64::NAN);
        assert!((number("estimate") - 2.0).abs() < 0.4, "{c}");
        assert!(
            number("band_lower") < number("lower") && number("band_upper") > number("upper"),
            "{c}"
        );
    }
    assert_eq!(
        curve,
        folder.json(&[&arguments[..], &["--seed", "1"]].concat())?
    );
    assert_ne!(
        curve["settings"]["critical"],
        folder.json(&[&arguments[..], &["--seed", "2"]].concat())?["settings"]["critical"]
    );
    let said = folder.run(&arguments)?;
    assert!(
        said.stdout.contains("Effective degrees of freedom") && said.stdout.contains("whole curve"),
        "{said:?}"
    );
    assert_eq!(
        folder
            .run(&[
                "dose",
                "d.csv",
                "y ~ hours",
                "--kind",
                "penalised",
                "--at",
                "9"
            ])?
            .code,
        2
    );
    assert_eq!(
        folder
            .run(&[
                "dose",
                "d.csv",
                "y ~ hours",
                "--kind",
                "penalised",
                "--vcov",
                "iid"
            ])?
            .code,
        2
    );
    Ok(())
}
