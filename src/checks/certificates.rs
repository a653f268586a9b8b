//! Serving certificates and whom the APIServices trust.

use crate::certificates::{
    CaBundle, CertificateProblem, CertificateSpec, Fix, date, key_matches, verify,
};
use crate::setup::api_services::ApiService;
use crate::setup::tls_secret::stored;
use oppscale_core::check::Outcome;

use super::doctor::{Doctor, Found, Look, Subject};
use super::owners::services;

const ALL: [&str; 4] = ["OPP-CRT-001", "OPP-CRT-002", "OPP-CRT-003", "OPP-CRT-004"];

pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    let mut subject = doctor.subject.clone();
    let right = format!("--verb=get --resource=secrets, in {}", subject.namespace);
    let path = |secret: &str| format!("/api/v1/namespaces/{}/secrets/{secret}", subject.namespace);
    let mut look = doctor.look(&path(&subject.secret), &right).await;
    if matches!(look, Look::Absent) {
        // With --pipeline prometheus the certificate is the adapter's.
        let adapter = subject.adapter();
        let other = doctor.look(&path(&adapter.secret), &right).await;
        if matches!(other, Look::Found(_)) {
            (subject, look) = (adapter, other);
        }
    }
    let secret = match look {
        Look::Found(secret) => stored(&secret),
        Look::Absent if !subject.installed => {
            for id in ALL {
                found.skip(id, "oppscale is not installed here");
            }
            return;
        }
        Look::Absent => {
            found.fixed_by(
                ALL[0],
                Outcome::Failed(format!(
                    "there is no Secret {}/{}",
                    subject.namespace, subject.secret
                )),
                format!(
                    "{}, then {}",
                    subject.command("certs generate --to-secret"),
                    subject.command("init")
                ),
            );
            for id in &ALL[1..] {
                found.skip(id, "there is no certificate");
            }
            return;
        }
        other => {
            for id in ALL {
                found.add(id, other.unknown());
            }
            return;
        }
    };
    let (Some(chain), Some(key)) = (&secret.chain, &secret.key) else {
        found.fixed_by(
            ALL[0],
            Outcome::Failed("the Secret lacks tls.crt or tls.key".to_owned()),
            format!(
                "{}, then {}",
                subject.command("certs generate --to-secret --force"),
                subject.command("certs renew")
            ),
        );
        for id in &ALL[1..] {
            found.skip(id, "there is no certificate");
        }
        return;
    };
    found.add(ALL[0], Outcome::Passed(None));
    let services = services(doctor).await;
    let ours = services.as_deref().unwrap_or_default().iter();
    let mut ours = ours.filter(|s| s.leads_to(&subject.namespace, &subject.service));
    let release = ours.find_map(ApiService::release);
    let renewal = |fix: Fix| subject.renewal(fix, release.as_deref());
    let asked = CertificateSpec::new(&subject.service, &subject.namespace).server_name();
    let mut verification = verify(chain, secret.ca.as_deref(), &asked, doctor.now);
    if key_matches(chain, key) == Some(false) {
        verification.problems.push(CertificateProblem::OtherKey);
    }
    match verification.problems.first() {
        None => found.pass(ALL[1], asked.clone()),
        Some(problem) => {
            found.fixed_by(ALL[1], Outcome::Failed(problem.to_string()), renewal(problem.fix()));
        }
    }
    match verification.validity {
        Some(validity) if validity.expires_soon() => found.fixed_by(
            ALL[2],
            Outcome::Warning(format!("it ends on {}", date(validity.not_after))),
            renewal(Fix::Renew(" --force")),
        ),
        Some(validity) => found.pass(ALL[2], format!("until {}", date(validity.not_after))),
        None => found.skip(ALL[2], "it cannot be read"),
    }
    match services {
        Ok(services) => trusted(doctor, &subject, &services, (chain, &asked), found),
        Err(outcome) => found.add(ALL[3], outcome),
    }
}

fn trusted(
    doctor: &Doctor<'_>,
    subject: &Subject,
    services: &[ApiService],
    (chain, asked): (&str, &str),
    found: &mut Found,
) {
    let (namespace, service) = (&subject.namespace, &subject.service);
    let ours: Vec<_> = services.iter().filter(|s| s.leads_to(namespace, service)).collect();
    if ours.is_empty() {
        return found.skip(ALL[3], &format!("no APIService leads to {service}"));
    }
    for service in ours {
        let (name, release) = (Some(service.name()), service.release());
        let fix = subject.renewal(Fix::Renew(""), release.as_deref());
        let problem = match service.ca_bundle().map(CaBundle::decode) {
            _ if service.is_insecure() => {
                let text = "insecureSkipTLSVerify is set: whoever answers at the Service's address \
                            is believed, and expiry is never noticed";
                let fix = format!("{fix}, which puts a caBundle there");
                found.about(ALL[3], name, Outcome::Warning(text.to_owned()), Some(fix));
                continue;
            }
            None => "it has no caBundle".to_owned(),
            Some(Err(error)) => format!(
                "its caBundle is no PEM ({error}): no condition ever tells, and clients get 503"
            ),
            Some(Ok(bundle)) => {
                let verification = verify(chain, Some(&bundle.pem()), asked, doctor.now);
                match verification.problems.first() {
                    None => {
                        found.about(ALL[3], name, Outcome::Passed(None), None);
                        continue;
                    }
                    Some(problem) => problem.to_string(),
                }
            }
        };
        found.about(ALL[3], name, Outcome::Failed(problem), Some(fix));
    }
}
