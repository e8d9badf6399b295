//! What was done to IDs that nobody has: judged by the file's own pattern and by what a repair would make known. Of an ID nothing
//! is told but counts and shapes.

use std::collections::{BTreeMap, BTreeSet};

use throughline_model::repair::{Repair, exponent, without_decimal};

use crate::person::{Mending, is_address};

/// What IDs are called.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    /// Those that are unknown.
    pub(crate) unknown: String,
    /// Those that they are compared with.
    pub(crate) known: String,
    /// That there are none of those.
    pub(crate) none: String,
}

impl Words {
    /// People's.
    pub(crate) fn people() -> Self {
        Self {
            unknown: "IDs that nobody has".to_owned(),
            known: "IDs of the student, staff or crosswalk file".to_owned(),
            none: "no student, staff or crosswalk file holds IDs of this system".to_owned(),
        }
    }

    /// Those of a table.
    pub(crate) fn of(table: &str) -> Self {
        Self {
            unknown: format!("IDs that table `{table}` does not have"),
            known: format!("IDs of table `{table}`"),
            none: format!("table `{table}` has none"),
        }
    }
}

/// Share of the unknown IDs that an explanation must explain.
const EXPLAINS: f64 = 0.5;

/// Why IDs are nobody's, and what makes them somebody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// What was found.
    pub(crate) found: String,
    /// What would help.
    pub(crate) cure: Cure,
}

/// What makes damaged IDs known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cure {
    /// These repairs, of the column itself.
    Here(Vec<Repair>),
    /// These repairs, of the column that says who is known.
    There(Vec<Repair>),
    /// Another ID system.
    System(String),
    /// Nothing that can be declared.
    None,
}

/// Distinct IDs, as they are compared.
pub(crate) type Ids = BTreeSet<String>;

/// Judges IDs beside those that are known; `others` are IDs of other systems, by name.
pub(crate) fn judge(
    ids: &Ids,
    known: &Ids,
    others: &BTreeMap<String, Ids>,
    words: &Words,
) -> Option<Damage> {
    let unknown: Vec<String> = ids.difference(known).cloned().collect();
    if unknown.is_empty() {
        return None;
    }
    let pattern = pattern(&unknown, &words.unknown);
    let enough = |count: usize| count > 0 && count as f64 >= EXPLAINS * unknown.len() as f64;
    if let Some((repairs, count)) = best(&unknown, known).filter(|(_, count)| enough(*count)) {
        let why = pattern.unwrap_or_else(|| because(repairs[0], &unknown, known));
        let found = format!("{why}; repaired, {count} of {} are known", unknown.len());
        return Some(Damage {
            found,
            cure: Cure::Here(repairs),
        });
    }
    let wanted: Ids = unknown.iter().cloned().collect();
    let listed: Vec<String> = known.difference(ids).cloned().collect();
    if let Some((repairs, count)) = best(&listed, &wanted).filter(|(_, count)| enough(*count)) {
        let why = self::pattern(&listed, &words.known)
            .unwrap_or_else(|| format!("there, {}", because(repairs[0], &listed, &wanted)));
        let found = format!(
            "{why}; repaired there, {count} of {} are known",
            unknown.len()
        );
        return Some(Damage {
            found,
            cure: Cure::There(repairs),
        });
    }
    let of_system = |ids: &Ids| unknown.iter().filter(|id| ids.contains(*id)).count();
    let other = others
        .iter()
        .map(|(system, ids)| (of_system(ids), system))
        .max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(a.1)));
    if let Some((count, system)) = other.filter(|(count, _)| enough(*count)) {
        let found = format!(
            "{count} of {} {} are IDs of system `{system}`",
            unknown.len(),
            words.unknown
        );
        return Some(Damage {
            found,
            cure: Cure::System(system.clone()),
        });
    }
    let found = if known.is_empty() {
        words.none.clone()
    } else if let Some(pattern) = pattern {
        pattern
    } else {
        let addresses = unknown.iter().filter(|id| is_address(id)).count();
        let theirs = known.iter().filter(|id| is_address(id)).count();
        match (enough(addresses), 2 * theirs >= known.len()) {
            (true, false) => format!(
                "{addresses} of {} {} are e-mail addresses, and those they are compared with are not",
                unknown.len(),
                words.unknown
            ),
            (false, true) => format!(
                "{} {} are no e-mail addresses, and those they are compared with are",
                unknown.len(),
                words.unknown
            ),
            _ => return None,
        }
    };
    Some(Damage {
        found,
        cure: Cure::None,
    })
}

/// How most of the IDs are written, where that is no way to write an ID.
fn pattern(ids: &[String], whose: &str) -> Option<String> {
    let count = |is: &dyn Fn(&String) -> bool| ids.iter().filter(|id| is(id)).count();
    let told = |count: usize, what: &str| {
        let all = if count == ids.len() { "all " } else { "" };
        let of = match ids.len() - count {
            0 => format!("{count} {whose}"),
            _ => format!("{count} of {} {whose}", ids.len()),
        };
        (count as f64 >= EXPLAINS * ids.len() as f64).then(|| format!("{all}{of} {what}"))
    };
    told(
        count(&|id| without_decimal(id).is_some()),
        "end in `.0`: they were written as numbers",
    )
    .or_else(|| {
        told(
            count(&|id| exponent(id).is_some()),
            "have an exponent, as in `9.9E+99`: they were written as numbers",
        )
    })
    .or_else(|| {
        told(
            count(&|id| id.starts_with('\'')),
            "begin with an apostrophe, a spreadsheet's mark for text",
        )
    })
}

/// What a repair says about IDs whose pattern alone says nothing.
fn because(repair: Repair, ids: &[String], known: &Ids) -> String {
    let longest = |ids: &mut dyn Iterator<Item = &String>| ids.map(String::len).max();
    let here = longest(&mut ids.iter()).unwrap_or_default();
    let there = longest(&mut known.iter()).unwrap_or_default();
    match repair {
        Repair::PadZeros(_) => format!(
            "IDs have up to {here} digits where others have {there}: leading zeros were lost"
        ),
        Repair::StripZeros => "IDs have leading zeros that others do not have".to_owned(),
        Repair::LowerCase => "IDs differ from others only in upper and lower case".to_owned(),
        Repair::StripDecimal | Repair::ExpandExponent | Repair::StripApostrophe => {
            "IDs were written as numbers".to_owned()
        }
    }
}

/// The shortest list of repairs that makes the most of `ids` known, and how many; none that makes one ID of two.
fn best(ids: &[String], known: &Ids) -> Option<(Vec<Repair>, usize)> {
    let mut found: Option<(Vec<Repair>, usize)> = None;
    for repairs in tries(known) {
        let (count, merged) = {
            let mending = Mending::new(&repairs, ids);
            let is_known = |id: &&String| known.contains(mending.of(id).as_ref());
            (ids.iter().filter(is_known).count(), mending.merged(ids).0)
        };
        let is_more = found.as_ref().is_none_or(|(_, best)| count > *best);
        if count > 0 && is_more && merged == 0 {
            found = Some((repairs, count));
        }
    }
    found
}

/// Lists of repairs that can be meant, the shortest first.
fn tries(known: &Ids) -> Vec<Vec<Repair>> {
    let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
    for id in known
        .iter()
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
    {
        *lengths.entry(id.len()).or_default() += 1;
    }
    let common = lengths.iter().max_by_key(|(_, count)| **count);
    let pad = common.map(|(length, _)| Repair::PadZeros(*length));
    let single = [
        Repair::StripDecimal,
        Repair::ExpandExponent,
        Repair::StripApostrophe,
        Repair::LowerCase,
        Repair::StripZeros,
    ];
    let mut tries: Vec<Vec<Repair>> = single.iter().chain(&pad).map(|one| vec![*one]).collect();
    for first in [
        Repair::StripDecimal,
        Repair::ExpandExponent,
        Repair::StripApostrophe,
    ] {
        let second = [Some(Repair::StripZeros), pad];
        tries.extend(
            second
                .into_iter()
                .flatten()
                .map(|second| vec![first, second]),
        );
    }
    tries.push(vec![Repair::StripDecimal, Repair::ExpandExponent]);
    if let Some(pad) = pad {
        tries.push(vec![Repair::StripDecimal, Repair::ExpandExponent, pad]);
    }
    tries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(texts: impl IntoIterator<Item = String>) -> Ids {
        texts.into_iter().collect()
    }

    fn numbers(form: impl Fn(u32) -> String) -> Ids {
        ids((20001..20029).map(form))
    }

    fn judged(written: &Ids, known: &Ids) -> Option<Damage> {
        judge(written, known, &BTreeMap::new(), &Words::people())
    }

    #[test]
    fn numbers_with_decimals_are_named_with_their_count_and_their_cure() {
        let damage = judged(&numbers(|n| format!("{n}.0")), &numbers(|n| n.to_string()));
        let damage = damage.expect("damage");
        assert_eq!(
            damage.found,
            "all 28 IDs that nobody has end in `.0`: they were written as numbers; repaired, 28 of 28 are known"
        );
        assert_eq!(damage.cure, Cure::Here(vec![Repair::StripDecimal]));
        // Decimals and lost zeros at once.
        let damage = judged(
            &numbers(|n| format!("{n}.0")),
            &numbers(|n| format!("{n:07}")),
        );
        assert_eq!(
            damage.map(|damage| damage.cure),
            Some(Cure::Here(vec![Repair::StripDecimal, Repair::PadZeros(7)]))
        );
    }

    #[test]
    fn lost_zeros_are_named_on_the_side_that_lost_them() {
        let (short, long) = (numbers(|n| n.to_string()), numbers(|n| format!("{n:07}")));
        let damage = judged(&short, &long).expect("damage");
        assert_eq!(
            damage.found,
            "IDs have up to 5 digits where others have 7: leading zeros were lost; repaired, 28 of 28 are known"
        );
        assert_eq!(damage.cure, Cure::Here(vec![Repair::PadZeros(7)]));
        // Here zeros can be taken away; which of the two is right is the district's to say.
        let damage = judged(&long, &short).expect("damage");
        assert_eq!(damage.cure, Cure::Here(vec![Repair::StripZeros]));
        // The roster was written as numbers: it has to be repaired there.
        let damage = judged(&short, &numbers(|n| format!("{n}.0"))).expect("damage");
        assert_eq!(damage.cure, Cure::There(vec![Repair::StripDecimal]));
        assert_eq!(
            damage.found,
            "all 28 IDs of the student, staff or crosswalk file end in `.0`: they were written as numbers; repaired there, 28 of 28 are known"
        );
    }

    #[test]
    fn another_system_and_rounded_numbers_have_no_repair() {
        let others = BTreeMap::from([("state".to_owned(), numbers(|n| format!("S{n}")))]);
        let damage = judge(
            &numbers(|n| format!("S{n}")),
            &numbers(|n| n.to_string()),
            &others,
            &Words::people(),
        );
        let damage = damage.expect("damage");
        assert_eq!(damage.cure, Cure::System("state".to_owned()));
        assert_eq!(
            damage.found,
            "28 of 28 IDs that nobody has are IDs of system `state`"
        );
        let rounded = ids(["1.23457E+09", "1.23458E+09"].map(str::to_owned));
        let damage = judged(&rounded, &ids((1..9).map(|n| format!("123457000{n}"))));
        let damage = damage.expect("damage");
        assert_eq!(damage.cure, Cure::None);
        assert!(
            damage.found.contains("have an exponent"),
            "{}",
            damage.found
        );
        // Nobody's IDs without a pattern have no explanation.
        assert_eq!(
            judged(&ids(["x1".to_owned()]), &ids(["y2".to_owned()])),
            None
        );
        assert_eq!(judged(&short(), &short()), None);
    }

    fn short() -> Ids {
        numbers(|n| n.to_string())
    }

    #[test]
    fn a_repair_that_would_make_two_people_one_is_not_proposed() {
        // `7` and `07` are two people of this file.
        let written = ids(["7", "07", "8", "9"].map(str::to_owned));
        let known = ids(["0007", "0008", "0009"].map(str::to_owned));
        let damage = judged(&written, &known);
        assert_ne!(
            damage.map(|damage| damage.cure),
            Some(Cure::Here(vec![Repair::PadZeros(4)]))
        );
    }
}
