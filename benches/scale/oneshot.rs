//! (b) and (c): the real program against a server, beside a client that throws the same
//! bytes away, and beside kubectl-view-allocations.

use std::process::Command;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use super::generate::Size;
use super::measure::{Cost, cost};
use super::server::Server;

const RUNS: usize = 5;
/// MB of protobuf that a kube-apiserver 1.36 writes in a second: 109 MB in 1.3 to 1.6 s, measured
/// on a machine like this one. Of JSON it is 62 to 91.
const API_SERVER_PACE: usize = 75;

/// (b) A whole cluster, live.
pub fn run(size: Size) {
    println!("(b) one look at {} nodes and {} pods over TLS", size.nodes, size.pods);
    println!("    from a server at the pace of a kube-apiserver, {API_SERVER_PACE} MB/s:");
    beside_download(size, API_SERVER_PACE, 2);
    println!("    from a server that has its answers ready, on the same two cores:");
    beside_download(size, 0, RUNS);
}

fn beside_download(size: Size, pace: usize, runs: usize) {
    let server = Server::start(size, pace);
    let this = std::env::current_exe().unwrap();
    let download = cost(runs, this.to_str().unwrap(), &["child-download", &server.kubeconfig]);
    let top =
        cost(RUNS, env!("CARGO_BIN_EXE_oppscale"), &["top", "--kubeconfig", &server.kubeconfig]);
    line("download only", download);
    line("oppscale top", top);
    println!("    ratio of time            {:.2} times", seconds(top) / seconds(download));
    println!("    peak memory              {:.0} MiB", top.peak_mib);
}

/// (c) Beside kubectl-view-allocations, where it is installed.
pub fn peer(size: Size) {
    const PEER: &str = "kubectl-view-allocations";
    println!("(c) {} nodes and {} pods, beside {PEER}", size.nodes, size.pods);
    if Command::new(PEER).arg("--version").output().is_err() {
        println!("    skipped: {PEER} is not on the PATH (cargo install {PEER})");
        return;
    }
    let server = Server::start(size, 0);
    let top =
        cost(RUNS, env!("CARGO_BIN_EXE_oppscale"), &["top", "--kubeconfig", &server.kubeconfig]);
    let peer = cost(3, PEER, &["--kubeconfig", &server.kubeconfig, "-r", "cpu", "-g", "node"]);
    line(PEER, peer);
    line("oppscale top", top);
    println!(
        "    ratio of CPU             {:.1} times less",
        peer.cpu.as_secs_f64() / top.cpu.as_secs_f64()
    );
    println!("    ratio of peak memory     {:.1} times less", peer.peak_mib / top.peak_mib);
}

fn line(what: &str, cost: Cost) {
    println!(
        "    {what:24} {:6.2} s  {:6.2} s CPU  {:6.0} MiB",
        seconds(cost),
        cost.cpu.as_secs_f64(),
        cost.peak_mib
    );
}

fn seconds(cost: Cost) -> f64 {
    cost.wall.as_secs_f64()
}

/// Downloads the same pages by the same libraries and drops every byte.
pub fn download(kubeconfig: &str) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let kubeconfig = kube::config::Kubeconfig::read_from(kubeconfig).unwrap();
        let options = Default::default();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(
            config.root_cert.into_iter().flatten().map(CertificateDer::from),
        );
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build::<_, Empty<Bytes>>(connector);
        let server = config.cluster_url.to_string();
        let server = server.trim_end_matches('/');
        for path in ["/api/v1/nodes", "/api/v1/pods"] {
            let mut page = 1;
            loop {
                let query = if page == 1 { String::new() } else { format!("&continue={page}") };
                let request = http::Request::get(format!("{server}{path}?limit=500{query}"))
                    .header("accept", "application/vnd.kubernetes.protobuf, application/json")
                    .body(Empty::new())
                    .unwrap();
                let response = client.request(request).await.unwrap();
                if response.status() != 200 {
                    break;
                }
                let mut body = response.into_body();
                while let Some(frame) = body.frame().await {
                    drop(frame.unwrap());
                }
                page += 1;
            }
        }
    });
}
