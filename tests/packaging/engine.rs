//! Charts rendered: by Helm's template engine, and by Helm where it is installed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use oppscale::manifest::{Document, Origin, documents};
use serde_json::{Value, json};

use crate::support::tools::{on_path, tool};

/// A chart with values for it.
#[derive(Debug, Clone)]
pub struct Case {
    pub chart: PathBuf,
    pub namespace: String,
    /// What differs from the chart's defaults.
    pub values: Value,
}

/// What became of a case: its files by name, or why there are none.
pub type Rendered = Result<Vec<(String, String)>, String>;

impl Case {
    fn defaults(&self) -> Value {
        yaml(&self.chart.join("values.yaml"))
    }

    /// For the engine: with all values in one, as Helm hands them over.
    fn input(&self) -> Value {
        let mut values = self.defaults();
        overlay(&mut values, &self.values);
        json!({
            "Chart": self.chart, "Release": "oppscale", "Namespace": self.namespace,
            "Values": values, "Metadata": yaml(&self.chart.join("Chart.yaml"))
        })
    }
}

/// A YAML file.
pub fn yaml(path: &Path) -> Value {
    serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What `over` has takes the place of what `under` has, mappings field by field.
fn overlay(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                overlay(under.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}

/// Renders all cases in one run of Go; `None` where there is none, which has been said.
pub fn by_engine(cases: &[Case]) -> Option<Vec<Rendered>> {
    let go = tool("go")?;
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/helm.go");
    let mut child = Command::new(go)
        .args(["run".as_ref(), program.as_os_str()])
        // The standard library is all it takes: nothing is to be fetched.
        .envs([
            ("GOPROXY", "off"),
            ("GOFLAGS", ""),
            ("GO111MODULE", "off"),
            ("GOTOOLCHAIN", "local"),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input = json!(cases.iter().map(Case::input).collect::<Vec<_>>()).to_string();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    let results: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(results.len(), cases.len());
    let rendered = results.into_iter().map(|result| match &result["Files"] {
        Value::Object(files) => Ok(files
            .iter()
            .map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned()))
            .collect()),
        _ => Err(result["Error"].as_str().unwrap().to_owned()),
    });
    Some(rendered.collect())
}

/// What Helm itself makes of a case, as one stream; `None` where it is not installed.
pub fn by_helm(case: &Case) -> Option<Result<String, String>> {
    let helm = on_path("helm")?;
    let values = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(values.path(), case.values.to_string()).unwrap();
    let output = Command::new(helm)
        .args(["template", "oppscale", "--kube-version", "1.36.0", "--namespace", &case.namespace])
        .arg("--values")
        .arg(values.path())
        .arg(&case.chart)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Some(if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) })
}

/// The objects of a text, in an order of their own, each checked against its type.
pub fn objects(text: &str) -> Vec<(String, Value)> {
    let all = documents("chart", text, Origin::Template).unwrap();
    let mut objects: Vec<_> = all
        .iter()
        .map(|one: &Document| {
            one.check().unwrap();
            (one.key().to_string(), one.value().clone())
        })
        .collect();
    objects.sort_by(|a, b| a.0.cmp(&b.0));
    objects
}

/// The objects of what the engine rendered, what it says to people left out.
pub fn objects_of(files: &[(String, String)]) -> Vec<(String, Value)> {
    let texts: Vec<_> = files
        .iter()
        .filter(|(name, _)| name != "NOTES.txt")
        .map(|(_, text)| text.as_str())
        .collect();
    objects(&texts.join("\n---\n"))
}
