//! The table on a real pseudo-terminal: width, colour, and what is left out.

use std::process::Command;

use crate::support::fixture;
use crate::support::pty::Pty;

/// The screen's lines after `oppscale top` on the article's cluster.
fn top_on_terminal(columns: u16, args: &[&str], environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oppscale"));
    command.env("TERM", "xterm-256color").env_remove("NO_COLOR");
    command.envs(environment.iter().copied());
    command
        .args(["top", "--once", "--from"])
        .arg(fixture("blog-cluster/nodes-pods.kubectl.json"))
        .args(args);
    let text = Pty::start(&command, (columns, 24)).read_to_end();
    String::from_utf8(text).unwrap().replace('\r', "")
}

fn widest(text: &str) -> usize {
    text.lines().map(console::measure_text_width).max().unwrap_or(0)
}

#[test]
fn eighty_columns_are_enough() {
    let screen = top_on_terminal(80, &[], &[]);
    let table: Vec<_> = screen.lines().take(9).collect();
    assert!(widest(&table.join("\n")) <= 80, "{screen}");
    for heading in ["NODE", "STATE", "ALLOC", "OTHERS", "FILLER", "REMAIN", "SLOTS", "PODS"] {
        assert!(table[0].contains(heading), "{heading}: {screen}");
    }
    assert!(!screen.contains("too narrow"), "{screen}");
}

#[test]
fn a_narrow_terminal_drops_columns_and_never_digits() {
    let screen = top_on_terminal(50, &[], &[]);
    let table: Vec<_> = screen.lines().filter(|line| line.contains("fake-")).collect();
    assert!(widest(&table.join("\n")) <= 50, "{screen}");
    assert!(screen.contains("151.25") && screen.contains("22.75"), "{screen}");
    let headings = screen.lines().next().unwrap();
    assert!(headings.contains("REMAIN") && headings.contains("SLOTS"), "{screen}");
    assert!(!headings.contains("PODS") && !headings.contains("ALLOC"), "{screen}");
    assert!(screen.contains("too narrow for PODS, ALLOC"), "{screen}");
    let tiny = top_on_terminal(10, &[], &[]);
    assert!(tiny.contains("fake-00001") && tiny.contains("22.75"), "{tiny}");
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let escape = '\u{1b}';
    assert!(top_on_terminal(100, &[], &[]).contains(escape));
    for environment in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let screen = top_on_terminal(100, &[], &[environment]);
        assert!(!screen.contains(escape), "{environment:?}: {screen:?}");
    }
    assert!(!top_on_terminal(100, &["--color", "never"], &[]).contains(escape));
}
