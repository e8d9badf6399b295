//! Files nobody has seen: every export of the sample district with its own vendor's mappings forgotten.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use throughline_ingest::profile;
use throughline_model::Mapping;
use throughline_model::mapping::Origin;
use throughline_model::propose::{ColumnProfile, Proposal, Vocabulary, propose, write};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The shipped mapping of every file of the sample pipeline.
fn sources() -> Vec<(PathBuf, Mapping)> {
    let text = std::fs::read_to_string(root().join("pipelines/sample.toml")).unwrap();
    let mut sources = Vec::new();
    let mut pattern = None;
    for line in text.lines() {
        if let Some(files) = line.strip_prefix("files = ") {
            pattern = Some(files.trim_matches('"').trim_start_matches("../").to_owned());
        } else if let (Some(name), Some(files)) = (line.strip_prefix("mapping = "), pattern.take())
        {
            let name = name.trim_matches('"');
            let file = root().join(format!("pipelines/mappings/{name}.toml"));
            let mapping =
                Mapping::parse(name, name, &std::fs::read_to_string(file).unwrap()).unwrap();
            let (folder, name) = files.rsplit_once('/').unwrap();
            let (before, after) = name.split_once('*').unwrap_or((name, ""));
            let mut found: Vec<PathBuf> = std::fs::read_dir(root().join(folder))
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            found.retain(|path| {
                let name = path.file_name().unwrap().to_string_lossy();
                name.starts_with(before)
                    && name.ends_with(after)
                    && (before != name || after.is_empty())
            });
            found.sort();
            sources.extend(found.into_iter().map(|path| (path, mapping.clone())));
        }
    }
    sources
}

/// Required fields that are wrong, and those that are asked for.
fn judge(
    mapping: &Mapping,
    proposal: &Proposal,
    columns: &[ColumnProfile],
) -> (Vec<String>, usize) {
    let (mut wrong, mut asked) = (Vec::new(), 0);
    if proposal.table.name != mapping.table.name {
        wrong.push(format!(
            "table {} for {}",
            proposal.table.name, mapping.table.name
        ));
        return (wrong, 0);
    }
    for required in mapping.table.required() {
        let shipped = &mapping.field(required).unwrap().from;
        let proposed = proposal
            .fields
            .iter()
            .find(|field| field.field.name == required);
        let right = match (shipped, proposed.map(|field| &field.from)) {
            (Origin::Header(names), Some(Origin::Header(found))) => names.contains(&found[0]),
            // A number that several schools use is put together with the school.
            (Origin::Header(names), Some(Origin::Joined(found))) => {
                found.last().is_some_and(|last| names.contains(last))
            }
            (Origin::Constant(value), Some(Origin::Constant(found))) => value == found,
            // A column that says the same in every row is as good as a value.
            (Origin::Constant(_), Some(Origin::Header(found))) => columns
                .iter()
                .any(|column| column.name == found[0] && column.distinct == 1),
            // A value that stands nowhere in the file can only be asked for.
            (Origin::Constant(_), None) => {
                asked += 1;
                proposal
                    .asked
                    .iter()
                    .any(|asked| asked.field.name == required)
            }
            _ => false,
        };
        if !right {
            wrong.push(format!(
                "{required} from {:?} for {shipped:?}",
                proposed.map(|field| &field.from)
            ));
        }
    }
    (wrong, asked)
}

#[test]
#[expect(clippy::print_stdout, reason = "the measured score")]
fn a_sample_export_gets_its_table_and_required_fields_without_its_own_vendors_mappings() {
    let mut vocabularies: BTreeMap<String, Vocabulary> = BTreeMap::new();
    let (mut files, mut right, mut report) = (0, 0, String::new());
    for (path, mapping) in sources() {
        let own = vocabularies
            .entry(mapping.vendor.clone())
            .or_insert_with(|| Vocabulary::of(|other| other.vendor != mapping.vendor));
        let profiled = profile(&path, None, own).unwrap();
        let stem = path.file_stem().unwrap().to_string_lossy();
        files += 1;
        let Some(proposal) = propose(&stem, &profiled.columns, own) else {
            let _ = writeln!(report, "{stem}: nothing proposed");
            continue;
        };
        let (wrong, asked) = judge(&mapping, &proposal, &profiled.columns);
        if wrong.is_empty() {
            right += 1;
        }
        let _ = writeln!(
            report,
            "{stem}: {} {:.2}, {asked} asked {}",
            proposal.table.name,
            proposal.sure,
            wrong.join("; ")
        );
    }
    println!("{right} of {files} sample exports right");
    assert!(files > 70, "only {files} files were tried");
    assert_eq!(right, files, "{right} of {files} files right\n{report}");
}

#[test]
fn a_shipped_mapping_that_fits_is_named_first() {
    let vocabulary = Vocabulary::shipped();
    for (path, mapping) in sources() {
        let profiled = profile(&path, None, &vocabulary).unwrap();
        let stem = path.file_stem().unwrap().to_string_lossy();
        let proposal = propose(&stem, &profiled.columns, &vocabulary).unwrap();
        assert_eq!(
            proposal.fits.first().map(|fit| fit.mapping.as_str()),
            Some(mapping.name.as_str()),
            "{stem}"
        );
    }
}

fn proposal_of(text: &str) -> (Proposal, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absences.csv");
    std::fs::write(&path, text).unwrap();
    let vocabulary = Vocabulary::shipped();
    let profiled = profile(&path, None, &vocabulary).unwrap();
    let proposal = propose("absences", &profiled.columns, &vocabulary).unwrap();
    let toml = write(&proposal, "Somebody", &profiled.lines);
    (proposal, toml)
}

const ABSENCES: &str = "Pupil Nbr;Pupil Last Name;DOB;Absence Day;Att Code;Remarks\n\
                        0412;Quillfeather;2012-05-04;03/04/2024;UA;felt Zyxwv\n\
                        0413;Oddington;2012-06-04;05/04/2024;T;\n";

#[test]
fn an_ambiguous_date_order_is_asked_for_and_refused_until_chosen() {
    let (proposal, toml) = proposal_of(ABSENCES);
    assert_eq!(proposal.table.name, "attendance_event", "{toml}");
    assert!(Mapping::parse("m.toml", "m", &toml).is_err(), "{toml}");
    let chosen = |order: &str| {
        let lines = toml.lines().map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.starts_with("date =") && rest.contains(order) => rest.to_owned(),
            _ => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    for order in ["%m/%d/%Y", "%d/%m/%Y"] {
        let mapping = Mapping::parse("m.toml", "m", &chosen(order))
            .map_err(|problems| format!("{problems:?}\n{toml}"))
            .unwrap();
        assert_eq!(
            mapping.field("date").unwrap().format.as_deref(),
            Some(order)
        );
        assert_eq!(mapping.dialect.delimiter, b';');
    }
}

#[test]
fn a_day_beyond_the_twelfth_settles_the_order() {
    let (proposal, toml) = proposal_of(&format!("{ABSENCES}0414;Mxyz;2012-06-04;28/04/2024;T;\n"));
    let date = proposal
        .fields
        .iter()
        .find(|field| field.field.name == "date")
        .unwrap();
    assert_eq!(date.formats, ["%d/%m/%Y"], "{toml}");
    Mapping::parse("m.toml", "m", &toml).unwrap();
}

#[test]
fn names_births_and_remarks_stay_out_and_no_cell_is_printed() {
    let (proposal, toml) = proposal_of(ABSENCES);
    for column in ["Pupil Last Name", "DOB", "Remarks"] {
        let left = proposal.left.iter().find(|left| left.name == column);
        assert!(
            left.is_some_and(|left| left.private.is_some()),
            "{column}\n{toml}"
        );
    }
    for cell in [
        "0412",
        "0413",
        "Quillfeather",
        "Oddington",
        "2012-05-04",
        "03/04/2024",
        "Zyxwv",
    ] {
        assert!(!toml.contains(cell), "{toml}");
    }
}

#[test]
fn a_file_without_a_header_is_not_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    std::fs::write(
        &path,
        "0412,2024-01-09,zed@example.org\n0413,2024-01-10,yed@example.org\n",
    )
    .unwrap();
    let refused = profile(&path, None, &Vocabulary::shipped()).unwrap_err();
    assert!(!refused.to_string().contains("0412"), "{refused}");
    assert!(refused.message.contains("not like a header"), "{refused}");
}

fn proposal_for(stem: &str, text: &str) -> (Proposal, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{stem}.csv"));
    std::fs::write(&path, text).unwrap();
    let vocabulary = Vocabulary::shipped();
    let profiled = profile(&path, None, &vocabulary).unwrap();
    let proposal = propose(stem, &profiled.columns, &vocabulary).unwrap();
    let toml = write(&proposal, "Somebody", &profiled.lines);
    (proposal, toml)
}

#[test]
fn an_id_with_two_meanings_is_put_together_with_what_tells_them_apart() {
    let from = |toml: &str, column: &str| {
        let mapping = Mapping::parse("m.toml", "m", toml)
            .map_err(|problems| format!("{problems:?}\n{toml}"))
            .unwrap();
        mapping.field(column).unwrap().from.clone()
    };
    let joined = |names: [&str; 2]| Origin::Joined(names.map(str::to_owned).into());
    let sections =
        "Section_ID,School_Year,School_ID,Course_Number,Course_Name,Department,Term_ID\n";
    let (proposal, toml) = proposal_for(
        "sections",
        &format!(
            "{sections}101,2024,0101,MTH05,Math 5,MTH,YR\n101,2024,0202,MTH05,Math 5,MTH,YR\n102,2024,0101,ELA05,ELA 5,ELA,YR\n"
        ),
    );
    assert_eq!(proposal.table.name, "section", "{toml}");
    assert_eq!(
        from(&toml, "section_id"),
        joined(["School_ID", "Section_ID"]),
        "{toml}"
    );
    // A section that each term lists is one section.
    let (_, toml) = proposal_for(
        "sections",
        &format!(
            "{sections}101,2024,0101,MTH05,Math 5,MTH,S1\n101,2024,0101,MTH05,Math 5,MTH,S2\n102,2024,0101,ELA05,ELA 5,ELA,S1\n"
        ),
    );
    assert_eq!(
        from(&toml, "section_id"),
        Origin::Header(vec!["Section_ID".to_owned()]),
        "{toml}"
    );
    // A catalog whose course numbers begin anew every year: the year, which fills no field of its own, is not read past.
    let catalog = "CatalogYear,CourseID,Title,ProgramCode,Topic,Provider,Delivery,Required,CreditHours,Fee,FundingSource,FirstSession,LastSession\n\
        2023,101,Reading well,READ,,,Online,No,4,,,2022-10-01,2022-10-02\n\
        2024,101,Safe schools,SAFE,,,Online,Yes,2,,,2023-10-01,2023-10-02\n\
        2024,102,Counting,MATH,,,Online,Yes,2,,,2023-10-01,2023-10-02\n";
    let (proposal, toml) = proposal_for("catalog", catalog);
    assert_eq!(proposal.table.name, "pd_activity", "{toml}");
    assert_eq!(
        from(&toml, "activity_id"),
        joined(["CatalogYear", "CourseID"]),
        "{toml}"
    );
    let mapping = Mapping::parse("m.toml", "m", &toml).unwrap();
    assert!(
        !mapping.ignore.iter().any(|name| name == "CatalogYear"),
        "{toml}"
    );
}
