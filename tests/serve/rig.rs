//! A server under test: the real binary, its API server, its certificates, its callers.

use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rcgen::{DnType, ExtendedKeyUsagePurpose, SanType};
use serde_json::{Value, json};

use super::client::{Answer, Connection, Tls};
use crate::support::authority::{Authority, Identity};
use crate::support::bin::{TestEnv, signal};
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::kubeconfig::Kubeconfig;
use crate::support::world::World;

/// Far longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// Any port of the loopback interface.
pub const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What the HPA controller says of itself, as kube-apiserver passes it on.
pub const HPA: [(&str, &str); 8] = [
    ("Accept", "application/vnd.kubernetes.protobuf, */*"),
    ("X-Remote-User", "system:serviceaccount:kube-system:horizontal-pod-autoscaler"),
    ("X-Remote-Group", "system:serviceaccounts"),
    ("X-Remote-Group", "system:serviceaccounts:kube-system"),
    ("X-Remote-Group", "system:authenticated"),
    ("X-Remote-Uid", "c3a7f6b0-0001-4000-8000-000000000001"),
    ("X-Remote-Extra-Authentication.kubernetes.io%2fcredential-Id", "JTI=1"),
    ("X-Forwarded-For", "10.0.0.1"),
];

pub struct Rig {
    pub server: FakeApiServer,
    pub env: TestEnv,
    /// Signs the front proxy's certificate.
    pub proxies: Authority,
    /// Signs the serving certificate.
    pub authority: Authority,
    pub oppscale: Oppscale,
}

/// A running `oppscale serve`.
pub struct Oppscale {
    child: Child,
    /// Whether another program started it, and they are a group of processes.
    is_group: bool,
    log: Arc<Mutex<Vec<Value>>>,
    pub api: SocketAddr,
    pub web: SocketAddr,
}

/// The article's cluster, with its miner labelled and annotated, and the front proxy's
/// ConfigMap.
pub fn world(proxies: &Authority) -> World {
    let mut world = World::blog();
    let filler = &mut world.deployments.iter_mut().find(|d| d["metadata"]["name"] == "electroneum");
    let filler = filler.as_mut().unwrap();
    filler["metadata"]["labels"]["oppscale.dev/opportunistic"] = "true".into();
    filler["metadata"]["annotations"]["oppscale.dev/reserve"] = "30".into();
    // Tests that are about HPAs bring their own.
    world.hpas.clear();
    world.config_maps.push(config_map(&[&proxies.pem()]));
    world
}

/// The ConfigMap with which kube-apiserver tells who its front proxy is.
pub fn config_map(authorities: &[&str]) -> Value {
    json!({
        "metadata": {
            "name": "extension-apiserver-authentication", "namespace": "kube-system",
            "uid": "da14c7ac-6bd9-466d-9091-3e984a9b6645"
        },
        "data": {
            "client-ca-file": "-----BEGIN CERTIFICATE-----\nelsewhere\n-----END CERTIFICATE-----\n",
            "requestheader-allowed-names": "[\"front-proxy-client\"]",
            "requestheader-client-ca-file": authorities.concat(),
            "requestheader-extra-headers-prefix": "[\"X-Remote-Extra-\"]",
            "requestheader-group-headers": "[\"X-Remote-Group\"]",
            "requestheader-username-headers": "[\"X-Remote-User\"]"
        }
    })
}

/// A client certificate for `name`.
pub fn client(authority: &Authority, name: &str) -> Identity {
    authority.signed(|params| {
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    })
}

/// A serving certificate for the name that an aggregator asks for.
pub fn serving(authority: &Authority) -> Identity {
    authority.signed(|params| {
        params.distinguished_name.push(DnType::CommonName, "oppscale");
        let name = "oppscale.oppscale.svc".try_into().unwrap();
        params.subject_alt_names = vec![SanType::DnsName(name)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    })
}

impl Rig {
    /// A server of the article's cluster.
    pub fn start(args: &[&str]) -> Self {
        let proxies = Authority::new("front-proxy-ca");
        let world = world(&proxies);
        Self::with(proxies, Setup::new(world), args)
    }

    /// One that another program starts, which changes what it sees.
    pub fn start_as(program: &[&str], args: &[&str]) -> Self {
        let proxies = Authority::new("front-proxy-ca");
        let server = Setup::new(world(&proxies)).start();
        let env = TestEnv::of(&server);
        let authority = Authority::new("serving-ca");
        write_certificate(&env, &serving(&authority));
        let oppscale = Oppscale::launch_as(&env, program, args, ANY, ANY);
        oppscale.until_logged("ready", |line| line["message"] == "ready");
        Self { server, env, proxies, authority, oppscale }
    }

    /// One of a server with a kubeconfig of its own.
    pub fn of(
        proxies: Authority,
        server: FakeApiServer,
        kubeconfig: &Kubeconfig,
        args: &[&str],
    ) -> Self {
        let env = TestEnv::with(&server, kubeconfig);
        let authority = Authority::new("serving-ca");
        write_certificate(&env, &serving(&authority));
        let oppscale = Oppscale::start(&env, args);
        Self { server, env, proxies, authority, oppscale }
    }

    pub fn with(proxies: Authority, setup: Setup, args: &[&str]) -> Self {
        let server = setup.start();
        let kubeconfig = Kubeconfig::of(&server);
        Self::of(proxies, server, &kubeconfig, args)
    }

    /// Who the front proxy is to this server.
    pub fn front_proxy(&self) -> Tls {
        Tls::new(&self.authority.pem(), Some(&client(&self.proxies, "front-proxy-client")))
    }

    /// What the front proxy gets for the HPA controller.
    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, &HPA)
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let tls = self.front_proxy();
        let mut connection = Connection::open(self.oppscale.api, Some(&tls)).unwrap();
        connection.get(path, headers).unwrap()
    }

    /// A page of the other port.
    pub fn web(&self, path: &str) -> Answer {
        self.web_with(path, &[])
    }

    pub fn web_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut connection = Connection::open(self.oppscale.web, None).unwrap();
        connection.get(path, headers).unwrap()
    }

    /// The value of a metric of a Deployment of namespace `opportunistic`, or the refusal.
    pub fn metric(&self, deployment: &str, metric: &str) -> Result<String, (u16, String)> {
        let path = format!(
            "/apis/custom.metrics.k8s.io/v1beta2/namespaces/opportunistic/deployments.apps/{deployment}/{metric}"
        );
        let answer = self.get(&path);
        match answer.status {
            200 => Ok(answer.json()["items"][0]["value"].as_str().unwrap().to_owned()),
            status => Err((status, answer.json()["message"].as_str().unwrap().to_owned())),
        }
    }

    /// The miner's fit replicas.
    pub fn fit(&self) -> Result<String, (u16, String)> {
        self.metric("electroneum", "oppscale_fit_replicas")
    }

    /// Waits until `is_so`.
    pub fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        self.until_in(PATIENCE, what, is_so);
    }

    /// Waits so long until `is_so`.
    pub fn until_in(&self, patience: Duration, what: &str, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < patience, "never {what}\n{}", self.oppscale.log_text());
            // What takes a minute is asked for ever more seldom.
            std::thread::sleep(
                (start.elapsed() / 20).clamp(Duration::from_millis(10), Duration::from_secs(1)),
            );
        }
    }

    /// Ends the server and starts another one at the same ports.
    pub fn restart(&mut self, args: &[&str]) {
        let (api, web) = (self.oppscale.api, self.oppscale.web);
        self.oppscale.kill();
        self.oppscale = Oppscale::start_at(&self.env, args, api, web);
    }
}

/// Replaces the serving certificate.
pub fn write_certificate(env: &TestEnv, identity: &Identity) {
    env.write("tls.crt", &identity.certificate_pem());
    env.write("tls.key", &identity.key_pem());
}

impl Oppscale {
    /// Starts one at ports of its own, and waits until it is ready.
    pub fn start(env: &TestEnv, args: &[&str]) -> Self {
        Self::start_at(env, args, ANY, ANY)
    }

    pub fn start_at(env: &TestEnv, args: &[&str], api: SocketAddr, web: SocketAddr) -> Self {
        let oppscale = Self::launch(env, args, api, web);
        oppscale.until_logged("ready", |line| line["message"] == "ready");
        oppscale
    }

    /// Starts one, and waits until its ports are open.
    pub fn launch(env: &TestEnv, args: &[&str], api: SocketAddr, web: SocketAddr) -> Self {
        Self::launch_as(env, &[], args, api, web)
    }

    pub fn launch_as(
        env: &TestEnv,
        program: &[&str],
        args: &[&str],
        api: SocketAddr,
        web: SocketAddr,
    ) -> Self {
        let mut all = vec!["serve", "--log-format=json", "--listen", "API", "--listen-http", "WEB"];
        let (api, web) = (api.to_string(), web.to_string());
        (all[3], all[5]) = (&api, &web);
        if !args.iter().any(|arg| arg.starts_with("--self-signed")) {
            all.extend(["--tls-cert-file=tls.crt", "--tls-private-key-file=tls.key"]);
        }
        all.extend(args);
        let mut child = env.start_as(program, &all, &[]);
        let log: Arc<Mutex<Vec<Value>>> = Arc::default();
        let (lines, stderr) = (Arc::clone(&log), BufReader::new(child.stderr.take().unwrap()));
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or(json!({"raw": line}));
                lines.lock().unwrap().push(value);
            }
        });
        let is_group = !program.is_empty();
        let mut oppscale = Self { child, is_group, log, api: ANY, web: ANY };
        let at = |what: &str| {
            let line = oppscale
                .until_logged(what, |line| line["message"] == format!("serving {what}").as_str());
            line["address"].as_str().unwrap().parse().unwrap()
        };
        let web = at("the page and /metrics");
        let api = if args.contains(&"--apis=none") { ANY } else { at("the metrics API") };
        (oppscale.api, oppscale.web) = (api, web);
        oppscale
    }

    /// One that was started at these ports, and whose log nobody reads.
    pub fn unread(child: Child, api: SocketAddr, web: SocketAddr) -> Self {
        Self { child, is_group: false, log: Arc::default(), api, web }
    }

    /// The first line of the log that is as wanted, waited for.
    pub fn until_logged(&self, what: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            if let Some(line) = self.log.lock().unwrap().iter().find(|line| is_wanted(line)) {
                return line.clone();
            }
            assert!(start.elapsed() < PATIENCE, "never logged {what}\n{}", self.log_text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn log_text(&self) -> String {
        self.log.lock().unwrap().iter().map(|line| format!("{line}\n")).collect()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory in bytes.
    pub fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    pub fn kill(&mut self) {
        // Without the group, oppscale would go on when its parent is gone.
        if std::mem::take(&mut self.is_group) {
            let line = format!("kill -KILL -{}", self.id());
            let _ = std::process::Command::new("sh").args(["-c", &line]).status();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for the end; the exit code.
    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Waits for a good end, so long at most.
    pub fn ends_within(&mut self, limit: Duration) {
        let start = Instant::now();
        while start.elapsed() < limit {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert_eq!(status.code(), Some(0));
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not end");
    }

    /// Sends a signal; the exit code that follows.
    pub fn end_with(&mut self, name: &str) -> Option<i32> {
        signal(name, self.id());
        self.wait()
    }
}

impl Drop for Oppscale {
    fn drop(&mut self) {
        self.kill();
        // Whatever a test is about, nothing may panic.
        let log = self.log_text();
        assert!(!log.contains("panicked") || std::thread::panicking(), "{log}");
    }
}
