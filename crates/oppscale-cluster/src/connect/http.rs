//! The client library's HTTP client on a connection of our own.
//!
//! The library takes `proxy-url` too, but asks `NO_PROXY` about the proxy's address, tunnels plain
//! HTTP, and sends no credentials to SOCKS proxies. Here these are as in Go.

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
use tower::{BoxError, Service, ServiceBuilder};
use tower_http::decompression::DecompressionLayer;

use super::proxy::{Proxy, ProxyKind};

/// A client for `config`, by `proxy`. The library's own settings of a proxy are not used.
///
/// # Errors
/// When TLS cannot be set up.
pub(crate) fn client(mut config: Config, proxy: Option<&Proxy>) -> Result<Client, kube::Error> {
    let mut direct = HttpConnector::new();
    direct.enforce_http(false);
    let Some(proxy) = proxy else { return build(&config, direct) };
    let authorization = proxy.authorization();
    if proxy.kind == ProxyKind::Socks5 {
        let mut socks = SocksV5::new(proxy.address.clone(), direct);
        if let Some((user, password)) = proxy.credentials.clone() {
            socks = socks.with_auth(user, password);
        }
        return build(&config, socks);
    }
    // TLS with the proxy is that of the cluster: its authorities, its client certificate.
    let to_proxy = config.rustls_https_connector_with_connector(direct)?;
    if config.cluster_url.scheme_str() == Some("http") {
        config.headers.extend(authorization.map(|value| (PROXY_AUTHORIZATION, value)));
        return build(&config, Forward { proxy: proxy.address.clone(), connector: to_proxy });
    }
    let mut tunnel = Tunnel::new(proxy.address.clone(), to_proxy);
    if let Some(authorization) = authorization {
        tunnel = tunnel.with_auth(authorization);
    }
    build(&config, tunnel)
}

fn build<C>(config: &Config, connector: C) -> Result<Client, kube::Error>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError> + Send + 'static,
{
    let https = config.rustls_https_connector_with_connector(connector)?;
    let http = legacy::Builder::new(TokioExecutor::new()).build::<_, Body>(https);
    let gzip = DecompressionLayer::new().no_br().no_deflate().no_zstd();
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(gzip.gzip(!config.disable_compression))
        .layer(config.extra_headers_layer()?)
        .service(http);
    Ok(Client::new(service, config.default_namespace.clone()))
}

/// Connects to a proxy that gets whole requests and passes them on: plain HTTP.
#[derive(Clone)]
struct Forward<C> {
    proxy: Uri,
    connector: C,
}

/// A connection to such a proxy.
struct Forwarded<T>(T);

impl<C> Service<Uri> for Forward<C>
where
    C: Service<Uri>,
    C::Future: Send + 'static,
    C::Response: 'static,
    C::Error: 'static,
{
    type Response = Forwarded<C::Response>;
    type Error = C::Error;
    type Future = BoxFuture<'static, Result<Self::Response, C::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, _server: Uri) -> Self::Future {
        self.connector.call(self.proxy.clone()).map_ok(Forwarded).boxed()
    }
}

impl<T: Connection> Connection for Forwarded<T> {
    fn connected(&self) -> Connected {
        // The request line then holds the whole URL.
        self.0.connected().proxy(true)
    }
}

impl<T: Read + Unpin> Read for Forwarded<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<T: Write + Unpin> Write for Forwarded<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
