//! Which proxy a connection takes, by the rules of Go's `net/http` (golang.org/x/net/http/httpproxy
//! of Go 1.23), which kubectl follows.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;

/// The variables that choose a proxy; empty ones count as unset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ProxyEnvironment {
    /// `HTTP_PROXY` or `http_proxy`, for servers without TLS.
    pub(crate) http: String,
    /// `HTTPS_PROXY` or `https_proxy`, for servers with TLS.
    pub(crate) https: String,
    /// `NO_PROXY` or `no_proxy`.
    pub(crate) none: String,
}

/// A proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    /// Its protocol.
    pub(crate) kind: ProxyKind,
    /// Its address, with a port and without credentials.
    pub(crate) address: Uri,
    /// The user and password for it.
    pub(crate) credentials: Option<(String, String)>,
}

/// The protocol of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyKind {
    /// HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// SOCKS5; the proxy looks names up.
    Socks5,
}

/// Why a proxy's URL cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProxyError {
    /// It is not a URL.
    #[error("is not a URL")]
    NotUrl,
    /// It has another scheme.
    #[error("must begin with http://, https:// or socks5://")]
    Scheme,
}

impl ProxyEnvironment {
    /// The variables of this process. Those in capital letters come first.
    pub(crate) fn of_process() -> Self {
        let any = |names: [&str; 2]| {
            let values = names.into_iter().filter_map(|name| std::env::var(name).ok());
            values.into_iter().find(|value| !value.is_empty()).unwrap_or_default()
        };
        Self {
            http: any(["HTTP_PROXY", "http_proxy"]),
            https: any(["HTTPS_PROXY", "https_proxy"]),
            none: any(["NO_PROXY", "no_proxy"]),
        }
    }

    /// The proxy for `server`; `None` for a direct connection. A variable that is not a URL counts
    /// as unset.
    pub(crate) fn proxy_for(&self, server: &Uri) -> Option<Proxy> {
        let (variable, default_port) = match server.scheme_str() {
            Some("https") => (&self.https, 443),
            Some("http") => (&self.http, 80),
            _ => return None,
        };
        if variable.is_empty() {
            return None;
        }
        let host = bare(server.host()?);
        let port = server.port_u16().unwrap_or(default_port);
        if self.excludes(host, port) {
            return None;
        }
        let proxy = match Proxy::parse(variable) {
            Ok(proxy) => Some(proxy),
            // Go sends plain HTTP to a proxy of a scheme that it does not know.
            Err(ProxyError::Scheme) => {
                variable.split_once("://").and_then(|(_, rest)| Proxy::of(ProxyKind::Http, rest))
            }
            Err(ProxyError::NotUrl) => Proxy::of(ProxyKind::Http, variable),
        };
        if proxy.is_none() {
            tracing::warn!("the proxy variable for {server} is not a URL; it is ignored");
        }
        proxy
    }

    /// Whether a server is reached without a proxy.
    fn excludes(&self, host: &str, port: u16) -> bool {
        let address: Option<IpAddr> = host.parse().ok();
        if host == "localhost"
            || address.is_some_and(|address| address.to_canonical().is_loopback())
        {
            return true;
        }
        let host = host.trim().to_ascii_lowercase();
        self.none.split(',').any(|rule| {
            let rule = rule.trim().to_lowercase();
            rule == "*" || matches(&rule, &host, port, address)
        })
    }
}

/// Whether an entry of `NO_PROXY`, in small letters, is about a server.
fn matches(rule: &str, host: &str, port: u16, address: Option<IpAddr>) -> bool {
    if let Some((network, length)) = rule.split_once('/')
        && let (Ok(network), Some(length)) = (network.parse::<IpAddr>(), prefix_length(length))
        && length <= if network.is_ipv4() { 32 } else { 128 }
    {
        return address.is_some_and(|address| contains(network, length, address));
    }
    let (name, rule_port) = split_port(rule);
    let is_port = rule_port.is_empty() || rule_port == port.to_string();
    if let Ok(wanted) = name.parse::<IpAddr>() {
        let is_same = |address: IpAddr| address.to_canonical() == wanted.to_canonical();
        return is_port && address.is_some_and(is_same);
    }
    let name = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(name);
    let (suffix, is_exact) = match name.strip_prefix('.') {
        _ if name.is_empty() => return false,
        Some(rest) => (rest, false),
        None => (name, host == name),
    };
    let is_below = || host.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
    is_port && (is_exact || is_below())
}

fn prefix_length(text: &str) -> Option<u8> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn contains(network: IpAddr, length: u8, address: IpAddr) -> bool {
    let length = u32::from(length);
    match (network, address.to_canonical()) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            u32::from(network) & mask == u32::from(address) & mask
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            u128::from(network) & mask == u128::from(address) & mask
        }
        _ => false,
    }
}

/// Host and port of `host:port` or `[IPv6]:port`; the port is empty where there is none.
fn split_port(rule: &str) -> (&str, &str) {
    match rule.rsplit_once(':') {
        Some((host, port)) if host.starts_with('[') && host.ends_with(']') => (bare(host), port),
        Some((host, port)) if !host.contains(':') => (host, port),
        // An IPv6 address without a port.
        _ => (rule, ""),
    }
}

/// A host without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

impl Proxy {
    /// A proxy by its URL, as a kubeconfig has it in `proxy-url`.
    ///
    /// # Errors
    /// When it is not a URL of a scheme that is known.
    pub(crate) fn parse(url: &str) -> Result<Self, ProxyError> {
        let (scheme, rest) = url.split_once("://").ok_or(ProxyError::NotUrl)?;
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "http" => ProxyKind::Http,
            "https" => ProxyKind::Https,
            "socks5" | "socks5h" => ProxyKind::Socks5,
            _ => return Err(ProxyError::Scheme),
        };
        Self::of(kind, rest).ok_or(ProxyError::NotUrl)
    }

    /// A proxy by what follows the scheme.
    fn of(kind: ProxyKind, rest: &str) -> Option<Self> {
        let authority = rest.split(['/', '?', '#']).next()?;
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let (scheme, default_port) = match kind {
            ProxyKind::Http => ("http", 80),
            ProxyKind::Https => ("https", 443),
            ProxyKind::Socks5 => ("socks5", 1080),
        };
        let host: http::uri::Authority = host.trim_end_matches(':').parse().ok()?;
        if !has_valid_port(&host) {
            return None;
        }
        let port = host.port_u16().unwrap_or(default_port);
        let address = format!("{scheme}://{}:{port}", host.host()).parse().ok()?;
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = user.map(|user| {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            (decode(name), decode(password))
        });
        Some(Self { kind, address, credentials })
    }

    /// Its address as a kubeconfig has it, without user and password.
    pub(crate) fn url_without_login(&self) -> String {
        self.address.to_string().trim_end_matches('/').to_owned()
    }

    /// The value of the header `Proxy-Authorization`.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        let (user, password) = self.credentials.as_ref()?;
        basic(user, password)
    }
}

/// Whether an authority without a user has a host, and a port that is one if it has any.
pub(crate) fn has_valid_port(authority: &http::uri::Authority) -> bool {
    let host = authority.host();
    let port = match authority.as_str().strip_prefix(host) {
        Some("") => return !host.is_empty(),
        Some(rest) => rest.strip_prefix(':').unwrap_or_default(),
        None => return false,
    };
    !host.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok()
}

/// The value of a header with a user and password.
pub(crate) fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    let credentials = STANDARD.encode(format!("{user}:{password}"));
    let mut value = HeaderValue::try_from(format!("Basic {credentials}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_proxied(server: &str, none: &str) -> bool {
        let proxy = "http://127.0.0.1:18888".to_owned();
        let environment =
            ProxyEnvironment { http: proxy.clone(), https: proxy, none: none.to_owned() };
        environment.proxy_for(&server.parse().unwrap()).is_some()
    }

    /// What Go 1.23's httpproxy answers; the names are in the table of kubectl, too.
    #[test]
    fn no_proxy_is_about_the_server() {
        const NAME: &str = "https://api.internal.example:18445";
        const IPV4: &str = "https://10.1.2.3:6443";
        const IPV6: &str = "https://[fd00::12]:6443";
        for (server, none, is_direct) in [
            (NAME, ".internal.example", true),
            (NAME, "internal.example", true),
            (NAME, "api.internal.example", true),
            (NAME, "api.internal.example:18445", true),
            (NAME, "api.internal.example:443", false),
            (NAME, ".api.internal.example", false),
            (NAME, "INTERNAL.EXAMPLE", true),
            (NAME, "*.internal.example", true),
            (NAME, "*internal.example", false),
            (NAME, "nternal.example", false),
            (NAME, "foo, .internal.example ", true),
            (NAME, "foo,,", false),
            (NAME, "foo .internal.example", false),
            (NAME, "*", true),
            (NAME, " * ,x", true),
            (NAME, "example.org", false),
            (NAME, ":18445", false),
            (NAME, "*:18445", false),
            (NAME, "", false),
            ("https://api.internal.example", "api.internal.example:443", true),
            ("http://api.internal.example", "api.internal.example:80", true),
            (IPV4, "10.0.0.0/8", true),
            (IPV4, "10.1.2.3", true),
            (IPV4, "10.1.2.3:6443", true),
            (IPV4, "10.1.2.3:443", false),
            (IPV4, "10.1.2.4/31", false),
            (IPV4, "10.1.2.3/33", false),
            (IPV4, "0.0.0.0/0", true),
            (IPV4, "10.1.2", false),
            (IPV4, "10.", false),
            (IPV6, "fd00::/8", true),
            (IPV6, "fd00::12", true),
            (IPV6, "[fd00::12]:6443", true),
            (IPV6, "[fd00::12]:443", false),
            (IPV6, "::/0", true),
            ("https://127.0.0.1:6443", "", true),
            ("https://127.9.9.9:6443", "", true),
            ("https://localhost:6443", "", true),
            ("https://[::1]:6443", "", true),
            ("https://localhost.example:6443", "", false),
        ] {
            assert_eq!(is_proxied(server, none), !is_direct, "{server} with NO_PROXY={none:?}");
        }
    }

    #[test]
    fn proxies_are_written_in_many_ways() {
        let environment =
            |https: &str| ProxyEnvironment { https: https.to_owned(), ..Default::default() };
        let server: Uri = "https://api.example".parse().unwrap();
        for (text, address) in [
            ("127.0.0.1:18888", "http://127.0.0.1:18888/"),
            ("proxy.example", "http://proxy.example:80/"),
            ("proxy.example:3128", "http://proxy.example:3128/"),
            ("http://proxy.example/", "http://proxy.example:80/"),
            ("HTTPS://proxy.example", "https://proxy.example:443/"),
            ("socks5://proxy.example", "socks5://proxy.example:1080/"),
            ("socks5h://proxy.example:9", "socks5://proxy.example:9/"),
            ("ftp://proxy.example:21", "http://proxy.example:21/"),
            // Go connects to a proxy of this name, too, and fails.
            ("http://", "http://http:80/"),
            // Go connects to a proxy of this name, too, and fails.
            ("http://", "http://http:80/"),
            ("http://[fd00::1]:3128", "http://[fd00::1]:3128/"),
        ] {
            let proxy = environment(text).proxy_for(&server).unwrap();
            assert_eq!(proxy.address.to_string(), address, "{text}");
        }
        for text in ["", "://"] {
            assert_eq!(environment(text).proxy_for(&server), None, "{text:?}");
        }
        let proxy = environment("http://user:p%40ss@proxy.example").proxy_for(&server).unwrap();
        assert_eq!(proxy.credentials, Some(("user".to_owned(), "p@ss".to_owned())));
        assert_eq!(proxy.authorization().unwrap(), "Basic dXNlcjpwQHNz");
    }
}
