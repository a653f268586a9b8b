//! The built-in workloads.

use oppscale_core::resources::Amount;

use super::context::literal;

const GIB: Amount = 1 << 30;

/// A program to run in idle capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltInWorkload {
    /// Default name.
    pub name: &'static str,
    /// Memory for each core, in bytes.
    pub memory_per_core: Amount,
    /// Size limit of `/tmp`.
    pub scratch: &'static str,
    /// The port that it serves.
    pub port: Option<(&'static str, u16)>,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its environment from the ConfigMap: variable, key, value.
    pub config: Vec<(&'static str, &'static str, String)>,
    /// Its environment from the Secret: variable, key, value.
    pub secret: Vec<(&'static str, &'static str, String)>,
    /// Ports that it connects to, for the network policy.
    pub egress_ports: Vec<u16>,
}

/// Required settings of a miner. They have no default, which would mine for its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miner {
    /// The pool's URL.
    pub pool: String,
    /// Wallet address.
    pub wallet: String,
    /// Name of these pods at the pool.
    pub worker: String,
    /// Whether pool and worker are arguments instead of a ConfigMap.
    pub as_args: bool,
}

impl BuiltInWorkload {
    fn plain(name: &'static str) -> Self {
        Self {
            name,
            memory_per_core: GIB,
            scratch: "1Gi",
            port: None,
            args: Vec::new(),
            config: Vec::new(),
            secret: Vec::new(),
            egress_ports: Vec::new(),
        }
    }

    /// Any image.
    pub fn any() -> Self {
        Self::plain("filler")
    }

    /// Work from a queue, a gibibyte or two a core.
    pub fn batch() -> Self {
        Self { memory_per_core: 2 * GIB, scratch: "2Gi", ..Self::plain("batch") }
    }

    /// Video: much cpu, little memory, large files for a while.
    pub fn transcode() -> Self {
        Self { scratch: "10Gi", ..Self::plain("transcode") }
    }

    /// A cache in idle memory, reached by a Service.
    pub fn cache() -> Self {
        Self { memory_per_core: 4 * GIB, port: Some(("cache", 11211)), ..Self::plain("cache") }
    }

    /// The article's miner, with the flags of xmrig and those that follow it. The wallet is
    /// in a Secret and never an argument, which everybody who may list pods can read.
    pub fn miner(miner: Miner) -> Self {
        let Miner { pool, wallet, worker, as_args } = miner;
        let egress_ports = port_of(&pool).into_iter().collect();
        let (url, rig, config) = if as_args {
            (literal(&pool), literal(&worker), Vec::new())
        } else {
            let config = vec![("POOL", "pool", pool), ("WORKER", "worker", worker)];
            ("$(POOL)".to_owned(), "$(WORKER)".to_owned(), config)
        };
        let args =
            vec![format!("--url={url}"), "--user=$(WALLET)".to_owned(), format!("--rig-id={rig}")];
        Self {
            memory_per_core: GIB / 4,
            args,
            config,
            secret: vec![("WALLET", "wallet", wallet)],
            egress_ports,
            ..Self::plain("miner")
        }
    }

    /// The article's sample application, which counts its requests: oppscale's own image. It
    /// is paid work.
    pub fn sample_app() -> Self {
        Self {
            args: vec!["sample-app".to_owned()],
            memory_per_core: GIB / 8,
            port: Some(("http", 8080)),
            ..Self::plain("sample-app")
        }
    }
}

/// The port of a URL such as `stratum+tcp://pool.host:3333`.
fn port_of(url: &str) -> Option<u16> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next()?.rsplit_once(':')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pools_port_is_found() {
        assert_eq!(port_of("stratum+tcp://pool.host:3333"), Some(3333));
        assert_eq!(port_of("pool.host:443/x"), Some(443));
        assert_eq!(port_of("https://pool.host"), None);
        assert_eq!(port_of("[::1]:99999"), None);
    }
}
