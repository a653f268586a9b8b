//! Changes a kubeconfig as text, so that comments, order and style of the rest stay.

use serde_json::Value;

/// The text of a kubeconfig with the entries that `merged` has under `name`, and its
/// `current-context`; `None` if the text is written in a way that cannot be edited by lines. What
/// is returned always means `merged`.
pub(super) fn edited(text: &str, merged: &Value, name: &str) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for list in ["clusters", "contexts", "users"] {
        let entry = merged[list].as_array()?.iter().find(|entry| entry["name"] == name)?;
        let block = item(entry)?;
        put_item(&mut lines, list, name, &block)?;
    }
    for key in ["apiVersion", "kind", "current-context"] {
        put_scalar(&mut lines, key, merged[key].as_str()?)?;
    }
    let edited = lines.join("\n") + "\n";
    let means: Value = serde_yaml::from_str(&edited).ok()?;
    (means == *merged).then_some(edited)
}

/// An entry as the lines of a list's item, without indentation.
fn item(entry: &Value) -> Option<Vec<String>> {
    let text = serde_saphyr::to_string(entry).ok()?;
    let lines = text.lines().enumerate();
    Some(lines.map(|(at, line)| format!("{}{line}", if at == 0 { "- " } else { "  " })).collect())
}

fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The line of a key of the document, and what follows its colon.
fn key_line<'l>(lines: &'l [String], key: &str) -> Option<(usize, &'l str)> {
    lines.iter().enumerate().find_map(|(at, line)| {
        let rest = line.strip_prefix(key)?.strip_prefix(':')?;
        Some((at, rest.split(" #").next()?.trim()))
    })
}

/// Replaces the item `name` of a list, or adds it at the list's end.
fn put_item(lines: &mut Vec<String>, list: &str, name: &str, block: &[String]) -> Option<()> {
    let indented = |by: usize| block.iter().map(move |line| format!("{}{line}", " ".repeat(by)));
    let (key, value) = match key_line(lines, list) {
        Some(found) => found,
        None => {
            lines.push(format!("{list}:"));
            lines.extend(indented(0));
            return Some(());
        }
    };
    match value {
        "" => {}
        "[]" | "null" | "~" => lines[key] = format!("{list}:"),
        _ => return None,
    }
    let first = (key + 1..lines.len()).find(|at| !is_blank(&lines[*at]));
    let first = first.filter(|at| lines[*at].trim_start().starts_with("- "));
    let Some(first) = first else {
        lines.splice(key + 1..key + 1, indented(0));
        return Some(());
    };
    let depth = indent(&lines[first]);
    let is_item = |line: &str| indent(line) == depth && line.trim_start().starts_with("- ");
    let ends = |line: &str| !is_blank(line) && indent(line) <= depth && !is_item(line);
    let end = (first..lines.len()).find(|at| ends(&lines[*at])).unwrap_or(lines.len());
    let starts: Vec<usize> = (first..end).filter(|at| is_item(&lines[*at])).collect();
    for (number, start) in starts.iter().enumerate() {
        let next = starts.get(number + 1).copied().unwrap_or(end);
        // Comments before the next item belong to that.
        let last = (*start..next).rev().find(|at| !is_blank(&lines[*at]))?;
        let text = lines[*start..=last].join("\n");
        let entries: Value = serde_yaml::from_str(&text).ok()?;
        if entries[0]["name"] == name {
            lines.splice(*start..=last, indented(depth));
            return Some(());
        }
    }
    let last = (first..end).rev().find(|at| !is_blank(&lines[*at]))?;
    lines.splice(last + 1..last + 1, indented(depth));
    Some(())
}

/// Sets a key of the document to a text, unless it is that already.
fn put_scalar(lines: &mut Vec<String>, key: &str, value: &str) -> Option<()> {
    let quoted = serde_json::to_string(value).ok()?;
    let line = format!("{key}: {quoted}");
    match key_line(lines, key) {
        None => lines.push(line),
        Some((at, there)) => {
            let there: Value = serde_yaml::from_str(there).ok()?;
            if there != value {
                lines[at] = line;
            }
        }
    }
    Some(())
}
