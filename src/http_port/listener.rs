//! Accepts connections, with TLS or without, and ends them in order.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use http_body_util::Full;
use http_body_util::combinators::BoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

use super::connections::{Connection, Connections};
use super::outlet::Outlet;

/// The longest that a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The longest that a request's head may take, counted from the end of the one before.
/// Go's clients, the API server among them, close an idle connection after 90 s; closing
/// earlier than they do would race with their next request.
const HEAD: Duration = Duration::from_secs(120);
/// The largest head. With hundreds of groups, what the front proxy adds takes a few KiB.
const HEAD_SIZE: usize = 32 << 10;
/// How long to wait after accepting has failed, for want of file descriptors mostly.
const PAUSE: Duration = Duration::from_millis(100);
/// What the system may keep of an answer for a client that does not read, which is memory of
/// the pod, too. Left alone it grows to megabytes; the system takes twice what is asked for.
const SEND_BUFFER: u32 = 64 << 10;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// The longest that a client may leave an answer lying.
const OUTLET: Duration = Duration::from_secs(30);

/// The body of an answer.
pub(crate) type Body = BoxBody<Bytes, Infallible>;

/// An answer, and who got it.
pub(crate) struct Answered {
    pub(crate) response: Response<Body>,
    /// Whether somebody asked whose connection is to be kept when there are too many.
    pub(crate) is_trusted: bool,
}

impl From<Response<Body>> for Answered {
    /// The answer to a stranger.
    fn from(response: Response<Body>) -> Self {
        Self { response, is_trusted: false }
    }
}

/// Answers requests.
pub(crate) trait Handler: Send + Sync + 'static {
    /// What is remembered of a connection's other end.
    type Peer: Send + Sync;

    /// Who shows these certificates in the handshake: none without TLS.
    fn peer(&self, chain: Vec<CertificateDer<'static>>) -> Self::Peer;

    /// The answer to `request`, which came from `peer`.
    fn handle(&self, peer: &Self::Peer, request: Request<Incoming>) -> Answered;
}

/// A whole body.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed()
}

/// An answer of these bytes.
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

/// What is accepted, all headers of that name in one.
pub(crate) fn accept(headers: &HeaderMap) -> String {
    let values = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    values.collect::<Vec<_>>().join(",")
}

/// A port that is open.
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
        // As the standard library has it: a restart must not wait for old connections.
        socket.set_reuseaddr(true)?;
        // Connections have it from here.
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        Ok(Self { listener, tls, connections: Connections::new(limit) })
    }

    /// Opens a port on every address, of IPv6 too where there is any.
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

    /// Where it listens.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The open connections.
    pub(crate) fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// Serves until `stop` says so, and then until the requests that came are answered.
    pub(crate) async fn serve(self, handler: Arc<impl Handler>, mut stop: watch::Receiver<bool>) {
        // When the last clone of the sender is gone, the last connection has ended.
        let (open, mut all_closed) = mpsc::channel::<Infallible>(1);
        loop {
            let next = async {
                let place = self.connections.place().await;
                (place, self.listener.accept().await)
            };
            let (place, stream) = tokio::select! {
                (place, accepted) = next => match accepted {
                    Ok((stream, _)) => (place, stream),
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        self.connections.make_room();
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                },
                () = stopped(&mut stop) => break,
            };
            let seat = Arc::new(self.connections.enter(place));
            let (tls, handler, stop) = (self.tls.clone(), Arc::clone(&handler), stop.clone());
            let open = open.clone();
            tokio::spawn(async move {
                connection(stream, tls, seat, handler, stop).await;
                drop(open);
            });
        }
        drop(self.listener);
        drop(open);
        all_closed.recv().await;
    }
}

/// Waits until the server stops.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that it is gone altogether.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    seat: Arc<Connection>,
    handler: Arc<impl Handler>,
    stop: watch::Receiver<bool>,
) {
    // Answers are small and complete: nothing is won by waiting for more.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return exchange(stream, Vec::new(), seat, handler, stop).await;
    };
    let accepted = tokio::select! {
        accepted = tokio::time::timeout(HANDSHAKE, tls.accept(stream)) => accepted,
        () = seat.must_leave() => return,
    };
    match accepted {
        Ok(Ok(stream)) => {
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let chain = chain.iter().map(|c| c.clone().into_owned()).collect();
            exchange(stream, chain, seat, handler, stop).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => tracing::debug!("TLS handshake not finished in time"),
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    chain: Vec<CertificateDer<'static>>,
    seat: Arc<Connection>,
    handler: Arc<impl Handler>,
    mut stop: watch::Receiver<bool>,
) {
    let at_work = Arc::clone(&seat);
    let peer = handler.peer(chain);
    let service = service_fn(move |request: Request<Incoming>| {
        at_work.begin();
        let answered = handler.handle(&peer, request);
        at_work.end(answered.is_trusted);
        async move { Ok::<_, Infallible>(answered.response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_SIZE)
        .serve_connection(TokioIo::new(Outlet::new(stream, OUTLET)), service);
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
            () = seat.must_leave() => return,
            () = stopped(&mut stop), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
