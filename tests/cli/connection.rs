//! Which server is asked, and what is said when that does not work.

use std::io::{Read, Write};
use std::net::TcpListener;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::authority::{Authority, ServerName};
use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::fixture;
use crate::support::kubeconfig::Kubeconfig;
use crate::support::world::World;

use super::{NAMES, names_and};

/// Reads `server` with this cluster entry instead of the right one.
fn top_with_cluster(server: &FakeApiServer, cluster: Value) -> CommandOutput {
    let kubeconfig = Kubeconfig::new("c")
        .cluster("c", cluster)
        .user("u", json!({}))
        .context("c", json!({"cluster": "c", "user": "u"}));
    TestEnv::with(server, &kubeconfig).run(NAMES)
}

#[test]
fn a_self_signed_server_without_its_ca_is_not_trusted() {
    let server = FakeApiServer::start(World::nodes_alone());
    assert_snapshot!(top_with_cluster(&server, json!({"server": server.url()})), @"
    ------- stderr -------
    error: cannot trust the API server $SERVER: invalid peer certificate: UnknownIssuer
     hint: the kubeconfig's certificate-authority must be the one that signed the server's
           certificate; the server name must be in it, and neither may have expired
    [EOF]
    [exit status: 1]
    ");
    assert!(server.requests().is_empty());
}

#[test]
fn a_server_of_another_ca_is_not_trusted() {
    let server = FakeApiServer::start(World::nodes_alone());
    let env = TestEnv::of(&server);
    env.write(".kube/ca.crt", &Authority::new("another CA").pem());
    assert_snapshot!(env.run(NAMES), @"
    ------- stderr -------
    error: cannot trust the API server $SERVER: invalid peer certificate: UnknownIssuer
     hint: the kubeconfig's certificate-authority must be the one that signed the server's
           certificate; the server name must be in it, and neither may have expired
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn a_certificate_of_another_name_is_not_trusted_unless_it_is_named() {
    let server = Setup::new(World::nodes_alone()).certificate(ServerName::Other).start();
    assert_snapshot!(TestEnv::of(&server).run(NAMES), @r#"
    ------- stderr -------
    error: cannot trust the API server $SERVER: invalid peer certificate: certificate not valid for name "127.0.0.1"; certificate is only valid for DnsName("elsewhere.example")
     hint: the kubeconfig's certificate-authority must be the one that signed the server's
           certificate; the server name must be in it, and neither may have expired
    [EOF]
    [exit status: 1]
    "#);
    let named = json!({
        "server": server.url(), "certificate-authority": "ca.crt",
        "tls-server-name": "elsewhere.example"
    });
    let output = top_with_cluster(&server, named);
    assert_eq!(output.code, Some(0), "{output}");
}

#[test]
fn an_expired_certificate_is_not_trusted() {
    let server = Setup::new(World::nodes_alone()).certificate(ServerName::Expired).start();
    let output = TestEnv::of(&server).run(NAMES);
    assert_snapshot!(output, @"
    ------- stderr -------
    error: cannot trust the API server $SERVER: its certificate has expired
     hint: the kubeconfig's certificate-authority must be the one that signed the server's
           certificate; the server name must be in it, and neither may have expired
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn a_server_need_not_be_trusted_when_the_kubeconfig_says_so() {
    let server = FakeApiServer::start(World::nodes_alone());
    let cluster = json!({"server": server.url(), "insecure-skip-tls-verify": true});
    let output = top_with_cluster(&server, cluster);
    assert_eq!(output.code, Some(0), "{output}");
}

#[test]
fn a_server_without_tls_is_read_when_its_url_says_http() {
    let server = Setup::new(World::nodes_alone()).plain().start();
    let output = TestEnv::of(&server).run(NAMES);
    assert_eq!(output.code, Some(0), "{output}");
}

#[test]
fn a_server_that_speaks_no_tls_is_no_https_server() {
    let server = Setup::new(World::nodes_alone()).plain().start();
    let url = server.url().replace("http:", "https:");
    let mut env = TestEnv::new();
    env.call(url.clone(), "$SERVER");
    env.write(".kube/config", &lonely(&url).text());
    assert_snapshot!(env.run(NAMES), @"
    ------- stderr -------
    error: cannot speak TLS with the API server $SERVER: received corrupt message of type InvalidContentType
     hint: is that the https port of an API server? Compare: kubectl cluster-info
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn a_cluster_below_a_path_is_read_there() {
    let server = Setup::new(World::nodes_alone()).below("/k8s/clusters/c-m-x7f").start();
    let output = TestEnv::of(&server).run(NAMES);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(server.requests()[0].path, "/api/v1/nodes");
}

#[test]
fn a_refused_connection_names_the_server() {
    // Bound, so nobody else has the port, but nobody listens.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _context = runtime.enter();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("https://{}", socket.local_addr().unwrap());
    let mut env = TestEnv::new();
    env.call(url.clone(), "$SERVER");
    env.write(".kube/config", &lonely(&url).text());
    assert_snapshot!(env.run(NAMES), @"
    ------- stderr -------
    error: cannot reach the API server $SERVER: Connection refused (os error 111)
     hint: is the cluster up, and the VPN or proxy on? Compare: kubectl version
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn a_server_that_never_shakes_hands_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let mut env = TestEnv::new();
    env.call(url.clone(), "$SERVER");
    env.write(".kube/config", &lonely(&url).text());
    assert_snapshot!(env.run(names_and(&["--request-timeout", "300ms"])), @"
    ------- stderr -------
    error: list nodes: no answer from $SERVER within 0.3 s
     hint: try again, or wait longer with --request-timeout=2m (0 waits for ever)
    [EOF]
    [exit status: 124]
    ");
}

#[test]
fn a_server_that_speaks_no_http_is_no_api_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Before the request has come, an answer would be a surprise of another kind.
        stream.read_exact(&mut [0; 4]).unwrap();
        stream.write_all(b"220 mail.example ESMTP\r\n").unwrap();
        // Open until the client has read it and goes.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let mut env = TestEnv::new();
    env.call(url.clone(), "$SERVER");
    env.write(".kube/config", &lonely(&url).text());
    assert_snapshot!(env.run(NAMES), @"
    ------- stderr -------
    error: list nodes: the answer of $SERVER is not valid: invalid HTTP version parsed
     hint: is that address an API server, or a proxy's login page?
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn a_page_of_a_proxy_is_told_from_an_answer() {
    let page =
        "<!DOCTYPE html>\n<HTML><head>\n<Title class=\"x\">Sign in\n to Example </Title></head>";
    for (code, text) in [(200, "200"), (302, "302"), (403, "403"), (404, "404"), (502, "502")] {
        let server = FakeApiServer::start(World::blog());
        let html = vec![("content-type", "text/html; charset=utf-8")];
        server.always("/api/v1/nodes", Answer::Raw(code, html, page));
        let output = TestEnv::of(&server).run(NAMES);
        let expected = format!(
            "error: list nodes: not an API server but something in front of it answered for $SERVER, with \
             an HTML page ({text}, titled \"Sign in to Example\")\n hint: a proxy, gateway or login page"
        );
        assert!(output.stderr.starts_with(&expected), "{output}");
        assert_eq!(output.code, Some(1), "{output}");
    }
    // One that does not say what it is.
    let server = FakeApiServer::start(World::blog());
    server.always("/api/v1/nodes", Answer::Raw(500, Vec::new(), "\n<html><body>no</body>"));
    let output = TestEnv::of(&server).run(NAMES);
    assert!(
        output.stderr.contains("an HTML page, as a proxy or a login page sends it"),
        "{output}"
    );
}

/// A kubeconfig that knows only an address.
fn lonely(url: &str) -> Kubeconfig {
    Kubeconfig::new("c")
        .cluster("c", json!({"server": url}))
        .user("u", json!({}))
        .context("c", json!({"cluster": "c", "user": "u"}))
}

#[test]
fn without_a_kubeconfig_there_is_a_way_out() {
    assert_snapshot!(TestEnv::new().run(["top"]), @"
    ------- stderr -------
    error: no cluster to talk to: $HOME/.kube/config does not exist
     hint: name a kubeconfig with --kubeconfig or KUBECONFIG
     hint: top can also read a saved list:
           kubectl get nodes,pods -A -o json | oppscale top --from -
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn the_way_out_without_a_kubeconfig_is_that_of_the_command() {
    let hpa = fixture("hpa/s04-cpu.yaml").display().to_string();
    for (args, way_out) in [
        (&["top"][..], Some("top --from -")),
        (&["check", "-f", &hpa], Some("--only leftovers,OPP-HPA-001")),
        (&["render-hpa", "--image", "i"], Some("render-hpa --from -")),
        (&["init", "--image", "i", "--yes"], Some("--dry-run=client")),
        (&["uninstall", "--yes"], None),
        (&["check"], None),
        (&["why", "filler"], None),
    ] {
        let output = TestEnv::new().run(args.iter().copied());
        assert!(output.stderr.contains("name a kubeconfig with --kubeconfig"), "{output}");
        let check = "--only leftovers,OPP-HPA-001";
        let ways = ["top --from -", "render-hpa --from -", "--dry-run=client", check];
        for way in ways {
            assert_eq!(output.stderr.contains(way), way_out == Some(way), "{output}");
        }
    }
}

#[test]
fn a_kubeconfig_that_is_not_there_is_named() {
    assert_snapshot!(TestEnv::new().run(["top", "--kubeconfig", "none"]), @"
    ------- stderr -------
    error: no cluster to talk to: none does not exist
     hint: name a kubeconfig with --kubeconfig or KUBECONFIG
     hint: top can also read a saved list:
           kubectl get nodes,pods -A -o json | oppscale top --from -
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn a_kubeconfig_that_is_no_yaml_is_an_error_that_shows_no_token() {
    let env = TestEnv::new();
    env.write("broken", "users: [{name: me, user: {token: s3cret}}]\nclusters: [\n");
    let output = env.run(["top", "--kubeconfig", "broken"]);
    assert_snapshot!(output, @"
    ------- stderr -------
    error: cannot use the kubeconfig: broken: did not find expected node content, while parsing a flow node at line 3
     hint: see what it holds: kubectl config view; kubectl config get-contexts
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn an_unknown_context_is_named() {
    let server = FakeApiServer::start(World::nodes_alone());
    assert_snapshot!(TestEnv::of(&server).run(["top", "--context", "none"]), @r#"
    ------- stderr -------
    error: cannot use the kubeconfig: it has no context "none"
     hint: it has the contexts fake
    [EOF]
    [exit status: 1]
    "#);
}

#[test]
fn an_unknown_cluster_or_user_is_named() {
    let server = FakeApiServer::start(World::nodes_alone());
    assert_snapshot!(TestEnv::of(&server).run(["top", "--cluster", "none"]), @r#"
    ------- stderr -------
    error: cannot use the kubeconfig: it has no cluster "none"
     hint: it has the clusters fake
    [EOF]
    [exit status: 1]
    "#);
    // As nobody, one would be refused or, worse, see another picture.
    assert_snapshot!(TestEnv::of(&server).run(["top", "--user", "none"]), @r#"
    ------- stderr -------
    error: cannot use the kubeconfig: it has no user "none"
     hint: it has the users fake
    [EOF]
    [exit status: 1]
    "#);
    assert!(server.requests().is_empty());
}

#[test]
fn a_context_chooses_cluster_and_user() {
    let (idle, busy) = two_clusters();
    let env = with_two_clusters(&idle, &busy);
    assert_eq!(env.run(names_and(&["--context", "busy"])).code, Some(0));
    assert!(idle.requests().is_empty());
    assert_eq!(busy.requests()[0].header("authorization"), ["Bearer b"]);
}

#[test]
fn cluster_and_user_can_be_chosen_one_by_one() {
    let (idle, busy) = two_clusters();
    let env = with_two_clusters(&idle, &busy);
    let output = env.run(names_and(&["--cluster", "busy", "--user", "busy"]));
    assert_eq!(output.code, Some(0), "{output}");
    assert!(idle.requests().is_empty());
    // The user of the current context stays where only the cluster is chosen.
    let output = env.run(names_and(&["--cluster", "busy"]));
    assert_eq!(output.code, Some(1), "{output}");
    assert_eq!(busy.requests().last().unwrap().header("authorization"), ["Bearer a"]);
}

fn two_clusters() -> (FakeApiServer, FakeApiServer) {
    let idle = Setup::new(World::nodes_alone()).for_token("a").start();
    let busy = Setup::new(World::nodes_alone()).for_token("b").start();
    (idle, busy)
}

/// Two contexts, `idle` the current one.
fn with_two_clusters(idle: &FakeApiServer, busy: &FakeApiServer) -> TestEnv {
    let kubeconfig = Kubeconfig::new("idle")
        .cluster("idle", json!({"server": idle.url(), "insecure-skip-tls-verify": true}))
        .cluster("busy", json!({"server": busy.url(), "insecure-skip-tls-verify": true}))
        .user("idle", json!({"token": "a"}))
        .user("busy", json!({"token": "b"}))
        .context("idle", json!({"cluster": "idle", "user": "idle"}))
        .context("busy", json!({"cluster": "busy", "user": "busy"}));
    TestEnv::with(idle, &kubeconfig)
}
