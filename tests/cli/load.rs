//! `oppscale load`: an open model, what it tells, and how it fails.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use serde_json::{Value, json};

use crate::artefacts::pin;
use crate::support::bin::{CommandOutput, TestEnv, signal};
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::sample_app::SampleApp;
use crate::support::world::World;

/// A server that does `what` with each connection, and how many have come.
fn server(what: impl Fn(TcpStream) + Send + Sync + 'static) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let (what, counted) = (Arc::new(what), Arc::clone(&count));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::Relaxed);
            let (stream, what) = (stream.unwrap(), Arc::clone(&what));
            std::thread::spawn(move || what(stream));
        }
    });
    (address, count)
}

fn answer(mut stream: TcpStream, text: &str) {
    let mut head = [0; 4096];
    while stream.read(&mut head).is_ok_and(|read| read > 0) {
        if stream.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

/// Says nothing, and keeps the connection.
fn silent(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn load(url: impl ToString, args: &[&str]) -> CommandOutput {
    let url = url.to_string();
    TestEnv::new().run([&["load", &url, "-o", "json", "-q"], args].concat())
}

fn figures(output: &CommandOutput) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output}"))
}

/// Whatever was due became something, and whatever was sent, too.
fn adds_up(figures: &Value, due: u64) {
    let of = |field: &str| figures[field].as_u64().unwrap();
    let not_sent = figures["failures"]["notSent"]["count"].as_u64().unwrap_or(0);
    assert_eq!(of("sent") + not_sent, due, "{figures}");
    let ended = of("answered") + of("failed") - not_sent + of("underWayAtTheEnd");
    assert_eq!(of("sent"), ended, "{figures}");
    let bars = figures["histogram"].as_array().unwrap();
    let counted: u64 = bars.iter().map(|bar| bar["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, of("answered"), "{figures}");
}

#[test]
fn every_request_is_sent_and_counted_once() {
    let app = SampleApp::start(&TestEnv::new(), &[]);
    let output = load(app.url(), &["--rate", "200", "--duration", "1500ms"]);
    assert_eq!(output.code, Some(0), "{output}");
    let figures = figures(&output);
    assert_eq!(figures["sent"], 300);
    assert_eq!(figures["statuses"], json!({"200": 300}));
    assert_eq!(figures["failures"], json!({}));
    assert_eq!(figures["wanted"]["rateMilli"], 200_000);
    assert_eq!(app.count(), 300);
    adds_up(&figures, 300);
}

#[test]
fn a_stall_is_felt_by_every_request_that_it_held_up() {
    // The first request meets nobody for 700 ms, and neither do those that are due meanwhile.
    let gate = Arc::new(Barrier::new(2));
    let opened = Arc::clone(&gate);
    let open = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_open = Arc::clone(&open);
    let (address, connections) = server(move |stream| {
        while !is_open.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(5));
        }
        answer(stream, OK);
    });
    std::thread::spawn(move || {
        opened.wait();
        while connections.load(Ordering::Relaxed) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(700));
        open.store(true, Ordering::Relaxed);
    });
    gate.wait();
    let output = load(address, &["--rate", "20", "--duration", "1s"]);
    assert_eq!(output.code, Some(0), "{output}");
    let figures = figures(&output);
    assert_eq!(figures["answered"], 20, "{output}");
    // Due at 0, 50, 100 … ms: nine of them waited for 250 ms or longer. A client that waits
    // for one answer before it asks again would have felt it once.
    let bars = figures["histogram"].as_array().unwrap().iter();
    let slow = bars.filter(|bar| bar["toMicroseconds"].as_u64() > Some(200_000));
    assert!(slow.map(|bar| bar["count"].as_u64().unwrap()).sum::<u64>() >= 9, "{output}");
    assert!(figures["latencyMicroseconds"]["max"].as_u64() >= Some(650_000), "{output}");
}

#[test]
fn requests_do_not_wait_for_each_other_and_are_given_up_in_time() {
    let (address, connections) = server(silent);
    let args = ["--rate", "20", "--duration", "1s", "--timeout", "300ms"];
    let output = load(address, &args);
    assert_eq!(output.code, Some(1), "{output}");
    assert_eq!(figures(&output)["failures"]["timedOut"]["count"], 20);
    assert_eq!(connections.load(Ordering::Relaxed), 20);
    assert!(output.stderr.contains("no response from"), "{output}");
}

#[test]
fn there_is_a_limit_to_what_is_under_way() {
    let (address, connections) = server(silent);
    let args = ["--rate", "50", "--duration", "1s", "--timeout", "5s", "--most-under-way", "3"];
    let output = load(address, &args);
    let failures = &figures(&output)["failures"];
    adds_up(&figures(&output), 50);
    assert_eq!(failures["notSent"]["count"], 47, "{output}");
    assert_eq!(failures["timedOut"]["count"], 3, "{output}");
    assert_eq!(connections.load(Ordering::Relaxed), 3);
}

#[test]
fn failures_are_told_apart() {
    let of = |address: SocketAddr| {
        let output = load(address, &["--rate", "10", "--duration", "300ms"]);
        assert_eq!(output.code, Some(1), "{output}");
        let failures = figures(&output)["failures"].as_object().unwrap().clone();
        assert_eq!(failures.len(), 1, "{output}");
        let (kind, failure) = failures.into_iter().next().unwrap();
        assert_eq!(failure["count"], 3);
        kind
    };
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(of(free), "connectionRefused");
    let hang_up = |mut stream: TcpStream| {
        let _ = stream.read(&mut [0; 512]);
    };
    assert_eq!(of(server(hang_up).0), "connectionBroken");
    assert_eq!(of(server(|stream| answer(stream, "SSH-2.0-x\r\n")).0), "notHttp");
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
    let halfway = move |mut stream: TcpStream| {
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(half.as_bytes());
    };
    assert_eq!(of(server(halfway).0), "connectionBroken");
}

#[test]
fn an_authority_is_trusted_when_it_is_named() {
    let server = FakeApiServer::start(World::nodes_alone());
    let url = format!("{}/version", server.url());
    let args = ["--rate", "10", "--duration", "300ms"];
    let output = load(&url, &args);
    assert_eq!(figures(&output)["failures"]["tls"]["count"], 3, "{output}");
    let env = TestEnv::of(&server);
    let ca = env.path(".kube/ca.crt");
    let trusting = [&args[..], &["--certificate-authority", ca.to_str().unwrap()]].concat();
    let output = load(&url, &trusting);
    assert_eq!(figures(&output)["statuses"], json!({"200": 3}), "{output}");
    env.write("empty.pem", "nothing\n");
    let empty = env.path("empty.pem");
    let output = load(&url, &["--certificate-authority", empty.to_str().unwrap()]);
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("has no PEM certificate"), "{output}");
}

#[test]
fn a_share_of_failures_can_be_too_much() {
    let unwell = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    let (address, _) = server(move |stream| answer(stream, unwell));
    let args = ["--rate", "20", "--duration", "500ms"];
    let output = load(address, &args);
    assert_eq!(output.code, Some(0), "it was answered: {output}");
    assert_eq!(figures(&output)["statuses"], json!({"503": 10}));
    assert_eq!(load(address, &[&args[..], &["--fail-above", "1%"]].concat()).code, Some(1));
    assert_eq!(load(address, &[&args[..], &["--fail-above", "100%"]].concat()).code, Some(0));
}

#[test]
fn what_is_asked_is_what_was_typed() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let (address, _) = server(move |mut stream| {
        let mut head = vec![0; 4096];
        let read = stream.read(&mut head).unwrap();
        sender.send(String::from_utf8_lossy(&head[..read]).into_owned()).unwrap();
        let _ = stream.write_all(OK.as_bytes());
    });
    let args = [
        "--rate",
        "1",
        "--duration",
        "100ms",
        "--method",
        "POST",
        "-H",
        "X-Paid: yes",
        "-H",
        "X-Paid: twice",
        "--no-keep-alive",
        "--body",
        "{}",
    ];
    let output = load(format!("{address}/a?b=c"), &args);
    assert_eq!(output.code, Some(0), "{output}");
    let request = receiver.recv().unwrap().to_lowercase();
    assert!(request.starts_with("post /a?b=c http/1.1\r\n"), "{request}");
    for part in [
        "x-paid: yes\r\n",
        "x-paid: twice\r\n",
        "connection: close\r\n",
        "user-agent: oppscale/",
        "\r\n\r\n{}",
    ] {
        assert!(request.contains(part), "{request}");
    }
    assert!(request.contains(&format!("host: {address}\r\n")), "{request}");
}

#[test]
fn who_interrupts_gets_the_figures_so_far() {
    let env = TestEnv::new();
    let app = SampleApp::start(&env, &[]);
    for (name, code) in [("INT", 130), ("TERM", 0)] {
        let before = app.count();
        let child = env.start(["load", &app.url(), "--rate", "50", "--duration", "1h"]);
        while app.count() < before + 5 {
            std::thread::sleep(Duration::from_millis(10));
        }
        signal(name, child.id());
        let output = env.finish(child);
        assert_eq!(output.code, Some(code), "{output}");
        let head = output.stdout.lines().next().unwrap();
        assert!(head.ends_with(": 50 a second for 1h, interrupted"), "{head}");
        assert!(output.stdout.contains("of 180000 sent"), "{output}");
        assert!(output.stdout.contains("latency    p50 "), "{output}");
    }
}

#[test]
fn who_interrupts_the_last_answers_waits_for_them_a_moment() {
    let env = TestEnv::new();
    let gate = Arc::new(AtomicUsize::new(0));
    let open = Arc::clone(&gate);
    let (address, connections) = server(move |stream| {
        while open.load(Ordering::Relaxed) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        answer(stream, OK);
    });
    let url = address.to_string();
    let args = ["load", &url, "--rate", "100", "--duration", "100ms", "-o", "json"];
    let child = env.start(args);
    while connections.load(Ordering::Relaxed) < 10 {
        std::thread::sleep(Duration::from_millis(1));
    }
    // All has been sent; now the end is wanted, and the answers come.
    std::thread::sleep(Duration::from_millis(200));
    signal("INT", child.id());
    // Long enough for the signal to be heard, and within the half second that is waited.
    std::thread::sleep(Duration::from_millis(150));
    gate.store(1, Ordering::Relaxed);
    let output = env.finish(child);
    assert_eq!(output.code, Some(130), "{output}");
    let figures = figures(&output);
    assert_eq!((&figures["answered"], &figures["interrupted"]), (&10.into(), &true.into()));
}

#[test]
fn a_load_that_one_process_cannot_send_is_told_whole() {
    let env = TestEnv::new();
    let (address, _) = server(silent);
    let url = address.to_string();
    let args = ["load", &url, "--rate", "20000", "--duration", "1h", "-o", "json"];
    let child = env.start([&args[..], &["--most-under-way", "50"]].concat());
    std::thread::sleep(Duration::from_millis(700));
    signal("INT", child.id());
    let output = env.finish(child);
    let figures = figures(&output);
    let not_sent = figures["failures"]["notSent"]["count"].as_u64().unwrap();
    adds_up(&figures, figures["sent"].as_u64().unwrap() + not_sent);
    assert_eq!(figures["sent"], 50, "{output}");
    assert!(not_sent > 1000, "what waited to be looked at is told, too: {output}");
}

#[test]
fn slips_on_the_command_line() {
    let env = TestEnv::new();
    let mut all = String::new();
    for args in [
        &["ftp://x"][..],
        &["http://u:p@x"],
        &["http://x:99999"],
        &["x", "-H", "Content-Length: 7"],
        &["x", "--rate", "0"],
        &["x", "--rate", "1e9"],
        &["x", "--duration", "0"],
        &["x", "--duration", "48h"],
        &["x", "--fail-above", "101%"],
        &["x", "-H", "nothing"],
        &["x", "--job", "a b"],
        &["x", "-n", "elsewhere"],
        &["x", "--job", "i", "--name", "Load_1"],
        &["x", "--job", "i", "--certificate-authority", "f"],
        &["no-such-host.invalid"],
    ] {
        let output = env.run([&["load"], args].concat());
        assert_eq!(output.stdout, "", "{output}");
        let code = if args == ["no-such-host.invalid"] { 1 } else { 2 };
        assert_eq!(output.code, Some(code), "{output}");
        let lines = output.stderr.lines().take_while(|line| !line.is_empty());
        // The system's own words differ from system to system.
        let lines = lines.map(|line| line.split(": failed to lookup").next().unwrap());
        all.push_str(&lines.map(|line| format!("{line}\n")).collect::<String>());
    }
    insta::assert_snapshot!(all, @r#"
    error: "ftp://x" is neither http:// nor https://
     hint: such as http://HOST:PORT/PATH
    error: a URL must have no user name: give --header 'Authorization: …'
    error: "http://x:99999" has an invalid port: expected 1 to 65535
     hint: such as http://HOST:PORT/PATH
    error: --header content-length: is set from the body
    error: invalid value '0' for '--rate <RATE>': the rate must be more than 0
    error: invalid value '1e9' for '--rate <RATE>': expected requests a second, such as 10, 8.5 or 30/m
    error: --duration must be more than 0 and at most 24h
     hint: for a load without end, run a Deployment
    error: --duration must be more than 0 and at most 24h
     hint: for a load without end, run a Deployment
    error: invalid value '101%' for '--fail-above <PERCENT>': expected a share between 0% and 100%, such as 1%
    error: invalid value 'nothing' for '--header <NAME: VALUE>': expected a header such as 'Accept: text/plain'
    error: --job: "a b" is not an image
    error: the following required arguments were not provided:
      --job <IMAGE>
    error: Job default/Load_1: "Load_1" is not a name that the API takes for a Job
    error: --certificate-authority is a local file, which the Job cannot read
     hint: use http:// within the cluster, or add a volume to the Job
    error: no-such-host.invalid has no address
     hint: names of Services resolve only in the cluster: run the load there with --job IMAGE,
           or use kubectl port-forward
    "#);
}

#[test]
fn a_job_understands_every_time() {
    for (typed, said) in [("24h", "1d"), ("90s", "90s"), ("1500ms", "1.5s"), ("5m", "5m")] {
        let args = ["load", "x", "--job", "i", "--duration", typed];
        let output = TestEnv::new().run(args);
        assert!(output.stdout.contains(&format!("\"--duration={said}\"")), "{output}");
        let again = ["load", "x", "--job", "i", "--duration", said];
        assert_eq!(TestEnv::new().run(again).stdout, output.stdout);
    }
}

#[test]
fn the_job_is_the_same_load() {
    let output = TestEnv::new().run([
        "load",
        "http://sample-app.sample-app:8080/a?b=$(C)",
        "--rate",
        "8.5",
        "-n",
        "sample-app",
        "--job",
        "ghcr.io/acme/oppscale:0.1.0",
        "-H",
        "X-Paid: on",
        "--fail-above",
        "0.5%",
    ]);
    assert_eq!(output.code, Some(0), "{output}");
    pin("tests/golden/load-job.yaml", &output.stdout);
    let job: Value = serde_yaml::from_str(&output.stdout).unwrap();
    let words = job["spec"]["template"]["spec"]["containers"][0]["args"].as_array().unwrap();
    // What the Job's container is told is understood, and means the same.
    let words: Vec<_> =
        words.iter().map(|word| word.as_str().unwrap().replace("$$(", "$(")).collect();
    let mut again = words;
    again.extend(["--job", "ghcr.io/acme/oppscale:0.1.0", "-n", "sample-app"].map(str::to_owned));
    let again = TestEnv::new().run(again);
    assert_eq!(again.stdout, output.stdout);
}
