//! Days of membership, and what is counted on them, in districts in which every student is a case of its own, after public reports of what
//! exports hold. Values are counted by hand, week by week.

mod cases;
mod days;
mod outside;
mod school;
mod styles;
