//! The second port with `--http-auth token-review`.

use std::thread;
use std::time::{Duration, Instant};

use super::client::{Answer, Connection, Tls};
use super::rig::Rig;
use crate::support::answer::Answer as ServerAnswer;
use crate::support::review::TOKEN_REVIEWS;

const ARGS: [&str; 2] = ["--http-auth", "token-review"];

fn get(rig: &Rig, path: &str, authorization: &str) -> Answer {
    let tls = Tls::new(&rig.authority.pem(), None);
    let mut connection = Connection::open(rig.oppscale.web, Some(&tls)).unwrap();
    let headers = [("Authorization", authorization)];
    connection.get(path, if authorization.is_empty() { &[] } else { &headers }).unwrap()
}

fn reviews(rig: &Rig) -> usize {
    rig.server.requests().iter().filter(|request| request.path == TOKEN_REVIEWS).count()
}

#[test]
fn only_tokens_that_may_get_metrics_are_answered() {
    let rig = Rig::start(&ARGS);
    for path in ["/", "/metrics", "/events", "/page.css", "/nowhere"] {
        for authorization in ["", "Bearer ", "Basic !", "Digest good", "Bearer bad", "good"] {
            let answer = get(&rig, path, authorization);
            assert_eq!(answer.status, 401, "{path} {authorization}: {}", answer.body);
            let challenges: Vec<_> = answer
                .headers
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"))
                .map(|(_, value)| value.as_str())
                .collect();
            assert_eq!(challenges[0], "Bearer");
            assert!(challenges[1].starts_with("Basic realm=\"oppscale: a token"), "{challenges:?}");
            assert!(
                answer.body.contains("kubectl -n NAMESPACE create token NAME"),
                "{}",
                answer.body
            );
        }
        let poor = get(&rig, path, "Bearer poor");
        assert_eq!(poor.status, 403);
        assert!(poor.body.contains("user \"of-poor\" may not get /metrics"), "{}", poor.body);
        assert!(poor.body.contains("--non-resource-url=/metrics"), "{}", poor.body);
    }
    let metrics = get(&rig, "/metrics", "Bearer good");
    assert_eq!(metrics.status, 200);
    assert!(metrics.body.contains("oppscale_cluster_nodes 6"), "{}", metrics.body);
    assert_eq!(get(&rig, "/", "bearer good").status, 200);
    // A browser: any user, and "good" as the password.
    assert_eq!(get(&rig, "/", "Basic eDpnb29k").status, 200);
    assert_eq!(get(&rig, "/nowhere", "Bearer good").status, 404);
    for probe in ["/livez", "/readyz", "/healthz"] {
        assert_eq!(get(&rig, probe, "").status, 200);
    }
    // A token is read by nobody on the way.
    assert!(Connection::open(rig.oppscale.web, None).unwrap().get("/livez", &[]).is_err());
    // The metrics API has its own clients.
    assert_eq!(rig.fit().unwrap(), "121");
}

#[test]
fn a_verdict_is_remembered_and_an_outage_delays_nobody() {
    let rig = Rig::start(&ARGS);
    for _ in 0..20 {
        assert_eq!(get(&rig, "/metrics", "Bearer good").status, 200);
        assert_eq!(get(&rig, "/metrics", "Bearer bad").status, 401);
    }
    assert_eq!(reviews(&rig), 2);
    rig.server.always(TOKEN_REVIEWS, ServerAnswer::Silence);
    let start = Instant::now();
    assert_eq!(get(&rig, "/metrics", "Bearer good").status, 200, "it is remembered");
    assert!(start.elapsed() < Duration::from_secs(3));
    let unknown = || get(&rig, "/metrics", "Bearer new");
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..40).map(|_| scope.spawn(unknown)).collect();
        let start = Instant::now();
        assert_eq!(get(&rig, "/livez", "").status, 200);
        assert_eq!(get(&rig, "/metrics", "Bearer good").status, 200);
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        for answer in waiting {
            let answer = answer.join().unwrap();
            assert_eq!(answer.status, 503);
            assert!(answer.body.contains("the API server cannot review the token now"));
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    });
    rig.oppscale.until_logged("reviews", |line| line["reason"] == "TokenReviewFailed");
    assert_eq!(rig.oppscale.log_text().matches("TokenReviewFailed").count(), 1);
    // A refusal of the server's own permission is the server's, not the client's.
    rig.server.always(TOKEN_REVIEWS, ServerAnswer::Recorded("403-pods"));
    assert_eq!(unknown().status, 503);
    rig.server.heal();
    assert_eq!(unknown().status, 401);
}

#[test]
fn invented_tokens_neither_fill_the_memory_nor_displace_a_good_one() {
    let rig = Rig::start(&ARGS);
    assert_eq!(get(&rig, "/metrics", "Bearer good").status, 200);
    let start = Instant::now();
    thread::scope(|scope| {
        for client in 0..16 {
            let rig = &rig;
            scope.spawn(move || {
                let tls = Tls::new(&rig.authority.pem(), None);
                let mut connection = Connection::open(rig.oppscale.web, Some(&tls)).unwrap();
                for number in 0..20 {
                    let token = format!("Bearer {client}-{number}");
                    let headers = [("Authorization", &*token)];
                    assert_eq!(connection.get("/metrics", &headers).unwrap().status, 401);
                }
            });
        }
    });
    // Eight at a time, each for 50 ms.
    assert!(start.elapsed() > Duration::from_millis(1900), "{:?}", start.elapsed());
    let before = reviews(&rig);
    assert_eq!(get(&rig, "/metrics", "Bearer good").status, 200);
    assert_eq!(reviews(&rig), before);
}

/// A token is not read for ever by whoever opened the stream in time.
#[test]
#[ignore = "slow: waits a minute"]
fn events_end_when_the_token_is_to_be_reviewed_again() {
    let rig = Rig::start(&ARGS);
    let tls = Tls::new(&rig.authority.pem(), None);
    let mut connection = Connection::open(rig.oppscale.web, Some(&tls)).unwrap();
    let start = Instant::now();
    let headers = [("Authorization", "Bearer good")];
    assert_eq!(connection.get("/events", &headers).unwrap().status, 200);
    // The length of the first chunk comes before.
    let mut lines: Vec<String> = (0..3).map(|_| connection.line().unwrap()).collect();
    assert_eq!(lines[1], "retry: 100");
    assert!(lines[2].starts_with("data: {"), "{lines:?}");
    while lines.last().is_some_and(|last| last != "0") {
        lines.push(connection.line().unwrap());
    }
    assert!((55..75).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[test]
fn without_an_api_the_port_has_a_certificate_of_its_own() {
    let rig = Rig::start(&["--apis=none", "--http-auth=token-review"]);
    assert_eq!(get(&rig, "/metrics", "Bearer good").status, 200);
    assert_eq!(get(&rig, "/metrics", "").status, 401);
}
