//! What these tests share: quantities, scenario files, and a laboratory for single runs.

pub mod lab;
pub mod quantity;
pub mod scenario;
