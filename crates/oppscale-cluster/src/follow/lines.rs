//! A stream of bytes cut into whole lines.

/// The longest line: an object may hold some megabytes, more is no object.
const LONGEST: usize = 64 << 20;

/// Bytes that wait for the end of their line.
#[derive(Debug, Default)]
pub(super) struct Lines {
    rest: Vec<u8>,
}

/// A line that does not end.
#[derive(Debug)]
pub(super) struct Endless;

impl Lines {
    /// Takes bytes, and gives all whole lines up to their end.
    ///
    /// # Errors
    /// When a line is longer than any object may be.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, Endless> {
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            self.rest.extend_from_slice(bytes);
            return if self.rest.len() > LONGEST { Err(Endless) } else { Ok(None) };
        };
        let (whole, rest) = bytes.split_at(end + 1);
        let mut lines = std::mem::take(&mut self.rest);
        lines.extend_from_slice(whole);
        self.rest.extend_from_slice(rest);
        Ok(Some(lines))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let text = b"one\ntwo\n\nthree\nhalf";
        for size in 1..=text.len() {
            let mut lines = Lines::default();
            let mut seen = Vec::new();
            for piece in text.chunks(size) {
                let whole = lines.push(piece).unwrap().unwrap_or_default();
                assert!(whole.is_empty() || whole.ends_with(b"\n"));
                seen.extend(whole);
            }
            assert_eq!(seen, b"one\ntwo\n\nthree\n", "pieces of {size}");
        }
    }
}
