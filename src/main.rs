//! oppscale.
fn main() {}
