//! Names and lifetimes of the certificates to issue.

use thiserror::Error;

use oppscale_core::names::is_dns_label;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Seconds by which certificates are backdated, for clocks that run late, as in client-go.
const BACKDATED: i64 = 3_600;
/// The longest lifetime, in days: dates from the year 2050 on, and clients with 32-bit times,
/// cause trouble.
const MAX_DAYS: u32 = 7_300;

/// Names and lifetimes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateSpec {
    /// Name of the Service in front of the server.
    pub service: String,
    /// Namespace of the Service.
    pub namespace: String,
    /// DNS domain of the cluster, such as `cluster.local`.
    pub domain: String,
    /// Lifetime of the CA, in days.
    pub ca_days: u32,
    /// Lifetime of the serving certificate, in days.
    pub days: u32,
}

/// Why a specification would produce certificates that are rejected.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SpecError {
    /// The serving certificate outlives its CA, which ends its validity.
    #[error(
        "a serving certificate of {days} days outlives its CA of {ca_days} days: once the CA \
         expires, the certificate is rejected although its own date is still good"
    )]
    OutlivesCa {
        /// Lifetime of the serving certificate, in days.
        days: u32,
        /// Lifetime of the CA, in days.
        ca_days: u32,
    },
    /// A lifetime is out of range.
    #[error("a lifetime of {days} days is out of range: 1 to {MAX_DAYS} days")]
    Lifetime {
        /// Requested lifetime, in days.
        days: u32,
    },
    /// A name is not a DNS label.
    #[error(
        "{text:?} is not a valid {what}: lower-case letters, digits and '-', at most 63 characters"
    )]
    Name {
        /// Kind of name.
        what: &'static str,
        /// Rejected text.
        text: String,
    },
}

impl CertificateSpec {
    /// The default lifetimes: ten years for the CA, one year for the certificate.
    pub fn new(service: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            namespace: namespace.into(),
            domain: "cluster.local".to_owned(),
            ca_days: 3_650,
            days: 365,
        }
    }

    /// The name that the aggregator verifies.
    pub fn server_name(&self) -> String {
        format!("{}.{}.svc", self.service, self.namespace)
    }

    /// All DNS names of the certificate.
    pub fn dns_names(&self) -> [String; 2] {
        let name = self.server_name();
        let long = format!("{name}.{}", self.domain);
        [name, long]
    }

    /// Validity of a CA issued at `now`: start and end.
    pub fn ca_validity(&self, now: i64) -> (i64, i64) {
        (now - BACKDATED, now + i64::from(self.ca_days) * DAY)
    }

    /// Validity of a serving certificate issued at `now`: start and end.
    pub fn validity(&self, now: i64) -> (i64, i64) {
        (now - BACKDATED, now + i64::from(self.days) * DAY)
    }

    /// Rejects names and lifetimes that the aggregator would reject.
    ///
    /// # Errors
    /// When a name is invalid, or a lifetime out of range.
    pub fn validate(&self) -> Result<(), SpecError> {
        label("Service name", &self.service)?;
        label("namespace", &self.namespace)?;
        for part in self.domain.split('.') {
            label("cluster domain", part)?;
        }
        for days in [self.days, self.ca_days] {
            if !(1..=MAX_DAYS).contains(&days) {
                return Err(SpecError::Lifetime { days });
            }
        }
        if self.days > self.ca_days {
            return Err(SpecError::OutlivesCa { days: self.days, ca_days: self.ca_days });
        }
        Ok(())
    }
}

/// Checks that `text` is a DNS label.
fn label(what: &'static str, text: &str) -> Result<(), SpecError> {
    match is_dns_label(text) {
        true => Ok(()),
        false => Err(SpecError::Name { what, text: text.to_owned() }),
    }
}
