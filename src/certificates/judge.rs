//! A chain and a bundle held against the aggregator's rules.
//!
//! Signatures and chains are rustls-webpki's; what Go checks beyond (the dates of the trusted
//! authority, common names, SHA-1 by name) is told from what the certificates say. Two things
//! are accepted as Go accepts them: a certificate that is itself in the bundle, and one without
//! an extended key usage.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::bundle::Bundle;
use super::facts::{Facts, certificates};
use super::flaw::Flaw;
use super::life::Life;

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// What the serving certificate says.
    pub leaf: Option<Facts>,
    /// The authorities of the bundle.
    pub authorities: Vec<Facts>,
    /// Why the aggregator refuses, or soon will; empty when it does not.
    pub flaws: Vec<Flaw>,
    /// The serving certificate's effective lifetime: it ends with its authority.
    pub life: Option<Life>,
}

/// Judges the PEM `chain`, its leaf first, by the PEM `bundle`; without a bundle, the chain's
/// other certificates are taken for it. `asked` is the name that the aggregator asks for.
pub fn judge(chain: &str, bundle: Option<&str>, asked: &str, now: i64) -> Judged {
    let mut judged = Judged::default();
    let not_pem = |what, problem: &super::facts::CertificateError| Flaw::NotPem {
        what,
        problem: problem.to_string(),
    };
    let ders = match certificates(chain) {
        Ok(ders) => ders,
        Err(error) => {
            judged.flaws.push(not_pem("certificate", &error));
            return judged;
        }
    };
    let Some((first, others)) = ders.split_first() else { return judged };
    let leaf = match Facts::of(first) {
        Ok(leaf) => leaf,
        Err(error) => {
            judged.flaws.push(not_pem("certificate", &error));
            return judged;
        }
    };
    let roots = match bundle {
        None if others.is_empty() => vec![first.clone()],
        None => others.to_vec(),
        Some(text) => match Bundle::parse(text).and_then(|_| certificates(text)) {
            Ok(ders) => ders,
            Err(error) => {
                judged.flaws.push(not_pem("caBundle", &error));
                Vec::new()
            }
        },
    };
    judged.authorities = roots.iter().filter_map(|der| Facts::of(der).ok()).collect();
    judged.flaws.extend(names(&leaf, asked));
    judged.flaws.extend(dates(&leaf, now));
    if leaf.serves == Some(false) {
        judged.flaws.push(Flaw::WrongUsage);
    }
    if !judged.authorities.is_empty() {
        let issuers: Vec<&Facts> =
            judged.authorities.iter().filter(|ca| ca.subject_der == leaf.issuer_der).collect();
        let is_own_root = roots.contains(first);
        let chained = is_own_root || signed(first, others, &roots, asked, &leaf);
        judged.flaws.extend(authority(&leaf, &issuers, is_own_root, chained, asked, now));
    }
    let end = judged
        .authorities
        .iter()
        .filter(|ca| ca.subject_der == leaf.issuer_der)
        .map(|ca| ca.not_after)
        .max()
        .map_or(leaf.not_after, |ca| ca.min(leaf.not_after));
    judged.life = Some(Life::of(leaf.not_before, end, now));
    judged.leaf = Some(leaf);
    judged
}

fn names(leaf: &Facts, asked: &str) -> Option<Flaw> {
    if leaf.dns_names.is_empty() && !leaf.has_other_names {
        return Some(Flaw::NoNames { asked: asked.to_owned() });
    }
    let matches = leaf.dns_names.iter().any(|name| match name.strip_prefix("*.") {
        // A star stands for one label.
        Some(rest) => asked.split_once('.').is_some_and(|(_, tail)| tail == rest),
        None => name.eq_ignore_ascii_case(asked),
    });
    (!matches).then(|| Flaw::OtherName { asked: asked.to_owned(), names: leaf.dns_names.clone() })
}

fn dates(leaf: &Facts, now: i64) -> Option<Flaw> {
    if leaf.not_after < now {
        return Some(Flaw::Expired { not_after: Some(leaf.not_after) });
    }
    (leaf.not_before > now).then_some(Flaw::NotYetValid { not_before: Some(leaf.not_before) })
}

/// What is wrong with those who may have signed it.
fn authority(
    leaf: &Facts,
    issuers: &[&Facts],
    is_own_root: bool,
    chained: bool,
    asked: &str,
    now: i64,
) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    if is_own_root {
        return flaws;
    }
    if leaf.is_sha1 {
        return vec![Flaw::Sha1];
    }
    if let Some(ca) = issuers.first().filter(|_| !chained) {
        flaws.push(if !ca.may_sign() {
            Flaw::AuthorityCannotSign
        } else if !allows(ca, asked) {
            Flaw::NameNotAllowed { asked: asked.to_owned() }
        } else {
            Flaw::UnknownAuthority
        });
        return flaws;
    }
    if !chained {
        return vec![Flaw::UnknownAuthority];
    }
    // Trusted authorities are not held to their dates and usages by webpki, but are by Go.
    let able: Vec<_> = issuers.iter().filter(|ca| ca.may_sign()).collect();
    if !issuers.is_empty() && able.is_empty() {
        return vec![Flaw::AuthorityCannotSign];
    }
    if !issuers.is_empty() && !able.iter().any(|ca| allows(ca, asked)) {
        return vec![Flaw::NameNotAllowed { asked: asked.to_owned() }];
    }
    let Some(end) = able.iter().map(|ca| ca.not_after).max() else { return flaws };
    let start = able.iter().map(|ca| ca.not_before).min().unwrap_or(end);
    if end < now {
        flaws.push(Flaw::AuthorityExpired { not_after: end });
    } else if start > now {
        flaws.push(Flaw::NotYetValid { not_before: Some(start) });
    } else if end < leaf.not_after {
        flaws.push(Flaw::OutlivesAuthority { not_after: leaf.not_after, ca_not_after: end });
    }
    flaws
}

/// Whether an authority's name constraints allow a name.
fn allows(ca: &Facts, asked: &str) -> bool {
    let below = |tree: &String| {
        let tree = tree.trim_start_matches('.');
        asked == tree || asked.strip_suffix(tree).is_some_and(|rest| rest.ends_with('.'))
    };
    (ca.permitted.is_empty() || ca.permitted.iter().any(below)) && !ca.excluded.iter().any(below)
}

/// Whether a signature is of a kind that Go verifies and ring does not: by a key of P-521, or of
/// RSA with fewer than 2048 bits (kube-apiserver 1.36.2 takes both). Then the issuer's name has to
/// do: better to say nothing than to call wrong what works.
fn is_beyond_us(error: &rustls::CertificateError, roots: &[Vec<u8>], leaf: &Facts) -> bool {
    let mut issuers = roots.iter().filter_map(|root| Facts::of(root).ok());
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

/// Whether signatures lead from the leaf to a root. Names and dates are told apart from that:
/// verification is for a name and a moment that the leaf itself gives, where it gives any.
fn signed(first: &[u8], others: &[Vec<u8>], roots: &[Vec<u8>], asked: &str, leaf: &Facts) -> bool {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut store = RootCertStore::empty();
    for root in roots {
        // One that cannot be a root vouches for nothing.
        let _ = store.add(CertificateDer::from(root.clone()));
    }
    let Ok(verifier) =
        WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider).build()
    else {
        return false;
    };
    let others: Vec<_> = others.iter().map(|der| CertificateDer::from(der.clone())).collect();
    let own = leaf.dns_names.first().map(|name| name.replacen('*', "x", 1));
    let name = own.unwrap_or_else(|| asked.to_owned());
    let Ok(name) = ServerName::try_from(name) else { return false };
    let moment = u64::try_from(leaf.not_before).unwrap_or_default();
    let moment = UnixTime::since_unix_epoch(std::time::Duration::from_secs(moment));
    let verified = verifier.verify_server_cert(
        &CertificateDer::from(first.to_vec()),
        &others,
        &name,
        &[],
        moment,
    );
    use rustls::CertificateError as E;
    if let Err(rustls::Error::InvalidCertificate(error)) = &verified
        && is_beyond_us(error, roots, leaf)
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
