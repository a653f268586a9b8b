//! Those who can reach the ports and mean ill, or know no better: they must take neither the
//! place of the front proxy nor the memory.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::client::Connection;
use super::faults::FIT;
use super::rig::{HPA, Rig, world};
use crate::support::authority::Authority;
use crate::support::fake_apiserver::Setup;

#[test]
fn slow_oversized_and_malformed_requests_harm_nobody() {
    let rig = Rig::start(&[]);
    let tls = rig.front_proxy();
    for (address, tls) in [(rig.oppscale.api, Some(&tls)), (rig.oppscale.web, None)] {
        // Heads that never end, a byte at a time.
        let mut slow: Vec<Connection> =
            (0..20).map(|_| Connection::open(address, tls).unwrap()).collect();
        for connection in &mut slow {
            connection.send(b"GET /metrics HTTP/1.1\r\nX: ").unwrap();
        }
        let huge = "x".repeat(64 << 10);
        let mut connection = Connection::open(address, tls).unwrap();
        let answer = connection.get("/readyz", &[("X-Huge", &huge)]);
        assert!(answer.is_err() || answer.unwrap().status == 431);
        let mut connection = Connection::open(address, tls).unwrap();
        let answer = connection.get(&format!("/{huge}"), &[]);
        assert!(answer.is_err() || [414, 431].contains(&answer.unwrap().status));
        let many: Vec<(String, String)> =
            (0..500).map(|n| (format!("X-{n}"), n.to_string())).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|(n, v)| (&**n, &**v)).collect();
        let mut connection = Connection::open(address, tls).unwrap();
        assert_eq!(connection.get("/readyz", &many).unwrap().status, 200, "they are small");
        for garbage in [&b"\x16\x03\x01\x00\x05garbage"[..], b"\0\0\0\0", b"GET\r\n\r\n", b"\r\n"] {
            let mut connection = Connection::open(address, tls).unwrap();
            let _ = connection.send(garbage);
            let mut stream = TcpStream::connect(address).unwrap();
            let _ = stream.write_all(garbage);
            stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
            let _ = stream.read(&mut [0; 64]);
        }
        // A body that nobody asked for, and none that was announced.
        let mut connection = Connection::open(address, tls).unwrap();
        let _ = connection.request("POST", "/readyz", &[("Content-Length", "1000000000")]);
        for connection in &mut slow {
            let _ = connection.send(b"x");
        }
        assert_eq!(rig.web("/readyz").status, 200);
        assert_eq!(rig.fit().unwrap(), "121");
    }
}

/// The aggregator sends a header for each group of a user.
#[test]
fn a_user_of_many_groups_is_answered() {
    let rig = Rig::start(&[]);
    for count in [85, 200, 400] {
        let groups: Vec<String> =
            (0..count).map(|n| format!("cn=team-{n},ou=groups,dc=example,dc=com")).collect();
        let mut headers = HPA.to_vec();
        headers.extend(groups.iter().map(|group| ("X-Remote-Group", &**group)));
        assert_eq!(rig.get_with(FIT, &headers).status, 200, "{count} groups");
    }
}

/// As `nc -N` and some proxies do: the request is whole, and nothing more will come.
#[test]
fn a_client_that_closes_its_direction_is_answered() {
    let rig = Rig::start(&[]);
    for path in ["/readyz", "/metrics", "/?nodes=all"] {
        let mut stream = TcpStream::connect(rig.oppscale.web).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK"), "{path}: {text}");
    }
}

#[test]
#[ignore = "slow: waits half a minute"]
fn a_page_that_is_looked_at_outlives_silent_connections() {
    let rig = Rig::start(&[]);
    let mut viewer = Connection::open(rig.oppscale.web, None).unwrap();
    viewer.send(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert_eq!(viewer.head().unwrap().0, 200);
    let silent: Vec<TcpStream> =
        (0..600).map(|_| TcpStream::connect(rig.oppscale.web).unwrap()).collect();
    rig.until("the limit is reached", |rig| rig.web("/livez").status == 200);
    // More events than any buffer holds back.
    for _ in 0..20 {
        while !viewer.line().unwrap().starts_with("data:") {}
    }
    drop(silent);
}

#[test]
#[ignore = "slow: 10,000 connections"]
fn ten_thousand_idle_connections_leave_room_and_memory() {
    let rig = Rig::start(&[]);
    rig.fit().unwrap();
    let before = rig.oppscale.memory();
    // The front proxy keeps a connection of its own, which must outlive them all.
    let mut kept = Connection::open(rig.oppscale.api, Some(&rig.front_proxy())).unwrap();
    assert_eq!(kept.get(FIT, &HPA).unwrap().status, 200);
    let most = |address: SocketAddr| -> u64 {
        let mut open = std::collections::VecDeque::new();
        let mut most = 0;
        for number in 0..5000 {
            // So many at a time as this process may open; the server cannot tell.
            if open.len() == 700 {
                open.pop_front();
            }
            open.push_back(TcpStream::connect(address).unwrap());
            if number % 500 == 0 {
                most = most.max(rig.oppscale.memory());
            }
        }
        most.max(rig.oppscale.memory())
    };
    let peak = most(rig.oppscale.api).max(most(rig.oppscale.web));
    assert_eq!(kept.get(FIT, &HPA).unwrap().status, 200, "the front proxy was not turned out");
    assert_eq!(rig.fit().unwrap(), "121");
    assert!(peak < before + (64 << 20), "{} KiB more", (peak - before) >> 10);
    rig.until("memory returns", |rig| rig.oppscale.memory() < before + (24 << 20));
}

/// Connections are files, of which many systems allow 1024 and some fewer. The watches need
/// some, too.
#[test]
fn idle_connections_leave_files_for_others() {
    let rig = Rig::start_as(&["sh", "-c", "ulimit -n 256 && exec \"$0\" \"$@\""], &[]);
    let mut idle: Vec<TcpStream> = Vec::new();
    for address in [rig.oppscale.api, rig.oppscale.web] {
        idle.extend((0..300).map(|_| TcpStream::connect(address).unwrap()));
    }
    assert_eq!(rig.fit().unwrap(), "121");
    assert_eq!(rig.web("/readyz").status, 200);
    // A watch is opened anew, and hears of what happens.
    rig.server.end_watches(crate::support::watch::Ending::HalfALine);
    rig.server.change(|world| world.nodes[0]["spec"]["unschedulable"] = true.into());
    rig.until("fewer fit", |rig| rig.fit().is_ok_and(|fit| fit != "121"));
    assert!(!rig.oppscale.log_text().contains("cannot accept"), "{}", rig.oppscale.log_text());
    drop(idle);
}

/// A page of 3,000 nodes takes 2 MB. Who asks for it a hundred times and reads nothing gets
/// one copy, and not for long.
#[test]
#[ignore = "slow: waits half a minute"]
fn answers_that_nobody_reads_are_taken_back() {
    let proxies = Authority::new("front-proxy-ca");
    let mut large = world(&proxies);
    let node = large.nodes[0].clone();
    large.nodes.extend((0..3000).map(|number| {
        let mut node = node.clone();
        node["metadata"]["name"] = format!("more-{number}").into();
        node["metadata"]["uid"] = format!("00000000-0000-4000-a000-{number:012}").into();
        node
    }));
    let rig = Rig::with(proxies, Setup::new(large), &[]);
    let page = rig.web("/?nodes=all");
    assert!(page.body.len() > 1 << 20, "{}", page.body.len());
    let before = rig.oppscale.memory();
    let mut greedy: Vec<TcpStream> = Vec::new();
    for path in ["/?nodes=all", "/events?nodes=all"] {
        for _ in 0..100 {
            let mut stream = TcpStream::connect(rig.oppscale.web).unwrap();
            stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
            greedy.push(stream);
        }
    }
    let (start, mut most) = (Instant::now(), 0);
    let open = |rig: &Rig| {
        let text = rig.web("/metrics").body;
        let line =
            text.lines().find_map(|l| l.strip_prefix("oppscale_open_connections{port=\"web\"} "));
        line.unwrap().parse::<usize>().unwrap()
    };
    assert!(open(&rig) > 100);
    while open(&rig) > 10 {
        most = most.max(rig.oppscale.memory());
        assert!(start.elapsed() < Duration::from_secs(80), "{} are open still", open(&rig));
        std::thread::sleep(Duration::from_secs(1));
    }
    assert!(most < before + (64 << 20), "{} MiB more", (most - before) >> 20);
    assert_eq!(rig.web("/readyz").status, 200);
}
