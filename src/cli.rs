//! The command line: words and types, nothing else.

use clap::{ArgAction, Parser, Subcommand};

use crate::commands::args::LogFormat;
use crate::commands::certs::CertsArgs;
use crate::commands::check::CheckArgs;
use crate::commands::completion::CompletionArgs;
use crate::commands::demo::DemoArgs;
use crate::commands::init::InitArgs;
use crate::commands::kubeconfig::KubeconfigArgs;
use crate::commands::load::LoadArgs;
use crate::commands::man::ManArgs;
use crate::commands::render_hpa::RenderHpaArgs;
use crate::commands::sample_app::SampleAppArgs;
use crate::commands::serve::ServeArgs;
use crate::commands::simulate::SimulateArgs;
use crate::commands::templates::TemplatesArgs;
use crate::commands::top::TopArgs;
use crate::commands::uninstall::UninstallArgs;
use crate::printer::ColorChoice;

/// The heading of the options that every command has.
const GLOBAL: &str = "Global options";

/// Fill the idle capacity of a Kubernetes cluster, and give it back on demand
#[derive(Debug, Parser)]
#[command(
    name = "oppscale",
    version,
    max_term_width = 80,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "\
Examples:
  oppscale top                                   what is left in this cluster
  oppscale top --replica cpu=4,memory=8Gi        how many such replicas fit
  kubectl get nodes,pods -A -o json | oppscale top --from -
                                                 the same from a saved list
  oppscale simulate                              what an HPA makes of it all
  oppscale render-hpa --workload app.yaml        manifests, sized for it

Exit codes: 0 ok, 1 a negative finding or an error, 2 usage, 3 missing rights,
4 owned by somebody else, 124 timed out, 130 interrupted"
)]
pub struct Cli {
    /// When to colour: auto, always or never
    #[arg(
        long,
        value_enum,
        default_value_t,
        global = true,
        value_name = "WHEN",
        hide_possible_values = true,
        help_heading = GLOBAL
    )]
    pub color: ColorChoice,
    /// Say less on stderr
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    pub quiet: bool,
    /// Say more on stderr; twice for more
    #[arg(short, long, action = ArgAction::Count, global = true, help_heading = GLOBAL)]
    pub verbose: u8,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what is left of a cluster: per node, and in all
    Top(Box<TopArgs>),
    /// Render the manifests of opportunistic work, sized for a cluster
    RenderHpa(Box<RenderHpaArgs>),
    /// Serve what remains to HPAs, Prometheus and people
    ///
    /// Watches nodes, pods and the Deployments, StatefulSets and ReplicaSets labelled
    /// oppscale.dev/opportunistic=true, and answers the HPA controller through the API
    /// server. What a workload may take is in its annotations: oppscale.dev/reserve,
    /// target-utilization, max-replicas, weight, priority. A second port has a web page,
    /// /metrics, /livez and /readyz. Nothing is written to the cluster. See docs/serve.md.
    Serve(Box<ServeArgs>),
    /// Show what an HPA will do on a simulated cluster, and what it should be
    Simulate(Box<SimulateArgs>),
    /// Watch the whole loop on a simulated cluster, without Kubernetes
    Demo(DemoArgs),
    /// Set a cluster up: shows its plan, asks once, and proves the result
    Init(Box<InitArgs>),
    /// Check a cluster, with a fix for each failure
    Check(Box<CheckArgs>),
    /// Make, look at and renew the certificates of the metrics API
    #[command(subcommand)]
    Certs(CertsArgs),
    /// Make a kubeconfig for a ServiceAccount, with a token that ends
    Kubeconfig(Box<KubeconfigArgs>),
    /// Write out the templates of render-hpa, to start your own from
    Templates(TemplatesArgs),
    /// Take away what init brought, the API first
    Uninstall(Box<UninstallArgs>),
    /// Answer requests and count them: the article's paid application
    SampleApp(SampleAppArgs),
    /// Send requests at a constant rate, and tell what came of them
    Load(Box<LoadArgs>),
    /// Print a completion script for a shell
    Completion(CompletionArgs),
    /// Write the manual pages into a folder
    // For packages; who reads them has man.
    #[command(hide = true)]
    Man(ManArgs),
}

impl Command {
    /// How it logs, if it is a server: one that goes on until it is told to stop.
    pub fn log_format(&self) -> Option<LogFormat> {
        match self {
            Self::Serve(args) => Some(args.log_format),
            Self::SampleApp(args) => Some(args.log_format),
            _ => None,
        }
    }

    /// Whether it waits for Ctrl-C itself, to end in order.
    pub fn ends_itself(&self) -> bool {
        matches!(self, Self::Serve(_) | Self::SampleApp(_) | Self::Load(_))
    }
}
