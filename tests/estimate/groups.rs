//! Mixed models and shrinkage.

use std::fs;

use serde_json::Value;

use super::{Folder, close, of};
use crate::project::Outcome;

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
