//! How numbers are put into sentences: three decimals for SD, no small counts of people, a real minus sign. Sentences
//! are built from design and numbers only, so that none can say more than its design allows.

use throughline_model::pipeline::{Design, Exposure, Privacy};

/// `0.081`, `−0.081`: never a negative zero.
pub(crate) fn sd(x: f64) -> String {
    number(x, 3)
}

/// To so many decimals, with a real minus sign.
pub(crate) fn number(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// `83 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0, 0))
}

/// `p = 0.013`, `p < 0.001`.
pub(crate) fn chance(letter: &str, p: f64) -> String {
    if p < 0.001 {
        format!("{letter} < 0.001")
    } else {
        format!("{letter} = {p:.3}")
    }
}

/// `10 hours`, `1 credential`.
pub(crate) fn dose(exposure: &Exposure) -> String {
    format!("{} {}", exposure.per, exposure.unit)
}

/// The smallest counts that a sentence may name.
#[derive(Clone, Copy)]
pub(crate) struct Floors {
    pub(crate) teachers: u64,
    pub(crate) schools: u64,
}

impl Floors {
    pub(crate) fn of(privacy: &Privacy) -> Self {
        Self {
            teachers: u64::from(privacy.min_teachers),
            schools: u64::from(privacy.min_schools),
        }
    }

    /// Whether a number may be about so many.
    pub(crate) fn allow(self, count: u64, unit: &str) -> bool {
        count
            >= if unit == "school" {
                self.schools
            } else {
                self.teachers
            }
    }

    /// `212 teachers`, `fewer than 5 teachers`, `24 schools`: whoever a dose is assigned to.
    pub(crate) fn people(self, count: u64, unit: &str) -> String {
        let floor = if unit == "school" {
            self.schools
        } else {
            self.teachers
        };
        match count {
            0 => format!("no {unit}"),
            1.. if count < floor => format!("fewer than {floor} {unit}s"),
            1 => format!("1 {unit}"),
            _ => format!("{count} {unit}s"),
        }
    }
}

/// Whose number decides how much a design can tell, after `teachers`.
pub(crate) fn telling(design: Design) -> &'static str {
    match design {
        Design::Randomised => "in the draw",
        Design::MatchedComparison | Design::StaggeredAdoption => "who begin",
        Design::PanelAssociation
        | Design::DoseResponse
        | Design::TrainingWithTool
        | Design::CountModel => "with changing doses",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(sd(-0.0811), "−0.081");
        assert_eq!(sd(-0.0001), "0.000");
        assert_eq!(percent(0.826), "83 %");
        assert_eq!(chance("p", 0.000_2), "p < 0.001");
    }

    #[test]
    fn a_sentence_names_no_small_group() {
        let floors = Floors {
            teachers: 5,
            schools: 3,
        };
        assert_eq!(floors.people(4, "teacher"), "fewer than 5 teachers");
        assert_eq!(floors.people(0, "teacher"), "no teacher");
        assert_eq!(floors.people(24, "school"), "24 schools");
        assert_eq!(floors.people(2, "school"), "fewer than 3 schools");
    }
}
