//! Names and arguments that must be something else in a manifest.

/// The longest value of a label and name of a Service, bytes.
const LABEL: usize = 63;

/// What KEDA puts before the name of a ScaledObject to name its HPA.
pub(super) const KEDA_HPA: &str = "keda-hpa-";

/// `text` as the value of a label.
pub(super) fn label(text: &str) -> String {
    shortened(text, LABEL)
}

/// `text` as the name of a ScaledObject: KEDA refuses one whose HPA's name is no label.
pub(super) fn scaled_object(text: &str) -> String {
    shortened(text, LABEL - KEDA_HPA.len())
}

/// `text`, shortened where it is too long, and then told apart from others that begin the same
/// by a hash.
fn shortened(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let hash = format!("{:08x}", hash(text) >> 32);
    let kept: String = text.chars().take(most - 1 - hash.len()).collect();
    format!("{}-{hash}", kept.trim_end_matches(['-', '.']))
}

/// `text` as the name of a Service, which is a DNS label and begins with a letter.
pub(super) fn service(text: &str) -> String {
    let text = text.replace('.', "-");
    match text.starts_with(|c: char| c.is_ascii_digit()) {
        true => label(&format!("s-{text}")),
        false => label(&text),
    }
}

/// `text` as an argument: Kubernetes takes `$(NAME)` in one for a variable.
pub fn literal(text: &str) -> String {
    text.replace("$(", "$$(")
}

/// FNV-1a, 64 bits: a hash that stays the same for ever and needs to resist nobody.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_stay_apart_and_short_ones_as_they_are() {
        let (a, b) = (format!("{}a", "x".repeat(252)), format!("{}b", "x".repeat(252)));
        assert_eq!(label(&a).len(), 63);
        assert_ne!(label(&a), label(&b));
        assert_eq!(label("on"), "on");
        assert_eq!(service("1e3"), "s-1e3");
        assert_eq!(service("a.b"), "a-b");
    }

    #[test]
    fn no_argument_is_taken_for_a_variable() {
        assert_eq!(literal("a$(HOME)"), "a$$(HOME)");
    }
}
