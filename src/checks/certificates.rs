//! Checks of serving certificates, and of the CAs that APIServices trust.

use k8s_openapi::api::core::v1::Secret;

use crate::certificates::{CaBundle, CertificateSpec, Fix, date, verify};
use crate::setup::api_services::ApiService;
use crate::setup::tls_secret::stored;
use oppscale_core::check::{CheckId, Finding, Outcome};
use oppscale_core::kinds::SECRET;

use super::context::{CheckContext, CheckTarget};

const EXISTS: CheckId = CheckId::CertificateExists;
const ACCEPTED: CheckId = CheckId::CertificateAccepted;
const LIFETIME: CheckId = CheckId::CertificateLifetime;
const TRUSTED: CheckId = CheckId::CaBundleTrusted;
const ALL: [CheckId; 4] = [EXISTS, ACCEPTED, LIFETIME, TRUSTED];

pub(super) async fn check(context: &mut CheckContext<'_>) -> Vec<Finding> {
    CheckId::each(&ALL, certificate(context).await)
}

async fn certificate(context: &mut CheckContext<'_>) -> Result<Vec<Finding>, Outcome> {
    let mut target = context.target.clone();
    let object = |target: &CheckTarget| SECRET.object(Some(&target.namespace), &target.secret);
    let mut secret: Option<Secret> = context.read(&object(&target)).await?;
    if secret.is_none() {
        // With --pipeline prometheus the certificate is the adapter's.
        let adapter = target.adapter();
        secret = context.read(&object(&adapter)).await.unwrap_or_default();
        if secret.is_some() {
            target = adapter;
        }
    }
    let missing = |text: String, [generate, then]: [&str; 2]| {
        let fix = format!("{}, then {}", target.command(generate), target.command(then));
        let mut findings = vec![EXISTS.failed(text).fix(fix)];
        findings.extend(ALL[1..].iter().map(|id| id.skipped("there is no certificate")));
        Ok(findings)
    };
    let Some(secret) = secret else {
        if !target.installed {
            return Err(Outcome::skipped("oppscale is not installed here"));
        }
        let text = format!("there is no {}", object(&target));
        return missing(text, ["certs generate --to-secret", "init"]);
    };
    let secret = stored(secret);
    let name = CertificateSpec::new(&target.service, &target.namespace).server_name();
    let verified = secret.verify(&name, context.now).filter(|_| secret.key.is_some());
    let (Some(verification), Some(chain)) = (verified, &secret.chain) else {
        let text = "the Secret lacks tls.crt or tls.key".to_owned();
        return missing(text, ["certs generate --to-secret --force", "certs renew"]);
    };
    let services = context.api_services().await;
    let all = services.as_deref().unwrap_or_default().iter();
    let ours: Vec<_> = all.filter(|one| one.leads_to(&target.namespace, &target.service)).collect();
    let release = ours.iter().find_map(|service| service.release());
    let renewal = |fix: Fix| target.renewal(fix, release.as_deref());
    let mut findings = vec![
        EXISTS.passed(),
        match (verification.problems.first(), verification.warnings.first()) {
            (None, None) => ACCEPTED.passed_with(&name),
            (None, Some(warning)) => {
                ACCEPTED.warning(warning.to_string()).fix(renewal(warning.fix()))
            }
            (Some(problem), _) => ACCEPTED.failed(problem.to_string()).fix(renewal(problem.fix())),
        },
        match verification.validity {
            Some(validity) if validity.expires_soon() => LIFETIME
                .warning(format!("it expires on {}", date(validity.not_after)))
                .fix(renewal(Fix::Renew(" --force"))),
            Some(validity) => LIFETIME.passed_with(format!("until {}", date(validity.not_after))),
            None => LIFETIME.skipped("it cannot be read"),
        },
    ];
    match &services {
        Err(outcome) => findings.push(TRUSTED.with(outcome.clone())),
        Ok(_) if ours.is_empty() => {
            let why = format!("no APIService leads to {}", target.service);
            findings.push(TRUSTED.skipped(why));
        }
        Ok(_) => {
            let trusted =
                |service: &&ApiService| trusted(service, &target, chain, &name, context.now);
            findings.extend(ours.iter().map(trusted));
        }
    }
    Ok(findings)
}

/// Whether an APIService trusts the CA of the certificates in `chain`.
fn trusted(
    service: &ApiService,
    target: &CheckTarget,
    chain: &str,
    name: &str,
    now: i64,
) -> Finding {
    let fix = target.renewal(Fix::Renew(""), service.release().as_deref());
    let finding = match service.ca_bundle().map(CaBundle::decode) {
        _ if service.is_insecure() => TRUSTED
            .warning(
                "insecureSkipTLSVerify is set: the API server trusts any server at the Service's \
                 address, and nobody notices expiry",
            )
            .fix(format!("{fix}, which sets a caBundle")),
        None => TRUSTED.failed("it has no caBundle").fix(fix),
        Some(Err(error)) => TRUSTED
            .failed(format!(
                "its caBundle is not PEM ({error}): no condition reports it, and clients get 503"
            ))
            .fix(fix),
        Some(Ok(bundle)) => match verify(chain, Some(&bundle.pem()), name, now).problems.first() {
            None => TRUSTED.passed(),
            Some(problem) => TRUSTED.failed(problem.to_string()).fix(fix),
        },
    };
    finding.about(service.name())
}
