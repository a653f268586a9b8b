//! Certificates and the ConfigMap that come, change and go while requests go on.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::client::{Connection, Tls};
use super::faults::FIT;
use super::rig::{ANY, HPA, Oppscale, Rig, client, config_map, serving, world, write_certificate};
use crate::support::authority::Authority;
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::Setup;

#[test]
fn a_front_proxy_whose_authority_is_rotated_without_a_failure() {
    let rig = Rig::start(&[]);
    let next = Authority::new("front-proxy-ca-2");
    let old = rig.front_proxy();
    let new = Tls::new(&rig.authority.pem(), Some(&client(&next, "front-proxy-client")));
    let ask = |tls: &Tls| {
        let mut connection = Connection::open(rig.oppscale.api, Some(tls)).unwrap();
        connection.get(FIT, &HPA).unwrap().status
    };
    assert_eq!((ask(&old), ask(&new)), (200, 401));
    // A connection that stays open over the whole rotation, and every request of it works.
    let mut kept = Connection::open(rig.oppscale.api, Some(&old)).unwrap();
    rig.server.change(|world| {
        world.config_maps[0] = config_map(&[&rig.proxies.pem(), &next.pem()]);
    });
    rig.until("the new authority is believed", |_| ask(&new) == 200);
    assert_eq!(kept.get(FIT, &HPA).unwrap().status, 200);
    assert_eq!(ask(&old), 200);
    rig.server.change(|world| world.config_maps[0] = config_map(&[&next.pem()]));
    // Then the old one is believed no more, on connections that are open, either.
    rig.until("the old authority is gone", |_| ask(&old) == 401);
    assert_eq!(kept.get(FIT, &HPA).unwrap().status, 401);
    assert_eq!(ask(&new), 200);
}

#[test]
fn a_config_map_that_is_deleted_takes_trust_with_it() {
    let rig = Rig::start(&[]);
    let mut kept = Connection::open(rig.oppscale.api, Some(&rig.front_proxy())).unwrap();
    assert_eq!(kept.get(FIT, &HPA).unwrap().status, 200);
    rig.server.change(|world| world.config_maps.clear());
    rig.until("nobody is believed", |rig| rig.get(FIT).status == 401);
    assert_eq!(kept.get(FIT, &HPA).unwrap().status, 401);
    let pem = rig.proxies.pem();
    rig.server.change(|world| world.config_maps.push(config_map(&[&pem])));
    rig.until("the front proxy is believed again", |rig| rig.get(FIT).status == 200);
    // Garbage is no reason to believe what was there before.
    rig.server.change(|world| {
        world.config_maps[0]["data"]["requestheader-client-ca-file"] = "nonsense".into();
    });
    rig.until("nobody is believed", |rig| rig.get(FIT).status == 401);
    rig.oppscale.until_logged("why", |line| {
        line["error"].as_str().is_some_and(|e| e.contains("requestheader-client-ca-file"))
    });
}

#[test]
#[ignore = "slow: seconds of load"]
fn a_serving_certificate_that_is_replaced_under_load() {
    let rig = Rig::start(&[]);
    let (stop, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let tls = rig.front_proxy();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let mut connection = Connection::open(rig.oppscale.api, Some(&tls)).unwrap();
                    for _ in 0..5 {
                        assert_eq!(connection.get(FIT, &HPA).unwrap().status, 200);
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        let is_replaced = |line: &serde_json::Value| {
            line["message"].as_str().is_some_and(|m| m == "serving certificate replaced")
        };
        // The certificate first, and the key only when the pair has been looked at.
        let next = serving(&rig.authority);
        rig.env.write("tls.crt", &next.certificate_pem());
        rig.oppscale.until_logged("mismatch", |line| {
            line["message"].as_str().is_some_and(|m| m.starts_with("serving certificate not rep"))
        });
        rig.env.write("tls.key", &next.key_pem());
        rig.oppscale.until_logged("replaced", is_replaced);
        stop.store(true, Ordering::Relaxed);
    });
    assert!(asked.load(Ordering::Relaxed) > 10);
    // The new one is another authority's in the end, which the old callers do not trust.
    let other = Authority::new("another serving-ca");
    write_certificate(&rig.env, &serving(&other));
    let tls = Tls::new(&other.pem(), Some(&client(&rig.proxies, "front-proxy-client")));
    rig.until("the other certificate is shown", |rig| {
        Connection::open(rig.oppscale.api, Some(&tls)).unwrap().get(FIT, &HPA).is_ok()
    });
}

#[test]
fn certificates_that_are_none() {
    let rig = Rig::start(&[]);
    // A leaf without a name, one of an authority of authorities, one that is huge.
    let nameless = rig.proxies.signed(|_| {});
    let authority = rig.proxies.signed(|params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "front-proxy-client");
    });
    let huge = rig.proxies.signed(|params| {
        let name = |n: usize| format!("n{n}.example.com").try_into().unwrap();
        params.subject_alt_names = (0..2000).map(|n| rcgen::SanType::DnsName(name(n))).collect();
    });
    for identity in [nameless, authority, huge] {
        let tls = Tls::new(&rig.authority.pem(), Some(&identity));
        let mut connection = Connection::open(rig.oppscale.api, Some(&tls)).unwrap();
        // Refused in the handshake or after it, but never answered.
        let answer = connection.get(FIT, &HPA);
        assert!(answer.as_ref().is_ok_and(|a| a.status == 401) || answer.is_err(), "{answer:?}");
    }
    // Bytes that are no certificate at all, though the key that goes with them is real.
    let (good, key) = client(&rig.proxies, "front-proxy-client").for_tls();
    let cut = good[..good.len() / 2].to_vec();
    let longer = [&good[..], &[0x30, 0x82, 0xff]].concat();
    let mut odd_length = good.to_vec();
    odd_length[1..4].copy_from_slice(&[0x84, 0xff, 0xff]);
    let long_chain: Vec<_> = std::iter::repeat_n(good.to_vec(), 50).collect();
    for chain in [
        vec![vec![0; 64]],
        vec![b"-----BEGIN CERTIFICATE-----".to_vec()],
        vec![cut.clone()],
        vec![longer],
        vec![odd_length],
        vec![cut, good.to_vec()],
        vec![vec![0x30; 60_000]],
    ] {
        let tls = Tls::showing(&rig.authority.pem(), &chain, &key);
        let answer = Connection::open(rig.oppscale.api, Some(&tls)).unwrap().get(FIT, &HPA);
        assert!(answer.as_ref().is_ok_and(|a| a.status == 401) || answer.is_err(), "{answer:?}");
    }
    // What comes behind the front proxy's own certificate does no harm.
    let tls = Tls::showing(&rig.authority.pem(), &long_chain, &key);
    let answer = Connection::open(rig.oppscale.api, Some(&tls)).unwrap().get(FIT, &HPA).unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(rig.fit().unwrap(), "121");
}

/// A certificate that says nothing of its use may be used for all, as in Go's x509 and so for
/// every extension API server; `only_the_front_proxy_is_answered` has one for servers.
#[test]
fn a_certificate_without_a_use_is_taken_as_kubernetes_takes_it() {
    let rig = Rig::start(&[]);
    let proxy = rig.proxies.signed(|params| {
        params.distinguished_name.push(rcgen::DnType::CommonName, "front-proxy-client");
    });
    let tls = Tls::new(&rig.authority.pem(), Some(&proxy));
    let mut connection = Connection::open(rig.oppscale.api, Some(&tls)).unwrap();
    assert_eq!(connection.get(FIT, &HPA).unwrap().status, 200);
}

/// As Go's `crypto/x509` judges it, for which the API server's proxies are made.
#[test]
fn a_front_proxy_is_judged_as_go_does() {
    let rig = Rig::start(&[]);
    let status = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let identity = rig.proxies.signed(|params| change(params));
        let tls = Tls::new(&rig.authority.pem(), Some(&identity));
        let mut connection = Connection::open(rig.oppscale.api, Some(&tls)).unwrap();
        connection.get(FIT, &HPA).unwrap().status
    };
    use rcgen::{DnType, ExtendedKeyUsagePurpose as Usage};
    let name = "front-proxy-client";
    for (usages, expected) in [
        (vec![Usage::Any], 200),
        (vec![Usage::ServerAuth, Usage::Any], 200),
        (vec![Usage::ServerAuth, Usage::ClientAuth], 200),
        (vec![Usage::ServerAuth], 401),
        (vec![Usage::CodeSigning, Usage::EmailProtection], 401),
        (vec![], 200),
    ] {
        let got = status(&|params| {
            params.distinguished_name.push(DnType::CommonName, name);
            params.extended_key_usages = usages.clone();
        });
        assert_eq!(got, expected, "{usages:?}");
    }
    // Another attribute of the same type, which rcgen's names would replace.
    let common_name = || DnType::CustomDnType(vec![2, 5, 4, 3]);
    for (first, last, expected) in [("other", name, 200), (name, "other", 401)] {
        let got = status(&|params| {
            params.distinguished_name.push(DnType::CommonName, first);
            params.distinguished_name.push(common_name(), last);
        });
        assert_eq!(got, expected, "{first}, {last}");
    }
}

#[test]
fn a_config_map_that_is_not_there_at_the_start() {
    let proxies = Authority::new("front-proxy-ca");
    let mut empty = world(&proxies);
    let config_maps = std::mem::take(&mut empty.config_maps);
    let server = Setup::new(empty).start();
    let env = TestEnv::of(&server);
    let authority = Authority::new("serving-ca");
    write_certificate(&env, &serving(&authority));
    let oppscale = Oppscale::launch(&env, &[], ANY, ANY);
    oppscale.until_logged("what is missing", |line| {
        line["message"].as_str().is_some_and(|said| said.contains("does not exist: every request"))
    });
    let ready = || Connection::open(oppscale.web, None).unwrap().get("/readyz", &[]).unwrap();
    assert_eq!(ready().status, 503);
    let tls = Tls::new(&authority.pem(), Some(&client(&proxies, "front-proxy-client")));
    let mut kept = Connection::open(oppscale.api, Some(&tls)).unwrap();
    assert_eq!(kept.get(FIT, &HPA).unwrap().status, 401);
    server.change(|world| world.config_maps = config_maps);
    oppscale.until_logged("ready", |line| line["message"] == "ready");
    assert_eq!(kept.get(FIT, &HPA).unwrap().status, 200);
}

/// Files are looked at every other second; the log must not be told every other second.
#[test]
fn a_serving_certificate_that_ends_while_it_is_shown() {
    let rig = Rig::start(&[]);
    let count = |words: &str| rig.oppscale.log_text().matches(words).count();
    let soon = rig.authority.signed(|params| {
        let name = "oppscale.oppscale.svc".try_into().unwrap();
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
        params.not_after = time::OffsetDateTime::now_utc() + time::Duration::seconds(8);
    });
    rig.env.write("tls.crt", &soon.certificate_pem());
    rig.until("the mismatch is told", |_| count("certificate not replaced") == 1);
    rig.env.write("tls.key", &soon.key_pem());
    rig.until("replaced", |_| count("certificate replaced") == 1);
    rig.until("the end is near", |_| count("expires soon") == 1);
    rig.until("the end has come", |_| count("has expired") == 1);
    rig.env.write("tls.crt", "nonsense");
    rig.until("the garbage is told", |_| count("certificate not replaced") == 2);
    std::thread::sleep(std::time::Duration::from_secs(5));
    let told = ["certificate not replaced", "expires soon", "has expired"].map(count);
    assert_eq!(told, [2, 1, 1], "each is told once");
}
