//! Lines under Helm's conditions.
//!
//! `{{- if … }}` and `{{- end }}` stand on lines of their own and take the line break before
//! them away, so that what is between them comes out as it stands, and nothing where it is not
//! wanted.

use std::fmt::Write as _;

use similar::{DiffTag, TextDiff};

/// Text that is there on a condition.
pub(super) fn under(condition: &str, body: &str) -> String {
    format!("{{{{- if {condition} }}}}\n{body}{{{{- end }}}}\n")
}

/// Two texts as one: what they share stands once, what differs under the condition.
pub(super) fn either(condition: &str, yes: &str, no: &str) -> String {
    let diff = TextDiff::from_lines(yes, no);
    let mut text = String::new();
    for operation in diff.ops() {
        let yes = diff.old_slices()[operation.old_range()].concat();
        let no = diff.new_slices()[operation.new_range()].concat();
        match operation.tag() {
            DiffTag::Equal => text.push_str(&yes),
            DiffTag::Delete => text.push_str(&under(condition, &yes)),
            DiffTag::Insert => text.push_str(&under(&format!("not ({condition})"), &no)),
            DiffTag::Replace => {
                let _ = write!(
                    text,
                    "{{{{- if {condition} }}}}\n{yes}{{{{- else }}}}\n{no}{{{{- end }}}}\n"
                );
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_texts_share_stands_once() {
        let text = either("x", "a: 1\nb: 2\nc: 3\nd: 4\n", "a: 1\nb: 5\nd: 4\n");
        let expected = "a: 1\n{{- if x }}\nb: 2\nc: 3\n{{- else }}\nb: 5\n{{- end }}\nd: 4\n";
        assert_eq!(text, expected);
        assert_eq!(either("x", "a\nb\n", "a\n"), "a\n{{- if x }}\nb\n{{- end }}\n");
        assert_eq!(either("x", "a\n", "a\nb\n"), "a\n{{- if not (x) }}\nb\n{{- end }}\n");
        assert_eq!(either("x", "a\n", "a\n"), "a\n");
    }
}
