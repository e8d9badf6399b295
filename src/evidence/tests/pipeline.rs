//! A pipeline around a drawn district, without a file.

use std::path::Path;

use throughline_model::calendar::Calendar;
use throughline_model::measure::NumberKind;
use throughline_model::pipeline::{
    Design, District, Exposure, Outcome, Params, Pipeline, Study, Subgroup, Window,
};

/// One study of all programs on `score`, for everyone; a difference of 0.05 SD matters.
pub(crate) fn pipeline(programs: usize) -> Pipeline {
    Pipeline {
        district: District {
            name: "Test".to_owned(),
            hourly_rate: Some(50.0),
        },
        calendar: Calendar {
            year_starts: (7, 1),
            years: (2021, 2025),
            counts_from: Calendar::COUNTS_FROM,
        },
        outcomes: vec![Outcome {
            id: "score".to_owned(),
            label: "math score".to_owned(),
            measure: "score".to_owned(),
            params: Params::new(),
            domain: "achievement".to_owned(),
            subject: None,
            higher_is_better: true,
            kind: NumberKind::Amount,
            unit: "points".to_owned(),
            smallest_difference: 0.05,
        }],
        exposures: (0..programs)
            .map(|p| Exposure {
                id: format!("p{p}"),
                label: format!("Program {p}"),
                measure: "hours".to_owned(),
                params: Params::new(),
                window: Window::PriorYear,
                per: 10.0,
                unit: "hours".to_owned(),
                cost_per_unit: Some(20.0),
                uses_staff_time: true,
                assignment: None,
            })
            .collect(),
        studies: vec![Study {
            id: "main".to_owned(),
            label: "Main".to_owned(),
            designs: Design::ALL.to_vec(),
            negative_controls: Vec::new(),
            pairs: Vec::new(),
            exposures: (0..programs).collect(),
            outcomes: vec![0],
            subgroups: vec![Subgroup::All],
            covariates: vec!["economically_disadvantaged".to_owned()],
        }],
        ..Pipeline::bare(Path::new("test.toml")).expect("a working directory")
    }
}
