//! `oppscale top` against a server that refuses, breaks off, keeps silent or talks nonsense.

use insta::assert_snapshot;

use crate::support::answer::{Answer, Framing};
use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::world::World;

const NODES: &str = "/api/v1/nodes";
const PODS: &str = "/api/v1/pods";

/// The API server's own words when it has too much to do.
fn too_busy() -> Answer {
    // A real one says 1; nothing is gained here by waiting.
    let headers = vec![("retry-after", "0"), ("content-type", "text/plain; charset=utf-8")];
    Answer::Raw(429, headers, "Too many requests, please try again later.\n")
}

/// `top` where every request of `path` is answered so.
fn top(path: &str, answer: Answer) -> CommandOutput {
    let server = FakeApiServer::start(World::blog());
    server.always(path, answer);
    TestEnv::of(&server).run(["top", "--request-timeout", "20s"])
}

#[test]
fn refused_pods_leave_a_table_of_nodes_with_question_marks() {
    assert_snapshot!(top(PODS, Answer::Recorded("403-pods")), @r#"
    NODE              STATE  CPU-ALLOCATABLE  CPU-OTHERS  CPU-OPPORTUNISTIC  CPU-REMAINING  MEMORY-ALLOCATABLE  MEMORY-OTHERS  MEMORY-OPPORTUNISTIC  MEMORY-REMAINING  SLOTS   PODS
    fake-00000        Ready               32           ?                  ?              ?                96Gi              ?                     ?                 ?      ?  ?/110
    fake-00001        Ready               32           ?                  ?              ?                96Gi              ?                     ?                 ?      ?  ?/110
    fake-00002        Ready               32           ?                  ?              ?                96Gi              ?                     ?                 ?      ?  ?/110
    fake-00003        Ready               32           ?                  ?              ?                96Gi              ?                     ?                 ?      ?  ?/110
    fake-00004        Ready               32           ?                  ?              ?                96Gi              ?                     ?                 ?      ?  ?/110
    fake-00005        Ready               24           ?                  ?              ?                96Gi              ?                     ?                 ?      ?  ?/110
    usable (6 nodes)                     184           ?                  ?              ?               576Gi              ?                     ?                 ?      ?  ?/660
    all (6 nodes)                        184           ?                  ?              -               576Gi              ?                     ?                 -      ?  ?/660

    replicas of cpu=1 that fit: unknown
    ------- stderr -------
    warning: pods are unknown: list pods: pods is forbidden: User "dev" cannot list resource "pods" in API group "" at the cluster scope (403 Forbidden)
    note: an administrator can grant it:
          kubectl create clusterrole oppscale-view --verb=list,watch --resource=nodes,pods
          kubectl create clusterrolebinding oppscale-view --clusterrole=oppscale-view --user=dev
    [EOF]
    [exit status: 3]
    "#);
}

#[test]
fn refused_pods_are_null_in_json_not_zero() {
    let server = FakeApiServer::start(World::blog());
    server.always(PODS, Answer::Recorded("403-pods"));
    let output = TestEnv::of(&server).run(["top", "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(output.code, Some(3), "{output}");
    let cpu = &json["totals"]["usable"]["resources"]["cpu"];
    assert_snapshot!(cpu, @r#"
    {"allocatable":184000,"requests":null,"others":null,"opportunistic":null,"remaining":null,"free":null}
    "#);
}

#[test]
fn refused_nodes_end_the_run() {
    assert_snapshot!(top(NODES, Answer::Recorded("403-nodes")), @r#"
    ------- stderr -------
    error: list nodes: nodes is forbidden: User "dev" cannot list resource "nodes" in API group "" at the cluster scope (403 Forbidden)
     hint: an administrator can grant it:
           kubectl create clusterrole oppscale-view --verb=list,watch --resource=nodes,pods
           kubectl create clusterrolebinding oppscale-view --clusterrole=oppscale-view --user=dev
    [EOF]
    [exit status: 3]
    "#);
}

#[test]
fn who_is_not_known_is_told_to_log_in() {
    assert_snapshot!(top(NODES, Answer::Recorded("401-unauthorized")), @"
    ------- stderr -------
    error: list nodes: the API server $SERVER does not know who you are (401 Unauthorized)
     hint: log in again; see who you are with: kubectl auth whoami
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn a_server_without_nodes_is_an_error() {
    assert_snapshot!(top(NODES, Answer::Recorded("404-path")), @"
    ------- stderr -------
    error: list nodes: not found on $SERVER (404 page not found)
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn a_list_that_expires_again_and_again_is_given_up() {
    let server = Setup::new(World::blog()).pages_of(40).start();
    server.always(PODS, Answer::Compacted(|_| {}));
    let output = TestEnv::of(&server).run(["top"]);
    assert_snapshot!(output, @"
    ------- stderr -------
    error: list pods: the list expired while it was read, 4 times (410 Gone)
     hint: the cluster changes faster than it can be listed; try again in a moment
    [EOF]
    [exit status: 1]
    ");
    let starts = server.requests().into_iter().filter(|r| r.path == PODS);
    assert_eq!(starts.filter(|r| r.parameter("continue").is_none()).count(), 4);
}

/// A cache in front of the API server that ignores `continue`.
#[test]
fn a_page_that_comes_again_and_again_is_no_list() {
    let page =
        r#"{"kind": "PodList", "apiVersion": "v1", "metadata": {"continue": "next"}, "items": []}"#;
    let json = || vec![("content-type", "application/json")];
    let output = top(PODS, Answer::Raw(200, json(), page));
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.contains("it names itself as its next page"), "{output}");
}

#[test]
fn a_server_that_is_busy_for_a_moment_is_asked_again() {
    let server = FakeApiServer::start(World::blog());
    server.next(PODS, [too_busy(), too_busy()]);
    let output = TestEnv::of(&server).run(["top", "-o", "name"]);
    assert_eq!(output.code, Some(0), "{output}");
    let of_pods = server.requests().into_iter().filter(|request| request.path == PODS);
    assert_eq!(of_pods.count(), 3, "{}", server.log());
}

#[test]
fn a_server_that_stays_busy_is_left_in_peace() {
    let server = FakeApiServer::start(World::blog());
    server.always(PODS, too_busy());
    let output = TestEnv::of(&server).run(["top"]);
    assert_snapshot!(output, @"
    ------- stderr -------
    error: list pods: the API server $SERVER is too busy (429 Too Many Requests): Too many requests, please try again later.
     hint: try again in a moment
    [EOF]
    [exit status: 1]
    ");
    assert_eq!(server.requests().len(), 4, "{}", server.log());
}

#[test]
fn a_server_error_is_told_in_the_servers_words() {
    let body = r#"{"kind":"Status","status":"Failure","message":"etcdserver: no leader"}"#;
    assert_snapshot!(top(PODS, Answer::Raw(500, Vec::new(), body)), @"
    ------- stderr -------
    error: list pods: the API server $SERVER answered 500: etcdserver: no leader
     hint: try again; the API server's log says more
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn an_unavailable_server_is_told_in_its_words() {
    assert_snapshot!(top(PODS, Answer::Recorded("503-aggregator")), @"
    ------- stderr -------
    error: list pods: the API server $SERVER answered 503: service unavailable
     hint: try again; the API server's log says more
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn an_answer_cut_short_of_its_length_is_no_answer() {
    assert_snapshot!(top(PODS, Answer::Cut(Framing::ContentLength)), @"
    ------- stderr -------
    error: list pods: the connection to $SERVER was cut before the answer was whole: unexpected end of file
     hint: try again; if it recurs, a proxy in between may limit time or size
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn an_answer_cut_between_its_chunks_is_no_answer() {
    assert_snapshot!(top(PODS, Answer::Cut(Framing::Chunked)), @"
    ------- stderr -------
    error: list pods: the connection to $SERVER was cut before the answer was whole: unexpected end of file
     hint: try again; if it recurs, a proxy in between may limit time or size
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn a_later_page_that_fails_is_read_again_and_not_the_list() {
    let server = Setup::new(World::blog()).pages_of(40).start();
    let failures = [
        Answer::Serve,
        Answer::Raw(500, Vec::new(), "etcdserver: request timed out"),
        Answer::Cut(Framing::Chunked),
        Answer::HangUp,
        Answer::Serve,
        Answer::Recorded("503-aggregator"),
    ];
    server.next(PODS, failures);
    let output = TestEnv::of(&server).run(["top"]);
    assert_eq!(
        output.stdout,
        TestEnv::of(&FakeApiServer::start(World::blog())).run(["top"]).stdout,
        "{output}"
    );
    let requests = server.requests();
    let pages: Vec<_> = requests.iter().filter(|request| request.path == PODS).collect();
    let starts = pages.iter().filter(|page| page.parameter("continue").is_none()).count();
    assert_eq!((pages.len(), starts), (7, 1), "{}", server.log());
}

#[test]
fn a_later_page_that_fails_again_and_again_leaves_no_half_a_table() {
    let server = Setup::new(World::blog()).pages_of(40).start();
    server.next(PODS, [Answer::Serve]);
    server.always(PODS, Answer::Cut(Framing::Chunked));
    let output = TestEnv::of(&server).run(["top"]);
    assert_snapshot!(output, @"
    ------- stderr -------
    error: list pods: the connection to $SERVER was cut before the answer was whole: unexpected end of file
     hint: try again; if it recurs, a proxy in between may limit time or size
    [EOF]
    [exit status: 1]
    ");
    assert_eq!(server.requests().len(), 6, "{}", server.log());
}

#[test]
fn a_connection_cut_before_the_answer_is_cut_too() {
    assert_snapshot!(top(NODES, Answer::HangUp), @"
    ------- stderr -------
    error: list nodes: the connection to $SERVER was cut before the answer was whole: unexpected end of file
     hint: try again; if it recurs, a proxy in between may limit time or size
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn a_server_that_keeps_silent_times_out() {
    let server = FakeApiServer::start(World::blog());
    server.always(NODES, Answer::Silence);
    let output = TestEnv::of(&server).run(["top", "--request-timeout", "500ms"]);
    assert_snapshot!(output, @"
    ------- stderr -------
    error: list nodes: no answer from $SERVER within 0.5 s
     hint: try again, or wait longer with --request-timeout=2m (0 waits for ever)
    [EOF]
    [exit status: 124]
    ");
}

#[test]
fn a_server_that_falls_silent_in_the_middle_times_out() {
    let server = FakeApiServer::start(World::blog());
    server.always(NODES, Answer::SilenceInTheMiddle);
    let output = TestEnv::of(&server).run(["top", "--request-timeout", "500ms"]);
    assert_snapshot!(output, @"
    ------- stderr -------
    error: list nodes: no answer from $SERVER within 0.5 s
     hint: try again, or wait longer with --request-timeout=2m (0 waits for ever)
    [EOF]
    [exit status: 124]
    ");
}

#[test]
fn a_login_page_is_no_list() {
    let headers = vec![("content-type", "text/html")];
    assert_snapshot!(top(NODES, Answer::Raw(200, headers, "<html>Please log in</html>")), @"
    ------- stderr -------
    error: list nodes: not an API server but something in front of it answered for $SERVER, with an HTML page (200)
     hint: a proxy, gateway or login page: log in there, or see HTTPS_PROXY, NO_PROXY and the server
           of the kubeconfig: kubectl config view --minify
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn json_that_ends_too_soon_is_no_list() {
    let body = r#"{"kind":"PodList","metadata":{},"items":[{"metadata":{"name":"a""#;
    assert_snapshot!(top(PODS, Answer::Raw(200, Vec::new(), body)), @"
    ------- stderr -------
    error: list pods: the answer of $SERVER is not valid: the list is not whole
     hint: is that address an API server, or a proxy's login page?
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn an_empty_answer_is_no_empty_cluster() {
    assert_snapshot!(top(PODS, Answer::Raw(200, Vec::new(), "")), @"
    ------- stderr -------
    error: list pods: the answer of $SERVER is not valid: the list is not whole
     hint: is that address an API server, or a proxy's login page?
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn a_list_of_something_else_is_no_list_of_pods() {
    let body = r#"{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[]}"#;
    assert_snapshot!(top(PODS, Answer::Raw(200, Vec::new(), body)), @"
    ------- stderr -------
    error: list pods: the answer of $SERVER is not valid: it is a ServiceList, not a PodList
     hint: is that address an API server, or a proxy's login page?
    [EOF]
    [exit status: 1]
    ");
}
