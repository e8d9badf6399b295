//! Credentials in three systems, each with its own IDs and words.

use chrono::{Days, NaiveDate};

use super::{Out, formats};
use crate::bytes::DateStyle::{Iso, Named, Us};
use crate::ids::employee;
use crate::program::{CREDENTIALS, TRAINER};
use crate::spec::SynthError;
use crate::world::World;
use crate::world::training::expires;

/// Who earned what, in order of award.
fn awards(world: &World, which: usize) -> Vec<(NaiveDate, usize)> {
    let mut awards: Vec<_> = world
        .staff
        .iter()
        .enumerate()
        .filter_map(|(index, person)| Some((person.credentials[which]?, index)))
        .collect();
    awards.sort_unstable();
    awards
}

pub(crate) fn all(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    iste(world, out)?;
    state(world, out)?;
    vendor(world, out)
}

fn iste(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let mut sheet = out.open(&formats::ISTE, "badges/iste_certifications.csv")?;
    let mut lines = sheet.lines();
    let about = &CREDENTIALS[0];
    let trainers = world.staff.iter().enumerate();
    let mut all: Vec<_> = trainers
        .filter_map(|(index, person)| {
            Some((person.trainer?, index, TRAINER.code, TRAINER.name, 15))
        })
        .collect();
    all.extend(
        awards(world, 0)
            .into_iter()
            .map(|(date, index)| (date, index, about.code, about.name, about.valid)),
    );
    all.sort_unstable();
    for (date, index, code, name, valid) in all {
        world.login(&mut lines, index, 0, 1);
        lines.text(code).text(name);
        lines.date(date, Us).date(expires(date, valid), Us).end();
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}

fn state(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let mut sheet = out.open(
        &formats::STATE_CREDENTIALS,
        "badges/state_microcredentials.csv",
    )?;
    let mut lines = sheet.lines();
    let about = &CREDENTIALS[1];
    for (date, index) in awards(world, 1) {
        lines
            .text(&employee(index))
            .text(about.code)
            .text(about.name);
        lines.text(if index % 4 == 0 { "2" } else { "1" });
        lines
            .date(date, Named)
            .date(expires(date, about.valid), Named)
            .end();
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}

fn vendor(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let mut sheet = out.open(&formats::VENDOR_BADGES, "badges/vendor_badges.csv")?;
    let mut lines = sheet.lines();
    let about = &CREDENTIALS[2];
    for (date, index) in awards(world, 2) {
        world.login(&mut lines, index, 0, 2);
        lines.text(about.code).text(about.name);
        lines.date(date, Iso).date(expires(date, about.valid), Iso);
        lines
            .maybe_date((index % 41 == 0).then(|| date + Days::new(200)), Iso)
            .end();
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}
