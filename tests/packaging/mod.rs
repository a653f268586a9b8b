//! What oppscale is handed out as: chart, manual pages, archive, image.

mod archive;
mod chart;
mod chart_lint;
mod engine;
mod image;
mod man;
