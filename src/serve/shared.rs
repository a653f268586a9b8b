//! A text that is written for one and read by all who ask at about that time.
//!
//! Nobody who asks has to say who they are, so asking must not be a way to keep the process
//! busy, nor to fill its memory with copies for those who ask and do not read.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Bytes;

/// The last text, and when it was written.
#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<Option<(Instant, Bytes)>>);

impl Shared {
    /// The text, written anew when the last one is older than `life`; a large one lives
    /// longer.
    pub(super) fn get(&self, life: Duration, write: impl FnOnce() -> String) -> Bytes {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, text)) = &*last
            && at.elapsed() < life.max(pace(text.len()))
        {
            return text.clone();
        }
        let text = Bytes::from(write());
        *last = Some((Instant::now(), text.clone()));
        text
    }
}

/// The least time between two texts of so many bytes: a second for a megabyte. With the
/// patience that readers have to have, this bounds what may lie unread.
pub(super) fn pace(bytes: usize) -> Duration {
    Duration::from_micros(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_soon_gets_the_same() {
        let shared = Shared::default();
        let hour = Duration::from_secs(3600);
        assert_eq!(shared.get(hour, || "one".to_owned()), "one");
        assert_eq!(shared.get(hour, || "two".to_owned()), "one");
        assert_eq!(shared.get(Duration::ZERO, || "x".repeat(4 << 20)).len(), 4 << 20);
        assert_eq!(shared.get(Duration::ZERO, || "soon".to_owned()).len(), 4 << 20, "it is large");
    }
}
