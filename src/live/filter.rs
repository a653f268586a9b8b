//! Which rows are wanted.

/// Words that must all be in a name, in any order, however they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filter {
    text: String,
    words: Vec<String>,
}

impl Filter {
    pub(super) fn new(text: &str) -> Self {
        let words = text.split_whitespace().map(str::to_lowercase).collect();
        Self { text: text.to_owned(), words }
    }

    /// As it was typed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        self.is_empty() || {
            let name = name.to_lowercase();
            self.words.iter().all(|word| name.contains(word.as_str()))
        }
    }

    /// Where in `name` the words are, as ranges of bytes; empty where lower case has other
    /// bytes than the name itself.
    pub(super) fn found(&self, name: &str) -> Vec<(usize, usize)> {
        let lower = name.to_lowercase();
        if lower.len() != name.len() {
            return Vec::new();
        }
        let place = |word: &String| lower.find(word.as_str()).map(|at| (at, at + word.len()));
        self.words.iter().filter_map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_be_there() {
        let filter = Filter::new("Web  prod");
        assert!(filter.matches("prod/deployment/web-1"));
        assert!(!filter.matches("prod/deployment/db"));
        assert_eq!(filter.found("prod/web"), [(5, 8), (0, 4)]);
        assert!(Filter::new("  ").matches("anything"));
    }
}
