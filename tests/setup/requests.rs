//! How many requests each command sends to the API server: docs/requests.md has the table.

use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::request::Request;

use super::checks::server;
use super::hpas::put_filler;

/// A row of the table, for the requests since `before`.
fn row(server: &FakeApiServer, before: usize, command: &str) -> String {
    let requests = &server.requests()[before..];
    let count = |is_meant: &dyn Fn(&Request) -> bool| {
        requests.iter().filter(|request| is_meant(request)).count()
    };
    let lists_of_pods = count(&|request| {
        request.path == "/api/v1/pods" && request.parameter("labelSelector").is_none()
    });
    let reviews = count(&|request| request.path.ends_with("reviews"));
    let dry_runs = count(&|request| request.parameter("dryRun").is_some());
    let writes = count(&Request::is_write);
    let total = requests.len();
    format!("| {command} | {total} | {lists_of_pods} | {reviews} | {dry_runs} | {writes} |\n")
}

/// Renews the table with `OPPSCALE_REGENERATE=1`.
#[test]
fn the_docs_list_the_requests_of_every_command() {
    let server = server();
    put_filler(&server, "electroneum");
    let env = TestEnv::of(&server);
    let mut table = String::from(
        "| command | requests | lists of all pods | access reviews | dry runs | writes |\n\
         |---|---|---|---|---|---|\n",
    );
    let mut run = |name: &str, args: &str| {
        let before = server.requests().len();
        let output = env.run(args.split(' '));
        assert!(matches!(output.code, Some(0 | 1)), "{args}: {output}");
        table += &row(&server, before, name);
    };
    let image = "--image registry.example/oppscale:0.1";
    run("`top`", "top");
    run("`top --workload deployment/NAME`", "top --workload opportunistic/deployment/electroneum");
    run("`check` before `init`", "check");
    run("`init --dry-run=server`", &format!("init {image} --dry-run=server"));
    run("`init`, new", &format!("init {image} --yes"));
    run("`init`, unchanged", &format!("init {image} --yes"));
    run("`check`, 1 HPA", "check");
    for number in 1..20 {
        put_filler(&server, &format!("filler-{number}"));
    }
    run("`check`, 20 HPAs", "check");
    run("`certs status`", "certs status");
    run("`kubeconfig --serviceaccount NAME`", "kubeconfig --serviceaccount oppscale");
    run("`uninstall --dry-run`", "uninstall --dry-run");
    run("`uninstall --yes`", "uninstall --yes");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/requests.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once("<!-- requests -->\n").unwrap();
    let (found, after) = rest.split_once("<!-- /requests -->\n").unwrap();
    if found != table && std::env::var_os("OPPSCALE_REGENERATE").is_some() {
        let page = format!("{before}<!-- requests -->\n{table}<!-- /requests -->\n{after}");
        return std::fs::write(path, page).unwrap();
    }
    assert_eq!(found, table);
}
