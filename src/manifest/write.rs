//! Documents as a stream, a list, or a folder.

use serde_json::json;

use super::ManifestError;
use super::document::Document;
use super::engine::Templates;

/// A file to write.
#[derive(Debug, PartialEq, Eq)]
pub struct File {
    /// File name.
    pub name: String,
    /// Content.
    pub text: String,
    /// Whether only its owner may read it.
    pub private: bool,
}

/// The documents as one YAML stream.
pub fn stream(documents: &[Document]) -> String {
    let texts: Vec<_> = documents.iter().map(Document::text).collect();
    texts.join("---\n")
}

/// The documents as a `List` in JSON, as kubectl prints several objects.
///
/// # Errors
/// Never, in practice: plain data can be written as JSON.
pub fn json(documents: &[Document]) -> serde_json::Result<String> {
    let items: Vec<_> = documents.iter().map(Document::value).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    Ok(serde_json::to_string_pretty(&list)? + "\n")
}

/// The documents as one file each, and a `kustomization.yaml` that names them in order.
///
/// # Errors
/// When the template of the latter is invalid.
pub fn folder(templates: &Templates, documents: &[Document]) -> Result<Vec<File>, ManifestError> {
    let mut files: Vec<File> = Vec::new();
    for (number, document) in (1_usize..).zip(documents) {
        let name =
            format!("{number:02}-{}-{}.yaml", kebab(document.kind()), file_name(document.name()));
        files.push(File { name, text: document.text(), private: document.kind() == "Secret" });
    }
    let resources: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
    let rendered = templates.render("kustomization.yaml", json!({"resources": resources}))?;
    let text = stream(&rendered);
    files.push(File { name: "kustomization.yaml".to_owned(), text, private: false });
    Ok(files)
}

/// `HorizontalPodAutoscaler` as `horizontal-pod-autoscaler`.
fn kebab(kind: &str) -> String {
    let mut text = String::new();
    for c in kind.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// A name as part of a file name, which is limited to 255 bytes.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '-' };
    name.chars().take(150).map(plain).collect()
}
