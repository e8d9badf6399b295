//! Closed forms, files, and the head that all results share.

use std::fs;

use super::designs::{PANEL, doses};
use super::{Folder, close};
use crate::project::Outcome;

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
fn every_result_begins_with_the_same_head() -> Outcome {
    let folder = Folder::with("d.csv", &doses())?;
    folder.write("p.csv", PANEL)?;
    let formula = "y ~ hours";
    let panel = "--outcome y --unit id --time t --cohort g";
    let bacon: Vec<&str> = ["did", "p.csv", "--method", "bacon"]
        .into_iter()
        .chain(panel.split(' '))
        .collect();
    let words = |text: &'static str| text.split(' ').collect::<Vec<_>>();
    let numbers = [
        "adjust-p 0.01 0.02",
        "power individual --n 100",
        "effect-size hedges --treated 10 2 50 --control 8 2 50",
        "effect-size cox --treated 0.6 50 --control 0.5 50",
        "effect-size cluster --d 0.2 --total 400 --per-cluster 20",
        "effect-size baseline --g 0.1",
        "effect-size attrition --treated 100 88 --control 100 92",
        "sensitivity e-value --risk-ratio 3.9 1.8 8.7",
        "sensitivity robustness --estimate 2 --se 1 --df 100",
        "sensitivity rosenbaum d.csv --treated y --control hours",
    ]
    .map(words);
    let commands: [&[&str]; 8] = [
        &bacon,
        &[
            "sensitivity",
            "regression",
            "d.csv",
            formula,
            "--treatment",
            "hours",
        ],
        &["ols", "d.csv", formula],
        &["poisson", "d.csv", "hours ~ school"],
        &["mixed", "d.csv", "y ~ hours + (1 | teacher)"],
        &["dose", "d.csv", formula],
        &["randomise", "d.csv", "y ~ school", "--draws", "99"],
        &["shrink", "d.csv", "--value", "y", "--group", "teacher"],
    ];
    for command in commands
        .into_iter()
        .chain(numbers.iter().map(Vec::as_slice))
    {
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
