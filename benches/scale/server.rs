//! An API server that has its answers ready: what is measured is the client.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::generate::{self, Size};
use super::protobuf;
use super::watch::Watches;

/// As in `oppscale_cluster`, and kubectl.
const PAGE: usize = 500;

/// A running server; ends when dropped.
pub struct Server {
    child: Child,
    said: BufReader<ChildStdout>,
    pub kubeconfig: String,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts one that holds a cluster of this size, and writes `pace` MB a second; 0 is as
    /// fast as it can.
    pub fn start(size: Size, pace: usize) -> Self {
        Self::start_with(size, pace, &serde_json::json!({}))
    }

    /// Starts one that also has `others`: lists of other objects, by path.
    pub fn start_with(size: Size, pace: usize, others: &serde_json::Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("others.json"), others.to_string()).unwrap();
        let path = folder.path().to_str().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child-serve", path, &size.nodes.to_string(), &size.pods.to_string()])
            .arg(pace.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // The server says one line once it listens.
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        let mut said = BufReader::new(stdout);
        said.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "ready");
        let kubeconfig = format!("{path}/kubeconfig");
        Self { child, said, kubeconfig, _folder: folder }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Tells the server what to do, in the words of `watch`.
    pub fn tell(&mut self, words: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{words}").unwrap();
    }

    /// Makes it stream its lists.
    pub fn stream_lists(&mut self) {
        self.tell("stream");
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "streaming");
    }
}

/// Serves until killed.
pub fn child(folder: &str, size: Size, pace: usize) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let answers = Arc::new(answers(Path::new(folder), size));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let watches = Watches::start(size);
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let acceptor = certificate(Path::new(folder), listener.local_addr().unwrap().port());
        println!("ready");
        std::io::stdout().flush().unwrap();
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let (acceptor, answers) = (acceptor.clone(), Arc::clone(&answers));
            let watches = Arc::clone(&watches);
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = service_fn(|request| {
                    answer(Arc::clone(&answers), Arc::clone(&watches), pace, request)
                });
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
}

/// An answer in JSON, and in protobuf if it can be had so.
type Encoded = (Bytes, Option<Bytes>);

/// Every answer, by path and the page's number; page 0 is the whole list.
fn answers(folder: &Path, size: Size) -> HashMap<(String, usize), Encoded> {
    let others = std::fs::read(folder.join("others.json")).unwrap();
    let others: HashMap<String, serde_json::Value> = serde_json::from_slice(&others).unwrap();
    let mut answers: HashMap<(String, usize), Encoded> = others
        .into_iter()
        .map(|(path, list)| ((path, 1), (list.to_string().into(), None)))
        .collect();
    let encoded = |list: String| {
        let binary = protobuf::object(&serde_json::from_str(&list).unwrap()).unwrap();
        (Bytes::from(list), Some(Bytes::from(binary)))
    };
    let nodes: Vec<_> = (0..size.nodes).map(generate::node).collect();
    let pods: Vec<_> = (0..size.pods).map(|number| generate::pod(number, size.nodes)).collect();
    for (path, kind, items) in [("/api/v1/nodes", "Node", &nodes), ("/api/v1/pods", "Pod", &pods)] {
        let pages = items.len().div_ceil(PAGE);
        for (page, items) in items.chunks(PAGE).enumerate() {
            let token = (page + 1 < pages).then(|| (page + 2).to_string());
            let list = generate::list(kind, items, token.as_deref());
            answers.insert((path.to_owned(), page + 1), encoded(list));
        }
        // The whole list costs its size again; only the peer asks for it.
        if items.len() <= super::MEDIUM.pods {
            answers.insert((path.to_owned(), 0), encoded(generate::list(kind, items, None)));
        }
    }
    answers
}

async fn answer(
    answers: Arc<HashMap<(String, usize), Encoded>>,
    watches: Arc<Watches>,
    pace: usize,
    request: Request<hyper::body::Incoming>,
) -> Result<Response<UnsyncBoxBody<Bytes, Infallible>>, Infallible> {
    let query = request.uri().query().unwrap_or_default();
    let value =
        |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let page = match (value("continue"), value("limit")) {
        (Some(token), _) => token.parse().unwrap_or(0),
        (None, Some(_)) => 1,
        (None, None) => 0,
    };
    let path = request.uri().path();
    let accept = request.headers().get("accept").and_then(|accept| accept.to_str().ok());
    let wants_protobuf = accept.is_some_and(|accept| accept.contains(protobuf::MEDIA_TYPE));
    if value("watch").is_some() {
        let life = value("timeoutSeconds").and_then(|life| life.parse().ok());
        let is_list = value("sendInitialEvents").is_some();
        return Ok(watches.open(path, is_list, life, wants_protobuf));
    }
    if path == "/version" {
        let version = r#"{"gitVersion":"v1.36.2","minor":"36"}"#;
        let version = version.replace("36", if watches.is_streaming() { "36" } else { "33" });
        return Ok(Response::new(Full::new(version.into()).boxed_unsync()));
    }
    let encoded = answers.iter().find(|((known, number), _)| *known == path && *number == page);
    let body =
        encoded.map(|(_, (json, binary))| match binary.as_ref().filter(|_| wants_protobuf) {
            Some(binary) => (protobuf::MEDIA_TYPE, binary),
            None => ("application/json", json),
        });
    if let Some((_, body)) = body
        && pace > 0
    {
        let micros = body.len() / pace;
        tokio::time::sleep(std::time::Duration::from_micros(micros as u64)).await;
    }
    let content_type = body.map_or("application/json", |(content_type, _)| content_type);
    let response = Response::builder().header("content-type", content_type);
    Ok(match body {
        Some((_, body)) => response.body(Full::new(body.clone()).boxed_unsync()),
        None => response
            .status(StatusCode::NOT_FOUND)
            .body(Full::new(Bytes::from_static(b"{}")).boxed_unsync()),
    }
    .unwrap())
}

/// A certificate of its own, and a kubeconfig that trusts it.
fn certificate(folder: &Path, port: u16) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, certificate.pem()).unwrap();
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: bench\n\
         clusters: [{{name: bench, cluster: {{server: 'https://127.0.0.1:{port}', certificate-authority: '{}'}}}}]\n\
         contexts: [{{name: bench, context: {{cluster: bench, user: bench}}}}]\n\
         users: [{{name: bench, user: {{token: bench}}}}]\n",
        ca.display()
    );
    std::fs::write(folder.join("kubeconfig"), kubeconfig).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
