//! "Did you mean": the nearest known name to what was typed.

/// The candidate nearest to `typed`, if one is near enough to be a likely slip of the keyboard
/// (Jaro–Winkler similarity of at least 0.8).
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|name| {
            (
                strsim::jaro_winkler(&typed.to_lowercase(), &name.to_lowercase()),
                name,
            )
        })
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_a_slip_and_refuses_a_stranger() {
        let names = ["outcome", "exposure", "study"];
        assert_eq!(nearest("outcom", names), Some("outcome"));
        assert_eq!(nearest("exposre", names), Some("exposure"));
        assert_eq!(nearest("zebra", names), None);
    }
}
