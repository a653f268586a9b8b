//! Keys and tokens are where they belong and nowhere else: on no output, in no log whatever it is
//! told to say, and in files that only their owner may read.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::store::TOKEN;

use super::install::{SECRET, init, server};

/// The lines of a key, or of any secret: no 40 characters of it may show.
fn assert_hidden(output: &CommandOutput, secrets: &[String]) {
    let text = output.to_string();
    assert!(!text.contains("PRIVATE"), "{text}");
    for secret in secrets {
        for part in secret.as_bytes().chunks(40).filter(|part| part.len() == 40) {
            assert!(!text.contains(std::str::from_utf8(part).unwrap()), "{text}");
        }
    }
}

#[test]
fn no_secret_is_logged_even_where_all_libraries_say_all() {
    let server = server();
    let env = TestEnv::of(&server);
    let loud = |args: &[&str]| {
        let child = env.start_with([args, &["-vvv"]].concat(), &[("RUST_LOG", "trace")]);
        env.finish(child)
    };
    let image = ["init", "--image", "i", "--yes"];
    let account = ["kubeconfig", "--sa", "ci", "--create", "--output-file", "k"];
    let outputs = [
        loud(&image),
        loud(&["check"]),
        loud(&["certs", "status"]),
        loud(&account),
        loud(&["kubeconfig", "--sa", "ci", "--legacy-token", "--output-file", "l"]),
        loud(&["kubeconfig", "--sa", "ci", "--merge", "m"]),
    ];
    let secret = server.store().object(SECRET).unwrap();
    let key = secret["data"]["tls.key"].as_str().unwrap().to_owned();
    let before = vec![key, TOKEN.to_owned()];
    for output in &outputs {
        assert_eq!(output.code, Some(0), "{output}");
        assert!(output.stderr.len() > 1000, "it did say much");
        assert_hidden(output, &before);
        assert!(!output.to_string().contains(TOKEN), "{output}");
    }
    let renewed = loud(&["certs", "renew", "--force"]);
    let secret = server.store().object(SECRET).unwrap();
    let after = vec![secret["data"]["tls.key"].as_str().unwrap().to_owned()];
    assert_hidden(&renewed, &after);
    assert_hidden(&loud(&["uninstall", "--yes"]), &after);
}

#[test]
fn files_with_secrets_are_private_under_any_umask_and_links_are_refused() {
    let server = server();
    assert_eq!(init(&server, &[]).code, Some(0));
    let env = TestEnv::of(&server);
    let program = env!("CARGO_BIN_EXE_oppscale");
    let run = |args: &str| {
        let line = format!("umask 000; '{program}' {args}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]).current_dir(env.path("")).env("HOME", env.path(""));
        shell.env_remove("KUBECONFIG").output().unwrap()
    };
    let mode = |path: &str| fs::metadata(env.path(path)).unwrap().permissions().mode() & 0o777;
    for (args, files) in [
        ("kubeconfig --sa ci --create --output-file k", &["k"][..]),
        ("kubeconfig --sa ci --merge m", &["m"]),
        ("certs generate --csr --output-dir csr", &["csr/tls.key"]),
        (
            "init --image i --pipeline prometheus --output-dir p --export-secrets",
            &["p/prometheus-adapter.with-key.values.yaml"],
        ),
    ] {
        let output = run(args);
        assert!(output.status.success(), "{args}: {}", String::from_utf8_lossy(&output.stderr));
        for file in files {
            assert_eq!(mode(file), 0o600, "{file}");
        }
    }
    let output = run("init --image i --output-dir e --export-secrets");
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    let secret = names.lines().find(|name| name.contains("secret")).unwrap();
    assert_eq!((mode(secret), mode("e")), (0o600, 0o700));
    // A link in the place of a secret is not followed.
    env.write("elsewhere", "untouched");
    fs::remove_file(env.path(secret)).unwrap();
    symlink(env.path("elsewhere"), env.path(secret)).unwrap();
    assert!(!run("init --image i --output-dir e --export-secrets").status.success());
    assert_eq!(fs::read_to_string(env.path("elsewhere")).unwrap(), "untouched");
}
