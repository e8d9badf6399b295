//! Every shipped vendor mapping reads a fixture of its vendor's format: two rows are kept (three where it says so), one is
//! broken on purpose and rejected (of tests: has no score, and is not tested), rows of others are left out.

use throughline_model::builtin;

use crate::kit::Project;

/// Mapping, rows kept, rows rejected or not tested.
const EXPECTED: &[(&str, u64, u64)] = &[
    ("access_alternate", 2, 1),
    ("access_for_ells", 2, 1),
    ("aspen_attendance", 2, 1),
    ("aspen_discipline_actions", 2, 1),
    ("aspen_discipline_incidents", 2, 1),
    ("canvas_credentials", 2, 1),
    ("classlink_usage", 2, 1),
    ("clever_daily_participation", 2, 1),
    ("clever_resource_usage", 2, 1),
    ("code_org_pd", 2, 1),
    ("credly", 2, 1),
    ("dibels_8", 2, 1),
    ("frontline_pd_transcript", 2, 1),
    ("google_classroom_usage", 2, 1),
    ("helpdesk_tickets", 2, 1),
    ("infinite_campus_attendance", 2, 1),
    ("infinite_campus_attendance_class", 2, 1),
    ("infinite_campus_discipline_actions", 2, 1),
    ("infinite_campus_discipline_incidents", 2, 1),
    ("intune_devices", 2, 1),
    ("iready_diagnostic_ela", 2, 1),
    ("iready_diagnostic_math", 2, 1),
    ("iready_instruction", 2, 1),
    ("iready_lessons", 2, 1),
    ("iready_ytd_ela", 2, 1),
    ("iready_ytd_math", 2, 1),
    ("knowbe4_training", 2, 1),
    ("licences_prices", 2, 1),
    ("nwea_map_growth", 2, 1),
    ("open_badges_csv", 2, 1),
    ("pd_transcript_generic", 2, 1),
    ("powerschool_attendance", 3, 1),
    ("powerschool_discipline_actions", 2, 1),
    ("powerschool_discipline_incidents", 2, 1),
    ("powerschool_stored_grades", 2, 1),
    ("psat_8_9_math", 2, 1),
    ("psat_8_9_reading", 2, 1),
    ("psat_math", 2, 1),
    ("psat_reading", 2, 1),
    ("sat_math", 2, 1),
    ("sat_reading", 2, 1),
    ("schoology_usage", 2, 1),
    ("skyward_attendance", 2, 1),
    // An action may belong to no incident.
    ("skyward_discipline_actions", 3, 0),
    ("skyward_discipline_incidents", 2, 1),
    ("smarter_balanced", 2, 1),
    ("star_math", 2, 1),
    ("star_math_v1", 2, 1),
    ("star_reading", 2, 1),
    ("star_reading_v1", 2, 1),
];

#[test]
fn a_shipped_mapping_reads_its_fixture() {
    let mut wrong = Vec::new();
    for (name, kept, rejected) in EXPECTED {
        let (_, text) = builtin::mappings()
            .iter()
            .find(|(known, _)| known == name)
            .unwrap();
        let project = Project::new(text);
        let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/fixtures/{name}.csv"));
        project.write("export.csv", std::fs::read(fixture).unwrap());
        match project.ingest() {
            Ok(ingested) => {
                let count = &ingested.counts[0];
                let broken = count.rejected + count.not_tested;
                let found = (count.kept, broken, ingested.warnings.len());
                if found != (*kept, *rejected, 0) {
                    let warnings: Vec<String> =
                        ingested.warnings.iter().map(ToString::to_string).collect();
                    wrong.push(format!(
                        "{name}: {found:?} for {:?}\n{}",
                        (kept, rejected),
                        warnings.join("\n")
                    ));
                }
            }
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
