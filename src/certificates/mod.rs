//! Certificates for the metrics API: made, read, judged as kube-apiserver's aggregator would.
//!
//! The aggregator asks for the name `SERVICE.NAMESPACE.svc` and no other, and trusts what the
//! APIService's `caBundle` holds (kube-aggregator 1.36, `remote_available_controller.go`).
//!
//! | file | holds |
//! |---|---|
//! | `recipe` | [`Recipe`]: names and lifetimes |
//! | `mint` | an authority and what it signs, to the recipe |
//! | `private` | [`Private`]: text that is never shown |
//! | `facts` | [`Facts`]: what a certificate says of itself |
//! | `flaw` | [`Flaw`]: why the aggregator would refuse, as a sentence and what to do |
//! | `judge` | a chain and a bundle held against the aggregator's rules |
//! | `life` | how much of a lifetime is left, and whether to renew |
//! | `store` | the files of a folder |
//!
//! Points in time are seconds since 1970, and parameters: no clock here.

mod bundle;
mod facts;
mod flaw;
mod judge;
mod life;
mod mint;
mod private;
mod recipe;
mod store;

pub use bundle::Bundle;
pub use facts::{CertificateError, Facts, certificates, fingerprint};
pub use flaw::{Fix, Flaw};
pub use judge::{Judged, judge};
pub use life::{Life, date};
pub use mint::{Authority, MintError, Minted, key_fits, mint, request};
pub use private::Private;
pub use recipe::{Recipe, RecipeError};
pub use store::{CA_CERT, CA_KEY, CERT, KEY, REQUEST, Stored, read_folder};
