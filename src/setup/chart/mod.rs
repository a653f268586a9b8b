//! The Helm chart: the same templates as those of `init`, with expressions for values.
//!
//! ```text
//! Wishes ─ context ─ markers for values ─→ templates ─→ documents, three times:
//!     served by certificates of oppscale, by cert-manager's, not at all
//!   ─ lines that differ, under a condition ─ markers as expressions ─→ templates/*.yaml
//! ```
//!
//! Nothing of an object is written down here a second time: whatever is changed in a template
//! is changed in the chart. What is written for the chart alone is in `templates/chart/`.

mod expressions;
mod lines;

use serde_json::{Value, json};

use crate::certificates::Minted;
use crate::manifest::{Document, File, ManifestError, Templates};

use super::desired::{Desired, Pipeline, Trust, Wishes};
use super::helm::Values;

/// Where a chart's keys go, beside its values; `.helmignore` keeps it out of packages.
pub const TLS_VALUES: &str = "tls.values.yaml";

const CHART: &str = include_str!("../../../templates/chart/Chart.yaml");
const VALUES: &str = include_str!("../../../templates/chart/values.yaml");
const SCHEMA: &str = include_str!("../../../templates/chart/values.schema.json");
const IGNORE: &str = include_str!("../../../templates/chart/helmignore");
const HELPERS: &str = include_str!("../../../templates/chart/helpers.tpl");
const REFUSALS: &str = include_str!("../../../templates/chart/refusals.yaml");
const NOTES: &str = include_str!("../../../templates/chart/NOTES.txt");

const NATIVE: &str = r#"eq .Values.pipeline "native""#;
const PROMETHEUS: &str = r#"eq .Values.pipeline "prometheus""#;
const CERT_MANAGER: &str = ".Values.certManager";

/// The chart's files, their defaults being what was wished for.
///
/// # Errors
/// When a template is wrong.
pub fn chart(wishes: &Wishes, templates: &Templates) -> Result<Vec<File>, ManifestError> {
    let served = variant(wishes, templates, Pipeline::Native, false)?;
    let managed = variant(wishes, templates, Pipeline::Native, true)?;
    let scraped = variant(wishes, templates, Pipeline::Prometheus, false)?;
    let both = |own: &str| format!("and ({NATIVE}) ({own})");
    let parts = [
        (
            "namespace.yaml",
            "Helm itself makes the namespace with --create-namespace. This one has the label by\n   \
             which its pods are held to \"restricted\".",
            under(".Values.createNamespace", &texts(&served, "server-namespace.yaml")),
        ),
        (
            "rbac.yaml",
            "What the server may do: look. It writes nothing.",
            texts(&served, "server-rbac.yaml").iter().map(|text| document(text)).collect(),
        ),
        (
            "cert-manager.yaml",
            "A CA of the server's own, and its certificate, where cert-manager makes them.",
            under(&both(CERT_MANAGER), &texts(&managed, "cert-manager.yaml")),
        ),
        (
            "secret.yaml",
            "The certificate, where the values hold it. Helm keeps values in the release's own\n   \
             Secret: the key is there a second time.",
            under(
                &both("and (not .Values.certManager) .Values.tls.crt"),
                &texts(&served, "server-secret.yaml"),
            ),
        ),
        (
            "server.yaml",
            "The metrics server.",
            either_each(NATIVE, &texts(&served, "server.yaml"), &texts(&scraped, "server.yaml")),
        ),
        (
            "service-monitor.yaml",
            "Tells Prometheus to scrape the server.",
            under(
                &format!("or .Values.serviceMonitor.enabled ({PROMETHEUS})"),
                &texts(&scraped, "server-monitor.yaml"),
            ),
        ),
        (
            "adapter.yaml",
            "What prometheus-adapter is to serve.",
            under(PROMETHEUS, &texts(&scraped, "server-adapter.yaml")),
        ),
        (
            "api-service.yaml",
            "Hands the API over. Helm installs APIServices after all other kinds of this chart that\n   \
             it knows and deletes them before all others, so no hook is needed. It does not wait\n   \
             for the server's pods in between, as oppscale init does: until they are ready, no\n   \
             namespace of the cluster can be deleted to its end.",
            api_services(&served.api, &managed.api),
        ),
    ];
    let mut files = vec![
        file("Chart.yaml", filled(templates, "Chart.yaml", CHART, wishes)?),
        file("values.yaml", filled(templates, "values.yaml", VALUES, wishes)?),
        file("values.schema.json", SCHEMA.to_owned()),
        file(".helmignore", IGNORE.to_owned()),
        file("templates/_helpers.tpl", HELPERS.to_owned()),
        file("templates/refusals.yaml", REFUSALS.to_owned()),
        file("templates/NOTES.txt", NOTES.to_owned()),
    ];
    for (name, comment, text) in parts {
        let text = format!("{{{{- /* {comment} */}}}}\n{text}");
        files.push(file(&format!("templates/{name}"), text));
    }
    Ok(files)
}

/// Certificates as values of the chart, in a file of their own.
pub fn tls_values(minted: &Minted) -> Values {
    Values {
        file: TLS_VALUES,
        comment:
            "Certificates of the metrics server, for helm -f. It holds a private key: keep it \
                  out of git."
                .to_owned(),
        values: json!({
            "tls": {"ca": minted.ca, "crt": minted.chain, "key": minted.key.expose()}
        }),
        private: true,
    }
}

/// The objects of one way to install, with markers for values.
fn variant(
    wishes: &Wishes,
    templates: &Templates,
    pipeline: Pipeline,
    cert_manager: bool,
) -> Result<Desired, ManifestError> {
    let wishes = Wishes { pipeline, cert_manager, ..expressions::marked(wishes) };
    let mut context = wishes.context(&Trust { secret: None, bundle: None });
    expressions::mark(&mut context);
    wishes.fill(templates, &context, true, true)
}

/// The texts of a template's documents.
fn texts(desired: &Desired, source: &str) -> Vec<String> {
    let all = desired.all();
    all.iter().filter(|one| one.source() == source).map(Document::text).collect()
}

/// A document of the chart, its values as expressions.
fn document(text: &str) -> String {
    format!("---\n{}", expressions::written(text))
}

/// Documents that are there on a condition.
fn under(condition: &str, texts: &[String]) -> String {
    let body: String = texts.iter().map(|text| document(text)).collect();
    lines::under(condition, &body)
}

/// Documents whose lines depend on a condition.
fn either_each(condition: &str, yes: &[String], no: &[String]) -> String {
    yes.iter()
        .zip(no)
        .map(|(yes, no)| lines::either(condition, &document(yes), &document(no)))
        .collect()
}

/// Each of its own API, and with the CA that the values hold or cert-manager fills in.
fn api_services(served: &[Document], managed: &[Document]) -> String {
    let mut text = String::new();
    for (served, managed) in served.iter().zip(managed) {
        let group = served.value()["spec"]["group"].as_str().unwrap_or_default();
        let api = group.split('.').next().unwrap_or_default();
        let body =
            lines::either(CERT_MANAGER, &document(&managed.text()), &document(&served.text()));
        text.push_str(&lines::under(&format!("and ({NATIVE}) .Values.apis.{api}"), &body));
    }
    text
}

/// Chart.yaml and values.yaml, which are filled with what was wished for.
fn filled(
    templates: &Templates,
    name: &str,
    text: &str,
    wishes: &Wishes,
) -> Result<String, ManifestError> {
    let pipeline = match wishes.pipeline {
        Pipeline::Native => "native",
        Pipeline::Prometheus => "prometheus",
        Pipeline::Keda => "keda",
    };
    let context: Value = json!({
        "version": env!("CARGO_PKG_VERSION"), "description": env!("CARGO_PKG_DESCRIPTION"),
        "image": wishes.image, "replicas": wishes.replicas, "service": wishes.service,
        "pipeline": pipeline, "custom": wishes.custom, "external": wishes.external,
        "cert_manager": wishes.cert_manager,
    });
    templates.fill(&format!("chart/{name}"), text, context)
}

fn file(name: &str, text: String) -> File {
    File { name: name.to_owned(), text, private: false }
}
