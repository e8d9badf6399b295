//! From a panel row to its teachers: who taught the student that year (a subject, or everything), and for how many class
//! days. Teachers stand in the order of their assignments in the export, so sums and ties do not depend on pseudonyms.

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use throughline_model::SchoolYear;
use throughline_model::panel::{Codes, NO_CODE, Shares};

use super::grid::Grid;
use super::names::Names;
use super::spine::{ROWS, Spine};
use crate::by_year::hash;
use crate::columns::Columns;
use crate::error::LakeError;

/// The view that knows teachers.
pub(super) const VIEW: &str = "student_staff";

/// The teachers of every row.
pub(super) struct Links {
    /// Row `r` has the links `starts[r]..starts[r + 1]`.
    starts: Vec<usize>,
    links: Vec<Link>,
    /// Share of the row's class days that have a known teacher, 0 for a row without classes.
    pub(super) linked: Vec<f64>,
}

#[derive(Clone, Copy)]
struct Link {
    staff: u32,
    days: f64,
}

/// What the relation of a subject's teachers is called.
pub(super) fn name(subject: Option<&str>) -> String {
    match subject {
        Some(subject) => format!(
            "throughline_teachers_{}",
            &hash(&[subject.to_owned()])[..16]
        ),
        None => "throughline_teachers".to_owned(),
    }
}

pub(super) fn sql(subject: Option<&str>) -> String {
    let which = match subject {
        Some(subject) => format!("s.subject = '{}'", subject.replace('\'', "''")),
        None => "s.subject = s.taught_in".to_owned(),
    };
    format!(
        "SELECT r.school_year, r.row, s.staff_id, CAST(s.days AS DOUBLE) AS days, s.place FROM {VIEW} s \
         JOIN {ROWS} r ON r.student_id = s.student_id AND r.school_year = s.school_year WHERE {which} \
         ORDER BY r.school_year, r.row, s.place"
    )
}

impl Links {
    /// Reads the teachers of the spine's rows, and adds them to `staff`.
    pub(super) fn read(
        batches: &[RecordBatch],
        spine: &Spine,
        staff: &mut Names,
    ) -> Result<Self, LakeError> {
        let rows = spine.len();
        let mut found = Vec::new();
        let mut vacant = vec![0.0; rows];
        let (mut of, mut start) = (None, 0);
        for batch in batches {
            let columns = Columns::new(VIEW, batch);
            let year = columns.integers("school_year")?;
            let row = columns.longs("row")?;
            let name = columns.text("staff_id")?;
            let days = columns.numbers("days")?;
            let place = columns.longs("place")?;
            for index in 0..batch.num_rows() {
                if of != Some(year.value(index)) {
                    (of, start) = (Some(year.value(index)), spine.start(year.value(index)));
                }
                let at = start as u32 + row.value(index) as u32;
                if name.is_null(index) {
                    found.push((at, i64::MAX, None, days.value(index)));
                } else {
                    let number = staff.number(name.value(index));
                    found.push((at, place.value(index), Some(number), days.value(index)));
                }
            }
        }
        found.sort_by_key(|link| (link.0, link.1, link.3.to_bits()));
        let mut links = Self {
            starts: Vec::with_capacity(rows + 1),
            links: Vec::new(),
            linked: Vec::with_capacity(rows),
        };
        let mut next = found.into_iter().peekable();
        for (row, vacant) in vacant.iter_mut().enumerate() {
            let start = links.links.len();
            links.starts.push(start);
            while let Some((_, _, number, days)) = next.next_if(|link| link.0 as usize == row) {
                match number {
                    None => *vacant += days,
                    Some(staff) => add(&mut links.links, start, Link { staff, days }),
                }
            }
            let known: f64 = links.links[start..].iter().map(|link| link.days).sum();
            let share = known / (known + *vacant);
            links.linked.push(if share.is_nan() { 0.0 } else { share });
        }
        links.starts.push(links.links.len());
        Ok(links)
    }

    fn of(&self, row: usize) -> &[Link] {
        &self.links[self.starts[row]..self.starts[row + 1]]
    }

    /// The teacher with the most days; the first of them in the export where several have as many.
    pub(super) fn teacher(&self, row: usize) -> Option<u32> {
        let mut links = self.of(row).iter();
        let first = links.next()?;
        let most = links.fold(
            first,
            |most, link| if link.days > most.days { link } else { most },
        );
        Some(most.staff)
    }

    /// The teacher of every row as codes, and all teachers of every row by share of days where any row has several.
    pub(super) fn teachers(&self, staff: &Names) -> (Codes, Shares) {
        let rows = self.starts.len() - 1;
        let mut teacher = staff.codes((0..rows).map(|row| self.teacher(row)));
        let mut shares = Shares::default();
        if (0..rows).all(|row| self.of(row).len() < 2) {
            return (teacher, shares);
        }
        let mut code = vec![NO_CODE; staff.len()];
        for (row, own) in teacher.codes.iter().enumerate() {
            if let Some(number) = self.teacher(row) {
                code[number as usize] = *own;
            }
        }
        shares.starts.push(0);
        for row in 0..rows {
            let links = self.of(row);
            let days: f64 = links.iter().map(|link| link.days).sum();
            for link in links.iter().filter(|link| link.days > 0.0) {
                let code = &mut code[link.staff as usize];
                if *code == NO_CODE {
                    *code = teacher.labels.len() as u32;
                    teacher.labels.push(staff.name(link.staff).to_owned());
                }
                shares.teacher.push(*code);
                shares.share.push(link.days / days);
            }
            shares.starts.push(shares.teacher.len() as u32);
        }
        (teacher, shares)
    }

    /// The dose that reached a row in a school year: the mean over its known teachers' doses, weighted by class days.
    pub(super) fn dose(&self, row: usize, doses: &Grid, year: SchoolYear) -> f64 {
        let (mut sum, mut days) = (0.0, 0.0);
        for link in self.of(row) {
            sum += link.days * doses.get(link.staff, year);
            days += link.days;
        }
        sum / days
    }
}

/// Adds days of a teacher to the row whose links begin at `start`.
fn add(links: &mut Vec<Link>, start: usize, link: Link) {
    match links[start..]
        .iter_mut()
        .find(|known| known.staff == link.staff)
    {
        Some(known) => known.days += link.days,
        None => links.push(link),
    }
}
