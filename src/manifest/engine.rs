//! The built-in templates, and their engine: minijinja with every value written as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
};
use serde::Serialize;

use super::document::{Document, Origin};
use super::{ManifestError, yaml};

/// A built-in template.
#[derive(Debug, Clone, Copy)]
pub struct Embedded {
    /// File name in `templates/`.
    pub name: &'static str,
    /// Content.
    pub text: &'static str,
}

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(Embedded { name: $name, text: include_str!(concat!("../../templates/", $name)) }),*]
    };
}

/// The templates of manifests, in the order in which their objects are applied.
pub const EMBEDDED: &[Embedded] = embedded![
    "namespace.yaml",
    "priority-class.yaml",
    "resource-quota.yaml",
    "resource-quota-side-effects.yaml",
    "limit-range.yaml",
    "admission-policy.yaml",
    "network-policy.yaml",
    "config-map.yaml",
    "secret.yaml",
    "service.yaml",
    "deployment.yaml",
    "sample-app.yaml",
    "hpa.yaml",
    "sample-app-hpa.yaml",
    "scaled-object.yaml",
    "service-monitor.yaml",
    "load-job.yaml",
    "adapter-rule.yaml",
    "kustomization.yaml",
    "cert-manager.yaml",
    "server-namespace.yaml",
    "server-rbac.yaml",
    "server-secret.yaml",
    "server-priority-class.yaml",
    "server-network-policy.yaml",
    "server.yaml",
    "server-monitor.yaml",
    "server-adapter.yaml",
    "server-api-service.yaml",
    "prometheus-rules.yaml",
    "grafana-dashboard.yaml",
];

/// The Grafana dashboard, for a manual import.
pub const DASHBOARD: &str = include_str!("../../templates/grafana-dashboard.json");

/// The configuration of prometheus-adapter, for a ConfigMap or for values of its chart.
pub const ADAPTER_RULES: &str = include_str!("../../templates/adapter-rules.yaml");

/// The built-in templates, some of them replaced by those of a folder.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    /// Files that replace built-in templates.
    replaced: BTreeMap<String, PathBuf>,
}

impl Templates {
    /// The built-in templates; a file of the same name in `folder` replaces a template.
    ///
    /// # Errors
    /// When the folder cannot be read, or has a YAML file with another name or an invalid template.
    pub fn new(folder: Option<&Path>) -> Result<Self, ManifestError> {
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()
            .map_err(|error| template_error("syntax", &error))?;
        let mut environment = Environment::empty();
        environment.set_syntax(syntax);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Json);
        environment.set_formatter(write_json);
        add_filters(&mut environment);
        // Built-in ones are read once they are needed: no command needs more than a few.
        environment.set_loader(|name| {
            let known = EMBEDDED.iter().find(|known| known.name == name);
            Ok(known.map(|known| known.text.to_owned()))
        });
        let mut replaced = BTreeMap::new();
        for (name, path) in folder.map(files_of).transpose()?.unwrap_or_default() {
            if !EMBEDDED.iter().any(|known| known.name == name) {
                let names: Vec<_> = EMBEDDED.iter().map(|known| known.name).collect();
                let names = names.join(", ");
                let problem = format!("not the name of a template; there are {names}");
                return Err(ManifestError::new(path.display().to_string(), problem));
            }
            let text = fs::read_to_string(&path).map_err(|error| cannot_read(&path, &error))?;
            replaced.insert(name.clone(), path);
            environment
                .add_template_owned(name.clone(), text)
                .map_err(|error| template_error(&shown(&replaced, &name), &error))?;
        }
        Ok(Self { environment, replaced })
    }

    /// Renders the template `name` and parses the result strictly.
    ///
    /// # Errors
    /// When a value is missing, or the API would reject the result.
    pub fn render(
        &self,
        name: &str,
        context: impl Serialize,
    ) -> Result<Vec<Document>, ManifestError> {
        let shown = shown(&self.replaced, name);
        let failed = |error: Error| template_error(&shown, &error);
        let template = self.environment.get_template(name).map_err(failed)?;
        let text = template.render(minijinja::value::Serde(&context)).map_err(|error| {
            // The engine does not name an undefined value; its line shows it.
            let line =
                error.line().and_then(|line| template.source().lines().nth(line.saturating_sub(1)));
            let mut error = template_error(&shown, &error);
            if let Some(line) = line {
                error.problem = format!("{}: {}", error.problem, line.trim());
            }
            error
        })?;
        let documents = yaml::documents(&shown, &text, Origin::Template)?;
        for document in &documents {
            document.check()?;
        }
        Ok(documents)
    }
}

/// The YAML files of a folder by name.
fn files_of(folder: &Path) -> Result<Vec<(String, PathBuf)>, ManifestError> {
    let entries = fs::read_dir(folder).map_err(|error| cannot_read(folder, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| cannot_read(folder, &error))?.path();
        let is_yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
        if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| is_yaml) {
            files.push((name.to_owned(), path));
        }
    }
    files.sort();
    Ok(files)
}

fn cannot_read(path: &Path, error: &std::io::Error) -> ManifestError {
    ManifestError::new(format!("cannot read {}", path.display()), error)
}

fn shown(replaced: &BTreeMap<String, PathBuf>, name: &str) -> String {
    replaced.get(name).map_or_else(|| name.to_owned(), |path| path.display().to_string())
}

fn template_error(name: &str, error: &Error) -> ManifestError {
    let what = error
        .detail()
        .map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    let line = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    ManifestError::new(format!("template {name}"), format!("{line}{what}"))
}

/// The filters of the templates; none of them bypasses the escaping.
fn add_filters(environment: &mut Environment<'static>) {
    environment.add_filter("items", minijinja::filters::items);
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("default", minijinja::filters::default);
    environment.add_filter("join", minijinja::filters::join);
    environment.add_test("defined", minijinja::tests::is_defined);
    environment.add_test("none", minijinja::tests::is_none);
}

/// Writes a value as JSON in which nothing is left that YAML 1.1 or 1.2 takes for a line break
/// or refuses: besides what JSON escapes, those are DEL, the C1 controls, U+2028, U+2029, the
/// byte order mark and non-characters.
fn write_json(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = serde_json::to_string(value)
        .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))?;
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => escaped.push(c),
        }
    }
    out.write_str(&escaped).map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn render(
        template: &str,
        context: &BTreeMap<&str, &str>,
    ) -> Result<Vec<Document>, ManifestError> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config-map.yaml"), template).unwrap();
        Templates::new(Some(folder.path()))?.render("config-map.yaml", context)
    }

    const TEMPLATE: &str =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  a: {{ a }}\n";

    #[test]
    fn whatever_a_value_holds_it_stays_that_string() {
        for text in [
            "on",
            "no",
            "y",
            "~",
            "null",
            "1_000",
            "12:30",
            "1e3",
            "0644",
            "0x1f",
            "",
            " ",
            "a: b",
            "x\n  injected: true",
            "'",
            "\"",
            "{{ a }}",
            "{% raw %}",
            "# no comment",
            "\\n",
            "%",
            "\u{85}\u{2028}\u{feff}\u{7f}\u{1f600}",
            "---",
            "...",
            "&a *a !!int 1",
            "\t",
            "\0",
        ] {
            let documents = render(TEMPLATE, &BTreeMap::from([("a", text)])).unwrap();
            assert_eq!(documents.len(), 1, "{text:?}");
            assert_eq!(documents[0].value()["data"]["a"], text, "{}", documents[0].text());
            assert!(documents[0].text().is_ascii() || text.contains('\u{1f600}'));
        }
    }

    #[test]
    fn a_value_that_is_missing_is_an_error_with_its_line() {
        let error = render(TEMPLATE, &BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("config-map.yaml: line 5: undefined value"), "{error}");
    }

    #[test]
    fn a_field_that_the_api_does_not_have_is_refused() {
        let template = TEMPLATE.replace("data:\n  a", "immutabel: true\ndata:\n  a");
        let error = render(&template, &BTreeMap::from([("a", "1")])).unwrap_err().to_string();
        assert!(error.ends_with("ConfigMap x: unknown field immutabel"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_a_template_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("hap.yaml"), "").unwrap();
        let error = Templates::new(Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains("hap.yaml: not the name of a template; there are"), "{error}");
    }
}
