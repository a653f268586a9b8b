//! The arguments of `oppscale init`, and the prompts for missing ones.

use std::ffi::OsStr;
use std::iter;
use std::time::Duration;

use anyhow::Context;
use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, Args, ValueEnum};
use dialoguer::{Input, Select};
use serde_json::Value;

use crate::certificates::CertificateSpec;
use crate::cli::{self, Cli, Command};
use crate::completion::Values;
use crate::manifest::Templates;
use crate::serve::HttpAuth;
use crate::setup::config::{InstallConfig, Pipeline, cluster_name};
use crate::setup::server_pod::{
    Amounts, Installed, PodSettings, PriorityClass, parse_amounts, parse_priority_class,
    parse_toleration, parse_workload_kind,
};
use oppscale_cluster::{Cluster, ClusterError};
use oppscale_core::check::Distribution;
use oppscale_core::error::Error;
use oppscale_core::kinds;
use oppscale_core::names::is_subdomain;
use oppscale_core::reserve::Reserve;
use oppscale_core::units::parse_duration;

use crate::commands::args::{ClusterArgs, is_image, parse_label, parse_name, parse_namespace};
use crate::commands::check::distribution_words;
use crate::commands::prompt::{Questions, answered};

/// Arguments of `oppscale init`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  oppscale init                                  asks, shows its plan, asks once
  oppscale init --image REGISTRY/oppscale:0.1 --yes
  oppscale init --image I --dry-run=server       the plan and missing permissions
  oppscale init --image I --output-dir DIR --kustomize
                                                 for git; no cluster, no secrets
  oppscale init --image I --output-dir DIR --chart
                                                 the same as a Helm chart
  oppscale init --image I --output-dir - --export-secrets |
    kubectl apply --server-side --field-manager oppscale -f -

A second run writes nothing, and flags that it leaves out are those of the
installation. What belongs to somebody else is named and left
alone. Without a terminal, --yes must be given, or nothing is changed.

Exit codes: 0 done, 1 failed or declined, 2 usage, 3 missing permissions,
4 owned by somebody else, 124 not ready in time, 130 interrupted")]
pub struct InitArgs {
    /// Path of the metric to the HPA [default: native]
    ///
    /// native: the metrics server answers the API. prometheus: Prometheus scrapes it and
    /// prometheus-adapter answers. keda: KEDA reads its /metrics
    #[arg(long, value_enum, value_name = "PIPELINE")]
    pub pipeline: Option<Pipeline>,
    /// Image of the metrics server
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// Namespace of the metrics server [default: oppscale]
    #[arg(short, long, value_name = "NAME", add = Values::Names(&kinds::NAMESPACE))]
    pub namespace: Option<String>,
    /// Reserve of the filler to render next: cores (30), a share (15%), cpu=30,nvidia.com/gpu=1
    /// or a place for a paid pod (pod:cpu=4) [default: 15%]
    #[arg(long, value_name = "RESERVE")]
    pub reserve: Option<Reserve>,
    /// APIs to serve, separated by commas: custom, external [default: custom]
    #[arg(long, value_enum, value_name = "APIS", value_delimiter = ',')]
    pub apis: Vec<ApiArg>,
    /// Name of Service, Deployment and ServiceAccount
    #[arg(long, value_name = "NAME", default_value = "oppscale")]
    pub service: String,
    /// Number of pods of the metrics server [default: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=9))]
    pub replicas: Option<u32>,
    /// Issuer of the certificates: oppscale or cert-manager [default: oppscale]
    #[arg(long, value_enum, value_name = "WHO", hide_possible_values = true)]
    pub certificates: Option<CertificatesArg>,
    /// NetworkPolicy that opens only the server's two ports: on or off [default: on]
    #[arg(long, value_enum, value_name = "SWITCH", hide_possible_values = true)]
    pub network_policy: Option<Switch>,
    /// Namespace whose pods may connect to port 8080 (page, /metrics); repeatable
    /// [default: every client]
    #[arg(long, value_name = "NAMESPACE", value_parser = parse_namespace_or_none,
          add = Values::Names(&kinds::NAMESPACE))]
    pub http_from: Vec<String>,
    /// Who may read the page and /metrics: none (every client) or token-review (over TLS, bearers
    /// of tokens that may get /metrics) [default: none]
    #[arg(long, value_enum, value_name = "HOW", hide_possible_values = true)]
    pub http_auth: Option<HttpAuth>,
    /// The pods.
    #[command(flatten)]
    pub pod: PodArgs,
    /// Also: dashboard (Grafana), alerts (Prometheus operator); or, with --output-dir DIR,
    /// Helm values: metrics-server, prometheus-stack
    #[arg(long, value_enum, value_name = "WHAT", hide_possible_values = true)]
    pub with: Vec<ChartArg>,
    /// Write the manifests to this folder, or to stdout with -, and change nothing
    #[arg(long, alias = "export", value_name = "DIR")]
    pub output_dir: Option<String>,
    /// Also export private keys
    #[arg(long, requires = "output_dir")]
    pub export_secrets: bool,
    /// Also export a kustomization.yaml
    #[arg(long, requires = "output_dir")]
    pub kustomize: bool,
    /// Export the same objects as a Helm chart
    #[arg(long, requires = "output_dir", conflicts_with = "kustomize")]
    pub chart: bool,
    /// Only show the plan: client without a cluster, server by a dry run there
    #[arg(long, value_enum, value_name = "HOW", num_args = 0..=1, require_equals = true,
          default_missing_value = "server", conflicts_with = "output_dir")]
    pub dry_run: Option<DryRunArg>,
    /// Take over fields and objects that others own; APIs are never taken over
    #[arg(long)]
    pub force_conflicts: bool,
    /// Grant yourself the missing permissions, or cluster-admin, until the end of this run
    #[arg(long)]
    pub grant_cluster_admin: bool,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
    /// Do not wait for pods to be ready; the API is then not registered
    #[arg(long)]
    pub no_wait: bool,
    /// Longest wait in total
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse_duration)]
    pub timeout: Duration,
    /// The distribution.
    #[arg(long, value_name = "NAME", add = Values::Words(distribution_words), help = format!(
        "Distribution, if it is not recognized: {}", Distribution::NAMES
    ))]
    pub distribution: Option<Distribution>,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Settings of the server's pods. A flag that is left out keeps the setting of the installation.
#[derive(Debug, Clone, Args)]
pub struct PodArgs {
    /// PriorityClass of the pods, empty for none; created if it has a value [default:
    /// system-cluster-critical; on GKE oppscale=1000000000]
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = parse_priority_class,
          add = Values::Names(&kinds::PRIORITY_CLASS))]
    pub priority_class: Option<PriorityClass>,
    /// Secret with credentials for the image's registry; repeatable
    #[arg(long, value_name = "NAME", value_parser = parse_secret)]
    pub image_pull_secret: Vec<String>,
    /// Label that nodes must have; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_label, add = Values::NodeLabels)]
    pub node_selector: Vec<(String, String)>,
    /// Taint that the pods tolerate, as KEY, KEY=VALUE or KEY=VALUE:EFFECT; repeatable
    #[arg(long = "tolerate", alias = "toleration", value_name = "TAINT", value_parser = parse_toleration, add = Values::Taints)]
    pub toleration: Vec<serde_json::Value>,
    /// Requests of the pods [default: cpu=50m,memory=64Mi]
    #[arg(long, value_name = "AMOUNTS", value_parser = parse_amounts, add = Values::Amounts)]
    pub requests: Option<Amounts>,
    /// Limits of the pods [default: memory=512Mi]
    #[arg(long, value_name = "AMOUNTS", value_parser = parse_amounts, add = Values::Amounts)]
    pub limits: Option<Amounts>,
    /// Also serve workloads of this kind, RESOURCE.GROUP with a /scale subresource;
    /// repeatable
    #[arg(long, value_name = "KIND", value_parser = parse_workload_kind)]
    pub workload_kind: Vec<String>,
    /// Further argument of oppscale serve, none that init sets itself; repeatable
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true)]
    pub extra_arg: Vec<String>,
}

impl PodArgs {
    /// The settings, with `known` for flags that are left out.
    fn settings(&self, known: PodSettings) -> PodSettings {
        fn or<T: Clone>(given: &[T], known: Vec<T>) -> Vec<T> {
            if given.is_empty() { known } else { given.to_vec() }
        }
        let selector = self.node_selector.iter().cloned().collect();
        PodSettings {
            priority_class: match self.priority_class.clone() {
                // The class of the installation stays one of its objects.
                Some(given) if given.value.is_none() && given.name == known.priority_class.name => {
                    known.priority_class
                }
                Some(given) => given,
                None => known.priority_class,
            },
            pull_secrets: or(&self.image_pull_secret, known.pull_secrets),
            node_selector: match self.node_selector.is_empty() {
                true => known.node_selector,
                false => selector,
            },
            tolerations: or(&self.toleration, known.tolerations),
            requests: self.requests.clone().map_or(known.requests, |amounts| amounts.0),
            limits: self.limits.clone().map_or(known.limits, |amounts| amounts.0),
            workload_kinds: or(&self.workload_kind, known.workload_kinds),
            extra_args: or(&self.extra_arg, known.extra_args),
        }
    }
}

/// Flags of `oppscale serve` that `--extra-arg` may not set, and what to give instead: Service,
/// probes, volumes and RBAC rules follow from them. Neither may it set a flag to a file but one in
/// [`ACCOUNT_DIRECTORY`]. `templates/refusals.yaml` of the chart refuses both, too.
const MANAGED_FLAGS: [(&str, &str); 8] = [
    ("apis", "give init --apis, or another --pipeline"),
    ("http-auth", "give init --http-auth itself"),
    ("listen", "leave --listen and --listen-http out"),
    ("listen-http", "leave --listen and --listen-http out"),
    ("self-signed", "give init --certificates"),
    ("tls-cert-file", "give init --certificates"),
    ("tls-private-key-file", "give init --certificates"),
    ("workload-kind", "give init --workload-kind itself"),
];

/// The directory of the files that every pod with a ServiceAccount has.
const ACCOUNT_DIRECTORY: &str = "/var/run/secrets/kubernetes.io/serviceaccount/";

/// Fails if an extra argument sets what the installation sets, or a file that the pods do not have.
fn check_extra_args(extra_args: &[String]) -> Result<(), Error> {
    if extra_args.is_empty() {
        return Ok(());
    }
    let command = cli::command();
    let args = ["oppscale", "serve"].into_iter().chain(extra_args.iter().map(String::as_str));
    // What follows an error is not parsed: the server would refuse it, and so does
    // `check_server_args`.
    let matches = command.clone().ignore_errors(true).try_get_matches_from(args).ok();
    let Some(given) = matches.as_ref().and_then(|all| all.subcommand_matches("serve")) else {
        return Ok(());
    };
    let flags =
        command.find_subcommand("serve").into_iter().flat_map(|serve| serve.get_arguments());
    let refused = |flag: &Arg| {
        let is_given = given.value_source(flag.get_id().as_str()) == Some(ValueSource::CommandLine);
        let name = flag.get_long().filter(|_| is_given)?;
        if let Some((_, hint)) = MANAGED_FLAGS.into_iter().find(|(managed, _)| *managed == name) {
            let text = format!("--extra-arg may not set --{name}, which the installation sets");
            return Some(Error::usage(text).hint(hint));
        }
        flag.get_value_names()?.iter().find(|value| *value == "FILE")?;
        let is_of_account = |file: &OsStr| {
            let name = file.to_str().and_then(|file| file.strip_prefix(ACCOUNT_DIRECTORY));
            name.is_some_and(|name| !name.is_empty() && !name.contains('/'))
        };
        if given.get_raw(flag.get_id().as_str())?.all(is_of_account) {
            return None;
        }
        let text = format!("--extra-arg may not set --{name}: the server's pods have no such file");
        Some(Error::usage(text).hint(match name {
            "kubelet-certificate-authority" => {
                "without it, kubelets need certificates of the API server's CA; or give \
                 --pressure-guard=proxy"
            }
            _ => "leave it out: the pods connect as their ServiceAccount",
        }))
    };
    flags.filter_map(refused).next().map_or(Ok(()), Err)
}

/// Fails if `oppscale serve` refuses the arguments of the rendered Deployment: its pods would end
/// at once, and be started again for ever.
fn check_server_args(config: &InstallConfig) -> anyhow::Result<()> {
    let objects = config.render_server(&Templates::new(None)?)?;
    let server = objects.iter().find(|document| document.kind() == kinds::DEPLOYMENT.name);
    let container =
        server.map(|server| &server.value()["spec"]["template"]["spec"]["containers"][0]);
    let args = container.and_then(|container| container["args"].as_array()).into_iter().flatten();
    let args = iter::once("oppscale").chain(args.filter_map(Value::as_str));
    let parsed = cli::parse(cli::command(), args);
    let refused = |why: &str| Error::usage(format!("oppscale serve refuses its arguments: {why}"));
    match parsed {
        Ok(Cli { command: Command::Serve(args), .. }) => {
            args.resolve().map_err(|error| refused(&error.to_string()))?;
            Ok(())
        }
        Ok(_) => Err(refused("they are those of another command").into()),
        Err(error) => {
            let is_text = matches!(
                error.kind(),
                clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion
            );
            let text = match is_text {
                true => "the server would print a text and end".to_owned(),
                false => error.to_string(),
            };
            let why = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
            let nearest = match error.get(ContextKind::SuggestedArg) {
                Some(ContextValue::String(flag)) => format!("did you mean {flag}? "),
                _ => String::new(),
            };
            let hint = format!("{nearest}see the flags with oppscale serve --help");
            Err(refused(&why.replace('\n', " ")).hint(hint).into())
        }
    }
}

fn parse_secret(text: &str) -> Result<String, String> {
    parse_name(text, "Secret", is_subdomain)
}

/// Parses a namespace; an empty one is for none.
fn parse_namespace_or_none(text: &str) -> Result<String, String> {
    match text {
        "" => Ok(String::new()),
        text => parse_namespace(text),
    }
}

/// An API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ApiArg {
    /// custom.metrics.k8s.io
    Custom,
    /// external.metrics.k8s.io
    External,
}

/// Whether something is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Wanted.
    On,
    /// Not wanted.
    Off,
}

/// Issuer of the certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum CertificatesArg {
    /// oppscale.
    #[default]
    Oppscale,
    /// cert-manager.
    CertManager,
}

/// Optional objects, and values for Helm charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ChartArg {
    /// metrics-server
    MetricsServer,
    /// kube-prometheus-stack
    PrometheusStack,
    /// A ConfigMap with the Grafana dashboard
    Dashboard,
    /// A PrometheusRule, and the ServiceMonitor that it needs
    Alerts,
}

impl ChartArg {
    /// Whether it is an object of the cluster, not a file for Helm.
    pub fn is_object(self) -> bool {
        matches!(self, Self::Dashboard | Self::Alerts)
    }
}

/// Kind of dry run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DryRunArg {
    /// Without a cluster.
    Client,
    /// By a dry run of the server.
    Server,
}

impl InitArgs {
    /// The arguments, with answers for missing ones if `interactive`; `None` if the user cancels
    /// (Esc or Ctrl-C).
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) async fn completed(self, interactive: bool) -> anyhow::Result<Option<Self>> {
        if !interactive {
            return Ok(Some(self));
        }
        let mut args = self;
        let asked = tokio::task::spawn_blocking(move || Ok(args.ask()?.map(|()| args)));
        asked.await.context("the prompts ended early")?
    }

    /// The installation that the flags name, if there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn installed(
        &self,
        cluster: &Cluster,
    ) -> Result<Option<Installed>, ClusterError> {
        let namespace = self.namespace.as_deref().unwrap_or("oppscale");
        Installed::find(cluster, namespace, &self.service).await
    }

    /// The configuration: what the installation `known` has is kept where a flag is left out.
    ///
    /// # Errors
    /// When an argument is missing, or invalid.
    pub(super) fn config(&self, known: Installed) -> anyhow::Result<InstallConfig> {
        let mut args = self.clone();
        args.fill(&known);
        if !self.apis.is_empty() && args.pipeline.unwrap_or_default() != Pipeline::Native {
            return Err(Error::usage(
                "--apis is for --pipeline native: another server answers then",
            )
            .hint("leave --apis or --pipeline out; uninstall to change an installation's pipeline")
            .into());
        }
        args.resolved(known.pod)
    }

    /// Chooses what a distribution needs and no flag has chosen, for a new installation: GKE admits
    /// critical pods only in namespaces with a ResourceQuota for them.
    pub(super) fn adapt(&self, config: &mut InstallConfig, distribution: Distribution) {
        if distribution == Distribution::Gke && self.pod.priority_class.is_none() {
            let name = cluster_name(&config.namespace, &config.service);
            config.pod.priority_class = PriorityClass::created(name);
        }
    }

    /// Takes over from the installation what the flags leave out.
    fn fill(&mut self, known: &Installed) {
        self.image = self.image.take().or_else(|| known.image.clone());
        self.replicas = self.replicas.or(known.replicas);
        self.pipeline = self.pipeline.or(known.pipeline);
        if let Some(apis) = &known.apis
            && self.apis.is_empty()
        {
            let given = apis.split(',').filter_map(|api| ApiArg::from_str(api, true).ok());
            self.apis = given.collect();
        }
        if known.no_network_policy {
            self.network_policy = self.network_policy.or(Some(Switch::Off));
        }
        if self.http_from.is_empty() && self.network_policy != Some(Switch::Off) {
            self.http_from.clone_from(&known.http_from);
        }
        self.http_auth = self.http_auth.or(Some(known.http_auth));
        if known.cert_manager {
            self.certificates = self.certificates.or(Some(CertificatesArg::CertManager));
        }
    }

    fn resolved(&self, known_pod: PodSettings) -> anyhow::Result<InstallConfig> {
        let Some(image) = self.image.clone().filter(|image| !image.trim().is_empty()) else {
            return Err(Error::usage("which image is the metrics server's?")
                .hint("--image REGISTRY/oppscale:VERSION")
                .into());
        };
        if !is_image(&image) {
            return Err(Error::usage(format!("{image:?} is not an image")).into());
        }
        let namespace = self.namespace.as_deref().unwrap_or("oppscale");
        let mut config = InstallConfig::new(namespace, &self.service, &image);
        config.pipeline = self.pipeline.unwrap_or_default();
        config.replicas = self.replicas.unwrap_or(config.replicas);
        config.custom = self.apis.is_empty() || self.apis.contains(&ApiArg::Custom);
        config.external = self.apis.contains(&ApiArg::External);
        config.cert_manager = self.certificates == Some(CertificatesArg::CertManager);
        config.reserve = self.reserve.clone().unwrap_or(config.reserve);
        config.dashboard = self.with.contains(&ChartArg::Dashboard);
        config.alerts = self.with.contains(&ChartArg::Alerts);
        config.pod = self.pod.settings(known_pod);
        config.network_policy = self.network_policy != Some(Switch::Off);
        // An empty one opens the port to every client again.
        config.http_from = self.http_from.iter().filter(|name| !name.is_empty()).cloned().collect();
        if !config.network_policy && !config.http_from.is_empty() {
            return Err(Error::usage("--http-from is a rule of the NetworkPolicy, which is off")
                .hint("leave --http-from out, or install the policy: --network-policy on")
                .into());
        }
        config.http_auth = self.http_auth.unwrap_or_default();
        if config.http_auth == HttpAuth::TokenReview {
            let open_to = match config.pipeline {
                Pipeline::Native => None,
                Pipeline::Prometheus => Some((
                    "Prometheus cannot verify the server, which has a certificate only with \
                     --pipeline native, and would send its token to anyone",
                    "monitoring",
                )),
                Pipeline::Keda => Some(("KEDA reads /metrics without a token", "keda")),
            };
            if let Some((problem, namespace)) = open_to {
                let hint = format!(
                    "give --http-auth none, and open the port only to it: --http-from {namespace}"
                );
                return Err(Error::usage(problem).hint(hint).into());
            }
        }
        CertificateSpec::new(&config.service, &config.namespace)
            .validate()
            .map_err(|error| Error::usage(error.to_string()))?;
        check_extra_args(&config.pod.extra_args)?;
        check_server_args(&config)?;
        Ok(config)
    }

    /// Prompts for missing arguments; `None` if the user cancels. Blocks.
    fn ask(&mut self) -> anyhow::Result<Option<()>> {
        if self.pipeline.is_none() {
            let items = [
                (Pipeline::Native, "native: the metrics server answers the API itself"),
                (
                    Pipeline::Prometheus,
                    "prometheus: Prometheus scrapes it, prometheus-adapter answers",
                ),
                (Pipeline::Keda, "keda: KEDA reads its /metrics"),
            ];
            let chosen = Select::with_theme(&Questions)
                .with_prompt("How does capacity get to the HPA?")
                .items(items.map(|(_, text)| text))
                .default(0)
                .interact_opt();
            let Some(chosen) = answered(chosen)? else { return Ok(None) };
            self.pipeline = items.get(chosen).map(|(pipeline, _)| *pipeline);
        }
        if self.reserve.is_none() {
            let check = |text: &str| text.parse::<Reserve>().map(|_| ()).map_err(|e| e.to_string());
            let text = input("What must stay free (cores, or a share)?", Some("15%"), check)?;
            let Some(text) = text else { return Ok(None) };
            self.reserve = text.parse().ok();
        }
        if self.namespace.is_none() {
            let check = |text: &str| {
                CertificateSpec::new("oppscale", text).validate().map_err(|e| e.to_string())
            };
            self.namespace = input("Namespace of the metrics server", Some("oppscale"), check)?;
            if self.namespace.is_none() {
                return Ok(None);
            }
        }
        if self.image.is_none() {
            self.image = input("Image of the metrics server", None, |_| Ok(()))?;
        }
        Ok(self.image.as_ref().map(|_| ()))
    }
}

/// Prompts for a text; `None` if the user cancels.
fn input(
    prompt: &str,
    default: Option<&str>,
    check: fn(&str) -> Result<(), String>,
) -> anyhow::Result<Option<String>> {
    let mut input = Input::with_theme(&Questions).with_prompt(prompt);
    if let Some(default) = default {
        input = input.default(default.to_owned());
    }
    answered(input.validate_with(|text: &String| check(text)).interact_text().map(Some))
}
