//! `oppscale sample-app`: what it answers, counts, and how it ends.

use std::net::TcpListener;
use std::process::Command;

use crate::support::bin::TestEnv;
use crate::support::sample_app::SampleApp;
use crate::support::tools::tool;

#[test]
fn it_tells_its_name_and_how_many_requests_it_has_served() {
    let env = TestEnv::new();
    let app = SampleApp::start(&env, &["--name", "sample-app-7d4b9"]);
    for (path, count) in [("/", 1), ("/anything?at=all", 2)] {
        let (status, text) = app.get(path, "");
        assert_eq!(status, 200);
        let hello =
            format!("Hello! My name is sample-app-7d4b9. I have served {count} requests so far.");
        assert!(text.contains(&hello), "{text}");
    }
    // Probes and scrapes are no load: an HPA on the count would otherwise never come to rest.
    for path in ["/livez", "/readyz", "/healthz", "/metrics"] {
        assert_eq!(app.get(path, "").0, 200, "{path}");
    }
    assert_eq!(app.count(), 2);
}

#[test]
fn a_pod_gives_it_its_name_and_a_port_that_is_taken_is_told() {
    let env = TestEnv::new();
    let output = env.run(["sample-app", "--help"]);
    assert!(output.stdout.contains("[env: HOSTNAME]"), "{output}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = env.run(["sample-app", "--listen", &address]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.contains(&format!("cannot listen on {address}: ")), "{output}");
    assert!(output.stderr.contains("choose another with --listen"), "{output}");
}

#[test]
fn it_ends_in_order() {
    let env = TestEnv::new();
    let app = SampleApp::start(&env, &["--shutdown-delay", "2s"]);
    app.signal("TERM");
    // Unready first, so that nobody is sent here, and still answering those who come.
    let unready = (0..100).find(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        app.get("/readyz", "").0 == 503
    });
    assert!(unready.is_some());
    assert_eq!(app.get("/", "").0, 200);
    assert_eq!(app.wait(), Some(0));
    let app = SampleApp::start(&env, &["--shutdown-delay", "1h"]);
    app.signal("INT");
    assert_eq!(app.wait(), Some(130), "a person need not wait for the delay");
}

#[test]
fn promtool_takes_both_formats() {
    let Some(promtool) = tool("promtool") else { return };
    let env = TestEnv::new();
    let app = SampleApp::start(&env, &[]);
    let (_, text) = app.get("/metrics", "");
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.to_lowercase().contains("text/plain; version=0.0.4"), "{head}");
    env.write("metrics", body);
    let output = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(std::fs::File::open(env.path("metrics")).unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (_, text) = app.get("/metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n");
    assert!(text.contains("# TYPE http_requests counter\nhttp_requests_total 0\n"), "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
}
