//! `throughline estimate` on small files whose answers can be worked out by hand.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::project::{Outcome, Said, program, said};

/// A folder with data files.
struct Folder(TempDir);

impl Folder {
    fn with(name: &str, content: &str) -> Result<Self, Box<dyn Error>> {
        let folder = Self(tempfile::tempdir()?);
        folder.write(name, content)?;
        Ok(folder)
    }

    fn write(&self, name: &str, content: &str) -> Result<PathBuf, Box<dyn Error>> {
        let path = self.0.path().join(name);
        fs::write(&path, content)?;
        Ok(path)
    }

    fn run(&self, arguments: &[&str]) -> Result<Said, Box<dyn Error>> {
        said(
            program()
                .arg("estimate")
                .args(arguments)
                .current_dir(self.0.path()),
        )
    }

    /// The JSON a successful command prints.
    fn json(&self, arguments: &[&str]) -> Result<Value, Box<dyn Error>> {
        let said = self.run(&[arguments, &["--json"]].concat())?;
        if said.code == 0 {
            Ok(serde_json::from_str(&said.stdout)?)
        } else {
            Err(format!("{arguments:?}: {said:?}").into())
        }
    }
}

/// A number of a coefficient.
fn of(fit: &Value, term: &str, what: &str) -> f64 {
    let all = fit["coefficients"].as_array();
    let found = all.and_then(|c| c.iter().find(|c| c["term"] == term));
    found.and_then(|c| c[what].as_f64()).unwrap_or(f64::NAN)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs().max(1.0)
}

/// Slope 8/10, residual sum of squares 3.6 on 3 degrees of freedom, Σ(x − x̄)² = 10.
const LINE: &str = "x,y,w,g\n0,1,1,a\n1,3,1,a\n2,2,2,b\n3,5,1,b\n4,4,1,c\n";

#[test]
fn a_line_through_five_points() -> Outcome {
    let folder = Folder::with("d.csv", LINE)?;
    let fit = folder.json(&["ols", "d.csv", "y ~ x"])?;
    assert_eq!((&fit["n"], &fit["vcov"]), (&5.into(), &"IID".into()));
    assert!(close(of(&fit, "x", "estimate"), 0.8));
    assert!(close(of(&fit, "(Intercept)", "estimate"), 1.4));
    assert!(close(of(&fit, "x", "se"), 0.12_f64.sqrt()));
    assert!(close(of(&fit, "x", "df"), 3.0));
    assert!(close(of(&fit, "x", "statistic"), 0.8 / 0.12_f64.sqrt()));
    assert!(close(fit["r2"].as_f64().unwrap_or(0.0), 0.64));
    let said = folder.run(&["ols", "d.csv", "y ~ x"])?;
    assert!(
        said.stdout.contains("OLS estimation, Dep. Var.: y"),
        "{said:?}"
    );
    assert!(said.stdout.contains("0.800000"), "{said:?}");
    Ok(())
}

/// Within `a` Σ(x − x̄)(y − ȳ) = 5, within `b` 2, over Σ(x − x̄)² = 4.
const GROUPS: &str = "id,x,y\n01,0,1\n01,1,2\n01,2,6\n1,0,10\n1,1,11\n1,2,12\n2,5,99\n";

#[test]
fn effects_are_absorbed_and_identifiers_stay_apart() -> Outcome {
    let folder = Folder::with("d.csv", GROUPS)?;
    // `01` and `1` are two groups, and the row that is alone in its own says nothing.
    let fit = folder.json(&["ols", "d.csv", "y ~ x | id"])?;
    assert!(close(of(&fit, "x", "estimate"), 1.75));
    assert_eq!(
        (
            &fit["n"],
            &fit["dropped"]["singletons"],
            &fit["effects"]["id"]
        ),
        (&6.into(), &1.into(), &2.into())
    );
    let kept = folder.json(&["ols", "d.csv", "y ~ x | id", "--keep-singletons"])?;
    assert_eq!(kept["n"], 7);
    assert!(close(of(&kept, "x", "estimate"), 1.75));
    // The same as one dummy a group.
    let dummies = folder.json(&["ols", "d.csv", "y ~ x + id"])?;
    assert!(close(of(&dummies, "x", "estimate"), 1.75));
    Ok(())
}

#[test]
fn several_estimates_of_one_formula_are_those_of_several_formulas() -> Outcome {
    let folder = Folder::with(
        "d.csv",
        "y1,y2,a,b,g\n1,2,0,1,p\n3,1,1,0,p\n2,4,2,,p\n5,3,3,2,q\n4,9,4,1,q\n6,5,9,3,q\n",
    )?;
    let together = folder.json(&["ols", "d.csv", "y1 + y2 ~ sw(a, b) | g", "--vcov", "hc1"])?;
    let all = together.as_array().ok_or("not an array")?;
    let alone = ["y1 ~ a | g", "y1 ~ b | g", "y2 ~ a | g", "y2 ~ b | g"];
    assert_eq!(all.len(), alone.len());
    for (one, formula) in all.iter().zip(alone) {
        assert_eq!(
            one,
            &folder.json(&["ols", "d.csv", formula, "--vcov", "hc1"])?,
            "{formula}"
        );
    }
    // A missing value of one regressor costs the other specification nothing.
    assert_eq!(
        (&all[0]["n"], &all[1]["n"], &all[1]["dropped"]["missing"]),
        (&6.into(), &5.into(), &1.into())
    );
    Ok(())
}

#[test]
fn a_weight_of_two_is_the_row_twice() -> Outcome {
    let folder = Folder::with("d.csv", LINE)?;
    folder.write("twice.csv", &format!("{LINE}2,2,2,b\n"))?;
    let weighted = folder.json(&["ols", "d.csv", "y ~ x", "--weights", "w"])?;
    let twice = folder.json(&["ols", "twice.csv", "y ~ x"])?;
    for term in ["x", "(Intercept)"] {
        assert!(close(
            of(&weighted, term, "estimate"),
            of(&twice, term, "estimate")
        ));
    }
    Ok(())
}

#[test]
fn what_is_left_out_is_counted_by_reason() -> Outcome {
    let text = "y,x,grade\n1,2,3\nNA,1,3\n2,0,3\n4,3,3\n3,4,3\n8,1,4\n7,7,4\n";
    let folder = Folder::with("d.csv", text)?;
    let fit = folder.json(&["ols", "d.csv", "y ~ log(x)", "--where", "grade == 3"])?;
    let dropped = &fit["dropped"];
    assert_eq!(fit["n"], 3);
    assert_eq!(
        (
            &dropped["filtered"],
            &dropped["missing"],
            &dropped["infinite"]
        ),
        (&2.into(), &1.into(), &1.into())
    );
    Ok(())
}

#[test]
fn clusters_and_small_sample_options() -> Outcome {
    let folder = Folder::with("d.csv", LINE)?;
    let plain = folder.json(&["ols", "d.csv", "y ~ x", "--cluster", "g"])?;
    assert_eq!(
        (&plain["clusters"]["g"], of(&plain, "x", "df")),
        (&3.into(), 2.0)
    );
    let bare = folder.json(&[
        "ols",
        "d.csv",
        "y ~ x",
        "--cluster",
        "g",
        "--ssc",
        "K.adj=false,G.adj=false",
    ])?;
    // (n − 1)/(n − K) · G/(G − 1) = 4/3 · 3/2 = 2.
    let ratio = of(&plain, "x", "se") / of(&bare, "x", "se");
    assert!(close(ratio, 2.0_f64.sqrt()), "{ratio}");
    // Scores of the slope: a −0.4·(−2) + 0.8·(−1) = 0; b −1·0 + 1.2·1 = 1.2; c −0.6·2 = −1.2.
    assert!(close(of(&bare, "x", "se"), (2.0 * 1.44_f64).sqrt() / 10.0));
    Ok(())
}

#[test]
fn a_slip_in_the_formula_is_shown_in_place() -> Outcome {
    let folder = Folder::with("d.csv", "score,hours\n1,2\n2,3\n4,5\n")?;
    let said = folder.run(&["ols", "d.csv", "score ~ huors"])?;
    assert_eq!(said.code, 2);
    assert!(
        said.stderr.contains("score ~ huors\n          ^^^^^"),
        "{said:?}"
    );
    assert!(said.stderr.contains("did you mean `hours`?"), "{said:?}");
    for (formula, says) in [
        ("score ~", "the end"),
        ("score ~ log(", "the end"),
        ("~ hours", "no outcome"),
        ("score ~ 1 | hours ~ score", "instruments"),
    ] {
        let said = folder.run(&["ols", "d.csv", formula])?;
        assert_eq!(said.code, 2, "{formula}");
        assert!(said.stderr.contains(says), "{said:?}");
    }
    let said = folder.run(&["ols", "absent.csv", "score ~ hours"])?;
    assert_eq!(said.code, 3);
    Ok(())
}

/// Means 2 and 6, shares 1/4 and 3/4.
const TWO: &str = "n,yes,t\n1,0,0\n3,0,0\n2,0,0\n2,1,0\n5,1,1\n7,1,1\n8,1,1\n4,0,1\n";

#[test]
fn counts_and_shares_of_two_groups() -> Outcome {
    let folder = Folder::with("d.csv", TWO)?;
    let fit = folder.json(&["poisson", "d.csv", "n ~ t"])?;
    assert!(close(of(&fit, "t", "estimate"), 3.0_f64.ln()));
    let fit = folder.json(&["logit", "d.csv", "yes ~ t"])?;
    assert!(close(of(&fit, "t", "estimate"), 9.0_f64.ln()));
    Ok(())
}

#[test]
fn one_instrument_gives_the_ratio_of_differences() -> Outcome {
    // By z: mean y 2 and 5, mean x 1 and 3.
    let folder = Folder::with("d.csv", "y,x,z\n1,0,0\n3,2,0\n2,1,0\n5,2,1\n6,3,1\n4,4,1\n")?;
    let fit = folder.json(&["iv", "d.csv", "y ~ 1 | x ~ z"])?;
    assert!(close(of(&fit, "x", "estimate"), 1.5));
    // First stage: difference 2, residual variance 1 on 4 degrees of freedom, t² = 4/(1/3 + 1/3).
    let f = fit["tests"]["first_stages"][0]["f"].as_f64().unwrap_or(0.0);
    assert!(close(f, 6.0), "{f}");
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
fn rules_and_closed_forms() -> Outcome {
    let folder = Folder::with("unused.csv", "x\n1\n")?;
    let p = folder.json(&["adjust-p", "0.01", "0.02", "0.04"])?;
    assert_eq!(p["holm"], serde_json::json!([0.03, 0.04, 0.04]));
    assert_eq!(p["bonferroni"], serde_json::json!([0.03, 0.06, 0.12]));
    let said = folder.run(&["adjust-p", "1.5"])?;
    assert_eq!(said.code, 2);

    let g = folder.json(&[
        "effect-size",
        "hedges",
        "--treated",
        "10",
        "2",
        "50",
        "--control",
        "8",
        "2",
        "50",
    ])?;
    assert!(close(g["g"].as_f64().unwrap_or(0.0), 1.0 - 3.0 / 391.0));
    // 10 % overall allows 6.3 points; 4 were lost.
    let a = folder.json(&[
        "effect-size",
        "attrition",
        "--treated",
        "100",
        "88",
        "--control",
        "100",
        "92",
    ])?;
    assert_eq!(a["attrition"], "low");

    // VanderWeele and Ding (2017).
    let e = folder.json(&[
        "sensitivity",
        "e-value",
        "--risk-ratio",
        "3.9",
        "1.8",
        "8.7",
    ])?;
    assert!(close(
        e["e_value"].as_f64().unwrap_or(0.0),
        3.9 + (3.9_f64 * 2.9).sqrt()
    ));
    // Half of the estimate's own partial f: |t| = 2 on 100 degrees of freedom.
    let r = folder.json(&[
        "sensitivity",
        "robustness",
        "--estimate",
        "-2",
        "--se",
        "1",
        "--df",
        "100",
    ])?;
    let f2: f64 = 0.04;
    assert!(close(
        r["robustness_value"].as_f64().unwrap_or(0.0),
        0.5 * ((f2 * f2 + 4.0 * f2).sqrt() - f2)
    ));

    // Bloom's multiplier for a large individually assigned study: (1.96 + 0.84) · 2/√n.
    let power = folder.json(&["power", "individual", "--n", "1000000"])?;
    let effect = power["detectable_effect"].as_f64().unwrap_or(0.0);
    assert!((effect - 2.801_585 * 0.002).abs() < 1e-7, "{effect}");
    Ok(())
}

#[test]
fn residuals_line_up_with_the_rows_of_the_file() -> Outcome {
    let folder = Folder::with("d.csv", "x,y\n0,1\n1,3\n9,\n2,2\n3,5\n4,4\n")?;
    folder.json(&["ols", "d.csv", "y ~ x", "--residuals", "r.csv"])?;
    let text = fs::read_to_string(folder.0.path().join("r.csv"))?;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[3]), (7, "row,residual", "3,"));
    let last: f64 = lines[6].trim_start_matches("6,").parse()?;
    assert!(close(last, -0.6), "{text}");
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
fn schools() -> String {
    let mut text = "y,school,w,x\n".to_owned();
    for school in 0..4 {
        for (i, deviation) in [-2, -1, 0, 1, 2].into_iter().enumerate() {
            let y = 2 * (school + 1) + deviation;
            text.push_str(&format!(
                "{y},s{school},1,{}\n",
                (i * 7 + school as usize) % 4
            ));
        }
    }
    text
}

#[test]
fn a_balanced_random_intercept_is_the_analysis_of_variance() -> Outcome {
    let folder = Folder::with("d.csv", &schools())?;
    let fit = folder.json(&[
        "mixed",
        "d.csv",
        "y ~ 1 + (1 | school)",
        "--effects",
        "e.csv",
    ])?;
    // Mean squares: within 40/16 = 2.5, between 5·20/3; (between − within)/5.
    let between = (100.0 / 3.0 - 2.5) / 5.0;
    let near = |value: &Value, e: f64| value.as_f64().is_some_and(|v| (v - e).abs() < 1e-7 * e);
    assert!(near(&fit["residual_variance"], 2.5), "{fit}");
    assert!(near(&fit["random"][0]["variance"], between), "{fit}");
    assert_eq!(fit["random"][0]["with"], Value::Null);
    assert_eq!(
        (&fit["n"], &fit["groups"]["school"], &fit["singular"]),
        (&20.into(), &4.into(), &false.into())
    );
    // The mean of four school means: variance 100/3/20, three degrees of freedom.
    assert!((of(&fit, "(Intercept)", "se") - (100.0_f64 / 60.0).sqrt()).abs() < 1e-7);
    assert!((of(&fit, "(Intercept)", "df") - 3.0).abs() < 1e-4);
    // The first school's deviation of −3, shrunk.
    let text = fs::read_to_string(folder.0.path().join("e.csv"))?;
    let line = text.lines().nth(1).ok_or("empty")?;
    let value: f64 = line.rsplit(',').next().unwrap_or("").parse()?;
    assert!(line.starts_with("school,s0,(Intercept),"), "{text}");
    assert!(
        (value + 3.0 * between / (between + 0.5)).abs() < 1e-6,
        "{text}"
    );
    let said = folder.run(&["mixed", "d.csv", "y ~ x + (x | school)", "--ml"])?;
    assert!(
        said.stdout.contains("Linear mixed model (ML)") && said.stdout.contains("Residual"),
        "{said:?}"
    );
    for formula in ["y ~ x", "y ~ x + (1 | school) | school"] {
        assert_eq!(
            folder.run(&["mixed", "d.csv", formula])?.code,
            2,
            "{formula}"
        );
    }
    let said = folder.run(&["mixed", "d.csv", "y ~ x + (1 | w)"])?;
    assert!(
        said.code == 3 && said.stderr.contains("single level"),
        "{said:?}"
    );
    Ok(())
}

#[test]
fn shrinking_group_means_is_what_the_mixed_model_predicts() -> Outcome {
    let folder = Folder::with("d.csv", &schools())?;
    let s = folder.json(&["shrink", "d.csv", "--value", "y", "--group", "school"])?;
    let between = (100.0 / 3.0 - 2.5) / 5.0;
    let first = &s["effects"][0];
    let number = |name: &str| first[name].as_f64().unwrap_or(f64::NAN);
    assert_eq!(
        (&first["label"], number("weight"), number("estimate")),
        (&"s0".into(), 5.0, 2.0)
    );
    assert!((number("reliability") - between / (between + 0.5)).abs() < 1e-7);
    assert!((number("shrunk") + 3.0 * between / (between + 0.5)).abs() < 1e-6);
    Ok(())
}

#[test]
fn estimates_shrink_by_their_own_noise() -> Outcome {
    let folder = Folder::with("d.csv", "t,b,s\nx,1,1\ny,-1,1\nz,,1\n")?;
    let s = folder.json(&[
        "shrink",
        "d.csv",
        "--estimate",
        "b",
        "--se",
        "s",
        "--label",
        "t",
        "--variance",
        "1",
        "--threshold",
        "0",
    ])?;
    let first = &s["effects"][0];
    assert_eq!(
        (&first["label"], &first["rank"], &s["dropped"]["missing"]),
        (&"x".into(), &1.into(), &1.into())
    );
    assert!(close(first["reliability"].as_f64().unwrap_or(0.0), 0.5));
    assert!(close(first["shrunk"].as_f64().unwrap_or(0.0), 0.5));
    assert!(first["above"].as_f64().is_some_and(|p| p > 0.5 && p < 0.8));
    assert_eq!(folder.run(&["shrink", "d.csv", "--estimate", "b"])?.code, 2);
    assert_eq!(folder.run(&["shrink", "d.csv"])?.code, 2);
    Ok(())
}

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
fn doses() -> String {
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

#[test]
fn romano_wolf_adjusts_over_all_estimates_of_a_formula() -> Outcome {
    let mut text = "y1,y2,x,g\n".to_owned();
    for i in 0..40 {
        let (x, g) = (f64::from(i % 5), i / 5);
        let noise = f64::from((i * 13) % 11) / 3.0;
        text.push_str(&format!("{},{},{x},{g}\n", x + noise, noise - 0.1 * x));
    }
    let folder = Folder::with("d.csv", &text)?;
    let all = folder.json(&[
        "ols",
        "d.csv",
        "y1 + y2 ~ x",
        "--cluster",
        "g",
        "--romano-wolf",
        "x",
        "--draws",
        "499",
    ])?;
    // Eight clusters: 256 sign combinations, all listed, so p is a multiple of 1/256.
    for (place, fit) in all.as_array().ok_or("not an array")?.iter().enumerate() {
        let test = &fit["tests"]["romano_wolf"][0];
        let number = |name: &str| test[name].as_f64().unwrap_or(f64::NAN);
        assert!(close((number("adjusted") * 256.0).fract(), 0.0), "{test}");
        assert!(number("adjusted") >= number("p"), "{test}");
        // The same as the wild bootstrap of one estimate alone.
        let formula = ["y1 ~ x", "y2 ~ x"][place];
        let alone = folder.json(&[
            "ols",
            "d.csv",
            formula,
            "--cluster",
            "g",
            "--vcov",
            "wild",
            "--draws",
            "499",
        ])?;
        assert!(close(number("p"), of(&alone, "x", "p")), "{test} {alone}");
    }
    assert_eq!(
        folder
            .run(&["ols", "d.csv", "y1 ~ x", "--romano-wolf", "x"])?
            .code,
        2
    );
    assert_eq!(
        folder
            .run(&[
                "ols",
                "d.csv",
                "y1 ~ x",
                "--cluster",
                "g",
                "--romano-wolf",
                "z"
            ])?
            .code,
        2
    );
    Ok(())
}

#[test]
fn a_parquet_file_gives_what_the_same_csv_gives() -> Outcome {
    use arrow::array::{
        ArrayRef, BooleanArray, Float64Array, Int32Array, RecordBatch, StringArray,
    };
    use std::sync::Arc;
    let folder = Folder::with(
        "d.csv",
        "y,x,school,late\n1,0,a,true\n3,1,a,false\n2,,b,true\n5,3,b,false\n4,4,,true\n7,5,b,true\n6,2,a,false\n",
    )?;
    let columns: [(&str, ArrayRef); 4] = [
        (
            "y",
            Arc::new(Float64Array::from(vec![1.0, 3.0, 2.0, 5.0, 4.0, 7.0, 6.0])),
        ),
        (
            "x",
            Arc::new(Int32Array::from(vec![
                Some(0),
                Some(1),
                None,
                Some(3),
                Some(4),
                Some(5),
                Some(2),
            ])),
        ),
        (
            "school",
            Arc::new(StringArray::from(vec![
                Some("a"),
                Some("a"),
                Some("b"),
                Some("b"),
                None,
                Some("b"),
                Some("a"),
            ])),
        ),
        (
            "late",
            Arc::new(BooleanArray::from(vec![
                true, false, true, false, true, true, false,
            ])),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns)?;
    let file = fs::File::create(folder.0.path().join("d.parquet"))?;
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None)?;
    // Two row groups.
    writer.write(&batch.slice(0, 3))?;
    writer.flush()?;
    writer.write(&batch.slice(3, 4))?;
    writer.close()?;
    for formula in ["y ~ x + late | school", "y ~ x + school"] {
        let parquet = folder.json(&["ols", "d.parquet", formula])?;
        assert_eq!(
            parquet,
            folder.json(&["ols", "d.csv", formula])?,
            "{formula}"
        );
        assert_eq!(
            (&parquet["n"], &parquet["dropped"]["missing"]),
            (&5.into(), &2.into())
        );
    }
    let said = folder.run(&["ols", "d.parquet", "y ~ xx"])?;
    assert!(
        said.code == 2 && said.stderr.contains("did you mean `x`?"),
        "{said:?}"
    );
    folder.write("broken.parquet", "not a parquet file")?;
    assert_eq!(folder.run(&["ols", "broken.parquet", "y ~ x"])?.code, 3);
    Ok(())
}

#[test]
fn every_estimate_on_rows_begins_with_the_same_head() -> Outcome {
    let folder = Folder::with("d.csv", &doses())?;
    let formula = "y ~ hours";
    let commands: [&[&str]; 6] = [
        &["ols", "d.csv", formula],
        &["poisson", "d.csv", "hours ~ school"],
        &["mixed", "d.csv", "y ~ hours + (1 | teacher)"],
        &["dose", "d.csv", formula],
        &["randomise", "d.csv", "y ~ school", "--draws", "99"],
        &["shrink", "d.csv", "--value", "y", "--group", "teacher"],
    ];
    for command in commands {
        let said = folder.run(&[command, &["--json"]].concat())?;
        let keys = ["estimator", "outcome", "n", "dropped", "clusters", "vcov"];
        let places: Vec<Option<usize>> = keys
            .iter()
            .map(|k| said.stdout.find(&format!("\"{k}\":")))
            .collect();
        assert!(places.iter().all(Option::is_some), "{command:?} {said:?}");
        assert!(places.is_sorted(), "{command:?} {places:?}");
    }
    Ok(())
}
