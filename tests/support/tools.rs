//! Programs that some tests need and a machine may not have.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

/// The program of this name on the PATH. Where it is missing the caller must return: it has
/// been said that the test was skipped. With `OPPSCALE_REQUIRE_TOOLS=1`, as in CI, it fails
/// instead.
pub fn tool(name: &str) -> Option<PathBuf> {
    let found = on_path(name);
    if found.is_none() {
        let required = std::env::var("OPPSCALE_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
        assert!(!required, "{name} is not on the PATH, and OPPSCALE_REQUIRE_TOOLS is set");
        skip(&format!("{name} is not on the PATH"));
    }
    found
}

/// The program of this name, if it is on the PATH: one that no test depends on.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.is_file())
}

/// `LD_PRELOAD` with the library of `faketime`, as `NAME=VALUE`. The program `faketime` sets one
/// time and no more, and refuses where a killed one with its process id left a semaphore.
pub fn preload_of_faketime() -> Option<String> {
    let program = tool("faketime")?;
    let mut error = String::new();
    // Each has another process id.
    for _ in 0..5 {
        let output = Command::new(&program).args(["-f", "+0", "env"]).output().unwrap();
        let variables = String::from_utf8_lossy(&output.stdout);
        let preload = variables.lines().find(|line| line.starts_with("LD_PRELOAD="));
        if let Some(preload) = preload {
            return Some(preload.to_owned());
        }
        error = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    panic!("faketime: {error}")
}

/// Says that this test, or a part of it, is skipped, and why.
pub fn skip(why: &str) {
    let test = std::thread::current();
    let test = test.name().unwrap_or("a test");
    say(&format!("SKIPPED {test}: {why}"));
}

/// Says something past the test runner, which keeps what print macros say to itself.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
