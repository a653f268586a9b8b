//! What these tests share: scenario files, and a laboratory for single runs.

pub mod lab;
pub mod scenario;
