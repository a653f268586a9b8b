//! What the pages say is so: links lead somewhere, commands have the flags that they name.

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use oppscale::cli;

/// Markdown files of the repository, with their text.
fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    for folder in [root.to_owned(), root.join("docs"), root.join("docs/decisions")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let text = std::fs::read_to_string(&path).unwrap();
                pages.push((path, text));
            }
        }
    }
    pages
}

/// Lines of a page with the language of the code block that each is in, if it is in one.
fn lines(text: &str) -> impl Iterator<Item = (Option<&str>, &str)> {
    let mut block = None;
    text.lines().filter_map(move |line| match (line.strip_prefix("```"), block) {
        (Some(_), Some(_)) => {
            block = None;
            None
        }
        (Some(language), None) => {
            block = Some(language);
            None
        }
        (None, _) => Some((block, line)),
    })
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept =
        heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

fn anchors(text: &str) -> Vec<String> {
    let headings = lines(text).filter(|(block, line)| block.is_none() && line.starts_with('#'));
    headings.map(|(_, line)| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut broken = Vec::new();
    for (path, text) in pages() {
        let prose: Vec<&str> =
            lines(&text).filter(|(block, _)| block.is_none()).map(|(_, line)| line).collect();
        for target in prose.join("\n").split("](").skip(1).filter_map(|rest| rest.split(')').next())
        {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { path.with_file_name(file) };
            let leads = match std::fs::read_to_string(&file) {
                _ if heading.is_empty() => file.exists(),
                Ok(text) => anchors(&text).iter().any(|one| one == heading),
                Err(_) => false,
            };
            if !leads {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "links lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn the_index_has_every_page() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let index = std::fs::read_to_string(docs.join("README.md")).unwrap();
    for (path, _) in pages() {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.parent() == Some(&docs) && name != "README.md" {
            assert!(index.contains(&format!("]({name})")), "docs/README.md lacks {name}");
        }
    }
}

/// Commands of `oppscale` in the shell blocks of a page, split into words.
fn commands(text: &str) -> Vec<Vec<String>> {
    let shell = lines(text)
        .filter(|(block, _)| block.is_some_and(|language| matches!(language, "sh" | "bash")))
        .map(|(_, line)| line);
    let joined = shell.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let starts = joined.lines().flat_map(|line| line.split(['|', ';', '&', '(', '`']));
    starts
        .filter_map(|line| {
            let line = line.trim().trim_start_matches("kubectl ");
            line.starts_with("oppscale ").then(|| line.split(" #").next().unwrap_or_default())
        })
        .map(|line| {
            let words =
                line.split_whitespace().take_while(|word| !word.starts_with(['>', '<', ')']));
            words.map(|word| word.trim_matches(['\'', '"', ')']).to_owned()).collect()
        })
        .collect()
}

#[test]
fn commands_have_the_flags_that_the_pages_name() {
    let mut wrong = Vec::new();
    for (path, text) in pages() {
        // Commands of the past may have had other flags.
        if path.ends_with("CHANGELOG.md") {
            continue;
        }
        for words in commands(&text) {
            // Values may be placeholders such as IMAGE; names of flags and commands may not.
            if let Err(error) = cli::command().try_get_matches_from(&words)
                && matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand)
            {
                wrong.push(format!("{}: {}", path.display(), words.join(" ")));
            }
        }
    }
    assert!(wrong.is_empty(), "pages name flags that do not exist:\n{}", wrong.join("\n"));
}
