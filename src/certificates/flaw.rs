//! Why the aggregator would refuse a certificate, as sentences.
//!
//! The cases are those measured on kube-apiserver 1.36.2; [`Flaw::from_message`] finds them
//! again in the message of an APIService's Available condition.

use super::life::date;

/// A reason to refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// The chain or the bundle is no PEM.
    NotPem {
        /// Which of them.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The name that is asked for is not among those of the certificate.
    OtherName {
        /// What the aggregator asks for.
        asked: String,
        /// What the certificate has.
        names: Vec<String>,
    },
    /// Only a common name, no SAN.
    NoNames {
        /// What the aggregator asks for.
        asked: String,
    },
    /// The serving certificate has ended.
    Expired {
        /// When, seconds since 1970; `None` when only the message says so.
        not_after: Option<i64>,
    },
    /// It is not valid yet.
    NotYetValid {
        /// From when on.
        not_before: Option<i64>,
    },
    /// Its authority has ended, though it is valid itself.
    AuthorityExpired {
        /// When.
        not_after: i64,
    },
    /// The authority will end before the certificate.
    OutlivesAuthority {
        /// The certificate's end.
        not_after: i64,
        /// The authority's end.
        ca_not_after: i64,
    },
    /// For clients only.
    WrongUsage,
    /// Signed by nobody in the bundle.
    UnknownAuthority,
    /// The authority may not sign.
    AuthorityCannotSign,
    /// A SHA-1 signature.
    Sha1,
    /// The authority is not allowed to sign for this name.
    NameNotAllowed {
        /// What the aggregator asks for.
        asked: String,
    },
    /// The key is that of another certificate.
    OtherKey,
}

/// What to do about a flaw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fix {
    /// `oppscale certs renew`, and the rest of the sentence. Where Helm has the certificates as
    /// values, it is Helm that must renew them.
    Renew(&'static str),
    /// Anything else, as a sentence.
    Other(&'static str),
}

impl Flaw {
    /// What is wrong, as a sentence without its full stop.
    pub fn sentence(&self) -> String {
        match self {
            Self::NotPem { what, problem } => format!("the {what} is no PEM: {problem}"),
            Self::OtherName { asked, names } if names.is_empty() => {
                format!("the certificate is not for {asked}, the only name that is asked for")
            }
            Self::OtherName { asked, names } => format!(
                "the certificate is for {}, and not for {asked}, the only name that is asked for",
                names.join(", ")
            ),
            Self::NoNames { asked } => format!(
                "the certificate names {asked} nowhere: it has no subject alternative name, and a \
                 common name does not count"
            ),
            Self::Expired { not_after: Some(end) } => {
                format!("the serving certificate expired on {}", date(*end))
            }
            Self::Expired { not_after: None } => {
                "the serving certificate, or the CA that signed it, has expired".to_owned()
            }
            Self::NotYetValid { not_before: Some(start) } => {
                format!("the certificate is valid from {} on only", date(*start))
            }
            Self::NotYetValid { not_before: None } => {
                "the certificate is not valid yet by the API server's clock".to_owned()
            }
            Self::AuthorityExpired { not_after } => format!(
                "the CA expired on {}, and with it the serving certificate, whose own date looks \
                 fine",
                date(*not_after)
            ),
            Self::OutlivesAuthority { not_after, ca_not_after } => format!(
                "the serving certificate says {}, but its CA ends on {}, and with it the \
                 certificate",
                date(*not_after),
                date(*ca_not_after)
            ),
            Self::WrongUsage => {
                "the certificate is not for servers: its extended key usage lacks serverAuth"
                    .to_owned()
            }
            Self::UnknownAuthority => {
                "the certificate is signed by nobody in the APIService's caBundle".to_owned()
            }
            Self::AuthorityCannotSign => {
                "the CA may not sign certificates: it lacks CA:TRUE or the usage keyCertSign"
                    .to_owned()
            }
            Self::Sha1 => "the certificate is signed with SHA-1, which is refused".to_owned(),
            Self::NameNotAllowed { asked } => {
                format!("the CA's name constraints do not allow it to sign for {asked}")
            }
            Self::OtherKey => "the private key is that of another certificate".to_owned(),
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> Fix {
        match self {
            Self::NotPem { .. } | Self::UnknownAuthority => {
                Fix::Renew(" puts the CA that signed the certificate into the caBundle")
            }
            Self::NotYetValid { .. } => Fix::Other(
                "set the clocks right (NTP) of the control plane and of where certificates are made",
            ),
            _ => Fix::Renew(" --force makes new ones and takes them into use"),
        }
    }

    /// Finds the flaw in the message of an APIService that is not available.
    pub fn from_message(message: &str) -> Option<Self> {
        let has = |text: &str| message.contains(text);
        let quoted = |before: &str, after: &str| {
            let (_, rest) = message.split_once(before)?;
            Some(rest.split(after).next().unwrap_or_default().trim().to_owned())
        };
        if has("not valid for any names") {
            let asked = quoted("wanted to match ", " ").unwrap_or_default();
            return Some(Self::NoNames { asked });
        }
        if let Some(valid) = quoted("certificate is valid for ", ", not ") {
            let asked = message.rsplit_once(", not ").map_or("", |(_, name)| name);
            let asked = asked.split_whitespace().next().unwrap_or_default().to_owned();
            let names = valid.split(", ").map(str::to_owned).collect();
            return Some(Self::OtherName { asked, names });
        }
        if has("certificate has expired or is not yet valid") {
            return Some(match has(" is before ") {
                true => Self::NotYetValid { not_before: None },
                false => Self::Expired { not_after: None },
            });
        }
        if has("incompatible key usage") {
            return Some(Self::WrongUsage);
        }
        if has("insecure algorithm SHA1") {
            return Some(Self::Sha1);
        }
        if has("cannot sign this kind of certificate") {
            return Some(Self::AuthorityCannotSign);
        }
        if has("not authorized to sign for this name") {
            return Some(Self::NameNotAllowed { asked: "this name".to_owned() });
        }
        if has("signed by unknown authority") {
            return Some(Self::UnknownAuthority);
        }
        has("unable to load root certificates").then(|| Self::NotPem {
            what: "caBundle",
            problem: "the API server cannot load it".to_owned(),
        })
    }
}
