//! A proposal that follows a shipped mapping: its fields, wherever the file has their columns, and what it says about rows and
//! other files. What the cells show goes before what the mapping says: a date is written as it is written.

use super::fits::{Fit, Found, found};
use super::profile::ColumnProfile;
use super::proposal::{Asked, Proposed, dated};
use super::vocabulary::Vocabulary;
use super::write::quoted;
use crate::mapping::{Field, Mapping, Origin, RowRules, Several};
use crate::table::Kind;

/// What a mapping gives to a proposal.
pub(super) struct Adopted {
    pub(super) fields: Vec<Proposed>,
    pub(super) asked: Vec<Asked>,
    /// Places of the columns that are used.
    pub(super) used: Vec<usize>,
    /// Lines of TOML: keys of the mapping itself, its tables beside `[columns]`, and its lines of `[dialect]`.
    pub(super) keys: Vec<String>,
    pub(super) sections: Vec<String>,
    pub(super) dialect: Vec<String>,
    /// Whose IDs the person columns hold.
    pub(super) system: Option<String>,
}

/// The fields of the mapping that fits, in this file.
pub(super) fn adopt(fit: &Fit, profiles: &[ColumnProfile], vocabulary: &Vocabulary) -> Adopted {
    let mapping = &vocabulary.mappings()[fit.index];
    let system = mapping
        .columns
        .iter()
        .find_map(|field| field.identity.as_ref().map(|(_, system)| system.clone()));
    let mut adopted = Adopted {
        fields: Vec::new(),
        asked: Vec::new(),
        used: Vec::new(),
        keys: keys(mapping),
        sections: sections(mapping),
        dialect: mapping
            .dialect
            .member
            .iter()
            .map(|member| format!("member = {}", quoted(member)))
            .collect(),
        system: system.clone(),
    };
    let columns: Vec<&str> = profiles
        .iter()
        .map(|profile| profile.name.as_str())
        .collect();
    let sure = 0.6 + 0.39 * fit.share();
    for field in &mapping.columns {
        let column = &mapping.table.columns[field.column];
        // Which test, tool or badge it is cannot be told by a header of a few usual names.
        if let Origin::Constant(value) = &field.from
            && column.kind == Kind::Id
            && column.required
            && !fit.is_own()
        {
            adopted.asked.push(Asked {
                field: column,
                choices: vec![value.clone()],
                why: format!(
                    "`{}` gives a value; nothing in the file says whether it is right",
                    mapping.name
                ),
            });
            continue;
        }
        let mut proposed = Proposed {
            field: column,
            from: field.from.clone(),
            sure,
            why: format!("as in the shipped mapping `{}`", mapping.name),
            formats: match (column.kind, &field.format) {
                (Kind::Date, Some(format)) => vec![format.clone()],
                _ => Vec::new(),
            },
            codes: field.codes.clone(),
            notes: Vec::new(),
            is_email: false,
            more: more(field, column.kind, system.as_deref()),
        };
        if let Origin::Header(_) = &field.from {
            match found(field, mapping, &columns) {
                Some(Found::Here(at, name)) => {
                    let profile = &profiles[at];
                    proposed.why = format!("{}; {}", proposed.why, profile.spoken());
                    proposed.from = Origin::Header(vec![name]);
                    if column.kind == Kind::Date {
                        (proposed.formats, proposed.notes) =
                            date(field, mapping, profile, proposed.formats);
                    }
                    adopted.used.push(at);
                }
                Some(Found::Elsewhere(name)) => {
                    proposed
                        .why
                        .push_str("; it stands in another file or in none");
                    proposed.from = Origin::Header(vec![name]);
                }
                None => continue,
            }
        }
        proposed.notes.extend(
            fit.doubts
                .iter()
                .filter(|doubt| match &proposed.from {
                    Origin::Header(names) | Origin::Joined(names) => {
                        column.kind != Kind::Date
                            && names
                                .iter()
                                .any(|name| doubt.contains(&format!("`{name}`")))
                    }
                    Origin::Constant(_) => false,
                })
                .cloned(),
        );
        adopted.fields.push(proposed);
    }
    adopted
}

/// How a date column is written here: as the mapping says if the cells allow nothing else, otherwise as they are.
fn date(
    field: &Field,
    mapping: &Mapping,
    profile: &ColumnProfile,
    said: Vec<String>,
) -> (Vec<String>, Vec<String>) {
    let format = field.format.as_deref().unwrap_or_default();
    let (seen, mut notes) = dated(profile);
    if profile.filled == 0 {
        return (
            said,
            vec!["no date was there to look at: the format is the mapping's".to_owned()],
        );
    }
    if profile.is_date(format) {
        if seen.len() > 1 && seen.iter().any(|other| other == format) {
            notes.push(format!("`{}` reads them as `{format}`", mapping.name));
            return (seen, notes);
        }
        return (said, Vec::new());
    }
    if profile.date_formats().is_empty() {
        notes.push(format!("its cells are not all dates written as `{format}`"));
        return (said, notes);
    }
    notes.push(format!(
        "`{}` expects `{format}`; the cells are written otherwise",
        mapping.name
    ));
    (seen, notes)
}

/// What else a mapping says of a field, as parts of its inline table.
fn more(field: &Field, kind: Kind, system: Option<&str>) -> Vec<String> {
    let list = |words: &[String]| {
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        format!("[{}]", words.join(", "))
    };
    let mut more = Vec::new();
    if let Some(format) = field.format.as_ref().filter(|_| kind != Kind::Date) {
        more.push(format!("format = {}", quoted(format)));
    }
    if let Some(after) = &field.after {
        more.push(format!("after = {}", quoted(after)));
    }
    if !field.salt.is_empty() {
        more.push(format!("salt = {}", list(&field.salt)));
    }
    if let Some(otherwise) = &field.otherwise {
        more.push(format!("otherwise = {}", quoted(otherwise)));
    }
    if !field.nulls.is_empty() {
        more.push(format!("nulls = {}", list(&field.nulls)));
    }
    if field.scale != 1.0 {
        more.push(format!("scale = {:?}", field.scale));
    }
    match &field.several {
        Several::Refused => {}
        Several::First => more.push("several = \"first\"".to_owned()),
        Several::Prefer(words) => more.push(format!("several = {}", list(words))),
    }
    if field.optional {
        more.push("optional = true".to_owned());
    }
    if let Some((_, own)) = &field.identity
        && Some(own.as_str()) != system
    {
        more.push(format!("id_system = {}", quoted(own)));
    }
    more
}

/// What a mapping says of an export as a whole, beside its columns.
fn keys(mapping: &Mapping) -> Vec<String> {
    let list = |words: &mut dyn Iterator<Item = String>| {
        let words: Vec<String> = words.map(|word| quoted(&word)).collect();
        format!("[{}]", words.join(", "))
    };
    let manifest = mapping.manifest.iter();
    let mut keys: Vec<String> = manifest
        .map(|version| format!("manifest = {}", quoted(version)))
        .collect();
    if mapping.key != mapping.table.key {
        let names = &mut mapping.key.iter().map(|name| (*name).to_owned());
        keys.push(format!("key = {}", list(names)));
    }
    if !mapping.apart.is_empty() {
        keys.push(format!(
            "apart = {}",
            list(&mut mapping.apart.iter().cloned())
        ));
    }
    if !mapping.conflicts.is_empty() {
        let steps = mapping.conflicts.iter();
        let steps = &mut steps.map(|step| step.typed(mapping.table));
        keys.push(format!("conflicts = {}", list(steps)));
    }
    if mapping.columns.iter().any(|field| field.add_days < 0) {
        keys.push("end = \"day_after\"".to_owned());
    }
    if mapping.columns.iter().any(|field| field.add_years > 0) {
        keys.push("year_is = \"start\"".to_owned());
    }
    keys
}

/// The tables `[rows]` and `[lookup.…]` of a mapping.
fn sections(mapping: &Mapping) -> Vec<String> {
    let mut lines = Vec::new();
    let RowRules {
        only,
        except,
        deleted,
        sum,
    } = &mapping.rows;
    let rule = |name: &str, rules: &[(String, Vec<String>)]| {
        let one = |(column, words): &(String, Vec<String>)| {
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            format!("{} = [{}]", quoted(column), words.join(", "))
        };
        let rules: Vec<String> = rules.iter().map(one).collect();
        (!rules.is_empty()).then(|| format!("{name} = {{ {} }}", rules.join(", ")))
    };
    let mut rows: Vec<String> = [("only", only), ("except", except), ("deleted", deleted)]
        .into_iter()
        .filter_map(|(name, rules)| rule(name, rules))
        .collect();
    if !sum.is_empty() {
        let names = sum
            .iter()
            .map(|field| quoted(mapping.table.columns[*field].name));
        rows.push(format!("sum = [{}]", names.collect::<Vec<_>>().join(", ")));
    }
    if !rows.is_empty() {
        lines.push("\n[rows]".to_owned());
        lines.append(&mut rows);
    }
    for lookup in &mapping.lookups {
        lines.push(format!("\n[lookup.{}]", lookup.name));
        lines.extend(
            lookup
                .member
                .iter()
                .map(|member| format!("member = {}", quoted(member))),
        );
        lines.extend(
            lookup
                .records
                .iter()
                .map(|records| format!("records = {}", quoted(records))),
        );
        lines.push(format!("key = {}", quoted(&lookup.key)));
        let by: Vec<String> = lookup.by.iter().map(|name| quoted(name)).collect();
        lines.push(format!("by = [{}]", by.join(", ")));
        if lookup.optional {
            lines.push("optional = true".to_owned());
        }
    }
    lines
}
