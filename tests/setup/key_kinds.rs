//! Kinds of keys: what kube-apiserver 1.36.2 was seen to take is not called wrong, even where the
//! library that verifies here cannot.

use std::path::Path;
use std::process::Command;

use oppscale::certificates::{Certificate, CertificateProblem, parse_pem, verify};

use crate::support::tools::tool;

const ASKED: &str = "oppscale.oppscale.svc";

fn openssl(folder: &Path, line: &str) {
    let output =
        Command::new("openssl").args(line.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A CA and a serving certificate with keys of a kind.
fn made(kind: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let names = format!("subjectAltName=DNS:{ASKED}");
    std::fs::write(path.join("names"), names).unwrap();
    let new = format!("-newkey {kind} -nodes");
    openssl(path, &format!("req -x509 {new} -keyout ca.key -out ca.crt -subj /CN=ca -days 3650"));
    openssl(path, &format!("req {new} -keyout tls.key -out tls.csr -subj /CN=server"));
    openssl(
        path,
        "x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out tls.crt -days 365 \
         -extfile names",
    );
    let read = |name: &str| std::fs::read_to_string(path.join(name)).unwrap();
    (read("tls.crt"), read("ca.crt"))
}

#[test]
#[ignore = "slow: makes a key of each kind"]
fn every_kind_of_key_that_the_aggregator_takes_is_taken() {
    if tool("openssl").is_none() {
        return;
    }
    let (_, other) = made("rsa:2048");
    for kind in [
        "ec -pkeyopt ec_paramgen_curve:P-256",
        "ec -pkeyopt ec_paramgen_curve:P-384",
        "ec -pkeyopt ec_paramgen_curve:P-521",
        "rsa:2048",
        "rsa:1024",
        "ed25519",
    ] {
        let (chain, ca) = made(kind);
        let now = Certificate::parse(&parse_pem(&chain).unwrap()[0]).unwrap().not_before + 5;
        assert_eq!(verify(&chain, Some(&ca), ASKED, now).problems, [], "{kind}");
        // Another authority of the same name is one all the same.
        if !kind.ends_with("P-521") && kind != "rsa:1024" {
            let problems = verify(&chain, Some(&other), ASKED, now).problems;
            assert_eq!(problems, [CertificateProblem::UnknownCa], "{kind}");
        }
        assert_eq!(verify(&chain, Some(&ca), "a.b.svc", now).problems.len(), 1, "{kind}");
    }
}

#[test]
fn the_long_name_alone_is_not_the_one_that_is_asked_for() {
    let spec = oppscale::certificates::CertificateSpec::new("oppscale", "oppscale");
    let issued = oppscale::certificates::issue(&spec, 1_795_489_200).unwrap();
    let long = "oppscale.oppscale.svc.cluster.local";
    assert_eq!(verify(&issued.chain, Some(&issued.ca), long, 1_795_489_200).problems, []);
    let only = |name: &str| {
        let mut leaf = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        leaf.not_before = time::OffsetDateTime::from_unix_timestamp(1_795_489_100).unwrap();
        leaf.not_after = time::OffsetDateTime::from_unix_timestamp(1_795_589_200).unwrap();
        leaf.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem()
    };
    let chain = only(long);
    let problems = verify(&chain, Some(&chain), ASKED, 1_795_489_200).problems;
    assert_eq!(
        problems,
        [CertificateProblem::OtherName {
            expected: ASKED.to_owned(),
            names: vec![long.to_owned()]
        }]
    );
}
