//! Words that a design has not earned, in one place. A sentence of a report may say what its design can carry and no more: an
//! association *went with*; only a lottery may speak of what an offer led to; and nothing a district can do proves anything.
//! Reports are refused, and wording and template files fail their test, where one of these words stands unearned.

use throughline_model::pipeline::Design;

/// How much a design has earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Earned {
    /// Went with.
    Association,
    /// Went with, beside others made or shown alike. Earns no other word than an association: what is not measured is not alike.
    Comparison,
    /// What an offer led to.
    Lottery,
}

impl Earned {
    /// What a design has earned.
    pub fn by(design: Design) -> Self {
        match design {
            Design::Randomised => Self::Lottery,
            Design::StaggeredAdoption | Design::MatchedComparison => Self::Comparison,
            Design::PanelAssociation
            | Design::DoseResponse
            | Design::TrainingWithTool
            | Design::CountModel => Self::Association,
        }
    }
}

/// Beginnings of words that no design here has earned.
const NEVER: [&str; 12] = [
    "prove ",
    "proves ",
    "proved ",
    "proven ",
    "proving ",
    "proof ",
    "guarantee",
    "undoubtedly ",
    "impact",
    "works ",
    "effective ",
    "effectiveness ",
];

/// Beginnings of words that only a lottery has earned.
const LOTTERY: [&str; 15] = [
    "cause ",
    "caused ",
    "causes ",
    "causing ",
    "causal",
    "because of ",
    "due to ",
    "thanks to ",
    "owing to ",
    "leads to ",
    "led to ",
    "resulted in ",
    "made a difference ",
    "effect of ",
    "effects of ",
];

/// Names that hold such a word and claim nothing.
const NAMES: [&str; 1] = [" what works clearinghouse "];

/// The first word in `text` that has not been earned.
pub fn unearned(text: &str, earned: Earned) -> Option<&'static str> {
    let mut words = spaced(text);
    for name in NAMES {
        words = words.replace(name, " ");
    }
    let lottery: &[&str] = if earned == Earned::Lottery {
        &[]
    } else {
        &LOTTERY
    };
    NEVER
        .iter()
        .chain(lottery)
        .find(|word| words.contains(&format!(" {word}")))
        .map(|word| word.trim_end())
}

/// Lower case, one space between words and at both ends.
fn spaced(text: &str) -> String {
    let mut out = String::from(" ");
    let words = text.split(|c: char| !c.is_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        out.push_str(&word.to_lowercase());
        out.push(' ');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_association_goes_with_and_nothing_more() {
        for text in [
            "It caused better scores.",
            "Better because\n of training",
            "the program’s impact",
            "This proves it",
            "It works.",
            "The effect of coaching was large",
        ] {
            assert!(unearned(text, Earned::Association).is_some(), "{text}");
            assert!(unearned(text, Earned::Comparison).is_some(), "{text}");
        }
        for text in [
            "10 hours of coaching went with better scores",
            "because it was cold",
            "network, workshop, ineffectual",
            "an effect per dose",
            "bounds of the What Works Clearinghouse",
        ] {
            assert_eq!(unearned(text, Earned::Association), None, "{text}");
        }
    }

    #[test]
    fn a_lottery_earns_more_and_never_everything() {
        assert_eq!(unearned("what the offer led to", Earned::Lottery), None);
        assert_eq!(unearned("the effect of the offer", Earned::Lottery), None);
        assert_eq!(
            unearned("it proves nothing", Earned::Lottery),
            Some("proves")
        );
        assert_eq!(Earned::by(Design::Randomised), Earned::Lottery);
    }
}
