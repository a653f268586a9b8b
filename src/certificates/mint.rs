//! An authority and what it signs, to the recipe.
//!
//! ECDSA P-256 for both: every aggregator takes it, and OpenSSL 3.0 reads its key, which it
//! does not for the PKCS#8 v2 of Ed25519.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256,
};
use thiserror::Error;
use time::OffsetDateTime;

use super::facts::{CertificateError, Facts, certificates};
use super::judge::judge;
use super::private::Private;
use super::recipe::{Recipe, RecipeError};

/// What an authority's name begins with. The rest is when it was made: two authorities of one
/// name confuse whoever builds a chain.
pub(super) const CA_NAME: &str = "oppscale-ca@";

/// Certificates that cannot be made.
#[derive(Debug, Error)]
pub enum MintError {
    /// The recipe makes no sense.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// An authority that was given cannot be used.
    #[error("the CA cannot sign: {0}")]
    Authority(String),
    /// The library refuses.
    #[error("cannot make a certificate: {0}")]
    Library(#[from] rcgen::Error),
    /// What was made cannot be read back.
    #[error(transparent)]
    Unreadable(#[from] CertificateError),
}

/// Who signs.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    key: Private,
    not_after: i64,
}

/// A serving certificate with all that belongs to it.
#[derive(Debug, Clone)]
pub struct Minted {
    /// The authority's certificate.
    pub ca: String,
    /// The serving certificate, and the authority's after it.
    pub chain: String,
    /// Its key, PKCS#8.
    pub key: Private,
    /// The authority's key, if it is to be kept.
    pub ca_key: Private,
}

impl Authority {
    /// A new one, which may sign for the recipe's names only.
    ///
    /// # Errors
    /// When the recipe makes no sense.
    pub fn new(recipe: &Recipe, now: i64) -> Result<Self, MintError> {
        recipe.check()?;
        let (not_before, not_after) = recipe.ca_validity(now);
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = named(&format!("{CA_NAME}{now}"));
        params.not_before = at(not_before)?;
        params.not_after = at(not_after)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: recipe.names().into_iter().map(GeneralSubtree::DnsName).collect(),
            excluded_subtrees: Vec::new(),
        });
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let pem = params.self_signed(&key)?.pem();
        let secret = Private::new(key.serialize_pem());
        Ok(Self { issuer: Issuer::new(params, key), pem, key: secret, not_after })
    }

    /// One that was made elsewhere.
    ///
    /// # Errors
    /// When it cannot be read, or may not sign.
    pub fn read(pem: &str, key: &Private) -> Result<Self, MintError> {
        let ders = certificates(pem)?;
        let [der] = &ders[..] else {
            let problem = format!("its file holds {} certificates, not one", ders.len());
            return Err(MintError::Authority(problem));
        };
        let facts = Facts::of(der)?;
        if !facts.may_sign() {
            return Err(MintError::Authority(format!(
                "{} is no authority: it lacks CA:TRUE or the usage keyCertSign",
                facts.subject
            )));
        }
        let key_pair = KeyPair::from_pem(key.expose())
            .map_err(|_| MintError::Authority("its key cannot be read as PEM".to_owned()))?;
        if key_pair.public_key_raw() != facts.public_key {
            return Err(MintError::Authority("its key is that of another certificate".to_owned()));
        }
        let issuer = Issuer::from_ca_cert_der(&der.clone().into(), key_pair)?;
        Ok(Self { issuer, pem: pem.to_owned(), key: key.clone(), not_after: facts.not_after })
    }

    /// Signs a serving certificate with a key of its own.
    ///
    /// # Errors
    /// When the recipe makes no sense, and when the aggregator would refuse what came out: a
    /// given authority may have ended, or not be allowed to sign for these names.
    pub fn sign(&self, recipe: &Recipe, now: i64) -> Result<Minted, MintError> {
        recipe.check()?;
        let (not_before, not_after) = recipe.validity(now);
        if not_after > self.not_after {
            let left = (self.not_after - now).max(0) / 86_400;
            return Err(MintError::Authority(format!(
                "it ends in {left} days, before the {} days of the certificate",
                recipe.days
            )));
        }
        let mut params = serving(recipe)?;
        params.not_before = at(not_before)?;
        params.not_after = at(not_after)?;
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let leaf = params.signed_by(&key, &self.issuer)?.pem();
        let minted = Minted {
            ca: self.pem.clone(),
            chain: format!("{leaf}{}", self.pem),
            key: Private::new(key.serialize_pem()),
            ca_key: self.key.clone(),
        };
        let judged = judge(&minted.chain, Some(&minted.ca), &recipe.asked_name(), now);
        match judged.flaws.first() {
            None => Ok(minted),
            Some(flaw) => Err(MintError::Authority(flaw.sentence())),
        }
    }
}

/// A new authority and a serving certificate of it.
///
/// # Errors
/// When the recipe makes no sense.
pub fn mint(recipe: &Recipe, now: i64) -> Result<Minted, MintError> {
    Authority::new(recipe, now)?.sign(recipe, now)
}

/// A certificate signing request for somebody else's authority, and its key.
///
/// # Errors
/// When the recipe makes no sense.
pub fn request(recipe: &Recipe) -> Result<(String, Private), MintError> {
    recipe.check()?;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let request = serving(recipe)?.serialize_request(&key)?.pem()?;
    Ok((request, Private::new(key.serialize_pem())))
}

/// A serving certificate without its dates.
fn serving(recipe: &Recipe) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(recipe.names().to_vec())?;
    // A common name has at most 64 characters; names are found in the SANs anyway.
    params.distinguished_name = named("oppscale");
    params.is_ca = IsCa::NoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn named(common_name: &str) -> rcgen::DistinguishedName {
    let mut name = rcgen::DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn at(seconds: i64) -> Result<OffsetDateTime, MintError> {
    OffsetDateTime::from_unix_timestamp(seconds)
        .map_err(|_| MintError::Recipe(RecipeError::Lifetime { days: 0 }))
}

/// Whether `key` is that of the first certificate of `chain`; `None` for kinds of keys that
/// cannot be read here.
pub fn key_fits(chain: &str, key: &Private) -> Option<bool> {
    let leaf = Facts::of(certificates(chain).ok()?.first()?).ok()?;
    let key = KeyPair::from_pem(key.expose()).ok()?;
    Some(key.public_key_raw() == leaf.public_key)
}
