//! The questions of `init` on a real pseudo-terminal: answered, escaped, interrupted.

use std::io::Write;
use std::num::NonZero;
use std::process::Command;
use std::time::{Duration, Instant};

use expectrl::Session;
use expectrl::session::OsSession;

use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::FakeApiServer;

use super::install::server;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

struct Terminal {
    session: OsSession,
    parser: vt100::Parser,
}

impl Terminal {
    fn start(env: &TestEnv, args: &[&str]) -> Self {
        let script = "trap : INT; stty cols 100 rows 40; \"$0\" \"$@\"; echo \"ended with $?\"; stty -a | \
                      grep -o ' icanon ' ; echo END";
        let mut shell = Command::new("sh");
        shell.args(["-c", script, env!("CARGO_BIN_EXE_oppscale")]).args(args);
        shell.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").env("HOME", env.path(""));
        shell.env_remove("KUBECONFIG").current_dir(env.path(""));
        let session = Session::spawn(shell).unwrap();
        let size = |cells| NonZero::new(cells).unwrap();
        Self { session, parser: vt100::Parser::new(size(40), size(100), 200) }
    }

    fn see(&mut self, text: &str) -> String {
        let start = Instant::now();
        let mut bytes = [0; 4096];
        loop {
            let screen = self.parser.screen().contents();
            if screen.contains(text) {
                return screen;
            }
            assert!(start.elapsed() < PATIENCE, "never {text}:\n{screen}");
            match self.session.try_read(&mut bytes) {
                Ok(count) if count > 0 => self.parser.process(&bytes[..count]),
                _ => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    fn press(&mut self, keys: &str) {
        self.session.write_all(keys.as_bytes()).unwrap();
        self.session.flush().unwrap();
    }

    /// How it ended; the terminal must be as it was before.
    fn end(&mut self) -> String {
        let screen = self.see("END");
        assert!(!self.parser.screen().hide_cursor(), "the cursor is back:\n{screen}");
        assert!(screen.contains(" icanon"), "the terminal is no longer raw:\n{screen}");
        screen
    }
}

fn start(server: &FakeApiServer, args: &[&str]) -> (TestEnv, Terminal) {
    let env = TestEnv::of(server);
    let terminal = Terminal::start(&env, args);
    (env, terminal)
}

#[test]
fn all_is_asked_for_answered_by_keys_and_made() {
    let server = server();
    let (_env, mut terminal) = start(&server, &["init"]);
    terminal.see("How does capacity get to the HPA?");
    terminal.press("\r");
    terminal.see("What must stay free");
    terminal.press("30\r");
    terminal.see("Namespace of the metrics server");
    terminal.press("\r");
    terminal.see("Image of the metrics server");
    terminal.press("registry.example/oppscale:0.1\r");
    terminal.see("Make these 12 changes?");
    assert!(server.writes().is_empty(), "nothing before the answer");
    terminal.press("y");
    let screen = terminal.end();
    assert!(screen.contains("12 changes made"), "{screen}");
    assert!(screen.contains("render-hpa --workload FILE --reserve 30"), "{screen}");
    assert!(screen.contains("ended with 0"), "{screen}");
    assert_eq!(server.writes().len(), 12);
}

#[test]
fn the_arrow_keys_choose_and_a_no_changes_nothing() {
    let server = server();
    let args = ["init", "--image", "i", "--reserve", "15%", "-n", "oppscale"];
    let (_env, mut terminal) = start(&server, &args);
    terminal.see("How does capacity get to the HPA?");
    terminal.press("\x1b[B\x1b[B\r");
    let screen = terminal.see("changes?");
    // KEDA needs no API of ours.
    assert!(!screen.contains("APIService"), "{screen}");
    terminal.press("n");
    let screen = terminal.end();
    assert!(screen.contains("nothing was changed") && screen.contains("ended with 1"), "{screen}");
    assert!(server.writes().is_empty());
}

#[test]
fn escape_and_ctrl_c_change_nothing_and_give_the_terminal_back() {
    for key in ["\x1b", "\x03"] {
        let server = server();
        let (_env, mut terminal) = start(&server, &["init", "--image", "i"]);
        terminal.see("How does capacity get to the HPA?");
        terminal.press(key);
        let screen = terminal.end();
        assert!(screen.contains("ended with 130"), "{key:?}: {screen}");
        assert!(server.requests().is_empty());

        let (_env, mut terminal) = start(
            &server,
            &["init", "--image", "i", "--pipeline", "native", "-n", "oppscale", "--reserve", "30"],
        );
        terminal.see("changes?");
        terminal.press(key);
        let screen = terminal.end();
        assert!(screen.contains("ended with 130"), "{key:?}: {screen}");
        assert!(screen.contains("nothing was changed"), "{key:?}: {screen}");
        assert!(server.writes().is_empty());
    }
}

#[test]
fn a_reserve_that_is_none_is_asked_for_again() {
    let server = server();
    let (_env, mut terminal) =
        start(&server, &["init", "--image", "i", "--pipeline", "native", "-n", "x"]);
    terminal.see("What must stay free");
    terminal.press("lots\r");
    terminal.see("is not a");
    terminal.press("\x03");
    assert!(terminal.end().contains("ended with 130"));
}

#[test]
fn uninstalling_asks_once() {
    let server = server();
    let env = TestEnv::of(&server);
    let output = env.run(["init", "--image", "i", "--yes"]);
    assert_eq!(output.code, Some(0), "{output}");
    let (_env, mut terminal) = start(&server, &["uninstall"]);
    terminal.see("Delete these 12 objects?");
    terminal.press("y");
    let screen = terminal.end();
    assert!(screen.contains("12 objects deleted"), "{screen}");
}

#[test]
fn progress_is_seen_while_pods_are_waited_for_and_ctrl_c_gives_the_terminal_back() {
    let server = server();
    server.store().change(|store| store.deployments_start = false);
    let (_env, mut terminal) = start(&server, &["init", "--image", "i", "--yes"]);
    terminal.see("waiting for the server's pods");
    terminal.press("\x03");
    let screen = terminal.end();
    assert!(screen.contains("ended with 130"), "{screen}");
    assert!(screen.contains("10 of 12 changes were made"), "{screen}");
}

#[test]
fn a_grant_of_cluster_admin_is_asked_for_on_its_own() {
    let server = server();
    server.store().change(|store| {
        store.rights.deny("patch", "secrets");
        store.rights.deny("escalate", "clusterroles.rbac.authorization.k8s.io");
        store.user = "dev".to_owned();
    });
    let args = [
        "init",
        "--image",
        "i",
        "--pipeline",
        "native",
        "-n",
        "oppscale",
        "--reserve",
        "30",
        "--grant-cluster-admin",
    ];
    let (_env, mut terminal) = start(&server, &args);
    terminal.see("Grant cluster-admin to dev until the end of this run?");
    terminal.press("n");
    let screen = terminal.end();
    assert!(screen.contains("nothing was changed") && screen.contains("ended with 1"), "{screen}");
    assert!(server.writes().is_empty());
    // Granted, and then the changes declined: the grant goes.
    let (_env, mut terminal) = start(&server, &args);
    terminal.see("Grant cluster-admin to dev until the end of this run?");
    terminal.press("y");
    terminal.see("Make these 12 changes?");
    terminal.press("n");
    let screen = terminal.end();
    assert!(screen.contains("ended with 1"), "{screen}");
    let writes = server.writes();
    assert_eq!(writes.len(), 2, "{writes:?}");
    assert!(writes[1].starts_with("DELETE ") && writes[1].ends_with("oppscale-bootstrap-admin"));
}

#[test]
fn uninstalling_asks_and_escape_and_ctrl_c_delete_nothing() {
    let server = server();
    assert_eq!(super::install::init(&server, &[]).code, Some(0));
    let before = server.writes().len();
    for key in ["\x1b", "\x03"] {
        let (_env, mut terminal) = start(&server, &["uninstall"]);
        terminal.see("Delete these 12 objects?");
        terminal.press(key);
        let screen = terminal.end();
        assert!(screen.contains("ended with 130"), "{key:?}: {screen}");
        assert_eq!(server.writes().len(), before);
    }
    let (_env, mut terminal) = start(&server, &["uninstall"]);
    terminal.see("Delete these 12 objects?");
    terminal.press("y");
    assert!(terminal.end().contains("12 objects deleted"));
}
