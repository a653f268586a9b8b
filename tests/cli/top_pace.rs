//! How often the live screen is drawn: as seldom as asked, but what matters at once.

use std::time::Duration;

use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::terminal::Terminal;
use crate::support::world::World;

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[test]
fn a_long_interval_keeps_nobody_waiting_for_the_lists_or_for_word_of_the_connection() {
    let mut server = FakeApiServer::start(World::blog());
    // Longer than any test waits for something to be seen.
    let args = ["top", "--reserve", "30", "--interval", "120s"];
    let mut terminal = Terminal::of(&TestEnv::of(&server), 80, 24, &args);
    let text = terminal.see_text("121 replicas");
    assert!(first_line(&text).ends_with("live"), "{text}");
    server.change(|world| world.add_guest("guest", 3));
    terminal.watch_for(Duration::from_millis(500));
    terminal.see("the old figures until then", |text| text.contains("121 replicas"));
    server.kill();
    terminal.see("the loss", |text| first_line(text).contains("reconnecting"));
    server.restart();
    terminal.press("R");
    terminal.see("live again", |text| first_line(text).ends_with("live"));
    terminal.press("q");
    let _ = terminal.end(0);
}
