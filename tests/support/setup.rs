//! How a fake API server is to be.

use super::authority::ServerName;
use super::fake_apiserver::FakeApiServer;
use super::routes::Paging;
use super::world::World;

/// How to start a [`FakeApiServer`].
pub struct Setup {
    pub(super) world: World,
    pub(super) tls: Option<ServerName>,
    pub(super) paging: Paging,
    pub(super) token: Option<&'static str>,
    pub(super) demands_certificate: bool,
    pub(super) prefix: &'static str,
    pub(super) streams: bool,
    pub(super) stores: bool,
    pub(super) speaks_protobuf: bool,
}

impl Setup {
    /// A server with TLS that asks nobody who they are. With `OPPSCALE_TEST_JSON` in the
    /// environment of the tests, all of them are run against servers that speak JSON alone.
    pub fn new(world: World) -> Self {
        let paging = Paging {
            at_most: usize::MAX,
            overlap: 0,
            epoch: 930,
            revision: 930,
            is_protobuf: false,
        };
        Self {
            world,
            tls: Some(ServerName::Right),
            paging,
            token: None,
            demands_certificate: false,
            prefix: "",
            streams: true,
            stores: false,
            speaks_protobuf: std::env::var_os("OPPSCALE_TEST_JSON").is_none(),
        }
    }

    /// Of a version that does not stream lists.
    #[must_use]
    pub fn without_streaming(mut self) -> Self {
        self.world.version["minor"] = "33".into();
        self.world.version["gitVersion"] = "v1.33.4".into();
        Self { streams: false, ..self }
    }

    /// That says it streams lists, and refuses to.
    #[must_use]
    pub fn refusing_to_stream(self) -> Self {
        Self { streams: false, ..self }
    }

    /// Without TLS.
    #[must_use]
    pub fn plain(self) -> Self {
        Self { tls: None, ..self }
    }

    /// With another certificate than the right one.
    #[must_use]
    pub fn certificate(self, name: ServerName) -> Self {
        Self { tls: Some(name), ..self }
    }

    /// With pages of at most so many items, whatever limit is asked for.
    #[must_use]
    pub fn pages_of(mut self, items: usize) -> Self {
        self.paging.at_most = items;
        self
    }

    /// With pages whose first items are the last ones of the page before.
    #[must_use]
    pub fn overlapping_by(mut self, items: usize) -> Self {
        self.paging.overlap = items;
        self
    }

    /// Only for those who bear this token; 401 for others.
    #[must_use]
    pub fn for_token(self, token: &'static str) -> Self {
        Self { token: Some(token), ..self }
    }

    /// Only for those with a client certificate; 401 for others.
    #[must_use]
    pub fn for_client_certificates(self) -> Self {
        Self { demands_certificate: true, ..self }
    }

    /// Below a path, as a proxy such as Rancher's serves a cluster.
    #[must_use]
    pub fn below(self, prefix: &'static str) -> Self {
        Self { prefix, ..self }
    }

    /// That stores objects, reviews access and hands out tokens.
    #[must_use]
    pub fn storing(self) -> Self {
        Self { stores: true, ..self }
    }

    /// That answers in JSON, whatever it is asked for, as some proxies do.
    #[must_use]
    pub fn without_protobuf(self) -> Self {
        Self { speaks_protobuf: false, ..self }
    }

    /// Starts it.
    pub fn start(self) -> FakeApiServer {
        FakeApiServer::of(self)
    }
}
