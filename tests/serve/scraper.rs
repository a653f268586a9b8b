//! A real Prometheus that scrapes a server under test.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::Connection;
use super::rig::Rig;
use crate::support::tools::tool;

/// Far longer than a scrape takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Prometheus {
    child: Child,
    address: SocketAddr,
}

impl Prometheus {
    /// One that scrapes the server of `rig` each second; `None` where there is no Prometheus.
    pub fn of(rig: &Rig) -> Option<Self> {
        let program = tool("prometheus")?;
        let config = format!(
            "scrape_configs:\n- job_name: oppscale\n  scrape_interval: 1s\n  static_configs:\n  \
             - targets: ['{}']\n",
            rig.oppscale.web
        );
        rig.env.write("prometheus.yml", &config);
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new(program)
            .arg(format!("--config.file={}", rig.env.path("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", rig.env.path("tsdb").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { child, address })
    }

    /// What a query results in, once that is anything; nothing if it never is.
    pub fn ask(&self, query: &str) -> Vec<Value> {
        let start = Instant::now();
        loop {
            match self.try_ask(query) {
                Some(result) if !result.is_empty() => return result,
                _ if start.elapsed() > PATIENCE => return Vec::new(),
                _ => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    /// What it has been told of a metric.
    pub fn metadata(&self, metric: &str) -> Value {
        let mut connection = Connection::open(self.address, None).unwrap();
        let path = format!("/api/v1/metadata?metric={metric}");
        connection.get(&path, &[]).unwrap().json()["data"][metric][0].clone()
    }

    fn try_ask(&self, query: &str) -> Option<Vec<Value>> {
        let query: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let mut connection = Connection::open(self.address, None).ok()?;
        let answer = connection.get(&format!("/api/v1/query?query={query}"), &[]).ok()?;
        assert!(answer.status < 400 || answer.status >= 500, "{}", answer.body);
        match answer.status {
            200 => Some(answer.json()["data"]["result"].as_array()?.clone()),
            _ => None,
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
