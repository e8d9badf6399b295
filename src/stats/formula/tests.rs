//! What an analyst types and what the model then holds. Names and codings are those R gives.

use proptest::prelude::*;

use super::{Formula, FormulaError, Frame, Model, Problem, evaluate, expression, groups};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SEX: [&str; 2] = ["F", "M"];

struct Data {
    y: Vec<f64>,
    x: Vec<f64>,
    z: Vec<f64>,
    year: Vec<f64>,
    sex: Vec<u32>,
    labels: Vec<String>,
}

impl Data {
    fn new() -> Self {
        Self {
            y: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            x: vec![1.0, 0.0, 2.0, 1.0, f64::NAN, 3.0],
            z: vec![2.0, 2.0, 1.0, 1.0, 4.0, 0.0],
            year: vec![2014.0, 2012.0, 2013.0, 2012.0, 2013.0, 2014.0],
            sex: vec![0, 1, 1, 0, 1, 0],
            labels: SEX.map(str::to_owned).to_vec(),
        }
    }

    fn frame(&self) -> Result<Frame<'_>, crate::StatsError> {
        Frame::new(6)
            .numbers("y", &self.y)?
            .numbers("x", &self.x)?
            .numbers("z", &self.z)?
            .numbers("year", &self.year)?
            .labels("sex", &self.sex, &self.labels)
    }

    /// Names of the regressors of the first specification.
    fn regressors(&self, formula: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
        let model = Model::build(&Formula::parse(formula)?, &self.frame()?)?;
        Ok(names(&model, 0))
    }
}

fn names(model: &Model, specification: usize) -> Vec<String> {
    model.specifications[specification]
        .iter()
        .map(|&c| model.columns[c].name.clone())
        .collect()
}

fn problem(text: &str) -> Option<Problem> {
    Formula::parse(text).err().map(|e| e.problem)
}

#[test]
fn names_and_order_are_those_of_r() -> Outcome {
    let data = Data::new();
    let of = |text: &str| data.regressors(text);
    assert_eq!(of("y ~ x + z")?, ["x", "z"]);
    assert_eq!(of("y ~ x*z + year")?, ["x", "z", "year", "x:z"]);
    assert_eq!(of("y ~ z:x + x")?, ["x", "z:x"]);
    assert_eq!(
        of("y ~ (x + z + year)^2")?,
        ["x", "z", "year", "x:z", "x:year", "z:year"]
    );
    assert_eq!(
        of("y ~ log(x) + I(x-1) + x^2")?,
        ["log(x)", "I(x - 1)", "I(x^2)"]
    );
    assert_eq!(of("y ~ sex")?, ["sexM"]);
    assert_eq!(of("y ~ 0 + sex")?, ["sexF", "sexM"]);
    assert_eq!(of("y ~ x*sex")?, ["x", "sexM", "x:sexM"]);
    // Without the margin of `sex`, both slopes are wanted.
    assert_eq!(of("y ~ sex + sex:x")?, ["sexM", "sexF:x", "sexM:x"]);
    assert_eq!(
        of("y ~ factor(year)")?,
        ["factor(year)2013", "factor(year)2014"]
    );
    assert_eq!(
        of("y ~ factor(year, ref=2013)")?,
        ["factor(year)2012", "factor(year)2014"]
    );
    assert_eq!(of("y ~ factor(sex, ref = 'M')")?, ["factor(sex)F"]);
    assert_eq!(of("y ~ i(year)")?, ["year::2013", "year::2014"]);
    assert_eq!(
        of("y ~ i(year, x, ref = 2013) | sex")?,
        ["year::2012:x", "year::2014:x"]
    );
    assert_eq!(of("y ~ i(year, ref = c(2012, 2014))")?, ["year::2013"]);
    assert_eq!(of("y ~ x + x + `z`")?, ["x", "z"]);
    Ok(())
}

#[test]
fn values_are_those_written() -> Outcome {
    let data = Data::new();
    let frame = data.frame()?;
    let of = |text: &str| -> Result<Vec<f64>, FormulaError> {
        evaluate(&expression(text)?, text, &frame)
    };
    assert_eq!(of("-z^2 + 1")?, [-3.0, -3.0, 0.0, 0.0, -15.0, 1.0]);
    assert_eq!(of("2^-1 * y / 1")?, [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]);
    assert_eq!(of("y - 1 - 1")?[5], 4.0);
    assert_eq!(of("2^3^2")?[0], 512.0);
    assert_eq!(of("sex == 'M' & y > 2")?, [0.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    assert_eq!(
        of("!(sex != \"M\") | y == 1")?,
        [1.0, 1.0, 1.0, 0.0, 1.0, 0.0]
    );
    assert_eq!(of("year == '2013'")?, [0.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    // As in R: false and anything is false, missing and true is missing.
    assert_eq!(of("x > 0 & y > 9")?, [0.0; 6]);
    assert!(of("x > 0 & y > 0")?[4].is_nan());
    Ok(())
}

#[test]
fn parts_and_stepwise_alternatives() -> Outcome {
    let data = Data::new();
    let frame = data.frame()?;
    let build = |text: &str| -> Result<Model, Box<dyn std::error::Error>> {
        Ok(Model::build(&Formula::parse(text)?, &frame)?)
    };
    let model = build("c(y, log(z)) ~ sw(x, x + year) + z | sex + sex^year")?;
    assert_eq!(model.outcomes.len(), 2);
    assert_eq!(names(&model, 0), ["x", "z"]);
    assert_eq!(names(&model, 1), ["x", "year", "z"]);
    let sizes: Vec<(&str, usize)> = model
        .effects
        .iter()
        .map(|e| (e.name.as_str(), e.levels))
        .collect();
    assert_eq!(sizes, [("sex", 2), ("sex^year", 4)]);

    let model = build("y + z ~ csw0(x, year)")?;
    assert_eq!(model.outcomes.len(), 2);
    let lists: Vec<Vec<String>> = (0..3).map(|i| names(&model, i)).collect();
    assert_eq!(
        lists,
        [
            vec![],
            vec!["x".to_owned()],
            vec!["x".to_owned(), "year".to_owned()]
        ]
    );

    let model = build("y ~ z | sex | x ~ year + sex")?;
    assert_eq!((model.endogenous.len(), model.instruments.len()), (1, 2));
    let model = build("y ~ 1 | x ~ year")?;
    assert_eq!((model.effects.len(), model.endogenous.len()), (0, 1));

    let model = build("y ~ z*x + (1 + z | sex) + (0 + x || year)")?;
    assert_eq!(names(&model, 0), ["z", "x", "z:x"]);
    let terms: Vec<(bool, usize, bool)> = model
        .random
        .iter()
        .map(|r| (r.intercept, r.slopes.len(), r.correlated))
        .collect();
    assert_eq!(terms, [(true, 1, true), (false, 1, false)]);

    assert!(!build("y ~ x - 1")?.intercept);
    assert!(build("~ x")?.outcomes.is_empty());
    assert_eq!(build("(y - 1.5*z) ~ x")?.columns[0].name, "y - 1.5 * z");
    Ok(())
}

#[test]
fn missing_and_infinite_rows_are_told_apart() -> Outcome {
    let data = Data::new();
    let model = Model::build(&Formula::parse("y ~ x + log(z)")?, &data.frame()?)?;
    let complete = model.complete(&[0, 1, 2]);
    assert_eq!((complete.missing, complete.infinite), (1, 1));
    assert_eq!(complete.rows, [true, true, true, true, false, false]);
    Ok(())
}

#[test]
fn a_grouping_does_not_depend_on_labels() -> Outcome {
    let data = Data::new();
    let crossed = groups("sex^year", &data.frame()?)?;
    assert_eq!(crossed.codes, [0, 1, 2, 3, 2, 0]);
    Ok(())
}

#[test]
fn numbers_sort_as_numbers() -> Outcome {
    let grade = ["10", "9", "11"].map(str::to_owned);
    let frame = Frame::new(3).labels("grade", &[0, 1, 2], &grade)?;
    let model = Model::build(&Formula::parse("~ grade")?, &frame)?;
    assert_eq!(names(&model, 0), ["grade10", "grade11"]);
    Ok(())
}

#[test]
fn errors_show_the_place() -> Outcome {
    let data = Data::new();
    let unknown = Model::build(&Formula::parse("y ~ x + hours | sex")?, &data.frame()?);
    let said = unknown.err().map(|e| e.to_string());
    let wanted = "there is no column `hours`\n  y ~ x + hours | sex\n          ^^^^^";
    assert_eq!(said.as_deref(), Some(wanted));
    for text in [
        "",
        "y",
        "y ~",
        "y ~ x +",
        "y ~ (x",
        "y ~ x | ",
        "y ~ log(",
        "y ~ x)",
        "y ~ x ~ z",
        "y ~ 'x'",
        "y ~ sw(",
        "y ~ i(x, ref=)",
    ] {
        assert!(
            matches!(problem(text), Some(Problem::Unexpected { .. })),
            "{text}"
        );
    }
    for text in [
        "y ~ .",
        "y ~ x | sex[year]",
        "y ~ x - z",
        "y - z ~ x",
        "y ~ sw(x) + sw(z)",
        "y ~ ((1 | sex))",
        "y ~ x | log(z)",
    ] {
        assert!(
            matches!(problem(text), Some(Problem::Unsupported { .. })),
            "{text}: {:?}",
            problem(text)
        );
    }
    assert!(matches!(
        problem("y ~ poly(x, 2)"),
        Some(Problem::UnknownFunction { .. })
    ));
    let text = "y ~ log(sex)";
    let wrong = Model::build(&Formula::parse(text)?, &data.frame()?)
        .err()
        .map(|e| e.problem);
    assert!(matches!(wrong, Some(Problem::NotNumeric { .. })));
    let text = "y ~ i(year, ref = 1999)";
    let wrong = Model::build(&Formula::parse(text)?, &data.frame()?)
        .err()
        .map(|e| e.problem);
    assert!(matches!(wrong, Some(Problem::UnknownLevel { .. })));
    Ok(())
}

#[test]
fn nothing_exhausts_the_stack_or_the_memory() {
    let nested = format!("y ~ {}x", "(".repeat(100_000));
    assert!(matches!(problem(&nested), Some(Problem::TooLarge { .. })));
    let chain = format!("y ~ I(x{})", "+x".repeat(100_000));
    assert!(matches!(problem(&chain), Some(Problem::TooLarge { .. })));
    let minus = format!("y ~ I({}x)", "-".repeat(100_000));
    assert!(matches!(problem(&minus), Some(Problem::TooLarge { .. })));
    let many: Vec<String> = (0..30).map(|i| format!("x{i}")).collect();
    assert!(matches!(
        problem(&format!("y ~ {}", many.join("*"))),
        Some(Problem::TooLarge { .. })
    ));
}

#[test]
fn a_category_of_a_level_a_row_is_refused() -> Outcome {
    let id: Vec<f64> = (0..20_000).map(f64::from).collect();
    let frame = Frame::new(id.len()).numbers("id", &id)?;
    for text in ["~ factor(id)", "~ i(id)"] {
        let built = Model::build(&Formula::parse(text)?, &frame);
        let problem = built.err().map(|e| e.problem);
        assert!(matches!(problem, Some(Problem::TooLarge { .. })), "{text}");
    }
    Ok(())
}

proptest! {
    /// Whatever is typed, the answer is a model or an error, and the error prints.
    #[test]
    fn no_text_panics(text in ".{0,60}") {
        read(&text);
    }

    /// The same on texts made of the pieces of formulas.
    #[test]
    fn no_formula_panics(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..30)) {
        read(&pieces.concat());
        read(&format!("y ~ x {}", pieces.join(" ")));
    }

    /// Spaces mean nothing.
    #[test]
    fn spaces_change_nothing(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..12)) {
        let (tight, wide) = (format!("y~{}", pieces.join(" ")), format!(" y  ~ {} ", pieces.join("  ")));
        let columns = |text: &str| {
            let data = Data::new();
            let formula = Formula::parse(text).ok()?;
            let model = Model::build(&formula, &data.frame().ok()?).ok()?;
            Some(model.columns.into_iter().map(|c| c.name).collect::<Vec<_>>())
        };
        prop_assert_eq!(columns(&tight), columns(&wide));
    }
}

const PIECES: [&str; 30] = [
    "y", "x", "z", "sex", "year", "~", "|", "||", "+", "-", "*", ":", "^", "(", ")", ",", "2", "0",
    "1", "log(", "I(", "factor(", "i(", "sw(", "csw0(", "c(", "ref=", "==", "'F'", "!",
];

fn read(text: &str) {
    let data = Data::new();
    let result = Formula::parse(text).and_then(|formula| match data.frame() {
        Ok(frame) => Model::build(&formula, &frame).map(drop),
        Err(_) => Ok(()),
    });
    if let Err(error) = result {
        assert!(error.to_string().contains('^'));
    }
    if let Err(error) = expression(text) {
        assert!(!error.to_string().is_empty());
    }
}
