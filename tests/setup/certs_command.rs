//! `oppscale certs` as its user meets it: files, modes, links, output.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use insta::assert_snapshot;
use oppscale::certificates::{CertificateSpec, SecretString, issue};
use serde_json::Value;

use crate::support::authority::Authority;
use crate::support::bin::TestEnv;
use crate::support::tools::tool;

fn mode(env: &TestEnv, path: &str) -> u32 {
    fs::metadata(env.path(path)).unwrap().permissions().mode() & 0o777
}

#[test]
fn files_are_their_owners_alone_whatever_the_umask() {
    let env = TestEnv::new();
    let program = env!("CARGO_BIN_EXE_oppscale");
    let line = format!("umask 000; '{program}' certs generate --output-dir certs --keep-ca-key");
    let output = std::process::Command::new("sh")
        .args(["-c", &line])
        .current_dir(env.path(""))
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(mode(&env, "certs"), 0o700);
    let mut names: Vec<_> = fs::read_dir(env.path("certs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["ca.crt", "ca.key", "tls.crt", "tls.key"]);
    for name in names {
        assert_eq!(mode(&env, &format!("certs/{name}")), 0o600, "{name}");
    }
}

#[test]
fn a_link_in_place_of_a_file_or_the_folder_is_refused() {
    let env = TestEnv::new();
    fs::create_dir(env.path("certs")).unwrap();
    let untouched = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    env.write("elsewhere", untouched);
    symlink(env.path("elsewhere"), env.path("certs/tls.key")).unwrap();
    let output = env.run(["certs", "generate", "--output-dir", "certs"]);
    assert_snapshot!(output, @"
    ------- stderr -------
    error: cannot write certs/tls.key
      caused by: a symbolic link is not followed for a secret
    [EOF]
    [exit status: 1]
    ");
    assert_eq!(fs::read_to_string(env.path("elsewhere")).unwrap(), untouched);
    assert!(!env.path("certs/tls.crt").exists());
    fs::create_dir(env.path("real")).unwrap();
    symlink(env.path("real"), env.path("link")).unwrap();
    let output = env.run(["certs", "generate", "--output-dir", "link"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(fs::read_dir(env.path("real")).unwrap().next().is_none());
}

#[test]
fn good_certificates_are_kept_and_old_ones_replaced() {
    let env = TestEnv::new();
    let first = env.run(["certs", "generate", "--output-dir", "certs"]);
    assert_eq!(first.code, Some(0), "{first}");
    assert!(
        first
            .stdout
            .contains("for          oppscale.oppscale.svc, oppscale.oppscale.svc.cluster.local")
    );
    assert!(!env.path("certs/ca.key").exists(), "the CA's key is thrown away");
    let key = || fs::read_to_string(env.path("certs/tls.key")).unwrap();
    let before = key();
    let again = env.run(["certs", "generate", "--output-dir", "certs"]);
    assert_snapshot!(again, @"
    kept: 99 % of their life is left (--force makes new ones)
    [EOF]
    ");
    assert_eq!(key(), before);
    let renewed = env.run(["certs", "renew", "-f", "certs"]);
    assert!(renewed.stdout.starts_with("kept: "), "{renewed}");
    let forced = env.run(["certs", "generate", "--output-dir", "certs", "--force"]);
    assert_eq!(forced.code, Some(0));
    assert_ne!(key(), before);
    // Other names are another certificate.
    let before = key();
    let _ = env.run(["certs", "generate", "--output-dir", "certs", "-n", "elsewhere"]);
    assert_ne!(key(), before);
}

#[test]
fn less_than_a_third_of_life_is_renewed() {
    let env = TestEnv::new();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let made = |days_ago: i64| {
        let issued = issue(
            &CertificateSpec::new("oppscale", "oppscale"),
            now.as_secs() as i64 - days_ago * 86_400,
        )
        .unwrap();
        env.write("certs/tls.crt", &issued.chain);
        env.write("certs/ca.crt", &issued.ca);
        env.write("certs/tls.key", issued.key.expose());
        issued.key
    };
    let key = || SecretString::new(fs::read_to_string(env.path("certs/tls.key")).unwrap());
    let old = made(250);
    assert!(env.run(["certs", "renew", "-f", "certs"]).stdout.starts_with("kept: 31 %"));
    assert_eq!(key(), old);
    let old = made(260);
    let output = env.run(["certs", "renew", "-f", "certs"]);
    assert!(output.stdout.starts_with("renewed certs, valid until "), "{output}");
    assert_ne!(key(), old);
}

#[test]
fn status_tells_what_the_api_server_will_say() {
    let env = TestEnv::new();
    let _ = env.run(["certs", "generate", "--output-dir", "certs"]);
    let good = env.run(["certs", "status", "-f", "certs", "-o", "json"]);
    assert_eq!(good.code, Some(0), "{good}");
    let json: Value = serde_json::from_str(&good.stdout).unwrap();
    assert_eq!((&json["good"], &json["schemaVersion"]), (&true.into(), &1.into()));
    assert_eq!(json["certificate"]["dnsNames"][0], "oppscale.oppscale.svc");
    let other = env.run(["certs", "status", "-f", "certs", "--service", "adapter"]);
    assert_eq!(other.code, Some(1), "{other}");
    assert!(other.stdout.contains("rejected     the certificate is for oppscale.oppscale.svc"));
    assert!(other.stdout.contains(", not for adapter.oppscale.svc, the only name"));
    env.write(
        "certs/tls.key",
        issue(&CertificateSpec::new("a", "b"), 1_795_489_200).unwrap().key.expose(),
    );
    let output = env.run(["certs", "status", "-f", "certs"]);
    assert!(
        output.stdout.contains("the private key does not belong to the certificate"),
        "{output}"
    );
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_written() {
    let env = TestEnv::new();
    assert_snapshot!(env.run(["certs", "generate", "--output-dir", "certs", "--days", "400", "--ca-days", "365"]), @"
    ------- stderr -------
    error: a serving certificate of 400 days outlives its CA of 365 days: once the CA expires, the certificate is rejected although its own date is still good
    [EOF]
    [exit status: 2]
    ");
    assert_snapshot!(env.run(["certs", "generate"]), @"
    ------- stderr -------
    error: nowhere to put the certificates
     hint: --output-dir DIR for files, --to-secret for a Secret, or both
    [EOF]
    [exit status: 2]
    ");
    assert_snapshot!(env.run(["certs", "generate", "--output-dir", "certs", "--service", "Opp_Scale"]), @r#"
    ------- stderr -------
    error: "Opp_Scale" is not a valid Service name: lower-case letters, digits and '-', at most 63 characters
    [EOF]
    [exit status: 2]
    "#);
    assert_snapshot!(env.run(["certs", "renew", "-f", "certs"]), @"
    ------- stderr -------
    error: certs: there is nothing to renew
     hint: oppscale certs generate creates certificates, oppscale init a whole installation
    [EOF]
    [exit status: 1]
    ");
    assert!(!env.path("certs").exists());
}

#[test]
fn a_ca_of_ones_own_signs_a_renewal_and_is_never_replaced_unasked() {
    let env = TestEnv::new();
    let own = Authority::new("Example Corp CA");
    env.write("corp.crt", &own.pem());
    env.write("corp.key", &own.key_pem());
    let signed = ["--ca-cert", "corp.crt", "--ca-key", "corp.key"];
    let generate = [&["certs", "generate", "--output-dir", "certs"][..], &signed].concat();
    assert_eq!(env.run(&generate).code, Some(0));
    let before = fs::read(env.path("certs/tls.crt")).unwrap();
    let renew = ["certs", "renew", "-f", "certs", "--force"];
    assert_snapshot!(env.run(renew), @"
    ------- stderr -------
    error: certs has the CA CN=Example Corp CA, which oppscale did not create
     hint: --ca-cert and --ca-key sign with it, --new-ca replaces it with a new one
    [EOF]
    [exit status: 4]
    ");
    assert_eq!(fs::read(env.path("certs/tls.crt")).unwrap(), before, "nothing was written");
    // Its own CA signs again.
    let output = env.run([&renew[..], &signed].concat());
    assert!(output.stdout.starts_with("renewed certs, valid until "), "{output}");
    assert_ne!(fs::read(env.path("certs/tls.crt")).unwrap(), before);
    assert_eq!(fs::read_to_string(env.path("certs/ca.crt")).unwrap(), own.pem());
    // Whoever wants another says so, once.
    let output = env.run([&renew[..], &["--new-ca"]].concat());
    assert!(output.stdout.starts_with("renewed certs, valid until "), "{output}");
    assert_ne!(fs::read_to_string(env.path("certs/ca.crt")).unwrap(), own.pem());
    assert!(env.run(renew).stdout.starts_with("renewed certs, "));
}

#[test]
fn files_that_are_something_else_are_not_written_over_unasked() {
    let env = TestEnv::new();
    fs::create_dir(env.path("certs")).unwrap();
    env.write("certs/tls.crt", "my notes\n");
    let generate = ["certs", "generate", "--output-dir", "certs"];
    assert_snapshot!(env.run(generate), @"
    ------- stderr -------
    error: certs/tls.crt exists and holds no certificate
     hint: name another folder, or overwrite it with --force
    [EOF]
    [exit status: 1]
    ");
    assert_eq!(fs::read_to_string(env.path("certs/tls.crt")).unwrap(), "my notes\n");
    assert!(!env.path("certs/tls.key").exists());
    assert_eq!(env.run([&generate[..], &["--force"]].concat()).code, Some(0));
}

#[test]
fn a_signing_request_is_for_the_right_names() {
    let env = TestEnv::new();
    let output = env.run(["certs", "generate", "--csr", "--output-dir", "certs"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.stdout, "certs/tls.csr\n");
    assert!(
        output.stderr.contains("oppscale.oppscale.svc and oppscale.oppscale.svc.cluster.local")
    );
    let again = env.run(["certs", "generate", "--csr", "--output-dir", "certs"]);
    assert_eq!(again.code, Some(2), "{again}");
    if tool("openssl").is_none() {
        return;
    }
    let output = std::process::Command::new("openssl")
        .args(["req", "-in", "certs/tls.csr", "-noout", "-text", "-verify"])
        .current_dir(env.path(""))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("DNS:oppscale.oppscale.svc, DNS:oppscale.oppscale.svc.cluster.local"),
        "{text}"
    );
}

#[test]
fn cert_manager_is_told_the_same() {
    let output = TestEnv::new().run(["certs", "generate", "--cert-manager"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stdout.contains("dnsNames:\n  - \"oppscale.oppscale.svc\"\n"), "{output}");
    assert!(output.stdout.contains("duration: \"8760h\""), "{output}");
}

#[test]
fn no_key_is_shown_at_any_verbosity() {
    let env = TestEnv::new();
    let output = env.run(["certs", "generate", "--output-dir", "certs", "--keep-ca-key", "-vvv"]);
    let status = env.run(["certs", "status", "-f", "certs", "-vvv", "-o", "json"]);
    let renew = env.run(["certs", "renew", "-f", "certs", "--force", "-vvv"]);
    for output in [output, status, renew] {
        for text in [&output.stdout, &output.stderr] {
            assert!(!text.contains("PRIVATE"), "{text}");
            for name in ["tls.key", "ca.key"] {
                let key = fs::read_to_string(env.path(&format!("certs/{name}"))).unwrap();
                for line in key.lines().filter(|line| !line.starts_with('-')) {
                    assert!(!text.contains(line));
                }
            }
        }
    }
}
