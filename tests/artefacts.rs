//! What is generated from the program, or shows what it prints, is up to date.
//!
//! `OPPSCALE_REGENERATE=1 cargo test artefacts` writes them anew.

use std::path::{Path, PathBuf};

use clap::Command;
use oppscale::cli;

use crate::support::bin::TestEnv;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a file with what it should hold, or writes it.
pub fn pin(path: &str, expected: &str) {
    let file = root().join(path);
    if std::env::var_os("OPPSCALE_REGENERATE").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, expected).unwrap();
        return;
    }
    let actual = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        actual == expected,
        "{path} is out of date; renew it with OPPSCALE_REGENERATE=1 cargo test artefacts"
    );
}

#[test]
fn the_command_line_is_sound() {
    cli::command().debug_assert();
}

/// Every command that is shown, with the words that lead to it: oppscale itself, then in the
/// order in which help shows them. None can be forgotten.
pub fn visible_commands() -> Vec<Vec<String>> {
    fn walk(command: &Command, words: &[String], found: &mut Vec<Vec<String>>) {
        found.push(words.to_vec());
        for one in command.get_subcommands().filter(|one| !one.is_hide_set()) {
            walk(one, &[words, &[one.get_name().to_owned()]].concat(), found);
        }
    }
    let mut found = Vec::new();
    walk(&cli::command(), &[], &mut found);
    found
}

#[test]
fn the_reference_is_what_help_says() {
    let mut text = String::from(
        "# The command line\n\nGenerated from the program: what `--help` says at 80 columns.\n",
    );
    for command in visible_commands() {
        let args = command.iter().map(String::as_str).chain(["--help"]);
        let output = TestEnv::new().run(args);
        assert_eq!(output.code, Some(0));
        for line in output.stdout.lines() {
            assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
        }
        let name = [&["oppscale".to_owned()][..], &command].concat().join(" ");
        text.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", output.stdout.trim_end()));
    }
    pin("docs/cli.md", &text);
}

/// Every `$ oppscale …` in a console block prints what follows it.
#[test]
fn console_blocks_show_what_is_printed() {
    for page in ["README.md", "docs/how-it-counts.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let mut renewed = String::new();
        let mut parts = text.split("```console\n");
        renewed.push_str(parts.next().unwrap());
        for part in parts {
            let (block, rest) = part.split_once("```").unwrap();
            let (command, _) = block.split_once('\n').unwrap();
            let args = command.strip_prefix("$ oppscale ").expect("a block runs oppscale");
            let output = TestEnv::new().run(args.split_whitespace().map(in_repository));
            assert_eq!(output.code, Some(0), "{command}: {output}");
            renewed.push_str(&format!("```console\n{command}\n{}```{rest}", output.stdout));
        }
        pin(page, &renewed);
    }
}

/// A path of the repository, found from anywhere.
fn in_repository(argument: &str) -> PathBuf {
    if argument.starts_with("tests/") { root().join(argument) } else { argument.into() }
}

#[test]
fn as_a_kubectl_plugin_it_is_called_so() {
    let env = TestEnv::new();
    let plugin = env.path("kubectl-oppscale");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_oppscale"), &plugin).unwrap();
    let output = std::process::Command::new(plugin).args(["top", "--help"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("Usage: kubectl oppscale top"), "{text}");
}
