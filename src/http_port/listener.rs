//! Accepts connections, with TLS or without, and shuts down in order.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use http_body_util::Full;
use http_body_util::combinators::BoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use oppscale_cluster::{Heartbeat, compute};

use super::connections::{Connection, Connections};
use super::write_timeout::WriteTimeout;

/// Timeout of a TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Timeout of a request's headers, since the request before. Go's clients, the API server among
/// them, close an idle connection after 90 s; closing earlier would race with their next request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(120);
/// Maximum size of headers, in bytes. The front proxy sends a header for each group of a user;
/// hundreds of them take some ten KiB.
const MAX_HEADER_SIZE: usize = 32 << 10;
/// Maximum number of headers: as many as fit, each with a name and a value.
const MAX_HEADERS: usize = MAX_HEADER_SIZE / "a:b\r\n".len();
/// Delay after accepting has failed, mostly because of too many open files.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);
/// Send buffer of a connection, in bytes, which counts as memory of the pod. By default it grows
/// to megabytes for a client that does not read; Linux doubles the value.
const SEND_BUFFER_SIZE: u32 = 64 << 10;
/// Number of connections that wait to be accepted, at most.
const BACKLOG: u32 = 1024;
/// Time within which a client must read an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Requests whose answers are computed at once: most of them wait for one and the same count, and
/// each takes a thread.
const MAX_COMPUTED: usize = 4;
static COMPUTED: Semaphore = Semaphore::const_new(MAX_COMPUTED);

/// Body of a response.
pub(crate) type Body = BoxBody<Bytes, Infallible>;

/// A response, and whether its client is trusted.
pub(crate) struct Answered {
    pub(crate) response: Response<Body>,
    /// Whether the client's connection is kept longer than others' if there are too many.
    pub(crate) is_trusted: bool,
}

impl From<Response<Body>> for Answered {
    /// A response to an untrusted client.
    fn from(response: Response<Body>) -> Self {
        Self { response, is_trusted: false }
    }
}

/// Answers requests.
pub(crate) trait Handler: Send + Sync + 'static {
    /// State kept for the client of a connection.
    type Peer: Send + Sync + 'static;

    /// The client that sent these certificates in the handshake; none without TLS.
    fn peer(&self, chain: Vec<CertificateDer<'static>>) -> Self::Peer;

    /// The response to a `request` that may not be answered; `None` if it may. It may wait for
    /// others, so it must not keep a probe waiting.
    fn refuse(
        &self,
        _request: &Request<Incoming>,
    ) -> impl Future<Output = Option<Response<Body>>> + Send {
        async { None }
    }

    /// Whether `request` takes no time, as a probe must not: its answer waits for no other one.
    fn is_quick(&self, request: &Request<Incoming>) -> bool;

    /// Answers `request` of `peer`, which came at `arrival`.
    fn handle(&self, peer: &Self::Peer, request: Request<Incoming>, arrival: Instant) -> Answered;
}

/// A body of known length.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed()
}

/// A response with this body.
pub(crate) fn answer(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    let mut response = Response::new(full(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// All `Accept` headers, joined.
pub(crate) fn accept(headers: &HeaderMap) -> String {
    let values = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    values.collect::<Vec<_>>().join(",")
}

/// An open port.
pub(crate) struct Port {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    connections: Connections,
}

impl Port {
    /// Opens a port at `address` for at most `limit` connections.
    pub(crate) async fn open(
        address: SocketAddr,
        tls: Option<TlsAcceptor>,
        limit: usize,
    ) -> io::Result<Self> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // As in the standard library: a restart must not wait for old connections.
        socket.set_reuseaddr(true)?;
        // Connections inherit the size.
        socket.set_send_buffer_size(SEND_BUFFER_SIZE)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        Ok(Self { listener, tls, connections: Connections::new(limit) })
    }

    /// Opens a port on every address, of IPv6 too if the system has it.
    pub(crate) async fn open_all(
        port: u16,
        tls: Option<TlsAcceptor>,
        limit: usize,
    ) -> io::Result<Self> {
        match Self::open((Ipv6Addr::UNSPECIFIED, port).into(), tls.clone(), limit).await {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                Self::open((Ipv4Addr::UNSPECIFIED, port).into(), tls, limit).await
            }
            opened => opened,
        }
    }

    /// Address that it listens on.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The open connections.
    pub(crate) fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// Serves until `stop` is true, and then until open requests are answered.
    async fn serve(
        self,
        handler: Arc<impl Handler>,
        draining: Arc<AtomicBool>,
        mut stop: watch::Receiver<bool>,
    ) {
        // When the last clone of the sender is dropped, the last connection has ended.
        let (open, mut all_closed) = mpsc::channel::<Infallible>(1);
        loop {
            let next = async {
                let slot = self.connections.slot().await;
                (slot, self.listener.accept().await)
            };
            let (slot, stream) = tokio::select! {
                (slot, accepted) = next => match accepted {
                    Ok((stream, _)) => (slot, stream),
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        self.connections.evict();
                        tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                        continue;
                    }
                },
                () = stopped(&mut stop) => break,
            };
            let open_connection = Arc::new(self.connections.add(slot));
            let (tls, handler, stop) = (self.tls.clone(), Arc::clone(&handler), stop.clone());
            let (open, draining) = (open.clone(), Arc::clone(&draining));
            tokio::spawn(async move {
                answer_connection(stream, tls, open_connection, handler, draining, stop).await;
                drop(open);
            });
        }
        drop(self.listener);
        drop(open);
        all_closed.recv().await;
    }
}

/// Ports that answer until they are stopped together.
pub(crate) struct OpenPorts {
    stop: watch::Sender<bool>,
    /// Whether answers tell clients to connect elsewhere.
    draining: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

impl OpenPorts {
    /// No ports yet.
    pub(crate) fn new() -> Self {
        let draining = Arc::default();
        Self { stop: watch::Sender::new(false), draining, tasks: JoinSet::new() }
    }

    /// Becomes true when the ports close.
    pub(crate) fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Serves one more port.
    pub(crate) fn serve(&mut self, heartbeat: Heartbeat, port: Port, handler: Arc<impl Handler>) {
        let draining = Arc::clone(&self.draining);
        self.tasks.spawn(heartbeat.monitor(port.serve(handler, draining, self.stopped())));
    }

    /// Waits until a port closes without being stopped, which is a failure.
    pub(crate) async fn failed(&mut self) {
        if self.tasks.join_next().await.is_none() {
            // There is none.
            std::future::pending().await
        }
    }

    /// Shuts down: calls `make_unready`, closes each connection after its next answer, and waits
    /// for `delay`, so that no new clients come; then closes the ports and waits until open
    /// requests are answered, for `timeout` at most.
    pub(crate) async fn stop(
        self,
        make_unready: impl FnOnce(),
        delay: Duration,
        timeout: Duration,
    ) {
        let Self { stop, draining, mut tasks } = self;
        make_unready();
        draining.store(true, Ordering::Relaxed);
        tracing::info!(?delay, "stopping: not ready any more");
        tokio::time::sleep(delay).await;
        stop.send_replace(true);
        // A port that panicked has stopped, too.
        let all = async { while tasks.join_next().await.is_some() {} };
        match tokio::time::timeout(timeout, all).await {
            Ok(()) => tracing::info!("stopped"),
            Err(_) => tracing::warn!("stopped; some requests were still open"),
        }
    }
}

/// Waits until the server stops.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the server is gone altogether.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn answer_connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    connection: Arc<Connection>,
    handler: Arc<impl Handler>,
    draining: Arc<AtomicBool>,
    stop: watch::Receiver<bool>,
) {
    // Answers are small and complete: waiting for more gains nothing.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return exchange(stream, Vec::new(), connection, handler, draining, stop).await;
    };
    let accepted = tokio::select! {
        accepted = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)) => accepted,
        () = connection.evicted() => return,
    };
    match accepted {
        Ok(Ok(stream)) => {
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let chain = chain.iter().map(|c| c.clone().into_owned()).collect();
            exchange(stream, chain, connection, handler, draining, stop).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => tracing::debug!("TLS handshake not finished in time"),
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    chain: Vec<CertificateDer<'static>>,
    slot: Arc<Connection>,
    handler: Arc<impl Handler>,
    draining: Arc<AtomicBool>,
    mut stop: watch::Receiver<bool>,
) {
    let activity = slot.activity();
    let stream = WriteTimeout::new(stream, WRITE_TIMEOUT, move || activity.note());
    let counted = Arc::clone(&slot);
    let peer = Arc::new(handler.peer(chain));
    let service = service_fn(move |request: Request<Incoming>| {
        let (handler, peer) = (Arc::clone(&handler), Arc::clone(&peer));
        let (counted, draining) = (Arc::clone(&counted), Arc::clone(&draining));
        async move {
            let arrival = Instant::now();
            counted.begin();
            let mut answered = if let Some(refusal) = handler.refuse(&request).await {
                refusal.into()
            } else if handler.is_quick(&request) {
                handler.handle(&peer, request, arrival)
            } else {
                // An error would mean that the semaphore was closed, which never happens.
                let permit = COMPUTED.acquire().await;
                let answered = compute(move || handler.handle(&peer, request, arrival)).await;
                drop(permit);
                answered
            };
            counted.end(answered.is_trusted);
            if draining.load(Ordering::Relaxed) {
                let close = HeaderValue::from_static("close");
                answered.response.headers_mut().insert(CONNECTION, close);
            }
            Ok::<_, Infallible>(answered.response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_SIZE)
        .max_headers(MAX_HEADERS)
        // A client that has sent a request and closes only its own direction gets the answer.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = &mut connection => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended");
                }
                return;
            }
            () = slot.evicted() => return,
            () = stopped(&mut stop), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Counts until it is stopped, for five seconds at most.
    #[derive(Default)]
    struct Counting {
        is_over: Mutex<bool>,
        over: Condvar,
    }

    impl Handler for Counting {
        type Peer = ();

        fn peer(&self, _: Vec<CertificateDer<'static>>) {}

        fn is_quick(&self, request: &Request<Incoming>) -> bool {
            request.uri().path() == "/livez"
        }

        fn handle(&self, (): &(), request: Request<Incoming>, _: Instant) -> Answered {
            if request.uri().path() == "/count" {
                let is_over = self.is_over.lock().unwrap();
                let limit = Duration::from_secs(5);
                let _over = self.over.wait_timeout_while(is_over, limit, |over| !*over).unwrap();
            }
            answer(StatusCode::OK, "text/plain", "ok\n").into()
        }
    }

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// Each count used to keep a thread of the runtime, of which there are two.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_probe_waits_for_no_count() {
        let port = Port::open(([127, 0, 0, 1], 0).into(), None, 64).await.unwrap();
        let address = port.address().unwrap();
        let (handler, mut ports) = (Arc::new(Counting::default()), OpenPorts::new());
        ports.serve(Heartbeat::new("port"), port, Arc::clone(&handler));
        let counts = 2 * MAX_COMPUTED;
        let mut counts: JoinSet<_> = (0..counts).map(|_| get(address, "/count")).collect();
        // They have come before the probe does.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let start = Instant::now();
        assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
        *handler.is_over.lock().unwrap() = true;
        handler.over.notify_all();
        while let Some(answer) = counts.join_next().await {
            assert!(answer.unwrap().starts_with("HTTP/1.1 200"));
        }
    }
}
