//! Reasons for which the aggregator rejects a certificate, as sentences, and their fixes.
//!
//! The cases were measured on kube-apiserver 1.36.2; [`CertificateProblem::from_message`]
//! recognizes them in the message of an APIService's Available condition.

use thiserror::Error;

use super::key::KeyError;
use super::verify::date;

/// A reason to reject a certificate; its `Display` is a sentence without the full stop.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CertificateProblem {
    /// The certificate or the bundle is not PEM.
    #[error("the {what} is not valid PEM: {problem}")]
    NotPem {
        /// `certificate` or `caBundle`.
        what: &'static str,
        /// Parser's message.
        problem: String,
    },
    /// The certificate does not cover the name that the aggregator verifies.
    #[error("{}", other_name(expected, names))]
    OtherName {
        /// Name that the aggregator verifies.
        expected: String,
        /// DNS names of the certificate.
        names: Vec<String>,
    },
    /// The certificate has a common name, but no subject alternative name.
    #[error(
        "the certificate does not cover {expected}: it has no subject alternative name, and \
         the common name is ignored"
    )]
    NoNames {
        /// Name that the aggregator verifies.
        expected: String,
    },
    /// The serving certificate has expired.
    #[error("{}", expired(*not_after))]
    Expired {
        /// Expiry, in seconds since 1970; `None` if a message does not contain it.
        not_after: Option<i64>,
    },
    /// The certificate is not valid yet.
    #[error("{}", not_yet_valid(*not_before))]
    NotYetValid {
        /// Start of the validity, in seconds since 1970; `None` if a message does not contain it.
        not_before: Option<i64>,
    },
    /// The CA has expired, although the serving certificate has not.
    #[error(
        "the CA expired on {}, and with it the serving certificate, whose own date is still good",
        date(*not_after)
    )]
    CaExpired {
        /// Expiry of the CA, in seconds since 1970.
        not_after: i64,
    },
    /// The CA expires before the serving certificate: accepted as long as the CA lives.
    #[error(
        "the serving certificate is valid until {}, but its CA expires on {}, and with it the \
         certificate",
        date(*not_after), date(*ca_not_after)
    )]
    OutlivesCa {
        /// Expiry of the serving certificate, in seconds since 1970.
        not_after: i64,
        /// Expiry of the CA, in seconds since 1970.
        ca_not_after: i64,
    },
    /// The extended key usage excludes serving.
    #[error("the certificate is not for servers: its extended key usage lacks serverAuth")]
    WrongUsage,
    /// A CA of the chain is not for servers.
    #[error("the CA is not for servers: its extended key usage lacks serverAuth")]
    CaWrongUsage,
    /// There is no CA.
    #[error("there is no CA: ca.crt is missing, and tls.crt holds the serving certificate alone")]
    NoCa,
    /// A CA allows fewer CAs below it than the chain has.
    #[error("the chain has more CAs than the path length of one of them allows")]
    ChainTooLong,
    /// A critical extension that the API server does not know.
    #[error("the {what} has a critical extension ({oid}) that the API server does not know")]
    UnknownExtension {
        /// `certificate` or `CA`.
        what: &'static str,
        /// Object identifier of the extension.
        oid: String,
    },
    /// No CA of the bundle signed the certificate.
    #[error("the certificate is not signed by a CA in the APIService's caBundle")]
    UnknownCa,
    /// The CA's own certificate does not allow signing.
    #[error("the CA cannot sign certificates: it lacks CA:TRUE or the key usage keyCertSign")]
    CaCannotSign,
    /// The signature uses SHA-1.
    #[error("the certificate is signed with SHA-1, which the API server rejects")]
    Sha1,
    /// The CA's name constraints exclude the name.
    #[error("the CA's name constraints do not allow it to sign for {expected}")]
    NameNotAllowed {
        /// Name that the aggregator verifies.
        expected: String,
    },
    /// The private key is not the one of the certificate.
    #[error("the private key does not belong to the certificate")]
    OtherKey,
    /// There is no private key.
    #[error("there is no private key (tls.key)")]
    NoKey,
    /// The private key cannot be used.
    #[error("the private key {0}")]
    InvalidKey(KeyError),
    /// The private key is of a kind that `oppscale serve` cannot use; other servers can.
    #[error(
        "oppscale serve cannot use a key of {0}: it takes ECDSA P-256 and P-384, Ed25519, and RSA of \
         2048 to 4096 bits"
    )]
    UnservableKey(String),
}

fn other_name(expected: &str, names: &[String]) -> String {
    match names {
        [] => format!("the certificate is not for {expected}, the only name that is verified"),
        _ => format!(
            "the certificate is for {}, not for {expected}, the only name that is verified",
            names.join(", ")
        ),
    }
}

fn expired(not_after: Option<i64>) -> String {
    match not_after {
        Some(end) => format!("the serving certificate expired on {}", date(end)),
        None => "the serving certificate, or the CA that signed it, has expired".to_owned(),
    }
}

fn not_yet_valid(not_before: Option<i64>) -> String {
    match not_before {
        Some(start) => format!("the certificate is not valid before {}", date(start)),
        None => "the certificate is not valid yet by the API server's clock".to_owned(),
    }
}

/// How to fix a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fix {
    /// `oppscale certs renew` and the rest of the sentence, unless the certificates are values of
    /// a Helm release, which Helm must renew.
    Renew(&'static str),
    /// Any other fix, as a sentence.
    Other(&'static str),
}

impl CertificateProblem {
    /// How to fix it.
    pub fn fix(&self) -> Fix {
        match self {
            Self::NotPem { .. } | Self::UnknownCa => {
                Fix::Renew(" puts the CA that signed the certificate into the caBundle")
            }
            Self::NotYetValid { .. } => Fix::Other(
                "synchronize the clocks (NTP) of the control plane and of the machine that issues \
                 certificates",
            ),
            Self::InvalidKey(KeyError::Encrypted) => Fix::Other(
                "decrypt it (openssl pkey -in tls.key -out tls.key.open, then rename it to tls.key)",
            ),
            _ => Fix::Renew(" --force issues new certificates and puts them into use"),
        }
    }

    /// Recognizes the problem in the message of an APIService that is not available.
    pub fn from_message(message: &str) -> Option<Self> {
        let has = |text: &str| message.contains(text);
        let quoted = |before: &str, after: &str| {
            let (_, rest) = message.split_once(before)?;
            Some(rest.split(after).next().unwrap_or_default().trim().to_owned())
        };
        if has("not valid for any names") {
            let expected = quoted("wanted to match ", " ").unwrap_or_default();
            return Some(Self::NoNames { expected });
        }
        if let Some(valid) = quoted("certificate is valid for ", ", not ") {
            let expected = message.rsplit_once(", not ").map_or("", |(_, name)| name);
            let expected = expected.split_whitespace().next().unwrap_or_default().to_owned();
            let names = valid.split(", ").map(str::to_owned).collect();
            return Some(Self::OtherName { expected, names });
        }
        if has("certificate has expired or is not yet valid") {
            return Some(match has(" is before ") {
                true => Self::NotYetValid { not_before: None },
                false => Self::Expired { not_after: None },
            });
        }
        let not_loaded = "the API server cannot load it".to_owned();
        let problems = [
            ("incompatible key usage", Self::WrongUsage),
            ("insecure algorithm SHA1", Self::Sha1),
            ("cannot sign this kind of certificate", Self::CaCannotSign),
            (
                "not authorized to sign for this name",
                Self::NameNotAllowed { expected: "this name".to_owned() },
            ),
            ("signed by unknown authority", Self::UnknownCa),
            (
                "unable to load root certificates",
                Self::NotPem { what: "caBundle", problem: not_loaded },
            ),
        ];
        problems.into_iter().find(|(text, _)| has(text)).map(|(_, problem)| problem)
    }
}
