//! `oppscale kubeconfig --merge`: the user's file, its comments, its links and its lock.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::store::TOKEN;

use super::kubeconfig::{server, yaml};

const MERGE: [&str; 5] = ["kubeconfig", "--sa", "ci", "--merge", "mine"];

const COMMENTED: &str = "\
# My clusters. Ask ops before you change them.
apiVersion: v1
kind: Config
current-context: work   # not home
clusters:
# the one with the GPUs
- name: work
  cluster:
    server: https://work.example:6443   # behind the VPN
- cluster: {server: https://home.example:6443}
  name: home

# people
users:
  - name: me
    user:
      exec:
        apiVersion: client.authentication.k8s.io/v1
        command: login   # asks for a password
contexts: []
# the end
";

fn merged(env: &TestEnv, before: &str) -> (String, Value) {
    env.write("mine", before);
    let output = env.run(MERGE);
    assert_eq!(output.code, Some(0), "{output}");
    let text = fs::read_to_string(env.path("mine")).unwrap();
    let value = yaml(&text);
    assert!(value["users"].as_array().unwrap().iter().any(|user| user["user"]["token"] == TOKEN));
    (text, value)
}

#[test]
fn comments_order_and_style_stay() {
    let (server, env) = started();
    let (text, value) = merged(&env, COMMENTED);
    for line in COMMENTED.lines().filter(|line| *line != "contexts: []") {
        assert!(text.lines().any(|there| there == line), "{line:?} is lost:\n{text}");
    }
    assert_eq!(value["contexts"][0]["name"], "oppscale-ci");
    // Renewed: the entries are replaced where they are.
    let before = text.replace(TOKEN, "stale");
    let (again, _) = merged(&env, &before);
    assert_eq!(again, text);
    drop(server);
}

#[test]
fn what_cannot_be_edited_by_lines_is_written_anew_and_that_is_said() {
    let (_server, env) = started();
    for before in [
        "{apiVersion: v1, kind: Config, clusters: [], users: [], contexts: []}",
        "apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: 'https://a'}}]\n",
        "",
        "apiVersion: v1\nkind: Config\ncurrent-context: \"\"\nclusters: null\nusers: null\n",
        "\u{feff}apiVersion: v1\r\nkind: Config\r\nclusters:\r\n- name: a\r\n  cluster:\r\n    server: https://a\r\n",
    ] {
        let (_, value) = merged(&env, before);
        let names: Vec<_> =
            value["clusters"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        assert!(names.iter().any(|name| *name == "oppscale-ci"), "{before:?}");
    }
    env.write("mine", "# a comment\n{apiVersion: v1, kind: Config, clusters: []}\n");
    let output = env.run(MERGE);
    assert!(output.stderr.contains("warning: the comments of mine are lost"), "{output}");
}

#[test]
fn a_link_is_followed_and_stays_one() {
    let (_server, env) = started();
    fs::create_dir(env.path("dotfiles")).unwrap();
    env.write("dotfiles/config", COMMENTED);
    symlink(env.path("dotfiles/config"), env.path("mine")).unwrap();
    let output = env.run(MERGE);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(fs::symlink_metadata(env.path("mine")).unwrap().file_type().is_symlink());
    let text = fs::read_to_string(env.path("dotfiles/config")).unwrap();
    assert!(text.contains(TOKEN) && text.contains("# people"), "{text}");
    let mut names: Vec<_> =
        fs::read_dir(env.path("dotfiles")).unwrap().map(|one| one.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["config"], "no lock or temporary file stays");
}

#[test]
fn kubectls_lock_is_waited_for_and_left_alone() {
    let (server, env) = started();
    env.write("mine", COMMENTED);
    env.write("mine.lock", "");
    let output = env.run(MERGE);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(
        output.stderr.contains("mine.lock exists: another program writes the file"),
        "{output}"
    );
    assert!(
        output.stderr.contains("hint: if no kubectl is running, delete that lock file"),
        "{output}"
    );
    assert!(server.writes().is_empty(), "no token is made that finds no place");
    assert!(env.path("mine.lock").exists());
    assert_eq!(fs::read_to_string(env.path("mine")).unwrap(), COMMENTED);
    // One that is released in time is no obstacle.
    let running = env.start(MERGE);
    std::thread::sleep(std::time::Duration::from_millis(300));
    fs::remove_file(env.path("mine.lock")).unwrap();
    assert_eq!(env.finish(running).code, Some(0));
    assert!(!env.path("mine.lock").exists());
}

#[test]
fn proxy_and_trust_of_the_kubeconfig_in_use_stay_and_a_password_does_not() {
    let (server, env) = started();
    let config = fs::read_to_string(env.path(".kube/config")).unwrap();
    let mut config = yaml(&config);
    let cluster = &mut config["clusters"][0]["cluster"];
    cluster.as_object_mut().unwrap().retain(|key, _| key == "server");
    cluster["insecure-skip-tls-verify"] = true.into();
    cluster["server"] = server.url().replace("https://", "https://eve:hush-hush@").into();
    env.write("insecure", &config.to_string());
    let output = env.run(["kubeconfig", "--sa", "ci", "--kubeconfig", "insecure", "-vvv"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(!output.to_string().contains("hush"), "{output}");
    let made = yaml(&output.stdout);
    assert_eq!(made["clusters"][0]["cluster"]["insecure-skip-tls-verify"], true);
    let asked = ["kubeconfig", "--sa", "ci", "--server", "https://eve:hush-hush@api.example"];
    let output = env.run(asked);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(!output.to_string().contains("hush"), "{output}");
    // Nor does a message about an address that is none.
    let broken = config.to_string().replace("https://eve", "ftp://eve");
    env.write("broken", &broken);
    let output = env.run(["top", "--kubeconfig", "broken"]);
    assert!(output.code != Some(0) && !output.to_string().contains("hush"), "{output}");
}

fn started() -> (FakeApiServer, TestEnv) {
    let server = server();
    let env = TestEnv::of(&server);
    (server, env)
}
