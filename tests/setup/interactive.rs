//! The questions of `init` on a real pseudo-terminal: answered, escaped, interrupted.

use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::terminal::Terminal;

use super::install::server;

fn start(server: &FakeApiServer, args: &[&str]) -> (TestEnv, Terminal) {
    let env = TestEnv::of(server);
    let terminal = Terminal::of(&env, 100, 40, args);
    (env, terminal)
}

#[test]
fn all_is_asked_for_answered_by_keys_and_made() {
    let server = server();
    let (_env, mut terminal) = start(&server, &["init"]);
    terminal.see_text("How does capacity get to the HPA?");
    terminal.press("\r");
    terminal.see_text("What must stay free");
    terminal.press("30\r");
    terminal.see_text("Namespace of the metrics server");
    terminal.press("\r");
    terminal.see_text("Image of the metrics server");
    terminal.press("registry.example/oppscale:0.1\r");
    terminal.see_text("Make these 12 changes?");
    assert!(server.writes().is_empty(), "nothing before the answer");
    terminal.press("y");
    let screen = terminal.end(0);
    assert!(screen.contains("12 changes made"), "{screen}");
    assert!(screen.contains("render-hpa --workload FILE --reserve 30"), "{screen}");
    assert_eq!(server.writes().len(), 12);
}

#[test]
fn the_arrow_keys_choose_and_a_no_changes_nothing() {
    let server = server();
    let args = ["init", "--image", "i", "--reserve", "15%", "-n", "oppscale"];
    let (_env, mut terminal) = start(&server, &args);
    terminal.see_text("How does capacity get to the HPA?");
    terminal.press("\x1b[B\x1b[B\r");
    let screen = terminal.see_text("changes?");
    // KEDA needs no API of ours.
    assert!(!screen.contains("APIService"), "{screen}");
    terminal.press("n");
    let screen = terminal.end(1);
    assert!(screen.contains("nothing was changed"), "{screen}");
    assert!(server.writes().is_empty());
}

#[test]
fn escape_and_ctrl_c_change_nothing_and_give_the_terminal_back() {
    for key in ["\x1b", "\x03"] {
        let server = server();
        let (_env, mut terminal) = start(&server, &["init", "--image", "i"]);
        terminal.see_text("How does capacity get to the HPA?");
        terminal.press(key);
        let _ = terminal.end(130);
        assert!(server.requests().is_empty());

        let (_env, mut terminal) = start(
            &server,
            &["init", "--image", "i", "--pipeline", "native", "-n", "oppscale", "--reserve", "30"],
        );
        terminal.see_text("changes?");
        terminal.press(key);
        let screen = terminal.end(130);
        assert!(screen.contains("nothing was changed"), "{key:?}: {screen}");
        assert!(server.writes().is_empty());
    }
}

#[test]
fn a_reserve_that_is_none_is_asked_for_again() {
    let server = server();
    let (_env, mut terminal) =
        start(&server, &["init", "--image", "i", "--pipeline", "native", "-n", "x"]);
    terminal.see_text("What must stay free");
    terminal.press("lots\r");
    terminal.see_text("is not a");
    terminal.press("\x03");
    let _ = terminal.end(130);
}

#[test]
fn uninstalling_asks_once() {
    let server = server();
    let env = TestEnv::of(&server);
    let output = env.run(["init", "--image", "i", "--yes"]);
    assert_eq!(output.code, Some(0), "{output}");
    let (_env, mut terminal) = start(&server, &["uninstall"]);
    terminal.see_text("Delete these 12 objects?");
    terminal.press("y");
    let screen = terminal.end(0);
    assert!(screen.contains("12 objects deleted"), "{screen}");
}

#[test]
fn progress_is_seen_while_pods_are_waited_for_and_ctrl_c_gives_the_terminal_back() {
    let server = server();
    server.store().change(|store| store.deployments_start = false);
    let (_env, mut terminal) = start(&server, &["init", "--image", "i", "--yes"]);
    terminal.see_text("waiting for the server's pods");
    terminal.press("\x03");
    let screen = terminal.end(130);
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
    terminal.see_text("Grant cluster-admin to dev until the end of this run?");
    terminal.press("n");
    let screen = terminal.end(1);
    assert!(screen.contains("nothing was changed"), "{screen}");
    assert!(server.writes().is_empty());
    // Granted, and then the changes declined: the grant goes.
    let (_env, mut terminal) = start(&server, &args);
    terminal.see_text("Grant cluster-admin to dev until the end of this run?");
    terminal.press("y");
    terminal.see_text("Make these 12 changes?");
    terminal.press("n");
    let _ = terminal.end(1);
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
        terminal.see_text("Delete these 12 objects?");
        terminal.press(key);
        let _ = terminal.end(130);
        assert_eq!(server.writes().len(), before);
    }
    let (_env, mut terminal) = start(&server, &["uninstall"]);
    terminal.see_text("Delete these 12 objects?");
    terminal.press("y");
    assert!(terminal.end(0).contains("12 objects deleted"));
}
