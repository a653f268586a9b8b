//! Arguments that several commands have.

use clap::{Args, ValueEnum};

/// The output format.
#[derive(Debug, Clone, Copy, Args)]
pub struct OutputArgs<F: ValueEnum + Default + Send + Sync + 'static> {
    /// Output format.
    #[arg(
        short = 'o',
        long = "output",
        id = "output",
        value_enum,
        // default_value_t keeps its text in a static, which all F would share.
        default_value = name(&F::default()),
        value_name = "FORMAT",
        hide_possible_values = true,
        help = format!("Output format: {}", choices::<F>())
    )]
    pub format: F,
}

/// The metrics server in a cluster.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// Namespace of the metrics server
    #[arg(short, long, value_name = "NAME", default_value = "oppscale")]
    pub namespace: String,
    /// Service in front of the metrics server
    #[arg(long, value_name = "NAME", default_value = "oppscale")]
    pub service: String,
    /// Secret with the serving certificate of the metrics server
    #[arg(long, value_name = "NAME", default_value = "oppscale-tls")]
    pub secret: String,
}

/// Log format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One object a line
    Json,
}

fn name<F: ValueEnum>(value: &F) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// `table, short or json`
fn choices<F: ValueEnum>() -> String {
    let names: Vec<_> = F::value_variants().iter().map(name).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// Whether `text` can be the name of an image. The registry has the last word, but no name has
/// a blank in it.
pub(super) fn is_image(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}
