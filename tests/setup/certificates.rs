//! Certificates, judged by OpenSSL, by rustls-webpki, and by the aggregator's rules.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use oppscale::certificates::{
    CaBundle, Certificate, CertificateAuthority, CertificateProblem, CertificateSpec, Fix,
    IssuedCertificate, SecretString, SpecError, issue, key_matches, parse_pem, verify,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use time::OffsetDateTime;

use crate::support::tools::tool;

/// 2026-11-24 03:00 UTC.
const NOW: i64 = 1_795_489_200;
const DAY: i64 = 86_400;
const ASKED: &str = "oppscale.oppscale.svc";

fn spec() -> CertificateSpec {
    CertificateSpec::new("oppscale", "oppscale")
}

fn problems(chain: &str, bundle: &str) -> Vec<CertificateProblem> {
    verify(chain, Some(bundle), ASKED, NOW).problems
}

#[test]
fn the_recipe_is_good_for_a_year_and_its_authority_for_ten() {
    let issued = issue(&spec(), NOW).unwrap();
    let verification = verify(&issued.chain, Some(&issued.ca), ASKED, NOW);
    assert_eq!(verification.problems, []);
    let leaf = verification.leaf.unwrap();
    assert_eq!(leaf.dns_names, [ASKED, "oppscale.oppscale.svc.cluster.local"]);
    assert_eq!((leaf.not_before, leaf.not_after), (NOW - 3600, NOW + 365 * DAY));
    assert_eq!((leaf.is_ca, leaf.server_auth, leaf.client_auth), (false, Some(true), Some(false)));
    let ca = &verification.cas[0];
    assert_eq!((ca.not_before, ca.not_after), (NOW - 3600, NOW + 3650 * DAY));
    assert_eq!(ca.subject, format!("CN=oppscale-ca@{NOW}"));
    assert_eq!(ca.constraints.permitted, leaf.dns_names);
    assert!(ca.can_sign());
    assert_eq!(key_matches(&issued.chain, &issued.key), Some(true));
    assert_eq!(key_matches(&issued.chain, &issued.ca_key), Some(false));
}

#[test]
fn two_authorities_never_share_a_name() {
    let subject = |now| {
        let ca = issue(&spec(), now).unwrap().ca;
        Certificate::parse(&parse_pem(&ca).unwrap()[0]).unwrap().subject
    };
    assert_ne!(subject(NOW), subject(NOW + 1));
}

#[test]
fn webpki_accepts_it_for_the_aggregators_name_and_no_other() {
    let issued = issue(&spec(), NOW).unwrap();
    let verify = |name: &str, now: i64| {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        for der in parse_pem(&issued.ca).unwrap() {
            roots.add(CertificateDer::from(der)).unwrap();
        }
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let chain: Vec<_> =
            parse_pem(&issued.chain).unwrap().into_iter().map(CertificateDer::from).collect();
        let moment = UnixTime::since_unix_epoch(Duration::from_secs(now as u64));
        let name = ServerName::try_from(name.to_owned()).unwrap();
        verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], moment).is_ok()
    };
    assert!(verify(ASKED, NOW));
    assert!(verify("oppscale.oppscale.svc.cluster.local", NOW));
    assert!(!verify("oppscale.oppscale", NOW));
    assert!(!verify(ASKED, NOW - 2 * 3600), "before it is valid");
    assert!(!verify(ASKED, NOW + 366 * DAY), "after its end");
}

fn openssl(folder: &Path, args: &[&str]) -> (bool, String) {
    let output = Command::new("openssl").args(args).current_dir(folder).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn openssl_accepts_it_and_reads_its_key() {
    if tool("openssl").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let issued = issue(&spec(), NOW).unwrap();
    for (name, text) in
        [("ca.crt", &*issued.ca), ("tls.crt", &*issued.chain), ("tls.key", issued.key.expose())]
    {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let at = (NOW + 10).to_string();
    let verify = [
        "verify",
        "-x509_strict",
        "-attime",
        &at,
        "-CAfile",
        "ca.crt",
        "-purpose",
        "sslserver",
        "-verify_hostname",
        ASKED,
        "tls.crt",
    ];
    let (ok, text) = openssl(folder.path(), &verify);
    assert!(ok, "{text}");
    let mut other = verify;
    other[9] = "oppscale.oppscale";
    let (ok, text) = openssl(folder.path(), &other);
    assert!(!ok && text.contains("ostname mismatch"), "{text}");
    let (ok, text) = openssl(folder.path(), &["pkey", "-in", "tls.key", "-check", "-noout"]);
    assert!(ok && text.contains("valid"), "{text}");
    let args = ["x509", "-in", "tls.crt", "-noout", "-text", "-fingerprint", "-sha256"];
    let (_, text) = openssl(folder.path(), &args);
    for expected in [
        "prime256v1",
        "Digital Signature",
        "TLS Web Server Authentication",
        "Authority Key Identifier",
        "CA:FALSE",
    ] {
        // A leaf that is no CA may say so, or say nothing.
        assert!(text.contains(expected) || expected == "CA:FALSE", "{expected}: {text}");
    }
    let leaf = Certificate::parse(&parse_pem(&issued.chain).unwrap()[0]).unwrap();
    assert!(text.contains(&leaf.fingerprint), "{} in {text}", leaf.fingerprint);
}

#[test]
fn what_would_fail_is_not_made() {
    let outlives = CertificateSpec { days: 366, ca_days: 365, ..spec() };
    assert_eq!(outlives.validate(), Err(SpecError::OutlivesCa { days: 366, ca_days: 365 }));
    for (service, namespace) in [("Opp", "a"), ("opp", "a.b"), ("", "a"), ("-a", "a"), ("a", "a_b")]
    {
        assert!(
            CertificateSpec::new(service, namespace).validate().is_err(),
            "{service} {namespace}"
        );
    }
    for days in [0, 7_301] {
        assert!(CertificateSpec { days, ca_days: 7_300, ..spec() }.validate().is_err());
    }
    // An authority that ends before the certificate would.
    let ca =
        CertificateAuthority::generate(&CertificateSpec { days: 30, ca_days: 100, ..spec() }, NOW)
            .unwrap();
    let error = ca.issue(&spec(), NOW).unwrap_err().to_string();
    assert_eq!(
        error,
        "the CA cannot sign: it expires in 100 days, before the 365 days of the certificate"
    );
    // One whose constraints are for other names.
    let other =
        CertificateAuthority::generate(&CertificateSpec::new("other", "oppscale"), NOW).unwrap();
    let error = other.issue(&spec(), NOW).unwrap_err().to_string();
    assert!(error.contains("name constraints do not allow"), "{error}");
}

#[test]
fn an_authority_of_somebody_else_signs_if_it_may() {
    let issued = issue(&spec(), NOW).unwrap();
    let ca = CertificateAuthority::from_pem(&issued.ca, &issued.ca_key).unwrap();
    let again = ca.issue(&spec(), NOW).unwrap();
    assert_eq!(problems(&again.chain, &issued.ca), []);
    assert_ne!(again.key, issued.key);
    let error = |ca: &str, key: &SecretString| {
        CertificateAuthority::from_pem(ca, key).err().unwrap().to_string()
    };
    assert!(error(&issued.ca, &issued.key).contains("its key does not belong to the certificate"));
    let leaf = CaBundle::parse(&issued.chain).unwrap();
    assert!(error(&leaf.pem(), &issued.key).contains("contains 2 certificates"));
    assert!(error("nothing", &issued.key).contains("contains no PEM certificate"));
    let only_leaf = issued.chain.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap();
    assert!(error(only_leaf, &issued.key).contains("is not a CA"));
}

/// A certificate to order.
struct Order {
    ca: CertificateParams,
    leaf: CertificateParams,
}

impl Order {
    fn new() -> Self {
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.distinguished_name.push(DnType::CommonName, "an authority");
        ca.not_before = at(NOW - DAY);
        ca.not_after = at(NOW + 1000 * DAY);
        let mut leaf = CertificateParams::new(vec![ASKED.to_owned()]).unwrap();
        leaf.distinguished_name.push(DnType::CommonName, "a server");
        leaf.not_before = at(NOW - DAY);
        leaf.not_after = at(NOW + 100 * DAY);
        Self { ca, leaf }
    }

    fn problems(self) -> Vec<CertificateProblem> {
        let (chain, ca) = self.made();
        problems(&chain, &ca)
    }

    fn made(self) -> (String, String) {
        let (ca_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let ca = self.ca.self_signed(&ca_key).unwrap().pem();
        let leaf = self.leaf.signed_by(&key, &Issuer::new(self.ca, ca_key)).unwrap().pem();
        (leaf, ca)
    }
}

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

fn named(name: &str) -> Vec<rcgen::SanType> {
    CertificateParams::new(vec![name.to_owned()]).unwrap().subject_alt_names
}

/// The left column is what kube-apiserver 1.36.2 was seen to accept.
#[test]
fn what_the_aggregator_takes_is_taken() {
    assert_eq!(Order::new().problems(), []);
    let mut star = Order::new();
    star.leaf.subject_alt_names = named("*.oppscale.svc");
    assert_eq!(star.problems(), []);
    let mut constrained = Order::new();
    constrained.ca.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(ASKED.to_owned())],
        excluded_subtrees: Vec::new(),
    });
    assert_eq!(constrained.problems(), []);
    // A self-signed certificate that is itself the bundle.
    let key = KeyPair::generate().unwrap();
    let own = Order::new().leaf.self_signed(&key).unwrap().pem();
    assert_eq!(problems(&own, &own), []);
    // Old and new authority in one bundle.
    let (chain, ca) = Order::new().made();
    let (_, other) = Order::new().made();
    assert_eq!(problems(&chain, &format!("{other}{ca}")), []);
}

#[test]
fn a_certificate_that_outlives_its_ca_is_a_warning_as_long_as_the_ca_lives() {
    let mut order = Order::new();
    order.ca.not_after = at(NOW + 50 * DAY);
    let (chain, ca) = order.made();
    let verification = verify(&chain, Some(&ca), ASKED, NOW);
    assert_eq!(verification.problems, []);
    let warnings: Vec<_> = verification.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["the serving certificate is valid until 2027-03-04 03:00 UTC, but its CA expires on \
             2027-01-13 03:00 UTC, and with it the certificate"]
    );
    let dead = verify(&chain, Some(&ca), ASKED, NOW + 51 * DAY);
    assert!(matches!(dead.problems[..], [CertificateProblem::CaExpired { .. }]), "{dead:?}");
}

/// Each refusal of kube-apiserver 1.36.2: how it comes about, and the sentence for it.
#[test]
fn what_the_aggregator_refuses_is_refused_with_a_sentence() {
    let mut short = Order::new();
    short.leaf.subject_alt_names = named("oppscale.oppscale");
    let mut nameless = Order::new();
    nameless.leaf.subject_alt_names = Vec::new();
    let mut expired = Order::new();
    expired.leaf.not_after = at(NOW - 60);
    let mut young = Order::new();
    young.leaf.not_before = at(NOW + 60);
    let mut dead_ca = Order::new();
    dead_ca.ca.not_after = at(NOW - 60);
    let mut client = Order::new();
    client.leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let mut powerless = Order::new();
    powerless.ca.key_usages = vec![KeyUsagePurpose::CrlSign];
    let mut excluded = Order::new();
    excluded.ca.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("other.oppscale.svc".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    for (order, sentence) in [
        (
            short,
            "the certificate is for oppscale.oppscale, not for oppscale.oppscale.svc, the only name that is verified",
        ),
        (
            nameless,
            "the certificate does not cover oppscale.oppscale.svc: it has no subject alternative name, and the common name is ignored",
        ),
        (expired, "the serving certificate expired on 2026-11-24 02:59 UTC"),
        (young, "the certificate is not valid before 2026-11-24 03:01 UTC"),
        (
            dead_ca,
            "the CA expired on 2026-11-24 02:59 UTC, and with it the serving certificate, whose own date is still good",
        ),
        (client, "the certificate is not for servers: its extended key usage lacks serverAuth"),
        (
            powerless,
            "the CA cannot sign certificates: it lacks CA:TRUE or the key usage keyCertSign",
        ),
        (excluded, "the CA's name constraints do not allow it to sign for oppscale.oppscale.svc"),
    ] {
        let problems = order.problems();
        assert_eq!(
            problems.iter().map(CertificateProblem::to_string).collect::<Vec<_>>(),
            [sentence]
        );
        match problems[0].fix() {
            Fix::Renew(_) => {}
            Fix::Other(text) => assert!(text.contains("NTP"), "{text}"),
        }
    }
    let (chain, _) = Order::new().made();
    let (_, other) = Order::new().made();
    assert_eq!(problems(&chain, &other), [CertificateProblem::UnknownCa]);
    assert!(matches!(
        &problems(&chain, "no PEM")[..],
        [CertificateProblem::NotPem { what: "caBundle", .. }]
    ));
    assert!(matches!(
        &problems("no PEM", &other)[..],
        [CertificateProblem::NotPem { what: "certificate", .. }]
    ));
}

/// OpenSSL still signs with SHA-1 where it is told to; rcgen does not.
#[test]
fn a_sha1_signature_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    if tool("openssl").is_none() {
        return;
    }
    let run = |args: &[&str]| {
        let (ok, text) = openssl(folder.path(), args);
        assert!(ok, "{text}");
    };
    run(&[
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt",
        "-subj", "/CN=old", "-days", "3650",
    ]);
    run(&["req", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-out", "r", "-subj", "/CN=s"]);
    std::fs::write(folder.path().join("e"), format!("subjectAltName=DNS:{ASKED}")).unwrap();
    run(&[
        "x509",
        "-req",
        "-in",
        "r",
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-out",
        "tls.crt",
        "-sha1",
        "-days",
        "365",
        "-extfile",
        "e",
    ]);
    let read = |name| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let now = Certificate::parse(&parse_pem(&read("tls.crt")).unwrap()[0]).unwrap().not_before + 5;
    let verification = verify(&read("tls.crt"), Some(&read("ca.crt")), ASKED, now);
    assert_eq!(verification.problems, [CertificateProblem::Sha1]);
}

/// Messages as kube-apiserver 1.36.2 has them in the Available condition.
#[test]
fn the_servers_own_words_lead_to_the_same_sentences() {
    const START: &str = "failing or missing response from https://10.0.0.1:443/apis/custom.metrics.k8s.io/v1beta1: Get \"https://10.0.0.1:443/apis/custom.metrics.k8s.io/v1beta1\": tls: failed to verify certificate: x509: ";
    let problem = |tail: &str| CertificateProblem::from_message(&format!("{START}{tail}"));
    let asked = ASKED.to_owned();
    assert_eq!(
        problem("certificate is valid for oppscale.oppscale, not oppscale.oppscale.svc"),
        Some(CertificateProblem::OtherName {
            expected: asked.clone(),
            names: vec!["oppscale.oppscale".to_owned()]
        })
    );
    assert_eq!(
        problem(
            "certificate is not valid for any names, but wanted to match oppscale.oppscale.svc"
        ),
        Some(CertificateProblem::NoNames { expected: asked })
    );
    let date = "certificate has expired or is not yet valid: current time 2026-11-24T03:00:00Z is";
    assert_eq!(
        problem(&format!("{date} after 2026-01-01T00:00:00Z")),
        Some(CertificateProblem::Expired { not_after: None })
    );
    assert_eq!(
        problem(&format!("{date} before 2027-01-01T00:00:00Z")),
        Some(CertificateProblem::NotYetValid { not_before: None })
    );
    assert_eq!(
        problem("certificate specifies an incompatible key usage"),
        Some(CertificateProblem::WrongUsage)
    );
    assert_eq!(
        problem("certificate signed by unknown authority"),
        Some(CertificateProblem::UnknownCa)
    );
    assert_eq!(
        problem(
            "certificate signed by unknown authority (possibly because of \"x509: invalid signature: parent certificate cannot sign this kind of certificate\" while trying to verify candidate authority certificate \"ca\")"
        ),
        Some(CertificateProblem::CaCannotSign)
    );
    assert_eq!(
        problem(
            "certificate signed by unknown authority (possibly because of \"x509: cannot verify signature: insecure algorithm SHA1-RSA\" while trying to verify candidate authority certificate \"ca\")"
        ),
        Some(CertificateProblem::Sha1)
    );
    assert!(matches!(
        problem(
            "a root or intermediate certificate is not authorized to sign for this name: DNS name \"x\" is not permitted by any constraint"
        ),
        Some(CertificateProblem::NameNotAllowed { .. })
    ));
    assert_eq!(
        CertificateProblem::from_message("dial tcp 10.0.0.1:443: connect: connection refused"),
        None
    );
}

#[test]
fn a_secret_shows_itself_nowhere() {
    let issued: IssuedCertificate = issue(&spec(), NOW).unwrap();
    let shown = format!("{issued:?} {:?}", issued.key);
    assert!(!shown.contains("PRIVATE KEY"));
}
