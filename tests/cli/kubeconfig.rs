//! Kubeconfigs, flags and proxies as kubectl reads them. kubectl itself is run on every case.
//!
//! A case says what the listeners on the loopback interface must see. oppscale must do so, and so
//! must kubectl where it is installed: a case that kubectl contradicts is a wrong case.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::tools;
use crate::support::world::World;

use super::NAMES;

/// A server that does not resolve: a direct connection fails where its name is looked up.
const ABSENT: &str = "https://api.internal.example:18445";
/// What a tunnel to it begins with.
const TUNNEL: &str = "CONNECT api.internal.example:18445 HTTP/1.1";

/// What a case leads to.
#[derive(Debug, Clone, Copy)]
enum Expect {
    /// The server's name is looked up, and no proxy is asked.
    Direct,
    /// The proxy gets this line, and a Proxy-Authorization header if there is one.
    Proxied(&'static str, &'static str),
    /// The server is read as this user; see [`seen`].
    Read(&'static str),
    /// Nothing is asked; oppscale says this.
    Refused(&'static str),
    /// As [`Expect::Refused`], where kubectl goes on: by localhost:8080, or as nobody.
    OursRefused(&'static str),
}

struct Case {
    name: String,
    files: Vec<(&'static str, String)>,
    variables: Vec<(&'static str, String)>,
    flags: Vec<String>,
    expect: Expect,
}

struct Rig {
    tls: FakeApiServer,
    plain: FakeApiServer,
    /// Without TLS, and below a path.
    below: FakeApiServer,
    proxy: String,
    proxied: Arc<Mutex<Vec<(String, String)>>>,
    cases: Vec<Case>,
}

impl Rig {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = listener.local_addr().unwrap().to_string();
        let proxied: Arc<Mutex<Vec<_>>> = Arc::default();
        let seen = Arc::clone(&proxied);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut bytes = [0; 4096];
                let Ok(length) = stream.read(&mut bytes) else { continue };
                let first = match bytes[0] {
                    // Before it is known who it is, a SOCKS client offers ways to say so.
                    5 if bytes[2..length].contains(&2) => {
                        ("socks5 with a password".to_owned(), String::new())
                    }
                    5 => ("socks5".to_owned(), String::new()),
                    0x16 => ("tls".to_owned(), String::new()),
                    _ => request(&String::from_utf8_lossy(&bytes[..length])),
                };
                seen.lock().unwrap().push(first);
                let answer =
                    "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self {
            tls: FakeApiServer::start(World::nodes_alone()),
            plain: Setup::new(World::nodes_alone()).plain().start(),
            below: Setup::new(World::nodes_alone()).plain().below("/k8s/c-1").start(),
            proxy,
            proxied,
            cases: Vec::new(),
        }
    }

    /// A kubeconfig for `server` with a cluster and a user that have this, too.
    fn config(&self, server: &str, cluster: Value, user: Value) -> String {
        let mut cluster = cluster;
        cluster["server"] = server.into();
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        })
        .to_string()
    }

    /// A kubeconfig for the server with TLS.
    fn trusted(&self, user: Value) -> String {
        self.config(&self.tls.url(), json!({"certificate-authority": "ca.crt"}), user)
    }

    fn case(
        &mut self,
        name: impl Into<String>,
        config: impl Into<String>,
        variables: &[(&'static str, &str)],
        flags: &[&str],
        expect: Expect,
    ) {
        self.cases.push(Case {
            name: name.into(),
            files: vec![(".kube/config", config.into())],
            variables: variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            expect,
        });
    }

    /// Runs all cases.
    fn run(self) {
        let kubectl = tools::tool("kubectl");
        let mut wrong = Vec::new();
        for case in &self.cases {
            let env = TestEnv::new();
            env.write(".kube/ca.crt", &self.tls.ca_pem().unwrap());
            let identity = self.tls.user("me");
            env.write(".kube/me.crt", &identity.certificate_pem());
            env.write(".kube/me.key", &identity.key_pem());
            for (path, text) in &case.files {
                env.write(path, text);
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                std::fs::set_permissions(env.path(path), mode).unwrap();
            }
            let variables: Vec<(&str, String)> = case
                .variables
                .iter()
                .map(|(name, value)| {
                    let home = env.path("").display().to_string();
                    (*name, value.replace("$HOME/", &home).replace("$PROXY", &self.proxy))
                })
                .collect();
            let variables: Vec<(&str, &str)> =
                variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let flags: Vec<&str> = case.flags.iter().map(String::as_str).collect();
            let before = self.counts();
            let child = env.start_with([&NAMES[..], &flags].concat(), &variables);
            let output = env.finish(child);
            let ours = self.observe(before, output.code == Some(0));
            if let Some(why) = differs(case.expect, &ours, &output.stderr) {
                wrong.push(format!("{}: oppscale {why}: {ours:?}\n{output}", case.name));
            }
            let Some(kubectl) = &kubectl else { continue };
            let before = self.counts();
            let mut command = Command::new(kubectl);
            command.args(["version", "--request-timeout=10s"]).args(&flags);
            command.env_clear().env("HOME", env.path("")).current_dir(env.path(""));
            command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
            command.envs(variables.iter().copied()).stdin(Stdio::null());
            let output = command.output().unwrap();
            let theirs = self.observe(before, output.status.success());
            if let Some(why) = contradicts(case.expect, &theirs) {
                let stderr = String::from_utf8_lossy(&output.stderr);
                wrong.push(format!("{}: kubectl {why}: {theirs:?}\n{stderr}", case.name));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    fn counts(&self) -> [usize; 4] {
        let [tls, plain, below] = [&self.tls, &self.plain, &self.below].map(|s| s.requests().len());
        [tls, plain, below, self.proxied.lock().unwrap().len()]
    }

    /// What the listeners saw since `before`.
    fn observe(&self, before: [usize; 4], succeeded: bool) -> Observation {
        let mut requests = self.tls.requests().split_off(before[0]);
        requests.extend(self.plain.requests().split_off(before[1]));
        requests.extend(self.below.requests().split_off(before[2]));
        let last = requests.last().map(|request| {
            let with = |prefix: &'static str, name| {
                let values = request.header(name).into_iter();
                values.map(move |value| format!("{prefix}{value}")).collect::<Vec<_>>()
            };
            let mut parts = with("", "authorization");
            parts.extend(with("as ", "impersonate-user"));
            parts.extend(with("uid ", "impersonate-uid"));
            parts.extend(with("of ", "impersonate-group"));
            parts.extend(request.client_certificate.then(|| "certificate".to_owned()));
            parts.join(", ")
        });
        let proxied = self.proxied.lock().unwrap().get(before[3]).cloned();
        Observation { succeeded, read: last, proxied }
    }
}

#[derive(Debug)]
struct Observation {
    succeeded: bool,
    /// As whom the last request was sent.
    read: Option<String>,
    /// The first request of the proxy.
    proxied: Option<(String, String)>,
}

/// How oppscale differs from what is expected.
fn differs(expect: Expect, seen: &Observation, stderr: &str) -> Option<&'static str> {
    match expect {
        Expect::Refused(words) | Expect::OursRefused(words) => {
            if seen.succeeded || seen.read.is_some() || seen.proxied.is_some() {
                return Some("was not to ask anyone");
            }
            (!stderr.contains(words)).then_some("was to say something else")
        }
        Expect::Direct if !stderr.contains("cannot reach the API server") => {
            Some("was to look the name up")
        }
        _ => contradicts(expect, seen),
    }
}

/// How an observation differs from what is expected.
fn contradicts(expect: Expect, seen: &Observation) -> Option<&'static str> {
    match expect {
        Expect::Direct if seen.succeeded || seen.proxied.is_some() => Some("was to go direct"),
        Expect::Proxied(line, authorization) => {
            // oppscale and kubectl ask for different paths.
            let is_right = seen
                .proxied
                .as_ref()
                .is_some_and(|(first, value)| first.starts_with(line) && value == authorization);
            (!is_right).then_some("was to ask the proxy")
        }
        Expect::Read(user) => (!seen.succeeded || seen.read.as_deref() != Some(user))
            .then_some("was to read the server as another user"),
        Expect::Refused(_) if seen.succeeded => Some("was to refuse it"),
        _ => None,
    }
}

/// The first line of a request, and its Proxy-Authorization.
fn request(text: &str) -> (String, String) {
    let first = text.lines().next().unwrap_or_default().to_owned();
    let authorization = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("proxy-authorization").then(|| value.trim().to_owned())
    });
    (first, authorization.unwrap_or_default())
}

#[test]
#[ignore = "slow: runs kubectl for each kubeconfig"]
fn proxies_are_chosen_as_go_does() {
    let mut rig = Rig::new();
    let token = || json!({"token": "abc"});
    let absent = rig.config(ABSENT, json!({}), token());
    let proxied = Expect::Proxied(TUNNEL, "");
    for (none, expect) in [
        (".internal.example", Expect::Direct),
        ("internal.example", Expect::Direct),
        ("api.internal.example", Expect::Direct),
        ("api.internal.example:18445", Expect::Direct),
        ("INTERNAL.EXAMPLE", Expect::Direct),
        ("*", Expect::Direct),
        ("foo, .internal.example ", Expect::Direct),
        ("*.internal.example", Expect::Direct),
        (".example", Expect::Direct),
        ("foo .internal.example", proxied),
        ("nternal.example", proxied),
        (".api.internal.example", proxied),
        ("api.internal.example:443", proxied),
        ("example.org", proxied),
        ("10.0.0.0/8, ::/0", proxied),
        ("", proxied),
    ] {
        let variables = [("HTTPS_PROXY", "http://$PROXY"), ("NO_PROXY", none)];
        rig.case(format!("NO_PROXY={none}"), &absent, &variables, &[], expect);
    }
    for (variables, expect) in [
        (&[("HTTPS_PROXY", "http://$PROXY"), ("no_proxy", ".example")][..], Expect::Direct),
        (&[("HTTPS_PROXY", "http://$PROXY"), ("no_proxy", "*"), ("NO_PROXY", "x")], proxied),
        (&[("https_proxy", "http://$PROXY")], proxied),
        (&[("https_proxy", "http://nowhere"), ("HTTPS_PROXY", "http://$PROXY")], proxied),
        (&[("HTTP_PROXY", "http://$PROXY")], Expect::Direct),
        (&[("ALL_PROXY", "http://$PROXY")], Expect::Direct),
        (&[("HTTPS_PROXY", "$PROXY")], proxied),
        (&[("HTTPS_PROXY", "http://$PROXY/")], proxied),
        (&[("HTTPS_PROXY", "ftp://$PROXY")], proxied),
        (&[("HTTPS_PROXY", "http://u:p%40q@$PROXY")], Expect::Proxied(TUNNEL, "Basic dTpwQHE=")),
        (&[("HTTPS_PROXY", "https://$PROXY")], Expect::Proxied("tls", "")),
        (&[("HTTPS_PROXY", "socks5://$PROXY")], Expect::Proxied("socks5", "")),
        (&[("HTTPS_PROXY", "socks5h://$PROXY")], Expect::Proxied("socks5", "")),
        (&[("HTTPS_PROXY", "socks5://u:p@$PROXY")], Expect::Proxied("socks5 with a password", "")),
    ] {
        rig.case(format!("{variables:?}"), &absent, variables, &[], expect);
    }
    let everywhere = [("HTTPS_PROXY", "http://$PROXY"), ("HTTP_PROXY", "http://$PROXY")];
    let loopback = rig.trusted(token());
    rig.case("loopback", loopback, &everywhere, &[], Expect::Read("Bearer abc"));
    let localhost = rig.tls.url().replace("127.0.0.1", "localhost");
    let insecure = rig.config(&localhost, json!({"insecure-skip-tls-verify": true}), token());
    rig.case("localhost", insecure, &everywhere, &[], Expect::Read("Bearer abc"));
    let ipv6 = rig.config("https://[::1]:1", json!({}), token());
    rig.case("IPv6 loopback", ipv6, &everywhere, &[], Expect::Direct);
    let chosen = json!({"proxy-url": format!("http://{}", rig.proxy)});
    let by_file = rig.config(ABSENT, chosen.clone(), token());
    rig.case("proxy-url wins", by_file, &[("NO_PROXY", "*")], &[], proxied);
    let by_file = rig.config(&rig.tls.url(), chosen, token());
    let tunnel = format!("CONNECT {}", rig.tls.url().trim_start_matches("https://"));
    let expect = Expect::Proxied(tunnel.leak(), "");
    rig.case("proxy-url and loopback", by_file, &[], &[], expect);
    let odd = rig.config(ABSENT, json!({"proxy-url": "ftp://127.0.0.1:1"}), token());
    rig.case("proxy-url of FTP", odd, &[], &[], Expect::Refused("must begin with http://"));
    let odd = rig.config(ABSENT, json!({"proxy-url": "127.0.0.1:1"}), token());
    rig.case("proxy-url without scheme", odd, &[], &[], Expect::Refused("its proxy-url"));
    let http = rig.config("http://api.internal.example:18445", json!({}), json!({}));
    let line = "GET http://api.internal.example:18445/";
    let with_password = [("HTTP_PROXY", "http://u:p@$PROXY")];
    rig.case("HTTP_PROXY", &http, &with_password, &[], Expect::Proxied(line, "Basic dTpw"));
    rig.case("HTTPS_PROXY", &http, &[("HTTPS_PROXY", "http://$PROXY")], &[], Expect::Direct);
    rig.run();
}

#[test]
#[ignore = "slow: runs kubectl for each kubeconfig"]
fn servers_are_addressed_as_client_go_does() {
    let mut rig = Rig::new();
    let plain = rig.plain.url();
    let bare = plain.trim_start_matches("http://").to_owned();
    let user = || json!({"token": "abc", "username": ""});
    let read = Expect::Read("");
    let not_url = Expect::Refused("is neither a URL nor HOST:PORT");
    for (server, expect) in [
        (bare.clone(), read),
        (format!("{bare}/"), read),
        (format!("{plain}/"), read),
        (format!("{plain}?a=b"), read),
        (plain.replace("http:", "HTTP:"), read),
        (plain.replace("http://", "http://u:p@"), Expect::Read("Basic dTpw")),
        (format!("{bare}/prefix"), not_url),
        ("https://".to_owned(), not_url),
        ("http://a b".to_owned(), not_url),
        ("http://127.0.0.1:x".to_owned(), not_url),
        ("ftp://127.0.0.1:1".to_owned(), Expect::Refused("must begin with https://")),
        (String::new(), Expect::OursRefused("it has no server")),
    ] {
        let config = rig.config(&server, json!({}), user());
        rig.case(format!("server {server:?}"), config, &[], &[], expect);
    }
    let config = rig.config(&format!("{}/", rig.below.url()), json!({}), user());
    rig.case("a path with a slash at its end", config, &[], &[], read);
    let trusted = rig.trusted(user());
    let url = rig.plain.url();
    rig.case("--server", &trusted, &[], &["--server", &url], read);
    let tls = rig.tls.url();
    let nowhere = rig.config("https://nowhere.example", json!({}), user());
    let flags = ["--server", &tls, "--insecure-skip-tls-verify"];
    rig.case("--insecure-skip-tls-verify", nowhere, &[], &flags, Expect::Read("Bearer abc"));
    rig.case("and a CA", &trusted, &[], &flags[2..], Expect::Read("Bearer abc"));
    let flags = ["--server", &tls, "--certificate-authority", ".kube/ca.crt", "--token", "t"];
    rig.case("no kubeconfig at all", "", &[], &flags, Expect::Read("Bearer t"));
    let both = json!({"insecure-skip-tls-verify": true, "certificate-authority": "ca.crt"});
    let config = rig.config(&tls, both, user());
    rig.case("insecure with a CA", config, &[], &[], Expect::Refused("exclude each other"));
    let both = json!({"certificate-authority-data": "eA==", "certificate-authority": "ca.crt"});
    let config = rig.config(&tls, both, user());
    rig.case("CA twice", config, &[], &[], Expect::Refused("it has both certificate-authority"));
    let missing = json!({"certificate-authority": "none.crt"});
    let config = rig.config(&tls, missing, user());
    rig.case("CA missing", config, &[], &[], Expect::Refused(".kube/none.crt: No such file"));
    for (name, data, expect) in [
        ("line breaks", broken(&rig.tls.ca_pem().unwrap(), "\n"), Expect::Read("Bearer abc")),
        ("CR and LF", broken(&rig.tls.ca_pem().unwrap(), "\r\n"), Expect::Read("Bearer abc")),
        (
            "spaces",
            broken(&rig.tls.ca_pem().unwrap(), " "),
            Expect::Refused("certificate-authority-data is not base64"),
        ),
        ("no PEM", "eHg=".to_owned(), Expect::Refused("holds no certificate")),
    ] {
        let config = rig.config(&tls, json!({"certificate-authority-data": data}), user());
        rig.case(format!("CA data with {name}"), config, &[], &[], expect);
    }
    rig.run();
}

/// Base64 in lines, as people paste it.
fn broken(pem: &str, separator: &str) -> String {
    use base64::Engine as _;
    let data = base64::engine::general_purpose::STANDARD.encode(pem);
    let lines = data.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap());
    lines.collect::<Vec<_>>().join(separator)
}

#[test]
#[ignore = "slow: runs kubectl for each kubeconfig"]
fn users_are_authenticated_as_client_go_does() {
    let mut rig = Rig::new();
    let identity = rig.tls.user("me");
    let (certificate, key) = (identity.certificate_pem(), identity.key_pem());
    let files = json!({"client-certificate": "me.crt", "client-key": "me.key"});
    let data = json!({
        "client-certificate-data": broken(&certificate, "\n"),
        "client-key-data": broken(&key, "\n"),
    });
    let other = rig.tls.user("other").key_pem();
    for (name, user, flags, expect) in [
        ("token", json!({"token": "abc"}), &[][..], Expect::Read("Bearer abc")),
        (
            "token with a line break",
            json!({"token": "abc\n"}),
            &[],
            Expect::Refused("characters that no HTTP header can have"),
        ),
        ("token file", json!({"tokenFile": "token"}), &[], Expect::Read("Bearer of-file")),
        (
            "token file and token",
            json!({"tokenFile": "token", "token": "abc"}),
            &[],
            Expect::Read("Bearer of-file"),
        ),
        (
            "missing token file and token",
            json!({"tokenFile": "none", "token": "abc"}),
            &[],
            Expect::Read("Bearer abc"),
        ),
        (
            "missing token file",
            json!({"tokenFile": "none"}),
            &[],
            Expect::Refused(".kube/none: No such file"),
        ),
        ("--token", json!({"token": "abc"}), &["--token", "flag"], Expect::Read("Bearer flag")),
        (
            "--token and a token file",
            json!({"tokenFile": "token"}),
            &["--token", "flag"],
            Expect::Read("Bearer of-file"),
        ),
        ("password", json!({"username": "u", "password": "p"}), &[], Expect::Read("Basic dTpw")),
        (
            "password and token",
            json!({"username": "u", "password": "p", "token": "abc"}),
            &[],
            Expect::Refused("both a token and a password"),
        ),
        ("certificate", files.clone(), &[], Expect::Read("certificate")),
        ("certificate data with line breaks", data, &[], Expect::Read("certificate")),
        (
            "certificate flags",
            json!({}),
            &["--client-certificate", ".kube/me.crt", "--client-key", ".kube/me.key"],
            Expect::Read("certificate"),
        ),
        (
            "certificate and --token",
            files,
            &["--token", "flag"],
            Expect::Read("Bearer flag, certificate"),
        ),
        (
            "certificate missing",
            json!({"client-certificate": "none.crt", "client-key": "me.key"}),
            &[],
            Expect::Refused("client-certificate"),
        ),
        (
            "key missing",
            json!({"client-certificate": "me.crt", "client-key": "none.key"}),
            &[],
            Expect::Refused("none.key: No such file"),
        ),
        ("no key", json!({"client-certificate": "me.crt"}), &[], Expect::Refused("no client-key")),
        (
            "another key",
            json!({"client-certificate": "me.crt", "client-key-data": broken(&other, "")}),
            &[],
            Expect::Refused("do not belong together"),
        ),
        (
            "impersonation",
            json!({"token": "abc", "as": "jane", "as-uid": "7", "as-groups": ["dev"]}),
            &[],
            Expect::Read("Bearer abc, as jane, uid 7, of dev"),
        ),
        (
            "impersonation by flags",
            json!({"token": "abc", "as": "jane", "as-groups": ["dev"]}),
            &["--as", "joe", "--as-uid", "8", "--as-group", "ops"],
            Expect::Read("Bearer abc, as joe, uid 8, of ops"),
        ),
        (
            "a group without a user",
            json!({"token": "abc", "as-groups": ["dev"]}),
            &[],
            Expect::Refused("but no user"),
        ),
        (
            "auth-provider gcp",
            json!({"auth-provider": {"name": "gcp", "config": {"access-token": "abc"}}}),
            &[],
            Expect::Refused("gke-gcloud-auth-plugin"),
        ),
        (
            "auth-provider azure",
            json!({"auth-provider": {"name": "azure"}}),
            &[],
            Expect::Refused("kubelogin"),
        ),
        (
            "auth-provider openstack",
            json!({"auth-provider": {"name": "openstack"}}),
            &[],
            Expect::Refused("\"openstack\""),
        ),
    ] {
        let config = rig.trusted(user);
        rig.case(name, config, &[], flags, expect);
        rig.cases.last_mut().unwrap().files.push((".kube/token", "of-file\n".to_owned()));
    }
    rig.run();
}

#[test]
#[ignore = "slow: runs kubectl for each kubeconfig"]
fn plugins_are_run_as_client_go_does() {
    let mut rig = Rig::new();
    let script = |version: &str, body: &str| {
        format!(
            r#"printf '{{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/{version}","status":{{{body}}}}}'"#
        )
    };
    let exec = |version: &str, mode: &str, line: &str| {
        json!({"exec": {
            "apiVersion": format!("client.authentication.k8s.io/{version}"),
            "interactiveMode": mode, "command": "sh", "args": ["-c", line],
            "env": [{"name": "TOKEN", "value": "of-env"}], "provideClusterInfo": true
        }})
    };
    let good = script("v1", r#""token":"'$TOKEN'""#);
    let told = "case $KUBERNETES_EXEC_INFO in *'\"server\":\"https://127'*) ;; *) exit 1;; esac; \
                case $KUBERNETES_EXEC_INFO in *'\"interactive\":false'*) ;; *) exit 1;; esac; ";
    let mut with_token = exec("v1", "Never", "exit 1");
    with_token["token"] = "abc".into();
    let mut without_mode = exec("v1", "", &good);
    without_mode["exec"].as_object_mut().unwrap().remove("interactiveMode");
    let missing = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
        "command": "no-such-login-helper", "installHint": "brew install login-helper"
    }});
    let mut relative = exec("v1", "Never", &good);
    relative["exec"]["command"] = "./helper".into();
    let beta = script("v1beta1", r#""token":"b""#);
    for (name, user, expect) in [
        ("v1", exec("v1", "Never", &good), Expect::Read("Bearer of-env")),
        ("v1beta1", exec("v1beta1", "", &beta), Expect::Read("Bearer b")),
        (
            "cluster info",
            exec("v1", "IfAvailable", &format!("{told}{good}")),
            Expect::Read("Bearer of-env"),
        ),
        ("a path beside the kubeconfig", relative, Expect::Read("Bearer helper")),
        ("a token before a plugin", with_token, Expect::Read("Bearer abc")),
        ("v1 without a mode", without_mode, Expect::Refused("has no interactiveMode")),
        ("a mode that is none", exec("v1", "Often", &good), Expect::Refused("\"Often\"")),
        ("v1alpha1", exec("v1alpha1", "Never", &good), Expect::Refused("v1alpha1")),
        ("another version", exec("v1", "Never", &beta), Expect::Refused("v1beta1")),
        ("Always without a terminal", exec("v1", "Always", &good), Expect::Refused("terminal")),
        (
            "no credentials",
            exec("v1", "Never", &script("v1", "")),
            Expect::Refused("neither a token nor a certificate"),
        ),
        ("not installed", missing, Expect::Refused("hint: brew install login-helper")),
        (
            "its words",
            exec("v1", "Never", "echo 'session expired' >&2; exit 3"),
            Expect::Refused("session expired"),
        ),
    ] {
        let config = rig.trusted(user);
        rig.case(name, config, &[], &[], expect);
        let line = "#!/bin/sh\n".to_owned() + &script("v1", r#""token":"helper""#);
        rig.cases.last_mut().unwrap().files.push((".kube/helper", line));
    }
    rig.run();
}

#[test]
#[ignore = "slow: runs kubectl for each kubeconfig"]
fn files_are_found_and_merged_as_client_go_does() {
    let mut rig = Rig::new();
    let good = rig.trusted(json!({"token": "good"}));
    let second = rig.trusted(json!({"token": "second"}));
    let read = Expect::Read("Bearer good");
    for (list, expect) in [
        ("$HOME/missing:$HOME/.kube/config", read),
        (":$HOME/.kube/config:", read),
        ("$HOME/.kube/config:$HOME/.kube/config", read),
        ("$HOME/.kube/config:$HOME/.kube/second", read),
        ("$HOME/.kube/second:$HOME/.kube/config", Expect::Read("Bearer second")),
        ("$HOME/.kube/without-context:$HOME/.kube/config", read),
        ("$HOME/.kube/empty:$HOME/.kube/config", read),
        ("$HOME/.kube/config:$HOME/.kube/broken", Expect::Refused(".kube/broken")),
        ("$HOME/.kube", Expect::Refused("Is a directory")),
        ("$HOME/missing", Expect::OursRefused("missing does not exist")),
        ("", read),
    ] {
        let name = format!("KUBECONFIG={list}");
        rig.case(name, &good, &[("KUBECONFIG", list)], &[], expect);
    }
    let with = |key: &str, value: Value| {
        let mut config: Value = serde_json::from_str(&good).unwrap();
        config[key] = value;
        config.to_string()
    };
    let context = |cluster: &str, user: &str| {
        with("contexts", json!([{"name": "c", "context": {"cluster": cluster, "user": user}}]))
    };
    let twice: Value = serde_json::from_str(&good).unwrap();
    let twice = with("users", json!([twice["users"][0], twice["users"][0]]));
    let yaml = serde_saphyr::to_string(&serde_json::from_str::<Value>(&good).unwrap()).unwrap();
    let typed = yaml.replace("good", "12345678");
    let flow =
        with("preferences", Value::Null).replace("\"users\":", "\"extensions\":null,\"users\":");
    for (name, config, flags, expect) in [
        (
            "--kubeconfig",
            String::new(),
            &["--kubeconfig", ".kube/second"][..],
            Expect::Read("Bearer second"),
        ),
        (
            "--kubeconfig missing",
            good.clone(),
            &["--kubeconfig", "none"],
            Expect::Refused("none does not exist"),
        ),
        ("empty", String::new(), &[], Expect::OursRefused("the kubeconfig is empty")),
        ("comment", "# nothing\n".to_owned(), &[], Expect::OursRefused("the kubeconfig is empty")),
        ("YAML", yaml.clone(), &[], read),
        ("YAML with a second document", format!("{yaml}---\nkind: Other\n"), &[], read),
        ("UTF-8 with a byte order mark", format!("\u{feff}{yaml}"), &[], read),
        ("nulls", flow, &[], read),
        ("unknown fields", with("more", json!({"a": 1})), &[], read),
        (
            "a number for a token",
            typed,
            &[],
            Expect::Refused("users[0].user.token has the wrong type"),
        ),
        ("two users of one name", twice, &[], Expect::Refused("two users named \"u\"")),
        ("another kind", with("kind", json!("Pod")), &[], Expect::Refused("it is a Pod")),
        (
            "another version",
            with("apiVersion", json!("v2")),
            &[],
            Expect::Refused("apiVersion is v2"),
        ),
        ("no kind", with("kind", Value::Null), &[], read),
        (
            "a missing user",
            context("c", "bob"),
            &[],
            Expect::OursRefused("context \"c\": it has no user \"bob\""),
        ),
        (
            "a missing cluster",
            context("far", "u"),
            &[],
            Expect::OursRefused("it has no cluster \"far\""),
        ),
        (
            "a missing context",
            with("current-context", json!("x")),
            &[],
            Expect::Refused("it has no context \"x\""),
        ),
        (
            "its contexts",
            with("current-context", json!("x")),
            &[],
            Expect::Refused("it has the contexts c"),
        ),
        ("--context", with("current-context", json!("")), &["--context", "c"], read),
        (
            "--context missing",
            good.clone(),
            &["--context", "x"],
            Expect::Refused("no context \"x\""),
        ),
        ("--user missing", good.clone(), &["--user", "x"], Expect::Refused("no user \"x\"")),
        (
            "--cluster missing",
            good.clone(),
            &["--cluster", "x"],
            Expect::Refused("no cluster \"x\""),
        ),
        (
            "no current context",
            with("current-context", json!("")),
            &[],
            Expect::OursRefused("no current context"),
        ),
        (
            "--cluster and --user",
            with("contexts", Value::Null)
                .replace("\"current-context\":\"c\"", "\"current-context\":\"\""),
            &["--cluster", "c", "--user", "u"],
            read,
        ),
    ] {
        rig.case(name, config, &[], flags, expect);
    }
    let mut without_context: Value = serde_json::from_str(&second).unwrap();
    without_context["current-context"] = "".into();
    without_context["users"][0]["name"] = "other".into();
    for case in &mut rig.cases {
        case.files.extend([
            (".kube/second", second.clone()),
            (".kube/without-context", without_context.to_string()),
            (".kube/empty", String::new()),
            (".kube/broken", "clusters: [\n".to_owned()),
        ]);
    }
    rig.run();
}
