//! The limit of open files, which limits connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files kept for watches, logs and certificates.
const RESERVED_FILES: u64 = 128;

/// Maximum number of connections of each of `ports`: `most`, or fewer where files are limited.
/// Raises the soft limit as far as needed.
pub fn connections(ports: u64, most: usize) -> usize {
    let wanted = ports * most as u64 + RESERVED_FILES;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let mut files = current.unwrap_or(u64::MAX);
    if files < wanted {
        let more = maximum.map_or(wanted, |most| wanted.min(most));
        if setrlimit(Resource::Nofile, Rlimit { current: Some(more), maximum }).is_ok() {
            files = more;
        }
    }
    limit_of(files, ports, most)
}

fn limit_of(files: u64, ports: u64, most: usize) -> usize {
    let each = files.saturating_sub(RESERVED_FILES) / ports;
    usize::try_from(each).unwrap_or(most).max(8).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_files_leave_some_for_watches() {
        assert_eq!(limit_of(1 << 20, 2, 512), 512);
        assert_eq!(limit_of(1024, 2, 512), 448);
        assert_eq!(limit_of(256, 2, 512), 64);
        assert_eq!(limit_of(10, 2, 512), 8);
        assert_eq!(limit_of(10, 1, 3), 3);
    }
}
