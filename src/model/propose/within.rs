//! IDs that are unique only within something. Where rows of a file with one section number name several schools, or a catalog gives one
//! activity number several titles in several years, the ID is proposed together with what tells its meanings apart.

use super::profile::ColumnProfile;
use super::proposal::Proposal;
use crate::mapping::Origin;

/// An ID of a table that may be unique only within another field, and the field that must differ as well before it is said: a
/// catalog lists a course once, so two titles are two courses.
struct Within {
    table: &'static str,
    id: &'static str,
    within: &'static str,
    differs: Option<&'static str>,
    /// Where else the ID stands.
    elsewhere: &'static str,
}

const IDS: [Within; 6] = [
    Within {
        table: "section",
        id: "section_id",
        within: "school_id",
        differs: None,
        elsewhere: "rosters, assignments and marks",
    },
    Within {
        table: "student_section",
        id: "section_id",
        within: "school_id",
        differs: None,
        elsewhere: "the files of sections, assignments and marks",
    },
    Within {
        table: "staff_section",
        id: "section_id",
        within: "school_id",
        differs: None,
        elsewhere: "the files of sections, rosters and marks",
    },
    Within {
        table: "course_mark",
        id: "section_id",
        within: "school_id",
        differs: None,
        elsewhere: "the files of sections, rosters and assignments",
    },
    Within {
        table: "discipline_incident",
        id: "incident_id",
        within: "school_id",
        differs: Some("behavior"),
        elsewhere: "the file of actions",
    },
    Within {
        table: "pd_activity",
        id: "activity_id",
        within: "",
        differs: Some("title"),
        elsewhere: "the file of participation",
    },
];

/// Puts IDs with several meanings together with what tells them apart.
pub(super) fn put_together(proposal: &mut Proposal, profiles: &[ColumnProfile]) {
    let (table, fields) = (proposal.table, &mut proposal.fields);
    for known in IDS.iter().filter(|known| known.table == table.name) {
        let from = |name: &str| {
            let field = fields.iter().find(|field| field.field.name == name)?;
            match &field.from {
                Origin::Header(names) => names.first().cloned(),
                _ => None,
            }
        };
        let Some(id) = from(known.id) else { continue };
        let Some(profile) = profiles.iter().find(|profile| profile.name == id) else {
            continue;
        };
        let splits = |name: &String| profile.split_by.contains(name);
        let differs = known.differs.and_then(&from);
        if known.differs.is_some() && !differs.as_ref().is_some_and(splits) {
            continue;
        }
        let within = match known.within {
            "" => profiles
                .iter()
                .find(|other| other.is_year() && splits(&other.name))
                .map(|other| other.name.clone()),
            within => from(within).filter(splits),
        };
        let Some(field) = fields.iter_mut().find(|field| field.field.name == known.id) else {
            continue;
        };
        let Some(within) = within else {
            if differs.is_some() {
                field.notes.push(format!(
                    "one `{id}` has several meanings, and no column tells them apart: all but one are lost"
                ));
            }
            continue;
        };
        field.notes.push(format!(
            "one `{id}` stands with several `{within}`: both are put together into one ID; do the same in {}, or take `{id}` \
             alone everywhere and fill `{}` there",
            known.elsewhere,
            if known.within.is_empty() { "the year" } else { known.within },
        ));
        proposal.left.retain(|left| left.name != within);
        field.from = Origin::Joined(vec![within, id]);
    }
}
