//! The lake as its callers use it, on a district small enough to compute by hand.

mod agree;
mod catalog;
mod checks;
mod credits;
mod district;
mod exposures;
mod hours;
mod identities;
mod key;
mod links;
mod membership;
mod nights;
mod outcomes;
mod queries;
mod releases;
mod rosters;
mod scores;
mod scratch;
mod stands;
