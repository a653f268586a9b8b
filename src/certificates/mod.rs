//! Certificates of the metrics API: issued, parsed, and verified as kube-apiserver's aggregator
//! verifies them.
//!
//! The aggregator verifies the name `SERVICE.NAMESPACE.svc` and no other, and trusts the CAs in
//! the APIService's `caBundle` (kube-aggregator 1.36, `remote_available_controller.go`).
//!
//! Times are parameters, in seconds since 1970: this module reads no clock.

mod certificate;
mod chain;
mod issue;
mod key;
mod problem;
mod spec;
mod stored;
mod verify;

pub use certificate::{CaBundle, Certificate, CertificateError, fingerprint, parse_pem};
pub use issue::{
    CertificateAuthority, IssueError, IssuedCertificate, issue, key_matches, signing_request,
};
pub use key::{KeyError, KeyKind, PrivateKey};
pub use problem::{CertificateProblem, Fix};
pub use spec::{CertificateSpec, SpecError};
pub use stored::{
    CA_CERT, CA_KEY, CERT, KEY, REQUEST, SecretString, StoredCertificate, read_folder,
};
pub use verify::{Validity, Verification, date, verify};
