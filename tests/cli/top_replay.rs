//! A capacity history on the live screen: recorded there, and played there.

use std::time::Duration;

use serde_json::json;

use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::terminal::Terminal;
use crate::support::world::World;

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[test]
fn what_a_screen_recorded_is_played_on_it() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let history = env.path("history").display().to_string();
    let args = ["top", "--reserve", "30", "--record", &history];
    let mut terminal = Terminal::of(&env, 80, 24, &args);
    terminal.see_text("121 replicas");
    // A jump goes back a second.
    terminal.watch_for(Duration::from_millis(1500));
    server.change(|world| {
        let mut pod = world.pods[0].clone();
        pod["metadata"] = json!({"name": "guest", "namespace": "paid", "uid": "uid-of-guest"});
        pod["spec"] = json!({
            "nodeName": "fake-00000",
            "containers": [{"name": "c", "resources": {"requests": {"cpu": "3"}}}]
        });
        world.pods.push(pod);
    });
    terminal.see_text("118 replicas");
    terminal.press("q");
    let _ = terminal.end(0);

    let args = ["top", "--reserve", "30", "--replay", &history, "--speed", "1"];
    let mut terminal = Terminal::of(&env, 80, 24, &args);
    let text = terminal.see("the end of it", |text| {
        text.contains("118 replicas") && first_line(text).ends_with("at the end")
    });
    assert!(first_line(&text).contains("replay 00:0"), "{text}");
    assert!(!text.contains("! "), "nothing is wrong with it: {text}");
    terminal.press("\u{1b}[D");
    terminal.see("before the guest", |text| text.contains("121 replicas"));
    terminal.press(" ");
    terminal.press("+");
    terminal.see("faster", |text| first_line(text).contains("2x"));
    // A history names no pods.
    terminal.see_text("Enter workloads");
    terminal.press("\r");
    let text = terminal.see_text("nodes > workloads on fake-0000");
    let text = if text.contains("daemonset/") { text } else { terminal.see_text("daemonset/") };
    assert!(text.contains("deployment/electroneum"), "{text}");
    terminal.press("q");
    let _ = terminal.end(0);
}
