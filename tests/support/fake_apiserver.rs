//! An API server on the loopback interface: HTTP or TLS, recorded objects, and faults.
//!
//! It serves from a thread of its own until it is dropped. Faults are scripted by path:
//! the first request takes the first answer, and so on; then what [`FakeApiServer::always`]
//! said, or what a healthy server says.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use http::Response;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::answer::{self, Answer};
use super::authority::{Authority, Identity, ServerName};
use super::body::Body;
use super::protobuf;
use super::request::Request;
use super::review;
use super::routes::{self, Paging};
pub use super::setup::Setup;
use super::store::Store;
use super::watch::{self, Edit, Ending, Watches, What};
use super::world::World;

/// Far longer than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that runs.
pub struct FakeApiServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    authority: Option<Authority>,
    tls: Option<ServerName>,
    prefix: &'static str,
    /// Dropped last, and with it the server; `None` while it is down.
    runtime: Option<tokio::runtime::Runtime>,
}

struct Shared {
    world: Mutex<World>,
    paging: Mutex<Paging>,
    scripts: Mutex<HashMap<String, Script>>,
    watches: Arc<Watches>,
    /// `None` for a server that only serves its world.
    store: Option<Store>,
    requests: Mutex<Vec<Request>>,
    arrival: Condvar,
    token: Mutex<Option<String>>,
    demands_certificate: bool,
    prefix: &'static str,
    speaks_protobuf: bool,
}

struct Script {
    next: VecDeque<Answer>,
    then: Answer,
}

impl FakeApiServer {
    /// A healthy server with TLS.
    pub fn start(world: World) -> Self {
        Setup::new(world).start()
    }

    pub(super) fn of(setup: Setup) -> Self {
        let authority = setup.tls.map(|_| Authority::new("the cluster's CA"));
        let shared = Arc::new(Shared {
            watches: Arc::new(Watches::new(setup.paging.revision, setup.streams)),
            world: Mutex::new(setup.world),
            paging: Mutex::new(setup.paging),
            scripts: Mutex::default(),
            store: setup.stores.then(Store::default),
            requests: Mutex::default(),
            arrival: Condvar::new(),
            token: Mutex::new(setup.token.map(str::to_owned)),
            demands_certificate: setup.demands_certificate,
            prefix: setup.prefix,
            speaks_protobuf: setup.speaks_protobuf,
        });
        let mut server = Self {
            shared,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            authority,
            tls: setup.tls,
            prefix: setup.prefix,
            runtime: None,
        };
        server.restart();
        server
    }

    /// Ends it with all its connections, as a killed process does.
    pub fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }

    /// Starts it (again), where it was before.
    pub fn restart(&mut self) {
        self.kill();
        let acceptor = self.authority.as_ref().zip(self.tls);
        let acceptor = acceptor.map(|(authority, name)| TlsAcceptor::from(authority.tls(name)));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind(self.address)).unwrap();
        self.address = listener.local_addr().unwrap();
        runtime.spawn(accept(listener, acceptor, Arc::clone(&self.shared)));
        self.runtime = Some(runtime);
    }

    /// The objects that it stores.
    pub fn store(&self) -> &Store {
        self.shared.store.as_ref().unwrap()
    }

    /// The requests so far that change something, one a line.
    pub fn writes(&self) -> Vec<String> {
        self.requests()
            .iter()
            .filter(|r| r.is_write())
            .map(|r| format!("{} {}", r.method, r.path))
            .collect()
    }

    /// Changes what it holds; those who watch are told.
    pub fn change(&self, change: impl FnOnce(&mut World)) {
        self.shared.watches.change(&mut self.shared.world.lock().unwrap(), change);
    }

    /// Makes one change in a list such as `pods`; those who watch are told.
    pub fn edit(&self, path: &'static str, edit: Edit) {
        self.shared.watches.edit(&mut self.shared.world.lock().unwrap(), path, edit);
    }

    /// Changes one object of a list, by its place there.
    pub fn change_one(&self, path: &'static str, at: usize, change: impl FnOnce(&mut Value)) {
        let mut world = self.shared.world.lock().unwrap();
        let mut object = world.collection_mut(path)[at].clone();
        change(&mut object);
        self.shared.watches.edit(&mut world, path, Edit::Replace(at, object));
    }

    /// Ends all watches so.
    pub fn end_watches(&self, ending: Ending) {
        self.shared.watches.end(ending);
    }

    /// Whether watches, those of now and later ones, say nothing any more.
    pub fn silence_watches(&self, is_silent: bool) {
        self.shared.watches.control.send_modify(|control| control.is_silent = is_silent);
    }

    /// Forgets what was before now: watches from there, and continue tokens, have expired.
    pub fn compact(&self) {
        let mut history = self.shared.watches.history.lock().unwrap();
        history.oldest = history.revision + 1;
        history.revision += 1;
        self.shared.paging.lock().unwrap().epoch += 1;
    }

    /// Only this token is known from now on.
    pub fn rotate_token(&self, token: &str) {
        *self.shared.token.lock().unwrap() = Some(token.to_owned());
    }

    /// Its URL.
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{}", self.address, self.prefix)
    }

    /// The certificate of its authority.
    pub fn ca_pem(&self) -> Option<String> {
        self.authority.as_ref().map(Authority::pem)
    }

    /// A client certificate that it knows.
    pub fn user(&self, name: &str) -> Identity {
        self.authority.as_ref().unwrap().user(name)
    }

    /// Answers the next requests of `path` so, and then as before.
    pub fn next(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        let mut scripts = self.shared.scripts.lock().unwrap();
        scripts.entry(path.to_owned()).or_insert_with(Script::healthy).next.extend(answers);
    }

    /// Answers every request of `path` so; `PATH?watch` are watches, `PATH?stream` streamed lists.
    pub fn always(&self, path: &str, answer: Answer) {
        let mut scripts = self.shared.scripts.lock().unwrap();
        scripts.entry(path.to_owned()).or_insert_with(Script::healthy).then = answer;
    }

    /// Answers every request as a healthy server does.
    pub fn heal(&self) {
        self.shared.scripts.lock().unwrap().clear();
    }

    /// The requests so far, in the order in which they came.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The requests so far, one a line.
    pub fn log(&self) -> String {
        self.requests().iter().map(|request| format!("{request}\n")).collect()
    }

    /// Waits until a request of `path` has come.
    pub fn wait_for(&self, path: &str) {
        let requests = self.shared.requests.lock().unwrap();
        let none = |seen: &mut Vec<Request>| !seen.iter().any(|request| request.path == path);
        let (_seen, waited) =
            self.shared.arrival.wait_timeout_while(requests, PATIENCE, none).unwrap();
        assert!(!waited.timed_out(), "nobody asked for {path}");
    }
}

impl Script {
    fn healthy() -> Self {
        Self { next: VecDeque::new(), then: Answer::Serve }
    }
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        tokio::spawn(connection(stream, acceptor.clone(), Arc::clone(&shared)));
    }
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>, shared: Arc<Shared>) {
    match acceptor {
        None => exchange(stream, false, shared).await,
        // A client that does not trust this server ends the handshake; that is its affair.
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                let certificate = stream.get_ref().1.peer_certificates().is_some();
                exchange(stream, certificate, shared).await;
            }
        }
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    certificate: bool,
    shared: Arc<Shared>,
) {
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let (parts, body) = request.into_parts();
        let mut request = Request::new(parts.method, &parts.uri, parts.headers, certificate);
        let shared = Arc::clone(&shared);
        async move {
            let sent = body.collect().await.map_err(io::Error::other)?;
            request.body = sent.to_bytes().into();
            shared.answer(request).await
        }
    });
    // Cut connections are what some tests are about.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Shared {
    /// The answer to a request; an error hangs up.
    async fn answer(&self, mut request: Request) -> io::Result<Response<Body>> {
        let path = request.path.strip_prefix(self.prefix);
        let known = path.is_some();
        request.path = path.unwrap_or(&request.path).to_owned();
        self.requests.lock().unwrap().push(request.clone());
        self.arrival.notify_all();
        if !known {
            return Ok(answer::recorded("404-path"));
        }
        if !self.knows(&request) {
            return Ok(answer::recorded("401-unauthorized"));
        }
        let is_watch = matches!(request.parameter("watch"), Some("1" | "true"));
        let is_stream = request.parameter("sendInitialEvents") == Some("true");
        let answer = match is_watch {
            true if is_stream && self.has_script(&format!("{}?stream", request.path)) => {
                self.scripted(&format!("{}?stream", request.path))
            }
            true => self.scripted(&format!("{}?watch", request.path)),
            false => self.scripted(&request.path),
        };
        if let Answer::Compacted(change) = &answer {
            change(&mut self.world.lock().unwrap());
            self.paging.lock().unwrap().epoch += 1;
        }
        Ok(match answer {
            Answer::Serve | Answer::Compacted(_) => self.serve(&request).await,
            Answer::Recorded(name) => answer::recorded(name),
            Answer::Endless(status) => answer::endless(status),
            Answer::Raw(status, headers, body) => answer::raw(status, &headers, body),
            Answer::HangUp => return Err(io::Error::other("hung up")),
            Answer::Cut(framing) => answer::cut(self.serve(&request).await, framing).await,
            Answer::Silence => std::future::pending().await,
            Answer::SilenceInTheMiddle => {
                answer::silent_in_the_middle(self.serve(&request).await).await
            }
        })
    }

    fn has_script(&self, path: &str) -> bool {
        self.scripts.lock().unwrap().contains_key(path)
    }

    fn scripted(&self, path: &str) -> Answer {
        match self.scripts.lock().unwrap().get_mut(path) {
            Some(script) => script.next.pop_front().unwrap_or_else(|| script.then.clone()),
            None => Answer::Serve,
        }
    }

    fn knows(&self, request: &Request) -> bool {
        let token = self.token.lock().unwrap();
        let bears = |token| request.header("authorization") == [format!("Bearer {token}")];
        token.as_ref().is_none_or(bears)
            && (!self.demands_certificate || request.client_certificate)
    }

    async fn serve(&self, request: &Request) -> Response<Body> {
        if let Some(watch) = self.watch(request) {
            return watch;
        }
        if let Some(answer) = self.store.as_ref().and_then(|store| store.serve(request)) {
            return answer;
        }
        if let Some(answer) = review::reviewed(request) {
            return answer;
        }
        let mut paging = *self.paging.lock().unwrap();
        paging.is_protobuf = self.wants_protobuf(request);
        // Before the world, as those who change it do.
        let response = {
            let world = self.world.lock().unwrap();
            paging.revision = self.watches.history.lock().unwrap().revision;
            routes::serve(&world, &paging, request)
        };
        let response = match paging.is_protobuf {
            true => answer::as_protobuf(response).await,
            false => response,
        };
        let accepts = request.header("accept-encoding").iter().any(|codes| codes.contains("gzip"));
        if accepts { answer::compressed(response).await } else { response }
    }

    fn wants_protobuf(&self, request: &Request) -> bool {
        let accepts = |types: &&str| types.contains(protobuf::MEDIA_TYPE);
        self.speaks_protobuf && request.header("accept").iter().any(accepts)
    }

    /// A watch, if that is what is asked for, of something that can be watched.
    fn watch(&self, request: &Request) -> Option<Response<Body>> {
        if !matches!(request.parameter("watch"), Some("1" | "true")) {
            return None;
        }
        let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        let (rest, version) = match parts[..] {
            ["api", "v1", ref rest @ ..] => (rest, "v1"),
            ["apis", "apps", "v1", ref rest @ ..] => (rest, "apps/v1"),
            ["apis", "autoscaling", "v2", ref rest @ ..] => (rest, "autoscaling/v2"),
            ["apis", "node.k8s.io", "v1", ref rest @ ..] => (rest, "node.k8s.io/v1"),
            ["apis", "resource.k8s.io", "v1", ref rest @ ..] => (rest, "resource.k8s.io/v1"),
            _ => return None,
        };
        let (namespace, plural) = match *rest {
            [plural] => (None, plural),
            ["namespaces", namespace, plural] => (Some(namespace.to_owned()), plural),
            _ => return None,
        };
        let kind = match plural {
            "nodes" => "Node",
            "pods" => "Pod",
            "deployments" => "Deployment",
            "replicasets" => "ReplicaSet",
            "statefulsets" => "StatefulSet",
            "horizontalpodautoscalers" => "HorizontalPodAutoscaler",
            "configmaps" => "ConfigMap",
            "namespaces" => "Namespace",
            "runtimeclasses" => "RuntimeClass",
            "deviceclasses" => "DeviceClass",
            "resourceslices" => "ResourceSlice",
            "resourceclaims" => "ResourceClaim",
            "resourceclaimtemplates" => "ResourceClaimTemplate",
            _ => return None,
        };
        let world = self.world.lock().unwrap();
        let (path, list) = world.collections().into_iter().find(|(path, _)| *path == plural)?;
        let what = What { version, kind, path, namespace };
        Some(watch::serve(&self.watches, what, list, request, self.wants_protobuf(request)))
    }
}
