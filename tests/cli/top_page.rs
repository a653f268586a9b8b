//! The screens that docs/top.md shows are those that are drawn.
//!
//! `OPPSCALE_REGENERATE=1 cargo test artefacts_of_the_screen` captures them anew.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::terminal::Terminal;
use crate::support::world::World;

/// How the block of a page begins.
const BLOCK: &str = "```text\n";

fn is_renewed() -> bool {
    std::env::var_os("OPPSCALE_REGENERATE").is_some()
}

/// A burst of paid work: two cores on each node.
fn burst(world: &mut World, number: usize) {
    for node in 0..world.nodes.len() {
        let mut pod = world.pods[0].clone();
        let name = format!("burst-{number}-{node}");
        pod["metadata"] = json!({"name": name, "namespace": "shop", "uid": format!("uid-{name}")});
        pod["spec"] = json!({
            "nodeName": world.nodes[node]["metadata"]["name"],
            "containers": [{"name": "c", "resources": {"requests": {"cpu": "2"}}}]
        });
        pod["status"] = json!({"phase": "Running"});
        world.pods.push(pod);
    }
}

/// Time for the history to show what is. Nobody waits for it only to compare.
fn pass(terminal: &mut Terminal) {
    if is_renewed() {
        terminal.watch_for(Duration::from_secs(5));
    }
}

/// The screens in the order of the page.
fn screens() -> Vec<String> {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let mut terminal = Terminal::of(&env, 80, 20, &["top", "--reserve", "30"]);
    terminal.see("pods counted", |text| text.contains("121 replicas") && text.contains("q quit"));
    pass(&mut terminal);
    terminal.press("/0003\r\r");
    let pods = terminal.see("pods", |text| text.contains("occupies"));
    terminal.press("5");
    let hpas = terminal.see("the HPA", |text| text.contains("registered"));
    terminal.press("1\u{1b}");
    terminal.see("all nodes", |text| text.contains("(6)") && text.contains("fake-00005"));
    for number in 0..4 {
        server.change(|world| burst(world, number));
        let left = format!("{} replicas", 109 - 12 * number);
        terminal.see_text(&left);
        pass(&mut terminal);
    }
    let is_late = |pod: &serde_json::Value| {
        let name = pod["metadata"]["name"].as_str().unwrap();
        name.starts_with("burst-2") || name.starts_with("burst-3")
    };
    server.change(|world| world.pods.retain(|pod| !is_late(pod)));
    terminal.see_text("97 replicas");
    pass(&mut terminal);
    let nodes = terminal.see("the end of it", |text| text.contains("97.25"));
    terminal.resize(40, 10);
    let small = terminal.see("a small screen", |text| {
        text.contains("hidden: ") && text.lines().last().is_some_and(|line| line.contains("filter"))
    });
    terminal.press("q");
    let _ = terminal.end(0);
    // The kubeconfig of the tests calls its cluster so.
    let named = |screen: String| {
        let lines: Vec<_> = screen.lines().map(str::trim_end).collect();
        lines.join("\n").replacen("fake ", "prod ", 1)
    };
    [nodes, pods, hpas, small].map(named).into()
}

/// A screen without what is another one each time: what was before, and ages.
fn lasting(screen: &str) -> String {
    let line = |line: &str| {
        let line = line.trim_end();
        // A row of the chart.
        if line.chars().all(|c| " ▁▂▃▄▅▆▇█▓▒░·!".contains(c)) {
            return String::new();
        }
        let text = match line.starts_with("CPU  remaining") {
            true => line.chars().take(20).collect(),
            false => line.to_owned(),
        };
        let is_age = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with(['s', 'm', 'h', 'd'])
        };
        match text.rsplit_once(' ') {
            Some((rest, last)) if is_age(last) => rest.trim_end().to_owned(),
            _ => text,
        }
    };
    screen.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

fn page(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares the blocks of a page that begin like a screen, or writes them.
fn compare(path: &str, screens: &[String]) {
    let text = std::fs::read_to_string(page(path)).unwrap();
    let mut screens = screens.iter();
    let mut renewed = String::new();
    for (number, part) in text.split(BLOCK).enumerate() {
        if number == 0 {
            renewed.push_str(part);
            continue;
        }
        renewed.push_str(BLOCK);
        let (block, rest) = part.split_once("```").unwrap();
        let is_screen = block.lines().next().is_some_and(|line| line.contains("v1.36.2"));
        let Some(screen) = is_screen.then(|| screens.next()).flatten() else {
            renewed.push_str(part);
            continue;
        };
        let is_same = lasting(block) == lasting(screen);
        if !is_renewed() {
            assert_eq!(lasting(block), lasting(screen), "{path} shows another screen");
        }
        // Times alone are no reason for another picture.
        let screen = if is_same { block } else { screen };
        renewed.push_str(&format!("{}\n```{rest}", screen.trim_end()));
    }
    assert_eq!(screens.next(), None, "{path} does not show every screen");
    if is_renewed() {
        std::fs::write(page(path), renewed).unwrap();
    }
}

#[test]
fn artefacts_of_the_screen_are_up_to_date() {
    let screens = screens();
    compare("docs/top.md", &screens);
}
