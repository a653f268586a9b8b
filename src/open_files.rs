//! How many connections a process may open: each takes a file.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Files that are no connections of a port: watches, logs, certificates, and room.
const OTHER_FILES: u64 = 128;

/// How many connections each of `ports` may have, `most` where files are plenty. Asks for as
/// many files as that takes, for the limit in force is often far below what may be asked for.
pub fn connections(ports: u64, most: usize) -> usize {
    let wanted = ports * most as u64 + OTHER_FILES;
    // What cannot be told is taken for the usual.
    let (mut files, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((1024, 1024));
    if files < wanted {
        let more = wanted.min(hard);
        if setrlimit(Resource::RLIMIT_NOFILE, more, hard).is_ok() {
            files = more;
        }
    }
    limit_of(files, ports, most)
}

fn limit_of(files: u64, ports: u64, most: usize) -> usize {
    let each = files.saturating_sub(OTHER_FILES) / ports;
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
