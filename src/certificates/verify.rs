//! A certificate chain verified against a CA bundle as the aggregator, a Go program, verifies it.

use jiff::Timestamp;

use super::certificate::{Certificate, CertificateError, parse_pem};
use super::chain;
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
    /// Reasons for which the aggregator rejects the certificate.
    pub problems: Vec<CertificateProblem>,
    /// Problems that the aggregator accepts today, but that fail later or with another server.
    pub warnings: Vec<CertificateProblem>,
    /// Effective validity of the serving certificate: it ends with that of its chain.
    pub validity: Option<Validity>,
}

/// Verifies the PEM `chain`, leaf first, for the name `expected`, against the PEM `bundle`; without
/// a bundle, against the other certificates of the chain.
pub fn verify(chain: &str, bundle: Option<&str>, expected: &str, now: i64) -> Verification {
    use CertificateProblem as P;
    let mut result = Verification::default();
    let not_pem = |what, error: &CertificateError| P::NotPem { what, problem: error.to_string() };
    let mut certificates = match parse_all(chain) {
        Ok(certificates) => certificates,
        Err(error) => {
            result.problems.push(not_pem("certificate", &error));
            return result;
        }
    };
    let leaf = certificates.remove(0);
    let others = certificates;
    let roots = match bundle {
        None => others.clone(),
        Some(text) => parse_all(text).unwrap_or_else(|error| {
            result.problems.push(not_pem("caBundle", &error));
            Vec::new()
        }),
    };
    result.problems.extend(name_problem(&leaf, expected));
    result.problems.extend(date_problem(&leaf, now));
    if leaf.server_auth == Some(false) {
        result.problems.push(P::WrongUsage);
    }
    if let Some(oid) = &leaf.unknown_extension {
        result.problems.push(P::UnknownExtension { what: "certificate", oid: oid.clone() });
    }
    let mut chain_end = None;
    if roots.is_empty() && bundle.is_none() {
        result.problems.push(P::NoCa);
    } else if !roots.is_empty() {
        let chains = chain::chains(&leaf, &others, &roots);
        let end = |chain: &chain::Chain<'_>| chain.iter().map(|link| link.not_after).min();
        let judged = || chains.iter().map(|chain| (chain, chain::problem(chain, expected, now)));
        chain_end =
            judged().filter(|(_, problem)| problem.is_none()).filter_map(|(one, _)| end(one)).max();
        match chain_end {
            Some(end) if end < leaf.not_after && leaf.not_after >= now => {
                let outlives = P::OutlivesCa { not_after: leaf.not_after, ca_not_after: end };
                result.warnings.push(outlives);
            }
            Some(_) => {}
            None => {
                // The reason of the chain that leads furthest: a wrong signature is none of it.
                let reasons = || judged().filter_map(|(_, problem)| problem);
                let reason = reasons().find(|reason| *reason != P::UnknownCa);
                result.problems.push(reason.unwrap_or(P::UnknownCa));
                chain_end = chains.iter().filter_map(end).max();
            }
        }
    }
    let end = chain_end.map_or(leaf.not_after, |end| end.min(leaf.not_after));
    result.validity = Some(Validity::at(now, leaf.not_before, end));
    result.cas = roots;
    result.leaf = Some(leaf);
    result
}

/// The certificates of a PEM text, at least one.
fn parse_all(text: &str) -> Result<Vec<Certificate>, CertificateError> {
    let parsed = (1..)
        .zip(parse_pem(text)?)
        .map(|(number, der)| Certificate::parse(&der).map_err(|error| error.at(number)));
    parsed.collect()
}

fn name_problem(leaf: &Certificate, expected: &str) -> Option<CertificateProblem> {
    let expected = expected.to_owned();
    if leaf.dns_names.is_empty() && !leaf.has_other_names {
        return Some(CertificateProblem::NoNames { expected });
    }
    let matches = leaf.dns_names.iter().any(|name| match name.strip_prefix("*.") {
        // A wildcard matches one label.
        Some(rest) => {
            expected.split_once('.').is_some_and(|(_, tail)| tail.eq_ignore_ascii_case(rest))
        }
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
