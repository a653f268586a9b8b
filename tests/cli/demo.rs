//! `oppscale demo`: as lines in a pipe, and as a screen on a real pseudo-terminal.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::bin::TestEnv;
use crate::support::terminal::Terminal;

/// The demo on a terminal of the usual size.
fn demo(args: &[&str], environment: &[(&str, &str)]) -> Terminal {
    Terminal::start(80, 24, &[&["demo"], args].concat(), environment)
}

#[test]
fn a_pipe_gets_lines_the_comparison_and_exit_code_0() {
    let start = Instant::now();
    let run = TestEnv::new().run(["demo"]);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run}");
    let lines: Vec<_> = run.stdout.lines().collect();
    assert_eq!(lines[0], "oppscale demo: this cluster is simulated, no Kubernetes is touched");
    assert!(lines.iter().all(|line| line.len() <= 80), "{run}");
    let end = run.stdout.split_once("\nafter ").unwrap().1;
    insta::assert_snapshot!(end, @"
    60 minutes       article oppscale
    paid pods that waited       15        5
    longest wait             329 s      5 s
    core-hours harvested     112.0    118.2
    filler pods deleted        938       68
    HPA changed direction       16        2
    cluster in use          92.5 %   92.0 %

    Why: the article's metric counts the filler's own pods as used. Each pod that
    the HPA adds lowers the metric, so the HPA removes pods, the metric rises, and
    it adds them again: it oscillates. Paid pods that come while the cluster is full
    wait until filler pods have ended.
    oppscale's metric says how many filler pods fit beside the paid ones. Adding
    filler does not change it, so the HPA settles. Paid pods that find no room
    preempt filler pods at once.
    ");
}

#[test]
fn the_page_about_it_shows_what_it_prints() {
    let page = include_str!("../../docs/demo.md");
    let output = TestEnv::new().run(["demo"]).stdout;
    let (_, end) = output.split_once("\nafter ").unwrap();
    assert!(page.contains(&format!("after {end}```")), "docs/demo.md shows another end");
    let blocks = page.split("```text\n").skip(2).take(1);
    for line in blocks.flat_map(|block| block.split("```").next().unwrap().lines()) {
        assert!(line == "..." || output.contains(line), "{line}");
    }
}

#[test]
fn a_seed_gives_the_same_bytes() {
    let env = TestEnv::new();
    let run = |seed| env.run(["demo", "--plain", "--seed", seed]).stdout;
    assert_eq!(run("5"), run("5"));
    assert_ne!(run("5"), run("6"));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let line = format!("{{ {} demo; echo $? >&2; }} | head -n 1", env!("CARGO_BIN_EXE_oppscale"));
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "0\n");
    assert!(String::from_utf8_lossy(&output.stdout).contains("simulated"));
}

#[test]
fn nonsense_is_refused_with_its_limits() {
    let run = TestEnv::new().run(["demo", "--speed", "0"]);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("1..=3600"), "{run}");
}

#[test]
fn the_screen_runs_pauses_steps_and_quits() {
    let mut terminal = demo(&["--speed", "60"], &[]);
    // The footer comes last: before it, half of the frame may still be on its way.
    let whole = |text: &str| text.contains("60x running") && text.contains("q quit");
    let text = terminal.see("running", whole);
    assert!(text.starts_with("oppscale demo: this cluster is simulated"), "{text}");
    assert!(text.contains("article's HPA") && text.contains("oppscale's HPA"), "{text}");
    assert!(text.contains("█ paid 30") && text.contains("node-6"), "{text}");
    terminal.see("moving", |text| !text.contains("minute 00:0"));
    terminal.press(" ");
    let paused = terminal.see_text("60x paused");
    let minute = |text: &str| {
        let time = text.split_once("minute ").unwrap().1.split_once(' ').unwrap().0;
        let (minutes, seconds) = time.split_once(':').unwrap();
        minutes.parse::<u64>().unwrap() * 60 + seconds.parse::<u64>().unwrap()
    };
    let then = minute(&paused);
    terminal.press("s");
    terminal.see("a step of 15 s", |text| minute(text) == then + 15);
    terminal.press("\u{1b}[C");
    terminal.see("another step", |text| minute(text) == then + 30);
    terminal.press("\u{1b}[D");
    terminal.see("a step back", |text| minute(text) == then + 15);
    terminal.press("\u{1b}[6~");
    terminal.see("five minutes on", |text| minute(text) == then + 315);
    terminal.press("\u{1b}[H");
    terminal.see_text("minute 00:00");
    terminal.press("+");
    terminal.see_text("120x paused");
    terminal.press("?");
    terminal.see_text("pause, go on");
    terminal.press("q");
    terminal.see("the help closed", |text| !text.contains("pause, go on"));
    terminal.press("q");
    let text = terminal.end(0);
    assert!(text.contains("cluster in use"), "{text}");
}

#[test]
fn the_end_stays_until_a_key_and_is_then_printed() {
    let mut terminal = demo(&["--speed", "3600"], &[]);
    let text = terminal.see_text("any other key ends and prints this");
    assert!(text.contains("Why: the article's metric"), "{text}");
    assert!(terminal.parser.screen().alternate_screen());
    terminal.press("\u{1b}[D");
    terminal.see_text("minute 59:45");
    terminal.press("\u{1b}[C");
    terminal.see_text("any other key ends and prints this");
    terminal.press("x");
    let text = terminal.end(0);
    assert!(text.contains("after 60 minutes"), "{text}");
}

#[test]
fn any_size_is_drawn() {
    let mut terminal = demo(&[], &[]);
    terminal.see_text("node-6");
    terminal.press(" ");
    terminal.see_text("paused");
    terminal.resize(40, 10);
    terminal.see_text("hidden: settings, history, nodes");
    terminal.resize(10, 3);
    terminal.see_text("needs");
    terminal.resize(1, 1);
    terminal.resize(120, 40);
    let text = terminal.see_text("node-6");
    assert!(!text.contains("too small"), "{text}");
    assert!(terminal.parser.callbacks().whole > 4, "a terminal may show a frame at once");
    terminal.press("q");
    let _ = terminal.end(0);
}

#[test]
fn ctrl_c_and_signals_give_the_terminal_back() {
    let mut terminal = demo(&[], &[]);
    terminal.see_text("running");
    terminal.press("\u{3}");
    let text = terminal.end(130);
    assert!(!text.contains("cluster in use"), "{text}");
    for name in ["TERM", "INT", "HUP"] {
        let mut terminal = demo(&[], &[]);
        terminal.see_text("running");
        terminal.signal(name);
        let _ = terminal.end(130);
    }
}

#[test]
fn plain_terminals_get_what_they_can_show() {
    let ascii = &[("LC_ALL", "C"), ("NO_COLOR", "1")];
    let mut terminal = demo(&[], ascii);
    let text = terminal.see_text("# paid 30");
    assert!(text.is_ascii(), "{text}");
    let screen = terminal.parser.screen();
    let colors = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
    for (row, column) in colors {
        let color = screen.cell(row, column).map(vt100::Cell::fgcolor);
        assert_eq!(color, Some(vt100::Color::Default), "{row}, {column}");
    }
    terminal.press("q");
    let _ = terminal.end(0);
    let dumb = demo(&[], &[("TERM", "dumb")]);
    let _ = dumb.end(0);
}

#[test]
fn the_demo_compares_the_bases() {
    let run = TestEnv::new().run(["demo", "--basis", "usage"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run}");
    assert!(run.stdout.lines().all(|line| line.len() <= 80), "{run}");
    let end = run.stdout.split_once("\nafter ").unwrap().1;
    let figures = |label: &str| -> Vec<f64> {
        let line = end.lines().find_map(|line| line.strip_prefix(label)).unwrap();
        line.split_whitespace().filter_map(|cell| cell.parse().ok()).collect()
    };
    let burnt = figures("core-hours burnt");
    assert!(burnt[1] > burnt[0] * 1.5, "{end}");
    let idle = figures("idle CPU used");
    assert!(idle[1] > idle[0] * 1.5 && idle[1] <= 100.0, "{end}");
    assert_eq!(figures("paid core-s lost"), [0.0, 0.0], "{end}");
    // The page about it has these figures.
    let page = include_str!("../../docs/demo.md");
    let table = end.split("\n\n").next().unwrap();
    assert!(page.contains(table), "docs/demo.md shows other figures than\n{table}");
}
