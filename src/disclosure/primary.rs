//! Primary suppression: no number about fewer students, teachers or schools than the district publishes.
//!
//! The rule holds for those who took part and, where there is one, for the comparison: a mean over "everyone but three"
//! tells as much about the three as about everyone. A single count is dropped too where subtracting it from a
//! published total would leave a group that is too small. What is withheld keeps its name and the rule; it never
//! says how small the group is.

use throughline_evidence::finding::{
    Counts, Coverage, DesignResult, Detail, DoseCurve, Finding, Findings, Rule, WithheldFinding,
};

use crate::report::Rules;

/// Applies the rules to everything that was found.
pub(crate) fn suppress(findings: &mut Findings, rules: Rules) {
    let all = std::mem::take(&mut findings.findings);
    for mut finding in all {
        match broken(&finding.n, rules) {
            None => {
                thin(&mut finding.n, rules);
                finding.designs.iter_mut().for_each(|d| design(d, rules));
                findings.findings.push(finding);
            }
            Some(rule) => findings.withheld.push(named(finding, rule)),
        }
    }
    for curve in &mut findings.doses {
        bins(curve, rules);
    }
    for cell in &mut findings.coverage {
        coverage(cell, rules);
    }
}

/// Distinct students, teachers and schools.
type Group = [u64; 3];

/// The first rule that a group breaks. A group without any student breaks none: there is nobody to protect.
fn small(group: Group, rules: Rules) -> Option<Rule> {
    let rules = [
        (rules.min_students, Rule::FewStudents),
        (rules.min_teachers, Rule::FewTeachers),
        (rules.min_schools, Rule::FewSchools),
    ];
    if group[0] == 0 {
        return None;
    }
    group
        .iter()
        .zip(rules)
        .find(|(size, (least, _))| **size < u64::from(*least))
        .map(|(_, (_, rule))| rule)
}

/// Whether a number of people is too small to be known but not nobody.
fn telling(size: u64, least: u32) -> bool {
    size > 0 && size < u64::from(least)
}

fn broken(n: &Counts, rules: Rules) -> Option<Rule> {
    let (everyone, exposed, comparison) = groups(n);
    [everyone, exposed, comparison]
        .into_iter()
        .find_map(|group| small(group, rules))
}

fn groups(n: &Counts) -> (Group, Group, Group) {
    let known = |count: Option<u64>| count.unwrap_or(0);
    (
        [n.students, n.teachers, n.schools],
        [
            known(n.exposed_students),
            known(n.exposed_teachers),
            known(n.exposed_schools),
        ],
        [
            known(n.comparison_students),
            known(n.comparison_teachers),
            known(n.comparison_schools),
        ],
    )
}

/// Drops single counts that would give a small group away by subtraction, and small counts of dropped rows.
fn thin(n: &mut Counts, rules: Rules) {
    let (everyone, exposed, comparison) = groups(n);
    let least = [rules.min_students, rules.min_teachers, rules.min_schools];
    let places = [
        (&mut n.exposed_students, &mut n.comparison_students),
        (&mut n.exposed_teachers, &mut n.comparison_teachers),
        (&mut n.exposed_schools, &mut n.comparison_schools),
    ];
    for (i, (exposed_place, comparison_place)) in places.into_iter().enumerate() {
        let never = everyone[i].saturating_sub(exposed[i]);
        let always = everyone[i].saturating_sub(comparison[i]);
        let both = (exposed[i] + comparison[i]).saturating_sub(everyone[i]);
        if telling(never, least[i]) {
            *exposed_place = None;
        }
        if telling(always, least[i]) || telling(both, least[i]) {
            *comparison_place = None;
        }
    }
    for dropped in &mut n.dropped {
        dropped.rows = dropped.rows.filter(|rows| !telling(*rows, least[0]));
    }
}

/// Another design rests on people of its own. Where they are too few it keeps its name and says so.
fn design(result: &mut DesignResult, rules: Rules) {
    let Some(rule) = broken(&result.n, rules) else {
        thin(&mut result.n, rules);
        if let Detail::Rate(rate) = &mut result.detail {
            rate.silent = rate.silent.filter(|n| !telling(*n, rules.min_students));
        }
        return;
    };
    let who = match rule {
        Rule::FewStudents => "students",
        Rule::FewTeachers => "teachers",
        Rule::FewSchools => "schools",
    };
    result.estimate = None;
    result.detail = Detail::None;
    result.checks.clear();
    result.n = Counts::default();
    result.not_run = Some(format!("withheld: it would be about too few {who}"));
}

fn named(finding: Finding, rule: Rule) -> WithheldFinding {
    WithheldFinding {
        id: finding.id,
        study: finding.study,
        exposure: finding.exposure,
        outcome: finding.outcome,
        subgroup: finding.subgroup,
        rule,
    }
}

/// The first bin is those without dose; when it is too small, no bin can be compared with it.
fn bins(curve: &mut DoseCurve, rules: Rules) {
    let known = |count: Option<u64>| count.unwrap_or(0);
    let mut reference = None;
    for (place, bin) in curve.bins.iter_mut().enumerate() {
        let group = [known(bin.students), known(bin.teachers), known(bin.schools)];
        bin.withheld = small(group, rules).or(reference);
        if bin.withheld.is_some() {
            bin.mean_dose = None;
            bin.effect = None;
            bin.students = None;
            bin.teachers = None;
            bin.schools = None;
        }
        if place == 0 {
            reference = bin.withheld;
        }
    }
}

fn coverage(cell: &mut Coverage, rules: Rules) {
    let known = |count: Option<u64>| count.unwrap_or(0);
    let exposed = [
        known(cell.students),
        known(cell.teachers),
        known(cell.schools),
    ];
    let everyone = [
        known(cell.all_students),
        known(cell.all_teachers),
        known(cell.all_schools),
    ];
    cell.withheld = small(exposed, rules)
        .or_else(|| small(everyone, rules))
        .or_else(|| {
            let left = everyone[0].saturating_sub(exposed[0]);
            telling(left, rules.min_students).then_some(Rule::FewStudents)
        });
    if cell.withheld.is_some() {
        cell.students = None;
        cell.teachers = None;
        cell.schools = None;
        cell.share = None;
        return;
    }
    if telling(everyone[1].saturating_sub(exposed[1]), rules.min_teachers) {
        cell.teachers = None;
    }
    if telling(everyone[2].saturating_sub(exposed[2]), rules.min_schools) {
        cell.schools = None;
    }
}
