//! The model of the HPA controller, against recordings, upstream's cases and measured corners.

mod controller;
mod corner_cases;
mod properties;
mod replica_calculator;
mod scenarios;
mod series;
mod support;
mod validation;
