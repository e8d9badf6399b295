//! Writers: each puts tables or charts into one kind of file and decides nothing. All are deterministic: the same
//! released report gives the same bytes, whenever and wherever it is written.

pub(crate) mod columns;
pub(crate) mod csv;
pub(crate) mod page;
pub(crate) mod run;
pub(crate) mod workbook;
