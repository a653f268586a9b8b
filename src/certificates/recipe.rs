//! What the certificates of a metrics server are to say.

use thiserror::Error;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// How far certificates are backdated, for clocks that are late: as client-go does.
const BACKDATED: i64 = 3_600;
/// The longest lifetime that is made: beyond, dates of year 2050 and clients with 32-bit
/// time make trouble.
const MOST_DAYS: u32 = 7_300;

/// Names and lifetimes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The Service in front of the server.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// The cluster's domain, `cluster.local`.
    pub domain: String,
    /// How long the authority lives, days.
    pub ca_days: u32,
    /// How long the serving certificate lives, days.
    pub days: u32,
}

/// A recipe that would make certificates nobody accepts.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RecipeError {
    /// A leaf outlives its CA: the chain ends at the CA's date.
    #[error(
        "a serving certificate of {days} days outlives its CA of {ca_days} days: from the CA's \
         end on it would be refused, though its own date looks fine"
    )]
    OutlivesAuthority {
        /// Of the leaf.
        days: u32,
        /// Of the CA.
        ca_days: u32,
    },
    /// A lifetime out of range.
    #[error("{days} days is no lifetime; from 1 to {MOST_DAYS} days")]
    Lifetime {
        /// What was asked for.
        days: u32,
    },
    /// Not a DNS name.
    #[error("{text:?} is no {what}: lower-case letters, digits and '-', at most 63 characters")]
    Name {
        /// Which of the names.
        what: &'static str,
        /// What was given.
        text: String,
    },
}

impl Recipe {
    /// For a Service, with an authority of ten years and a certificate of one.
    pub fn new(service: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            namespace: namespace.into(),
            domain: "cluster.local".to_owned(),
            ca_days: 3_650,
            days: 365,
        }
    }

    /// The name that the aggregator asks for.
    pub fn asked_name(&self) -> String {
        format!("{}.{}.svc", self.service, self.namespace)
    }

    /// All names of the certificate.
    pub fn names(&self) -> [String; 2] {
        let asked = self.asked_name();
        let long = format!("{asked}.{}", self.domain);
        [asked, long]
    }

    /// From when to when the authority is valid, if made at `now`.
    pub fn ca_validity(&self, now: i64) -> (i64, i64) {
        (now - BACKDATED, now + i64::from(self.ca_days) * DAY)
    }

    /// From when to when the serving certificate is valid, if made at `now`.
    pub fn validity(&self, now: i64) -> (i64, i64) {
        (now - BACKDATED, now + i64::from(self.days) * DAY)
    }

    /// Refuses what the aggregator would refuse.
    ///
    /// # Errors
    /// When a name is none, or a lifetime makes no sense.
    pub fn check(&self) -> Result<(), RecipeError> {
        label("Service name", &self.service)?;
        label("namespace", &self.namespace)?;
        for part in self.domain.split('.') {
            label("cluster domain", part)?;
        }
        for days in [self.days, self.ca_days] {
            if !(1..=MOST_DAYS).contains(&days) {
                return Err(RecipeError::Lifetime { days });
            }
        }
        if self.days > self.ca_days {
            return Err(RecipeError::OutlivesAuthority { days: self.days, ca_days: self.ca_days });
        }
        Ok(())
    }
}

/// Whether `text` is a label of RFC 1123.
fn label(what: &'static str, text: &str) -> Result<(), RecipeError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let ok = (1..=63).contains(&text.len())
        && text.bytes().all(plain)
        && !text.starts_with('-')
        && !text.ends_with('-');
    if ok { Ok(()) } else { Err(RecipeError::Name { what, text: text.to_owned() }) }
}
