//! A page whose console blocks are run, one after the other, in one environment.
//!
//! `<!-- wait 5m -->` on a line of its own lets the cluster's time go by. A line `$ export …`
//! holds for all that follow. What is printed differs from run to run in a few places only,
//! and these are written alike.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::bin::TestEnv;

/// What a page holds.
pub enum Piece<'p> {
    /// Lines that stay as they are.
    Text(&'p str),
    /// So many minutes go by.
    Wait(u64),
    /// Commands, with what they print.
    Console(Vec<String>),
}

/// Takes a page apart.
pub fn pieces(page: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut lines = page.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let waited = line.trim().strip_prefix("<!-- wait ").and_then(|w| w.strip_suffix("m -->"));
        if let Some(minutes) = waited {
            pieces.push(Piece::Text(line));
            pieces.push(Piece::Wait(minutes.parse().unwrap()));
        } else if line.trim() == "```console" {
            pieces.push(Piece::Text(line));
            let mut commands: Vec<String> = Vec::new();
            let mut goes_on = false;
            for line in lines.by_ref().take_while(|line| line.trim() != "```") {
                match line.strip_prefix("$ ") {
                    Some(command) => commands.push(command.to_owned()),
                    // A line that ends in a backslash goes on.
                    None if goes_on => commands.last_mut().unwrap().push_str(line),
                    None => {}
                }
                goes_on = (goes_on || line.starts_with("$ ")) && line.trim_end().ends_with('\\');
            }
            pieces.push(Piece::Console(commands));
            pieces.push(Piece::Text("```\n"));
        } else {
            pieces.push(Piece::Text(line));
        }
    }
    pieces
}

/// A shell in which one command follows another.
pub struct Shell {
    home: PathBuf,
    exports: String,
}

impl Shell {
    /// One whose home is that of `env`, with the programs in its `bin`.
    pub fn new(env: &TestEnv) -> Self {
        Self { home: env.path(""), exports: String::new() }
    }

    /// What a command prints, on both of its outputs. It must succeed.
    pub fn run(&mut self, command: &str) -> String {
        if let Some(export) = command.strip_prefix("export ") {
            self.exports.push_str(&format!("export {export}\n"));
            return String::new();
        }
        let script = format!("set -o pipefail\n{}exec 2>&1\n{command}", self.exports);
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("bash")
            .args(["-c", &script])
            .env_clear()
            .env("HOME", &self.home)
            .env("PATH", format!("{}:{path}", self.home.join("bin").display()))
            .current_dir(&self.home)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{command}: {}\n{text}", output.status);
        text
    }
}

/// Writes alike what differs from run to run.
pub fn alike(text: &str, server: &str, home: &str) -> String {
    let text = text.replace(server, "https://10.0.0.1:6443").replace(home, "~");
    let words = text.split_inclusive([' ', '\n', ',', '(', ')']).map(|word| {
        let bare = word.trim_end_matches([' ', '\n', ',', '(', ')']);
        let is_date = bare.len() >= 10
            && bare.as_bytes()[4] == b'-'
            && bare.as_bytes()[7] == b'-'
            && bare[..4].bytes().all(|b| b.is_ascii_digit());
        match is_date {
            true => word.replacen(bare, "DATE", 1),
            false => word.to_owned(),
        }
    });
    words.collect()
}
