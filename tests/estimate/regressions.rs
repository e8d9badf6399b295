//! Least squares, counts, instruments, their variances and what is left out.

use std::fs;

use super::{Folder, LINE, close, of};
use crate::project::Outcome;

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
