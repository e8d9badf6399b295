//! Does the engine find what was planted, and leave unfound what was not? Small districts are drawn in memory with known
//! truth; the engine sees panels only. All draws are seeded: a failure is the same everywhere.

mod adoption;
mod again;
mod behaviour;
mod co_taught;
mod district;
mod draw;
mod panel_side;
mod pilot;
mod pipeline;
mod planted;
mod power;
