//! The real binary, end to end: few tests, each for what a user would notice.

mod top_faults;
mod top_live;
mod top_usage;
