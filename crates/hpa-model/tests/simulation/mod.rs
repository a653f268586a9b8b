//! The simulated cluster, and the verdict that says beforehand what it will do.

mod blog;
mod scheduling;
mod usage;
mod verdict;
