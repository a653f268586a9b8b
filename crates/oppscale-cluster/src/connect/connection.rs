//! One cluster and one user of a kubeconfig, or of the pod that oppscale runs in, as client-go's
//! `clientcmd` and `rest` packages read them.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use http::uri::Authority;
use http::{HeaderName, HeaderValue, Uri};
use jiff::Timestamp;
use kube::{Client, Config};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use serde::Deserialize;
use serde_json::{Value, json};

use super::identity::{Identity, certificates};
use super::kubeconfig::{AuthProvider, ClusterEntry, ContextEntry, Kubeconfig, UserEntry};
use super::plugin::{Plugin, PluginCredentials, Terminal};
use super::proxy::{Proxy, ProxyEnvironment, basic, has_valid_port};
use super::tls::{Tls, Trust};
use super::{ConnectOptions, Endpoint, REQUEST_TIMEOUT, http as http_client};
use crate::blocking::read_file;
use crate::error::ClusterError;

/// Files that Kubernetes mounts into a pod.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// The extension of a cluster that is for credential plugins.
const EXEC_EXTENSION: &str = "client.authentication.k8s.io/exec";
/// Longest address of a server: far more than anyone has, far less than an URL may have with a
/// path behind it.
const LONGEST_SERVER: usize = 4096;
/// What Go leaves as it is in the name of a header for `as-user-extra`.
const HEADER_NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'*')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');
/// Base64 as Go reads it: bits that do not fill a byte are ignored.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// All that a connection needs.
pub(crate) struct Connection {
    /// The context; `None` where there is none.
    pub(crate) context: Option<String>,
    /// The namespace of the context.
    pub(crate) namespace: String,
    url: Uri,
    /// The authorities of the server's certificate, PEM; `None` for the system's.
    authority: Option<Vec<u8>>,
    /// The file that `authority` is from, if others may be connected to by it.
    authority_file: Option<PathBuf>,
    is_insecure: bool,
    tls_server_name: Option<String>,
    disable_compression: bool,
    /// The address of the proxy that the kubeconfig names, without user and password.
    configured_proxy: Option<String>,
    proxy: Option<Proxy>,
    impersonation: Vec<(HeaderName, HeaderValue)>,
    identity: Option<Identity>,
    /// Authentication of the user beside a client certificate.
    pub(crate) login: Login,
    plugin_timeout: Option<Duration>,
}

/// Authentication of a user beside a client certificate.
pub(crate) enum Login {
    /// Not at all.
    Anonymous,
    /// By a header that stays.
    Header(HeaderValue),
    /// By a token in a file, which is reread; `token` is used where that fails.
    TokenFile { path: PathBuf, token: Option<HeaderValue> },
    /// By a credential plugin.
    Plugin(Box<Plugin>),
}

/// Credentials of one moment.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    /// The Authorization header.
    pub(crate) authorization: Option<HeaderValue>,
    /// A client certificate of a plugin.
    pub(crate) identity: Option<Identity>,
    /// Time at which they expire.
    pub(crate) expires: Option<Timestamp>,
}

impl Connection {
    /// The connection that `options` lead to.
    ///
    /// # Errors
    /// When there is no kubeconfig, or it cannot be used.
    pub(crate) fn of(options: &ConnectOptions) -> Result<Self, ClusterError> {
        let kubeconfig = Kubeconfig::read(options.kubeconfig.as_deref())?;
        let environment = ProxyEnvironment::of_process();
        let is_chosen = options.kubeconfig.is_some()
            || options.context.is_some()
            || options.cluster.is_some()
            || options.user.is_some()
            || !kubeconfig.current_context.is_empty();
        if !is_chosen && let Some((host, port)) = pod_environment() {
            return Self::in_pod(options, &environment, &host, &port);
        }
        Self::new(&kubeconfig, options, &environment)
    }

    /// The connection that a kubeconfig and `options` lead to.
    ///
    /// # Errors
    /// When the kubeconfig cannot be used.
    pub(crate) fn new(
        kubeconfig: &Kubeconfig,
        options: &ConnectOptions,
        environment: &ProxyEnvironment,
    ) -> Result<Self, ClusterError> {
        let set = |name: &Option<String>| name.clone().filter(|name| !name.is_empty());
        let current = Some(kubeconfig.current_context.clone()).filter(|name| !name.is_empty());
        let context_name = set(&options.context).or(current);
        let context = match &context_name {
            None => ContextEntry::default(),
            Some(name) => kubeconfig
                .contexts
                .get(name)
                .cloned()
                .ok_or_else(|| missing("context", name, None, kubeconfig.contexts.keys()))?,
        };
        let of_context = context_name.as_deref();
        let (cluster_name, named_by) = match set(&options.cluster) {
            Some(name) => (name, None),
            None => (context.cluster.clone(), of_context),
        };
        let cluster = match kubeconfig.clusters.get(&cluster_name) {
            Some(cluster) => cluster.clone(),
            // An address is all that a cluster needs.
            None if set(&options.server).is_some() && set(&options.cluster).is_none() => {
                ClusterEntry::default()
            }
            None if cluster_name.is_empty() => return Err(no_cluster(kubeconfig, of_context)),
            None => {
                let known = kubeconfig.clusters.keys();
                return Err(missing("cluster", &cluster_name, named_by, known));
            }
        };
        let (user_name, named_by) = match set(&options.user) {
            Some(name) => (name, None),
            None => (context.user.clone(), of_context),
        };
        let user = match kubeconfig.users.get(&user_name) {
            Some(user) => user.clone(),
            None if user_name.is_empty() => UserEntry::default(),
            // kubectl continues without a user, and is refused later.
            None => return Err(missing("user", &user_name, named_by, kubeconfig.users.keys())),
        };
        let cluster = overridden_cluster(cluster, options);
        let user = overridden_user(user, options);
        let namespace = Some(context.namespace).filter(|name| !name.is_empty());
        let names = Names { cluster: &cluster_name, user: &user_name };
        Self::with(names, &cluster, &user, environment, options).map(|connection| Self {
            context: context_name,
            namespace: namespace.unwrap_or_else(|| "default".to_owned()),
            ..connection
        })
    }

    /// The connection of a pod to its own cluster.
    fn in_pod(
        options: &ConnectOptions,
        environment: &ProxyEnvironment,
        host: &str,
        port: &str,
    ) -> Result<Self, ClusterError> {
        let host = match host.parse() {
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            _ => host.to_owned(),
        };
        let file = |name: &str| format!("{SERVICE_ACCOUNT}/{name}");
        let cluster = ClusterEntry {
            server: format!("https://{host}:{port}"),
            certificate_authority: file("ca.crt"),
            ..ClusterEntry::default()
        };
        let user = UserEntry { token_file: file("token"), ..UserEntry::default() };
        let is_own_authority = options.certificate_authority.is_none()
            && !options.insecure_skip_tls_verify
            && Path::new(&cluster.certificate_authority).exists();
        let cluster = overridden_cluster(cluster, options);
        let mut user = overridden_user(user, options);
        if options.token.as_ref().is_some_and(|token| !token.is_empty()) {
            user.token_file.clear();
        }
        let of_variable = std::env::var("POD_NAMESPACE").ok();
        let of_file = || std::fs::read_to_string(file("namespace")).ok();
        let namespace = of_variable.filter(|name| !name.is_empty()).or_else(of_file);
        let namespace = namespace.map(|name| name.trim().to_owned()).filter(|n| !n.is_empty());
        let names = Names { cluster: "of this pod", user: "of this pod" };
        Self::with(names, &cluster, &user, environment, options).map(|connection| Self {
            namespace: namespace.unwrap_or_else(|| "default".to_owned()),
            authority_file: is_own_authority.then(|| cluster.certificate_authority.clone().into()),
            ..connection
        })
    }

    fn with(
        names: Names<'_>,
        cluster: &ClusterEntry,
        user: &UserEntry,
        environment: &ProxyEnvironment,
        options: &ConnectOptions,
    ) -> Result<Self, ClusterError> {
        if cluster.server.is_empty() {
            return Err(names.of_cluster("it has no server"));
        }
        let Server { url, login } = Server::parse(&cluster.server).map_err(|why| {
            names.of_cluster(&format!("its server {:?} {why}", without_login(&cluster.server)))
        })?;
        let proxy = match cluster.proxy_url.is_empty() {
            false => Some(
                Proxy::parse(&cluster.proxy_url)
                    .map_err(|error| names.of_cluster(&format!("its proxy-url {error}")))?,
            ),
            true => environment.proxy_for(&url),
        };
        if !cluster.certificate_authority.is_empty()
            && !cluster.certificate_authority_data.is_empty()
        {
            return Err(names
                .of_cluster("it has both certificate-authority and certificate-authority-data"));
        }
        validate(&names, user)?;
        let mut connection = Self {
            context: None,
            namespace: String::new(),
            impersonation: impersonation(&names, user)?,
            url,
            authority: None,
            authority_file: None,
            is_insecure: false,
            tls_server_name: None,
            disable_compression: cluster.disable_compression,
            configured_proxy: proxy
                .as_ref()
                .filter(|_| !cluster.proxy_url.is_empty())
                .map(Proxy::url_without_login),
            proxy,
            identity: None,
            login: login.map_or(Login::Anonymous, Login::Header),
            plugin_timeout: options.request_timeout,
        };
        // As in kubectl, credentials are never sent without TLS.
        if connection.url.scheme_str() != Some("https") {
            return Ok(connection);
        }
        connection.authority = authority(&names, cluster)?;
        if cluster.insecure_skip_tls_verify && connection.authority.is_some() {
            return Err(names.of_cluster(
                "it has a certificate authority and insecure-skip-tls-verify, which exclude each \
                 other",
            ));
        }
        connection.is_insecure = cluster.insecure_skip_tls_verify;
        connection.tls_server_name =
            Some(cluster.tls_server_name.clone()).filter(|name| !name.is_empty());
        if let Some(name) = &connection.tls_server_name
            && rustls::pki_types::ServerName::try_from(name.as_str()).is_err()
        {
            return Err(names.of_cluster(&format!("its tls-server-name {name:?} is not a name")));
        }
        connection.identity = identity(&names, user)?;
        let has_identity = connection.identity.is_some();
        let cluster_info = || cluster_info(cluster, connection.authority.as_deref());
        if let Some(login) = login_of(&names, user, has_identity, cluster_info)? {
            connection.login = login;
        }
        Ok(connection)
    }

    /// The connection to the kubelet of a node at this address. Kubelets are on the network of the
    /// pods, where no proxy is; and whatever the API server's certificate is worth, a kubelet's is
    /// verified: it is sent credentials. For the node's name, which kubelets' certificates always
    /// have, with or without addresses (`kubernetes.io/kubelet-serving`).
    ///
    /// # Errors
    /// When `authority` cannot be read.
    pub(crate) async fn to_kubelet(
        &self,
        address: SocketAddr,
        node: &str,
        authority: Option<&Path>,
    ) -> Result<Self, ClusterError> {
        let unusable = |why: String| ClusterError::BadConfig(format!("node {node}: {why}"));
        let url = format!("https://{address}");
        let url =
            url.parse().map_err(|error: http::uri::InvalidUri| unusable(error.to_string()))?;
        // Its authority may have changed since the API server was connected to.
        let authority = match authority.or(self.authority_file.as_deref()) {
            None => self.authority.clone(),
            Some(file) => Some(read_file(file).await.map_err(|error| {
                ClusterError::BadConfig(format!("{}: {error}", file.display()))
            })?),
        };
        Ok(Self {
            context: None,
            namespace: String::new(),
            url,
            authority,
            authority_file: None,
            is_insecure: false,
            tls_server_name: Some(node.to_owned()),
            disable_compression: self.disable_compression,
            configured_proxy: None,
            proxy: None,
            impersonation: Vec::new(),
            identity: self.identity.clone(),
            login: Login::Anonymous,
            plugin_timeout: None,
        })
    }

    /// The address of the API server, without a slash at its end.
    pub(crate) fn server(&self) -> String {
        self.url.to_string().trim_end_matches('/').to_owned()
    }

    /// Address of the cluster, and how its certificate is verified.
    pub(crate) fn endpoint(&self) -> Endpoint {
        let pem = self.authority.as_ref().map(|pem| String::from_utf8_lossy(pem).into_owned());
        Endpoint {
            server: self.server(),
            authority_pem: pem,
            tls_server_name: self.tls_server_name.clone(),
            proxy_url: self.configured_proxy.clone(),
            is_insecure: self.is_insecure,
        }
    }

    /// The credentials of now.
    ///
    /// # Errors
    /// When a plugin fails, or a token cannot be read.
    pub(crate) async fn credentials(
        &self,
        terminal: Terminal,
    ) -> Result<Credentials, ClusterError> {
        match &self.login {
            Login::Anonymous => Ok(Credentials::default()),
            Login::Header(value) => {
                Ok(Credentials { authorization: Some(value.clone()), ..Credentials::default() })
            }
            Login::TokenFile { path, token } => {
                let authorization = match (token_of_file(path).await, token) {
                    (Ok(value), _) => value,
                    (Err(_), Some(token)) => token.clone(),
                    (Err(error), None) => return Err(error),
                };
                // As client-go does, it is reread every minute.
                let expires = Timestamp::now().checked_add(Duration::from_secs(60)).ok();
                Ok(Credentials { authorization: Some(authorization), identity: None, expires })
            }
            Login::Plugin(plugin) => {
                let PluginCredentials { token, identity, expires } =
                    plugin.run(terminal, self.plugin_timeout, REQUEST_TIMEOUT).await?;
                let authorization = match token {
                    Some(token) => Some(bearer(&token).ok_or_else(|| {
                        ClusterError::Credentials(
                            "the token of the credential plugin has characters that no HTTP \
                             header can have"
                                .to_owned(),
                        )
                    })?),
                    None => None,
                };
                Ok(Credentials { authorization, identity, expires })
            }
        }
    }

    /// A client of the library, with a client certificate of `credentials` if they have one.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn client(&self, credentials: &Credentials) -> Result<Client, ClusterError> {
        let unusable = |why: String| ClusterError::BadConfig(why);
        let mut config = Config::new(self.url.clone());
        config.default_namespace = self.namespace.clone();
        config.disable_compression = self.disable_compression;
        config.headers = self.impersonation.clone();
        let trust = match &self.authority {
            _ if self.is_insecure => Trust::Unverified,
            Some(pem) => Trust::Authorities(pem),
            // Nothing is verified, so a system without authorities will do.
            None if self.url.scheme_str() == Some("http") => Trust::Authorities(&[]),
            None => Trust::System,
        };
        let identity = credentials.identity.as_ref().or(self.identity.as_ref());
        let tls = Tls::new(&trust, self.tls_server_name.as_deref(), identity)
            .map_err(|error| unusable(error.to_string()))?;
        http_client::client(config, &tls, self.proxy.as_ref())
            .map_err(|error| unusable(error.to_string()))
    }
}

/// The names of a cluster and a user, for errors.
#[derive(Clone, Copy)]
struct Names<'a> {
    cluster: &'a str,
    user: &'a str,
}

impl Names<'_> {
    fn of_cluster(&self, why: &str) -> ClusterError {
        ClusterError::BadConfig(format!("cluster {:?}: {why}", self.cluster))
    }

    fn of_user(&self, why: &str) -> ClusterError {
        ClusterError::BadConfig(format!("user {:?}: {why}", self.user))
    }
}

/// A server's address as a message may show it: what stands before an `@` may be a password.
fn without_login(server: &str) -> String {
    match server.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => server.to_owned(),
    }
}

/// The address of a server as client-go's `DefaultServerURL` reads it.
struct Server {
    url: Uri,
    /// The user and password that it holds.
    login: Option<HeaderValue>,
}

impl Server {
    /// Without a scheme it is an address of plain HTTP.
    fn parse(server: &str) -> Result<Self, &'static str> {
        const NOT_URL: &str = "is neither a URL nor HOST:PORT";
        if server.len() > LONGEST_SERVER {
            return Err("is too long");
        }
        let is_scheme = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphabetic())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        };
        let (scheme, rest, may_have_path) = match server.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest, true),
            _ => ("http".to_owned(), server, false),
        };
        if !matches!(scheme.as_str(), "http" | "https") {
            return Err("must begin with https:// or http://");
        }
        let (authority, path) = match rest.find(['/', '?', '#']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let path = path.split(['?', '#']).next().unwrap_or_default();
        if !may_have_path && !matches!(path, "" | "/") {
            return Err(NOT_URL);
        }
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let host: Authority = host.trim_end_matches(':').parse().map_err(|_| NOT_URL)?;
        if !has_valid_port(&host) {
            return Err(NOT_URL);
        }
        let path = path.trim_end_matches('/');
        let url = format!("{scheme}://{host}{path}").parse().map_err(|_| NOT_URL)?;
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
        };
        let login = user.and_then(|user| {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            basic(&decode(name), &decode(password))
        });
        Ok(Self { url, login })
    }
}

/// A cluster with what flags say of it.
fn overridden_cluster(mut cluster: ClusterEntry, options: &ConnectOptions) -> ClusterEntry {
    let authority = options.certificate_authority.as_deref().map(text_of).unwrap_or_default();
    if options.insecure_skip_tls_verify || !authority.is_empty() {
        cluster.insecure_skip_tls_verify = options.insecure_skip_tls_verify;
        cluster.certificate_authority = authority;
        cluster.certificate_authority_data.clear();
    }
    let name = options.tls_server_name.clone().unwrap_or_default();
    let server = options.server.clone().unwrap_or_default();
    // The name in the certificate is that of the address.
    if !name.is_empty() || !server.is_empty() {
        cluster.tls_server_name = name;
    }
    if !server.is_empty() {
        cluster.server = server;
    }
    cluster
}

/// A user with what flags say of it.
fn overridden_user(mut user: UserEntry, options: &ConnectOptions) -> UserEntry {
    let replace = |old: &mut String, new: &Option<String>| {
        if let Some(new) = new.as_ref().filter(|new| !new.is_empty()) {
            old.clone_from(new);
        }
    };
    replace(&mut user.token, &options.token);
    replace(&mut user.impersonate, &options.impersonate);
    replace(&mut user.impersonate_uid, &options.impersonate_uid);
    if !options.impersonate_groups.is_empty() {
        user.impersonate_groups.clone_from(&options.impersonate_groups);
    }
    if let Some(file) = &options.client_certificate {
        user.client_certificate = text_of(file);
        user.client_certificate_data.clear();
    }
    if let Some(file) = &options.client_key {
        user.client_key = text_of(file);
        user.client_key_data.clear();
    }
    user
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Refuses what client-go refuses.
fn validate(names: &Names<'_>, user: &UserEntry) -> Result<(), ClusterError> {
    let has_password = !user.username.is_empty() || !user.password.is_empty();
    if has_password && !(user.token.is_empty() && user.token_file.is_empty()) {
        return Err(names.of_user("it has both a token and a password; only one can be used"));
    }
    let both = |file: &str, data: &str| !file.is_empty() && !data.is_empty();
    if both(&user.client_certificate, &user.client_certificate_data) {
        let why = "it has both client-certificate and client-certificate-data";
        return Err(names.of_user(why));
    }
    if both(&user.client_key, &user.client_key_data) {
        return Err(names.of_user("it has both client-key and client-key-data"));
    }
    let is_more = !user.impersonate_uid.is_empty()
        || !user.impersonate_groups.is_empty()
        || !user.impersonate_extra.is_empty();
    if is_more && user.impersonate.is_empty() {
        return Err(names.of_user("it impersonates a group, UID or extra, but no user (as)"));
    }
    Ok(())
}

/// The headers that impersonate another user.
fn impersonation(
    names: &Names<'_>,
    user: &UserEntry,
) -> Result<Vec<(HeaderName, HeaderValue)>, ClusterError> {
    let mut headers = Vec::new();
    if user.impersonate.is_empty() {
        return Ok(headers);
    }
    let mut add = |name: &str, field: &str, value: &str| {
        let name = HeaderName::from_bytes(name.as_bytes());
        match (name, HeaderValue::from_bytes(value.as_bytes())) {
            (Ok(name), Ok(value)) => {
                headers.push((name, value));
                Ok(())
            }
            _ => Err(names.of_user(&format!(
                "{field} has characters that no HTTP header can have, such as a line break"
            ))),
        }
    };
    add("impersonate-user", "the user to impersonate", &user.impersonate)?;
    if !user.impersonate_uid.is_empty() {
        add("impersonate-uid", "the UID to impersonate", &user.impersonate_uid)?;
    }
    for group in &user.impersonate_groups {
        add("impersonate-group", "a group to impersonate", group)?;
    }
    for (key, values) in &user.impersonate_extra {
        let name = format!("impersonate-extra-{}", utf8_percent_encode(key, HEADER_NAME));
        for value in values {
            add(&name, "as-user-extra", value)?;
        }
    }
    Ok(headers)
}

/// The authorities of a cluster, PEM.
fn authority(names: &Names<'_>, cluster: &ClusterEntry) -> Result<Option<Vec<u8>>, ClusterError> {
    let field = Field {
        name: "certificate-authority",
        file: &cluster.certificate_authority,
        data: &cluster.certificate_authority_data,
    };
    let Some(pem) = field.load().map_err(|why| names.of_cluster(&why))? else { return Ok(None) };
    let can_be_used = |der: CertificateDer<'static>| RootCertStore::empty().add(der).is_ok();
    // As Go does, this takes those that it can, if there is one.
    let good: Vec<_> =
        certificates(&pem).into_iter().filter(|der| can_be_used(der.clone())).collect();
    if good.is_empty() {
        let why = format!("its {} holds no certificate in PEM", field.name);
        return Err(names.of_cluster(&why));
    }
    let pem = good.iter().map(|der| {
        let body = STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    });
    Ok(Some(pem.collect::<String>().into_bytes()))
}

/// The client certificate of a user.
fn identity(names: &Names<'_>, user: &UserEntry) -> Result<Option<Identity>, ClusterError> {
    let certificate = Field {
        name: "client-certificate",
        file: &user.client_certificate,
        data: &user.client_certificate_data,
    };
    let key = Field { name: "client-key", file: &user.client_key, data: &user.client_key_data };
    let load = |field: &Field<'_>| field.load().map_err(|why| names.of_user(&why));
    let Some(certificate) = load(&certificate)? else { return Ok(None) };
    let Some(key) = load(&key)? else {
        return Err(names.of_user("it has a client certificate and no client-key"));
    };
    Identity::new(&certificate, &key).map(Some).map_err(|error| names.of_user(&error.to_string()))
}

/// A field that is a file or base64.
struct Field<'a> {
    name: &'static str,
    file: &'a str,
    data: &'a str,
}

impl Field<'_> {
    fn load(&self) -> Result<Option<Vec<u8>>, String> {
        if !self.data.is_empty() {
            // Go skips line breaks, and nothing else.
            let text: String = self.data.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
            let decoded = BASE64.decode(text);
            return decoded.map(Some).map_err(|_| format!("its {}-data is not base64", self.name));
        }
        if self.file.is_empty() {
            return Ok(None);
        }
        let read = std::fs::read(self.file);
        read.map(Some)
            .map_err(|error| format!("cannot read its {} {}: {error}", self.name, self.file))
    }
}

/// How a user is authenticated beside a client certificate; `None` for not at all.
fn login_of(
    names: &Names<'_>,
    user: &UserEntry,
    has_identity: bool,
    cluster_info: impl FnOnce() -> Value,
) -> Result<Option<Login>, ClusterError> {
    if user.exec.is_some() && user.auth_provider.is_some() {
        return Err(names.of_user("it has both a credential plugin (exec) and an auth-provider"));
    }
    // Entries are checked even if a token comes first.
    let provided = match &user.auth_provider {
        Some(provider) => Some(token_of_provider(names, provider)?),
        None => None,
    };
    let plugin = match &user.exec {
        Some(entry) => Some(Plugin::new(names.user, entry, cluster_info)?),
        None => None,
    };
    let header = |token: &str, what: &str| {
        bearer(token).ok_or_else(|| {
            names.of_user(&format!(
                "{what} has characters that no HTTP header can have, such as a line break"
            ))
        })
    };
    if !user.token_file.is_empty() {
        // A token that only stands in for the file need not be right.
        let token = Some(&user.token).filter(|token| !token.is_empty());
        let token = token.and_then(|token| bearer(token));
        return Ok(Some(Login::TokenFile { path: user.token_file.clone().into(), token }));
    }
    if !user.token.is_empty() {
        return Ok(Some(Login::Header(header(&user.token, "its token")?)));
    }
    if !user.username.is_empty() || !user.password.is_empty() {
        return Ok(basic(&user.username, &user.password).map(Login::Header));
    }
    if let Some(token) = provided {
        return Ok(Some(Login::Header(header(&token, "the id-token of its auth-provider")?)));
    }
    Ok(plugin.filter(|_| !has_identity).map(|plugin| Login::Plugin(Box::new(plugin))))
}

/// The token of an auth-provider. Only oidc is left since Kubernetes 1.26.
fn token_of_provider(names: &Names<'_>, provider: &AuthProvider) -> Result<String, ClusterError> {
    let retired = |replacement| {
        Err(ClusterError::AuthProvider {
            user: names.user.to_owned(),
            provider: provider.name.clone(),
            replacement,
        })
    };
    match provider.name.as_str() {
        "oidc" => {}
        "gcp" => {
            return retired(
                "install gke-gcloud-auth-plugin and write the kubeconfig again:\n\
                 gcloud container clusters get-credentials CLUSTER",
            );
        }
        "azure" => {
            return retired(
                "install kubelogin and convert the kubeconfig:\n\
                 kubelogin convert-kubeconfig",
            );
        }
        _ => return retired("use a credential plugin (exec) instead"),
    }
    let token = provider.config.get("id-token").cloned().unwrap_or_default();
    let is_over = expiry_of(&token).is_some_and(|expiry| expiry <= Timestamp::now().as_second());
    if token.is_empty() || is_over {
        let state = if is_over { "has expired" } else { "is missing" };
        return Err(ClusterError::Credentials(format!(
            "user {:?}: the id-token of its auth-provider oidc {state}; kubectl renews it: \
             kubectl version",
            names.user
        )));
    }
    Ok(token)
}

/// Expiry of a JSON Web Token, seconds since 1970.
fn expiry_of(token: &str) -> Option<i64> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }
    let payload = token.split('.').nth(1)?;
    let json = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()?;
    Some(serde_json::from_slice::<Claims>(&json).ok()?.exp as i64)
}

/// The value of an Authorization header with a token.
fn bearer(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(format!("Bearer {token}").as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The Authorization header with the token of a file.
async fn token_of_file(path: &Path) -> Result<HeaderValue, ClusterError> {
    let wrong =
        |why: &str| ClusterError::Credentials(format!("token file {}: {why}", path.display()));
    let bytes = read_file(path).await.map_err(|error| wrong(&error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| wrong(&error.to_string()))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(wrong("it is empty"));
    }
    bearer(token).ok_or_else(|| wrong("it holds characters that no HTTP header can have"))
}

/// The cluster as a credential plugin gets it: `ExecCredential.spec.cluster`.
fn cluster_info(cluster: &ClusterEntry, authority: Option<&[u8]>) -> Value {
    let mut info = json!({"server": cluster.server});
    let mut add = |key: &str, value: Value| info[key] = value;
    if !cluster.tls_server_name.is_empty() {
        add("tls-server-name", cluster.tls_server_name.clone().into());
    }
    if cluster.insecure_skip_tls_verify {
        add("insecure-skip-tls-verify", true.into());
    }
    if let Some(authority) = authority {
        add("certificate-authority-data", STANDARD.encode(authority).into());
    }
    if !cluster.proxy_url.is_empty() {
        add("proxy-url", cluster.proxy_url.clone().into());
    }
    if cluster.disable_compression {
        add("disable-compression", true.into());
    }
    let extension = cluster.extensions.iter().find(|extension| extension.name == EXEC_EXTENSION);
    add("config", extension.map(|extension| extension.extension.clone()).unwrap_or_default());
    info
}

/// Host and port of the API server for a pod of the cluster, where this is one.
fn pod_environment() -> Option<(String, String)> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (host, port) = (variable("KUBERNETES_SERVICE_HOST")?, variable("KUBERNETES_SERVICE_PORT")?);
    Path::new(SERVICE_ACCOUNT).join("token").is_file().then_some((host, port))
}

/// An entry that `named_by`, a context, or a flag names is not there.
fn missing<'k>(
    kind: &'static str,
    name: &str,
    named_by: Option<&str>,
    known: impl Iterator<Item = &'k String>,
) -> ClusterError {
    ClusterError::NoEntry {
        kind,
        name: name.to_owned(),
        context: named_by.map(str::to_owned),
        known: known.cloned().collect(),
    }
}

/// Why no cluster is named.
fn no_cluster(kubeconfig: &Kubeconfig, context: Option<&str>) -> ClusterError {
    if let Some(context) = context {
        return ClusterError::BadConfig(format!("context {context:?} names no cluster"));
    }
    let files = |paths: &[PathBuf]| {
        let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        paths.join(", ")
    };
    let is_empty = kubeconfig.contexts.is_empty() && kubeconfig.clusters.is_empty();
    match kubeconfig.missing.as_slice() {
        [] if is_empty => ClusterError::NoConfig("the kubeconfig is empty".to_owned()),
        [one] if is_empty => ClusterError::NoConfig(format!("{} does not exist", one.display())),
        all if is_empty => ClusterError::NoConfig(format!("none of {} exists", files(all))),
        _ => ClusterError::NoContext { known: kubeconfig.contexts.keys().cloned().collect() },
    }
}
