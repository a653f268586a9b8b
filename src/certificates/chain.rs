//! Certificate chains as Go builds and judges them (`crypto/x509/verify.go` and `x509.go`, 1.26).

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use super::certificate::{Certificate, NameConstraints};
use super::problem::CertificateProblem;

/// Longest chain.
const MAX_LENGTH: usize = 10;
/// Most chains that are judged; Go stops after 100 signatures.
const MAX_CHAINS: usize = 100;

/// A chain by names, from the serving certificate to a root.
pub(super) type Chain<'a> = Vec<&'a Certificate>;

/// The chains that lead from `leaf` over `intermediates` to one of `roots`, by the names of
/// subjects and issuers. A leaf that is itself a root is a chain of one.
pub(super) fn chains<'a>(
    leaf: &'a Certificate,
    intermediates: &'a [Certificate],
    roots: &'a [Certificate],
) -> Vec<Chain<'a>> {
    let mut found = Vec::new();
    if roots.iter().any(|root| root.fingerprint == leaf.fingerprint) {
        found.push(vec![leaf]);
        return found;
    }
    extend(&mut found, vec![leaf], intermediates, roots);
    found
}

fn extend<'a>(
    found: &mut Vec<Chain<'a>>,
    chain: Chain<'a>,
    intermediates: &'a [Certificate],
    roots: &'a [Certificate],
) {
    let Some(child) = chain.last().copied() else { return };
    let is_parent = |one: &&'a Certificate| {
        one.subject_der == child.issuer_der
            && chain.iter().all(|other| other.fingerprint != one.fingerprint)
    };
    for root in roots.iter().filter(is_parent) {
        if found.len() < MAX_CHAINS {
            found.push([&chain[..], &[root]].concat());
        }
    }
    if chain.len() >= MAX_LENGTH {
        return;
    }
    for intermediate in intermediates.iter().filter(is_parent) {
        if found.len() < MAX_CHAINS {
            extend(found, [&chain[..], &[intermediate]].concat(), intermediates, roots);
        }
    }
}

/// Why Go rejects a chain for a server. What concerns the leaf alone is judged elsewhere.
pub(super) fn problem(
    chain: &[&Certificate],
    expected: &str,
    now: i64,
) -> Option<CertificateProblem> {
    use CertificateProblem as P;
    let leaf = chain.first()?;
    for (at, link) in chain.windows(2).enumerate() {
        let [child, parent] = link else { continue };
        let is_root = at + 2 == chain.len();
        // Versions before 3 cannot say that they are CAs; Go believes it of a root.
        let is_old_root = is_root && !parent.is_v3;
        if !(parent.is_ca || is_old_root) || !parent.key_cert_sign {
            return Some(P::CaCannotSign);
        }
        if is_sha1(&child.signature.algorithm) {
            return Some(P::Sha1);
        }
        if !is_signed_by(child, parent) {
            return Some(P::UnknownCa);
        }
        if let Some(oid) = &parent.unknown_extension {
            return Some(P::UnknownExtension { what: "CA", oid: oid.clone() });
        }
        if parent.not_after < now {
            return Some(P::CaExpired { not_after: parent.not_after });
        }
        if parent.not_before > now {
            return Some(P::NotYetValid { not_before: Some(parent.not_before) });
        }
        if !allows(&parent.constraints, leaf) {
            return Some(P::NameNotAllowed { expected: expected.to_owned() });
        }
        if parent.path_length.is_some_and(|most| at > most as usize) {
            return Some(P::ChainTooLong);
        }
    }
    let is_barred = |ca: &&Certificate| ca.server_auth == Some(false);
    chain.iter().skip(1).any(is_barred).then_some(P::CaWrongUsage)
}

/// Whether name constraints allow all names of the leaf.
fn allows(constraints: &NameConstraints, leaf: &Certificate) -> bool {
    let NameConstraints { permitted, excluded, permitted_ips, excluded_ips } = constraints;
    let allows_name = |name: &String| {
        let below = |tree: &String| is_below(name, tree);
        (permitted.is_empty() || permitted.iter().any(below)) && !excluded.iter().any(below)
    };
    let allows_ip = |ip: &Vec<u8>| {
        let within = |subnet: &Vec<u8>| is_within(ip, subnet);
        (permitted_ips.is_empty() || permitted_ips.iter().any(within))
            && !excluded_ips.iter().any(within)
    };
    leaf.dns_names.iter().all(allows_name) && leaf.ip_addresses.iter().all(allows_ip)
}

/// Whether a DNS name is in a subtree; one that begins with a dot does not contain its own name.
fn is_below(name: &str, tree: &str) -> bool {
    let (name, suffix) = (name.to_ascii_lowercase(), tree.to_ascii_lowercase());
    match suffix.strip_prefix('.') {
        _ if suffix.is_empty() => true,
        Some(_) => name.ends_with(&suffix) && name.len() > suffix.len(),
        None => {
            name.strip_suffix(&suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        }
    }
}

/// Whether an address is in a subnet: address and mask, of twice its length.
fn is_within(ip: &[u8], subnet: &[u8]) -> bool {
    let (address, mask) = subnet.split_at(subnet.len() / 2);
    let masked = |(at, byte): (usize, &u8)| byte & mask[at] == address[at] & mask[at];
    ip.len() == address.len() && mask.len() == address.len() && ip.iter().enumerate().all(masked)
}

/// Whether a signature algorithm is RSA, DSA or ECDSA with SHA-1.
fn is_sha1(oid: &str) -> bool {
    matches!(oid, "1.2.840.113549.1.1.5" | "1.2.840.10040.4.3" | "1.2.840.10045.4.1")
}

/// Whether the key of `parent` signed `child`. Keys on the curves P-224 and P-521, which Go takes
/// and the library here does not, are believed by their name: no report is better than one about
/// a certificate that works.
fn is_signed_by(child: &Certificate, parent: &Certificate) -> bool {
    let verifies = |algorithm: &'static dyn VerificationAlgorithm| {
        let key = UnparsedPublicKey::new(algorithm, &parent.public_key);
        key.verify(&child.signature.signed, &child.signature.value).is_ok()
    };
    let hash = child.signature.hash.as_deref();
    match (child.signature.algorithm.as_str(), parent.curve.as_deref()) {
        ("1.2.840.113549.1.1.11", None) => {
            verifies(&signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY)
        }
        ("1.2.840.113549.1.1.12", None) => verifies(&signature::RSA_PKCS1_2048_8192_SHA384),
        ("1.2.840.113549.1.1.13", None) => {
            verifies(&signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY)
        }
        ("1.2.840.113549.1.1.10", None) => match hash {
            Some("2.16.840.1.101.3.4.2.1") => verifies(&signature::RSA_PSS_2048_8192_SHA256),
            Some("2.16.840.1.101.3.4.2.2") => verifies(&signature::RSA_PSS_2048_8192_SHA384),
            Some("2.16.840.1.101.3.4.2.3") => verifies(&signature::RSA_PSS_2048_8192_SHA512),
            _ => false,
        },
        ("1.3.101.112", None) => verifies(&signature::ED25519),
        ("1.2.840.10045.4.3.2", Some("1.2.840.10045.3.1.7")) => {
            verifies(&signature::ECDSA_P256_SHA256_ASN1)
        }
        ("1.2.840.10045.4.3.3", Some("1.2.840.10045.3.1.7")) => {
            verifies(&signature::ECDSA_P256_SHA384_ASN1)
        }
        ("1.2.840.10045.4.3.2", Some("1.3.132.0.34")) => {
            verifies(&signature::ECDSA_P384_SHA256_ASN1)
        }
        ("1.2.840.10045.4.3.3", Some("1.3.132.0.34")) => {
            verifies(&signature::ECDSA_P384_SHA384_ASN1)
        }
        // SHA-512, which the library has for no curve.
        ("1.2.840.10045.4.3.4", Some("1.2.840.10045.3.1.7" | "1.3.132.0.34")) => true,
        (
            "1.2.840.10045.4.3.2" | "1.2.840.10045.4.3.3" | "1.2.840.10045.4.3.4",
            Some("1.3.132.0.33" | "1.3.132.0.35"),
        ) => true,
        _ => false,
    }
}
