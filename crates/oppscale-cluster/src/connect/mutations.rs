//! Mutated kubeconfigs: whatever stands in one, it is read or refused, without a panic.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ConnectOptions;
use super::connection::{Connection, Credentials};
use super::kubeconfig::Kubeconfig;
use super::proxy::ProxyEnvironment;

/// What people and machines leave in kubeconfigs, and what parsers dislike.
const PIECES: &[&str] = &[
    "\n",
    "\r\n",
    "\t",
    " ",
    "\0",
    "\u{1b}[1m",
    "\u{feff}",
    "\u{e9}",
    "\u{1f600}",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    ":",
    "://",
    "//",
    "/",
    "?",
    "#",
    "@",
    "%",
    "%0a",
    "%zz",
    "&a",
    "*a",
    "<<: ",
    "- ",
    "--- ",
    "null",
    "~",
    "yes",
    "0o17",
    "1e999",
    "-1",
    "99999",
    "65536",
    "[::1]",
    "[",
    "*",
    "localhost",
    "http://",
    "https://",
    "HTTPS://",
    "socks5://",
    "ftp://",
    "unix:///x",
    "a b",
    "name",
    "=",
    "====",
    "AAAA",
    "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----",
    "v1",
    "v1beta1",
    "Always",
    "gcp",
    "oidc",
    "a.eyJleHAiOiAxfQ.b",
    "a.e30.b",
];

fn seeds() -> Vec<String> {
    let pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let users = [
        "token: abc".to_owned(),
        "tokenFile: none, token: abc".to_owned(),
        "username: u, password: p".to_owned(),
        format!("client-certificate-data: {0}, client-key-data: {0}", STANDARD.encode(pem)),
        "as: jane, as-uid: '1', as-groups: [a], as-user-extra: {Scope/x: [b]}".to_owned(),
        "auth-provider: {name: oidc, config: {id-token: a.eyJleHAiOiA5OTk5OTk5OTk5fQ.b}}".to_owned(),
        "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./x, \
         args: [a], env: [{name: A, value: b}], provideClusterInfo: true, installHint: hint}"
            .to_owned(),
    ];
    let clusters = [
        "server: 'https://user:pass@api.example:6443/prefix/?a=b#c'".to_owned(),
        "server: 127.0.0.1:8080".to_owned(),
        "server: 'https://[fd00::1]:6443', tls-server-name: api.example".to_owned(),
        "server: https://api.example, insecure-skip-tls-verify: true, disable-compression: true"
            .to_owned(),
        "server: https://api.example, proxy-url: 'socks5://u:p@proxy.example:1080'".to_owned(),
        format!(
            "server: https://api.example, certificate-authority-data: {}",
            STANDARD.encode(pem)
        ),
        "server: https://api.example, extensions: [{name: client.authentication.k8s.io/exec, \
         extension: {audience: [1, null, {}]}}]"
            .to_owned(),
    ];
    let all = users.iter().flat_map(|user| clusters.iter().map(move |cluster| (user, cluster)));
    all.map(|(user, cluster)| {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: c\n  cluster: \
             {{{cluster}}}\nusers:\n- name: u\n  user: {{{user}}}\ncontexts:\n- name: c\n  \
             context: {{cluster: c, user: u, namespace: space}}\n"
        )
    })
    .collect()
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let end = (at + random.below(12)).min(bytes.len());
    match random.below(5) {
        0 => drop(bytes.drain(at..end)),
        1 => drop(bytes.splice(at..end, PIECES[random.below(PIECES.len())].bytes())),
        2 => drop(bytes.splice(at..at, PIECES[random.below(PIECES.len())].bytes())),
        3 => {
            let piece = bytes[at..end].to_vec();
            let to = random.below(bytes.len() + 1);
            drop(bytes.splice(to..to, piece));
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
    }
}

#[tokio::test]
async fn no_kubeconfig_panics() {
    mutated(3_000).await;
}

#[tokio::test]
#[ignore = "slow: enough to meet every field of the seeds with every piece"]
async fn no_kubeconfig_of_many_panics() {
    mutated(30_000).await;
}

/// Connects by so many kubeconfigs that are almost right.
async fn mutated(rounds: usize) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let seeds = seeds();
    for seed in &seeds {
        Kubeconfig::parse(seed.clone().into_bytes(), Path::new("config")).unwrap();
    }
    let mut random = Random(14);
    let (mut read, mut connected) = (0, 0);
    for round in 0..rounds {
        let mut bytes = seeds[round % seeds.len()].clone().into_bytes();
        for _ in 0..random.below(4) {
            mutate(&mut bytes, &mut random);
        }
        let Ok(kubeconfig) = Kubeconfig::parse(bytes.clone(), Path::new("dir/config")) else {
            continue;
        };
        read += 1;
        let piece = PIECES[random.below(PIECES.len())].to_owned();
        let environment =
            ProxyEnvironment { http: piece.clone(), https: piece.clone(), none: piece.clone() };
        let options = match random.below(4) {
            0 => ConnectOptions { server: Some(piece), ..ConnectOptions::default() },
            1 => ConnectOptions { token: Some(piece), ..ConnectOptions::default() },
            2 => ConnectOptions { impersonate: Some(piece), ..ConnectOptions::default() },
            _ => ConnectOptions::default(),
        };
        let Ok(connection) = Connection::new(&kubeconfig, &options, &environment) else { continue };
        connected += 1;
        // TLS takes its time to be set up.
        if connected % 50 == 0 {
            let client = connection.client(&Credentials::default());
            if let Ok(client) = client {
                let request = ::http::Request::get("/api/v1/nodes?limit=1").body(Vec::new());
                // It is made, not sent: the future is dropped before anything is looked up.
                drop(client.request_text(request.unwrap()));
            }
        }
    }
    // Mutations that break every kubeconfig would test nothing.
    assert!(read > rounds / 3 && connected > rounds / 20, "{read} read, {connected} connected");
}
