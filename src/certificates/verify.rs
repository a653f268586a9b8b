//! A certificate chain verified against a CA bundle by the aggregator's rules.
//!
//! rustls-webpki verifies signatures and chains. Go's further checks (the dates of the trusted CA,
//! common names, SHA-1) are derived from the parsed certificates. Two things are accepted as Go
//! accepts them: a certificate that is itself in the bundle, and one without an extended key
//! usage.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::certificate::{CaBundle, Certificate, CertificateError, parse_pem};
use super::problem::CertificateProblem;

/// Share of the lifetime below which a certificate is renewed, in percent.
const RENEW_BELOW_PERCENT: i64 = 30;
/// Remaining lifetime below which the expiry is a warning, in seconds: 60 days, as in linkerd.
const WARN_BELOW: i64 = 60 * 86_400;

/// Remaining validity of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Expiry, in seconds since 1970.
    pub not_after: i64,
    /// Remaining lifetime, in seconds; negative after the expiry.
    pub seconds_left: i64,
    /// Remaining share of the lifetime, in percent.
    pub percent_left: i64,
}

impl Validity {
    /// The remaining validity at `now`.
    pub fn at(now: i64, not_before: i64, not_after: i64) -> Self {
        let seconds_left = not_after - now;
        let lifetime = (not_after - not_before).max(1);
        let percent_left = (seconds_left.max(0).saturating_mul(100) / lifetime).min(100);
        Self { not_after, seconds_left, percent_left }
    }

    /// Whether it is time to renew.
    pub fn needs_renewal(self) -> bool {
        self.percent_left < RENEW_BELOW_PERCENT
    }

    /// Whether it expires within 60 days.
    pub fn expires_soon(self) -> bool {
        self.seconds_left < WARN_BELOW
    }

    /// Remaining lifetime, in days.
    pub fn days_left(self) -> i64 {
        self.seconds_left.div_euclid(86_400)
    }
}

/// A time in UTC: `2027-11-24 08:00 UTC`.
pub fn date(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => format!("{seconds} s after 1970"),
    }
}

/// The result of a verification.
#[derive(Debug, Clone, Default)]
pub struct Verification {
    /// The serving certificate.
    pub leaf: Option<Certificate>,
    /// The CAs of the bundle.
    pub cas: Vec<Certificate>,
    /// Reasons for which the aggregator rejects the certificate, or soon will.
    pub problems: Vec<CertificateProblem>,
    /// Effective validity of the serving certificate: it ends with its CA's.
    pub validity: Option<Validity>,
}

/// Verifies the PEM `chain`, leaf first, for the name `expected`, against the PEM `bundle`; without
/// a bundle, against the other certificates of the chain.
pub fn verify(chain: &str, bundle: Option<&str>, expected: &str, now: i64) -> Verification {
    let mut result = Verification::default();
    let not_pem = |what, error: &CertificateError| CertificateProblem::NotPem {
        what,
        problem: error.to_string(),
    };
    let parsed = parse_pem(chain).and_then(|ders| {
        let leaf = ders.first().map(|der| Certificate::parse(der)).transpose()?;
        Ok((leaf, ders))
    });
    let (leaf, ders) = match parsed {
        Ok((Some(leaf), ders)) => (leaf, ders),
        Ok((None, _)) => return result,
        Err(error) => {
            result.problems.push(not_pem("certificate", &error));
            return result;
        }
    };
    let (first, others) = (&ders[0], &ders[1..]);
    let roots = match bundle {
        None if others.is_empty() => vec![first.clone()],
        None => others.to_vec(),
        Some(text) => match CaBundle::parse(text).and_then(|_| parse_pem(text)) {
            Ok(ders) => ders,
            Err(error) => {
                result.problems.push(not_pem("caBundle", &error));
                Vec::new()
            }
        },
    };
    result.cas = roots.iter().filter_map(|der| Certificate::parse(der).ok()).collect();
    result.problems.extend(name_problem(&leaf, expected));
    result.problems.extend(date_problem(&leaf, now));
    if leaf.server_auth == Some(false) {
        result.problems.push(CertificateProblem::WrongUsage);
    }
    let issuers: Vec<&Certificate> =
        result.cas.iter().filter(|ca| ca.subject_der == leaf.issuer_der).collect();
    if !result.cas.is_empty() && !roots.contains(first) {
        let chained = is_signed(first, others, &roots, expected, &leaf);
        result.problems.extend(ca_problem(&leaf, &issuers, chained, expected, now));
    }
    let ca_end = issuers.iter().map(|ca| ca.not_after).max();
    let end = ca_end.map_or(leaf.not_after, |end| end.min(leaf.not_after));
    result.validity = Some(Validity::at(now, leaf.not_before, end));
    result.leaf = Some(leaf);
    result
}

fn name_problem(leaf: &Certificate, expected: &str) -> Option<CertificateProblem> {
    let expected = expected.to_owned();
    if leaf.dns_names.is_empty() && !leaf.has_other_names {
        return Some(CertificateProblem::NoNames { expected });
    }
    let matches = leaf.dns_names.iter().any(|name| match name.strip_prefix("*.") {
        // A wildcard matches one label.
        Some(rest) => expected.split_once('.').is_some_and(|(_, tail)| tail == rest),
        None => name.eq_ignore_ascii_case(&expected),
    });
    let names = leaf.dns_names.clone();
    (!matches).then_some(CertificateProblem::OtherName { expected, names })
}

fn date_problem(leaf: &Certificate, now: i64) -> Option<CertificateProblem> {
    let Certificate { not_before, not_after, .. } = *leaf;
    if not_after < now {
        return Some(CertificateProblem::Expired { not_after: Some(not_after) });
    }
    (not_before > now).then_some(CertificateProblem::NotYetValid { not_before: Some(not_before) })
}

/// The problem of the CAs that may have signed the leaf; `chained` is whether signatures lead to
/// one of them.
fn ca_problem(
    leaf: &Certificate,
    issuers: &[&Certificate],
    chained: bool,
    expected: &str,
    now: i64,
) -> Option<CertificateProblem> {
    use CertificateProblem as P;
    if leaf.is_sha1 {
        return Some(P::Sha1);
    }
    let not_allowed = || P::NameNotAllowed { expected: expected.to_owned() };
    if !chained {
        return Some(match issuers.first() {
            Some(ca) if !ca.can_sign() => P::CaCannotSign,
            Some(ca) if !allows(ca, expected) => not_allowed(),
            _ => P::UnknownCa,
        });
    }
    if issuers.is_empty() {
        return None;
    }
    // webpki ignores dates and usages of trust anchors, but Go does not.
    let able: Vec<_> = issuers.iter().filter(|ca| ca.can_sign()).collect();
    let (Some(start), Some(end)) =
        (able.iter().map(|ca| ca.not_before).min(), able.iter().map(|ca| ca.not_after).max())
    else {
        return Some(P::CaCannotSign);
    };
    if !able.iter().any(|ca| allows(ca, expected)) {
        return Some(not_allowed());
    }
    if end < now {
        Some(P::CaExpired { not_after: end })
    } else if start > now {
        Some(P::NotYetValid { not_before: Some(start) })
    } else if end < leaf.not_after {
        Some(P::OutlivesCa { not_after: leaf.not_after, ca_not_after: end })
    } else {
        None
    }
}

/// Whether the name constraints of a CA allow a name.
fn allows(ca: &Certificate, expected: &str) -> bool {
    let below = |tree: &String| {
        let tree = tree.trim_start_matches('.');
        expected == tree || expected.strip_suffix(tree).is_some_and(|rest| rest.ends_with('.'))
    };
    (ca.permitted.is_empty() || ca.permitted.iter().any(below)) && !ca.excluded.iter().any(below)
}

/// Whether a signature is of a kind that Go verifies and ring does not: by a key of P-521, or of
/// RSA with fewer than 2048 bits (kube-apiserver 1.36.2 accepts both). The issuer's name has to
/// suffice then: no report is better than one about a certificate that works.
fn is_unsupported(error: &rustls::CertificateError, roots: &[Vec<u8>], leaf: &Certificate) -> bool {
    let mut issuers = roots.iter().filter_map(|root| Certificate::parse(root).ok());
    let Some(issuer) = issuers.find(|root| root.subject_der == leaf.issuer_der) else {
        return false;
    };
    let key = &issuer.public_key;
    // A point of P-521 has 2 coordinates of 66 bytes after the byte 4; an RSA key is a sequence,
    // 270 bytes long for 2048 bits.
    let is_p521 = key.first() == Some(&0x04) && key.len() == 133;
    let is_short_rsa = key.first() == Some(&0x30) && (100..256).contains(&key.len());
    use rustls::CertificateError as E;
    match error {
        E::UnsupportedSignatureAlgorithmContext { .. }
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => is_p521,
        E::BadSignature => is_short_rsa,
        _ => false,
    }
}

/// Whether signatures lead from the leaf to a root. Names and dates are checked elsewhere, so this
/// verifies for a name and a time that the leaf itself contains.
fn is_signed(
    first: &[u8],
    others: &[Vec<u8>],
    roots: &[Vec<u8>],
    expected: &str,
    leaf: &Certificate,
) -> bool {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut store = RootCertStore::empty();
    for root in roots {
        // A certificate that cannot be a trust anchor is ignored.
        let _ = store.add(CertificateDer::from(root.clone()));
    }
    let Ok(verifier) =
        WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider).build()
    else {
        return false;
    };
    let others: Vec<_> = others.iter().map(|der| CertificateDer::from(der.clone())).collect();
    let own = leaf.dns_names.first().map(|name| name.replacen('*', "x", 1));
    let name = own.unwrap_or_else(|| expected.to_owned());
    let Ok(name) = ServerName::try_from(name) else { return false };
    let time = Duration::from_secs(u64::try_from(leaf.not_before).unwrap_or_default());
    let verified = verifier.verify_server_cert(
        &CertificateDer::from(first.to_vec()),
        &others,
        &name,
        &[],
        UnixTime::since_unix_epoch(time),
    );
    use rustls::CertificateError as E;
    if let Err(rustls::Error::InvalidCertificate(error)) = &verified
        && is_unsupported(error, roots, leaf)
    {
        return true;
    }
    // webpki checks names and usages after signatures.
    matches!(
        verified,
        Ok(_)
            | Err(rustls::Error::InvalidCertificate(
                E::NotValidForName
                    | E::NotValidForNameContext { .. }
                    | E::InvalidPurpose
                    | E::InvalidPurposeContext { .. }
            ))
    )
}
