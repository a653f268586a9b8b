//! The client library's HTTP client on a connection of our own.
//!
//! The library takes `proxy-url` too, but asks `NO_PROXY` about the proxy's address, tunnels plain
//! HTTP, and sends no credentials to SOCKS proxies. Here these are as in Go. Its TLS comes with
//! credential plugins, kubeconfigs and JSONPath, which would add 1 MB to the program.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::{BoxFuture, FutureExt, TryFutureExt};
use http::Uri;
use http::header::PROXY_AUTHORIZATION;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt};
use kube::{Client, Config};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};
use tower_http::decompression::DecompressionLayer;

use super::proxy::{Proxy, ProxyKind};
use super::tls::Tls;

/// A client for `config`, by `proxy`. The library's own settings of a proxy and of TLS are not
/// used.
///
/// # Errors
/// When the headers cannot be sent.
pub(super) fn client(
    mut config: Config,
    tls: &Tls,
    proxy: Option<&Proxy>,
) -> Result<Client, kube::Error> {
    let mut direct = HttpConnector::new();
    direct.enforce_http(false);
    let Some(proxy) = proxy else { return build(&config, tls, Connector::of(direct)) };
    let authorization = proxy.authorization();
    if proxy.kind == ProxyKind::Socks5 {
        let mut socks = SocksV5::new(proxy.address.clone(), direct);
        if let Some((user, password)) = proxy.credentials.clone() {
            socks = socks.with_auth(user, password);
        }
        return build(&config, tls, Connector::of(socks));
    }
    // TLS with the proxy is that of the cluster: its authorities, its client certificate.
    let to_proxy = tls.over(direct);
    if config.cluster_url.scheme_str() == Some("http") {
        config.headers.extend(authorization.map(|value| (PROXY_AUTHORIZATION, value)));
        let forwards_to = Some(proxy.address.clone());
        return build(&config, tls, Connector { forwards_to, ..Connector::of(to_proxy) });
    }
    let mut tunnel = Tunnel::new(proxy.address.clone(), to_proxy);
    if let Some(authorization) = authorization {
        tunnel = tunnel.with_auth(authorization);
    }
    build(&config, tls, Connector::of(tunnel))
}

fn build(config: &Config, tls: &Tls, connector: Connector) -> Result<Client, kube::Error> {
    let https = tls.over(connector);
    let http = legacy::Builder::new(TokioExecutor::new()).build::<_, Body>(https);
    let gzip = DecompressionLayer::new().no_br().no_deflate().no_zstd();
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(gzip.gzip(!config.disable_compression))
        .layer(config.extra_headers_layer()?)
        .service(http);
    Ok(Client::new(service, config.default_namespace.clone()))
}

/// Connects in any way. One type for all, or the whole client would be compiled for each.
#[derive(Clone)]
struct Connector {
    connect: BoxCloneSyncService<Uri, Stream, BoxError>,
    /// The proxy that gets whole requests and passes them on: plain HTTP.
    forwards_to: Option<Uri>,
}

impl Connector {
    fn of<C>(connector: C) -> Self
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Io + 'static,
        C::Future: Send + 'static,
        C::Error: Into<BoxError>,
    {
        let connector = connector.map_err(Into::into);
        let connector =
            connector.map_response(|io| Stream { io: Box::new(io), is_forwarded: false });
        Self { connect: BoxCloneSyncService::new(connector), forwards_to: None }
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Stream, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connect.poll_ready(context)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let Some(proxy) = self.forwards_to.clone() else { return self.connect.call(server) };
        let forwarded = |stream| Stream { is_forwarded: true, ..stream };
        self.connect.call(proxy).map_ok(forwarded).boxed()
    }
}

/// What a connection is read and written by.
trait Io: Connection + Read + Write + Send + Unpin {}

impl<T: Connection + Read + Write + Send + Unpin> Io for T {}

/// A connection.
struct Stream {
    io: Box<dyn Io>,
    /// Whether its other end passes requests on.
    is_forwarded: bool,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        let connected = self.io.connected();
        // The request line then holds the whole URL.
        if self.is_forwarded { connected.proxy(true) } else { connected }
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_shutdown(context)
    }
}
