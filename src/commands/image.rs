//! What may be an image's name.

/// Whether `text` can be one: the registry has the last word, but no name has a blank in it.
pub(super) fn is_image(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}
