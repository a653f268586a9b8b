//! The model of the HPA controller, against recordings, upstream's cases and measured corners.

mod behavior;
mod controller;
mod corner_cases;
mod object_metrics;
mod properties;
mod replica_calculator;
mod scenarios;
mod series;
pub mod support;
mod validation;
mod versions;
