//! A log that nobody takes, and files that never end: nothing waits for them.

use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::client::Connection;
use super::faults::FIT;
use super::rig::{HPA, Oppscale, Rig, serving, world, write_certificate};
use crate::support::authority::Authority;
use crate::support::bin::{TestEnv, signal};
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::world::World;

/// Who reads the log.
enum Reader {
    /// Somebody who opened the pipe and reads nothing.
    Idle,
    /// Nobody any more.
    Gone,
    /// A disk that is full.
    FullDisk,
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A server whose log has such a reader. It logs every request.
fn start(reader: &Reader) -> Rig {
    let proxies = Authority::new("front-proxy-ca");
    let server = Setup::new(world(&proxies)).start();
    let env = TestEnv::of(&server);
    let authority = Authority::new("serving-ca");
    write_certificate(&env, &serving(&authority));
    let (api, web) = (free_address(), free_address());
    let (listen, listen_http) = (format!("--listen={api}"), format!("--listen-http={web}"));
    let args = [
        "serve",
        &listen,
        &listen_http,
        "--tls-cert-file=tls.crt",
        "--tls-private-key-file=tls.key",
        "--shutdown-delay=0s",
    ];
    let program: &[&str] = match reader {
        Reader::FullDisk => &["sh", "-c", "exec \"$0\" \"$@\" 2>/dev/full"],
        _ => &[],
    };
    let mut child = env.start_as(program, args, &[("RUST_LOG", "debug")]);
    if let Reader::Gone = reader {
        drop(child.stderr.take());
    }
    let rig = Rig { server, env, proxies, authority, oppscale: Oppscale::unread(child, api, web) };
    rig.until("ready", |rig| {
        let probe = Connection::open(rig.oppscale.web, None).map(|mut c| c.get("/readyz", &[]));
        probe.is_ok_and(|answer| answer.is_ok_and(|answer| answer.status == 200))
    });
    rig
}

fn goes_on_and_ends(reader: &Reader) {
    let mut rig = start(reader);
    let tls = rig.front_proxy();
    let mut connection = Connection::open(rig.oppscale.api, Some(&tls)).unwrap();
    // More lines than a pipe and the queue hold.
    let started = Instant::now();
    for _ in 0..3000 {
        assert_eq!(connection.get(FIT, &HPA).unwrap().status, 200);
    }
    assert_eq!(rig.fit().unwrap(), "121");
    // Every feed goes on, those that log each change of a workload too.
    rig.server.change(|world| {
        world.nodes[0]["spec"]["unschedulable"] = true.into();
        for deployment in world.deployments.iter_mut() {
            if deployment["metadata"]["name"] == "electroneum" {
                deployment["metadata"]["annotations"]["oppscale.dev/max-replicas"] = "3".into();
            }
        }
    });
    rig.until("the change is served", |rig| rig.fit().as_deref() == Ok("3"));
    assert_eq!(rig.web("/livez").status, 200);
    signal("TERM", rig.oppscale.id());
    rig.oppscale.ends_within(Duration::from_secs(20));
    assert!(started.elapsed() < Duration::from_secs(120));
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    goes_on_and_ends(&Reader::Idle);
}

#[test]
#[ignore = "slow: logs for seconds"]
fn a_log_whose_reader_is_gone_stops_nothing() {
    goes_on_and_ends(&Reader::Gone);
}

#[test]
#[ignore = "slow: logs for seconds"]
fn a_log_on_a_full_disk_stops_nothing() {
    goes_on_and_ends(&Reader::FullDisk);
}

fn make_fifo(env: &TestEnv, name: &str) {
    let _ = std::fs::remove_file(env.path(name));
    let path = env.path(name);
    assert!(Command::new("mkfifo").arg(path).stdout(Stdio::null()).status().unwrap().success());
}

#[test]
fn a_key_that_blocks_at_the_start_is_an_error() {
    let proxies = Authority::new("front-proxy-ca");
    let server = Setup::new(world(&proxies)).start();
    let env = TestEnv::of(&server);
    write_certificate(&env, &serving(&Authority::new("serving-ca")));
    make_fifo(&env, "tls.key");
    let args = [
        "serve",
        "--listen=127.0.0.1:0",
        "--listen-http=127.0.0.1:0",
        "--tls-cert-file=tls.crt",
        "--tls-private-key-file=tls.key",
    ];
    let run = env.run(args);
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("cannot read tls.key: reading it takes longer than 5 s"), "{run}");
    // It can be ended meanwhile.
    let mut child = env.start(args);
    std::thread::sleep(Duration::from_secs(1));
    signal("TERM", child.id());
    let start = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_key_that_blocks_later_changes_nothing() {
    let rig = Rig::start(&[]);
    make_fifo(&rig.env, "tls.key");
    rig.oppscale.until_logged("the key that blocks", |line| {
        let error = line["error"].as_str();
        error.is_some_and(|text| text.contains("reading it takes longer than 5 s"))
    });
    // A file without an end, too.
    let _ = std::fs::remove_file(rig.env.path("tls.key"));
    std::os::unix::fs::symlink("/dev/zero", rig.env.path("tls.key")).unwrap();
    rig.oppscale.until_logged("the key without an end", |line| {
        line["error"].as_str().is_some_and(|text| text.contains("it is larger than"))
    });
    assert_eq!(rig.fit().unwrap(), "121");
    assert_eq!(rig.web("/livez").status, 200);
    let _ = std::fs::remove_file(rig.env.path("tls.key"));
    let next = serving(&rig.authority);
    write_certificate(&rig.env, &next);
    rig.oppscale.until_logged("the next certificate", |line| {
        line["message"] == "serving certificate replaced"
    });
    assert_eq!(rig.fit().unwrap(), "121");
}

/// A certificate that has expired, or is not valid yet, must not replace one that is.
#[test]
fn an_expired_certificate_does_not_replace_a_good_one() {
    let rig = Rig::start(&[]);
    let now = time::OffsetDateTime::now_utc();
    let day = time::Duration::DAY;
    for (not_before, not_after) in [(now - day * 9, now - day), (now + day, now + day * 9)] {
        let invalid = rig.authority.signed(|params| {
            let name = "oppscale.oppscale.svc".try_into().unwrap();
            params.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
            (params.not_before, params.not_after) = (not_before, not_after);
        });
        write_certificate(&rig.env, &invalid);
        let end = not_after.replace_nanosecond(0).unwrap().to_string();
        rig.oppscale.until_logged("the certificate that is not valid", |line| {
            line["error"].as_str().is_some_and(|text| text.contains(&end))
        });
        assert_eq!(rig.fit().unwrap(), "121", "the aggregator still trusts the certificate");
    }
}

#[test]
fn directives_of_rust_log_are_read_or_told() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let said = |directives: &str| {
        let args = ["top", "-o", "json"];
        let output = env.finish(env.start_with(args, &[("RUST_LOG", directives)]));
        assert_eq!(output.code, Some(0), "{output}");
        output.stderr
    };
    for directives in ["debug,", "rustls=debug, ,hyper=off"] {
        assert!(said(directives).contains("DEBUG"), "{directives}");
    }
    assert_eq!(said("off"), "");
    let ignored = said("rustls[{x=1}]=debug");
    assert!(ignored.contains("WARN RUST_LOG is ignored: "), "{ignored}");
}
