//! Completion: what `oppscale __complete` offers, and the installed scripts in real shells.

use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::fixture;
use crate::support::kubeconfig::Kubeconfig;
use crate::support::terminal::Terminal;
use crate::support::tools::tool;
use crate::support::world::World;

const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// The candidates for the last of `words`, without their help, and the directive.
fn complete(env: &TestEnv, words: &[&str]) -> (Vec<String>, String) {
    let output = env.run([&["__complete"], words].concat());
    assert_eq!(output.code, Some(0), "{words:?}: {output}");
    assert_eq!(output.stderr, "", "{words:?}: {output}");
    let mut lines: Vec<_> = output.stdout.lines().map(str::to_owned).collect();
    let directive = lines.pop().unwrap_or_default();
    let value = |line: String| line.split('\t').next().unwrap_or_default().to_owned();
    (lines.into_iter().map(value).collect(), directive)
}

/// The same, again until all of `expected` is offered: a busy machine may need more than 300 ms,
/// and what is known by then is offered.
fn complete_at_last(env: &TestEnv, words: &[&str], expected: &[&str]) -> (Vec<String>, String) {
    let start = Instant::now();
    loop {
        let (found, directive) = complete(env, words);
        let is_whole = expected.iter().all(|one| found.iter().any(|value| value == one));
        if is_whole || start.elapsed() > Duration::from_secs(20) {
            return (found, directive);
        }
    }
}

#[track_caller]
fn assert_offers(env: &TestEnv, words: &[&str], expected: &[&str]) {
    let (found, directive) = complete_at_last(env, words, expected);
    for one in expected {
        assert!(found.iter().any(|value| value == one), "{words:?}: no {one} in {found:?}");
    }
    assert!(directive.starts_with(':'), "{words:?}: {directive}");
}

#[test]
fn commands_flags_and_words_are_offered_without_a_cluster() {
    let env = TestEnv::new();
    assert_offers(&env, &[""], &["top", "simulate", "completion", "help"]);
    assert_offers(&env, &["t"], &["top", "templates"]);
    assert_offers(&env, &["top", "--so"], &["--sort-by"]);
    assert_offers(&env, &["certs", ""], &["generate", "status", "renew"]);
    assert_offers(&env, &["top", "--by", ""], &["node", "namespace", "filler", "pool", "pool="]);
    assert_offers(&env, &["top", "--by=n"], &["--by=node", "--by=namespace"]);
    assert_offers(&env, &["top", "-o", ""], &["table", "json", "yaml", "csv"]);
    assert_offers(&env, &["top", "-oj"], &["-ojson"]);
    assert_offers(&env, &["top", "--columns", "name,li"], &["name,limits"]);
    assert_offers(&env, &["top", "--sort-by", "rem"], &["remaining"]);
    assert_offers(&env, &["top", "--tree=no"], &["--tree=node"]);
    assert_offers(&env, &["top", "--phase", "Pending,R"], &["Pending,Running"]);
    assert_offers(&env, &["top", "--color", "a"], &["auto", "always"]);
    assert_offers(&env, &["--color", "a"], &["auto", "always"]);
    assert_offers(
        &env,
        &["check", "--only", "server,OPP-HPA-001,ca"],
        &["server,OPP-HPA-001,capacity"],
    );
    assert_offers(&env, &["check", "--distribution", "k"], &["kind", "k3s", "kubeadm"]);
    assert_offers(&env, &["simulate", "--scenario", ""], &["blog", "day"]);
    assert_offers(&env, &["simulate", "--config", ""], &["naive", "oppscale"]);
    assert_offers(&env, &["render-hpa", "--workload", "m"], &["miner"]);
    assert_offers(
        &env,
        &["completion", ""],
        &["bash", "zsh", "fish", "elvish", "powershell", "kubectl"],
    );
    // No command that help hides, no flag of another command.
    let (found, _) = complete(&env, &["top", "--"]);
    assert!(!found.iter().any(|flag| flag == "--scenario" || flag == "--sort"), "{found:?}");
    let (found, _) = complete(&env, &[""]);
    assert!(!found.iter().any(|command| command == "man"), "{found:?}");
}

#[test]
fn files_are_left_to_the_shell() {
    let env = TestEnv::new();
    for (words, directive) in [
        (&["top", "--kubeconfig", ""][..], ":0"),
        (&["top", "--from", ""], ":0"),
        (&["check", "-f", ""], ":0"),
        (&["templates", ""], ":16"),
        (&["render-hpa", "--output-dir", ""], ":16"),
        (&["top", "--as", ""], ":4"),
        (&["top", "--request-timeout", ""], ":4"),
        (&["top", "--by", ""], ":4"),
        (&["top", "--replica", "cpu=1,m"], ":6"),
    ] {
        assert_eq!(complete(&env, words).1, directive, "{words:?}");
    }
    // Words and files: both are offered.
    let (words, directive) = complete(&env, &["simulate", "--scenario", "b"]);
    assert_eq!((words, directive), (vec!["blog".to_owned(), "burst".to_owned()], ":0".to_owned()));
}

/// Some objects of a saved list: a busy machine reads all of it in more than 300 ms.
fn small_list(env: &TestEnv) -> PathBuf {
    let list = std::fs::read(fixture("mixed-cluster/nodes-pods.kubectl.json")).unwrap();
    let mut list: Value = serde_json::from_slice(&list).unwrap();
    let mut namespaces = BTreeSet::new();
    list["items"].as_array_mut().unwrap().retain(|item| {
        let name = item["metadata"]["name"].as_str().unwrap();
        match item["metadata"]["namespace"].as_str() {
            None => name.starts_with("gpu"),
            Some(namespace) => name == "resizing" || namespaces.insert(namespace.to_owned()),
        }
    });
    let path = env.path("list.json");
    std::fs::write(&path, list.to_string()).unwrap();
    path
}

/// With `--from` the lists are asked, and not the cluster; a pipe is left to the command.
#[test]
fn names_of_saved_lists_are_offered() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let list = small_list(&env);
    let from = |words: &[&'static str]| -> Vec<String> {
        let list = list.to_str().unwrap();
        ["top", "--from", list].iter().chain(words).map(|word| (*word).to_owned()).collect()
    };
    for (words, expected) in [
        (&["--without", "gpu"][..], &["gpu-0", "gpu-1"][..]),
        (&["-n", ""], &["kube-system", "opportunistic", "shop"]),
        (&["-n", "shop", "--explain", "res"], &["resizing"]),
        (&["--explain", "shop/res"], &["shop/resizing"]),
        (&["-l", "pool=g"], &["pool=gpu"]),
        (&["--tolerate", "nvidia"], &["nvidia.com/gpu=present:NoSchedule"]),
        (&["--resource", "nvidia"], &["nvidia.com/gpu"]),
    ] {
        let words = from(words);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_offers(&env, &words, expected);
    }
    for from in ["-", "/dev/stdin", "missing"] {
        let (found, _) = complete(&env, &["top", "--from", from, "--without", ""]);
        assert_eq!(found, [""; 0], "{from}");
    }
    assert_eq!(server.requests().len(), 0, "{}", server.log());
}

#[test]
fn names_of_the_kubeconfig_and_the_cluster_are_offered() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    assert_offers(&env, &["top", "--context", ""], &["fake"]);
    assert_offers(&env, &["top", "--cluster", "f"], &["fake"]);
    assert_offers(&env, &["top", "--user="], &["--user=fake"]);
    assert_eq!(server.requests().len(), 0, "the kubeconfig is enough for its names");
    assert_offers(&env, &["top", "--context", "fake", "-n", "sh"], &["shop"]);
    assert_offers(&env, &["top", "-nsh"], &["-nshop"]);
    let (nodes, _) = complete_at_last(&env, &["top", "--without", ""], &["fake-00000"]);
    assert_eq!(nodes.len(), 6, "{nodes:?}");
    assert_offers(&env, &["top", "--replica", "cpu=1,m"], &["cpu=1,memory="]);
    assert_offers(&env, &["init", "--requests", "cpu=1,m"], &["cpu=1,memory="]);
    assert_offers(&env, &["init", "--limits", "m"], &["memory="]);
    assert_offers(&env, &["render-hpa", "--quota", "cpu=1,m"], &["cpu=1,memory="]);
    assert_offers(&env, &["init", "--http-from", "sh"], &["shop"]);
    assert_offers(&env, &["simulate", "--live", "--hpa", "f", "-n", "sh"], &["shop"]);
    assert_offers(&env, &["top", "--workload", ""], &["deployment/", "shop/"]);
    assert_offers(&env, &["top", "--workload", "shop/d"], &["shop/deployment/"]);
    assert_offers(&env, &["top", "--explain", "sh"], &["shop/"]);
    let (none, directive) = complete(&env, &["top", "--context", "nobody", "-n", ""]);
    assert_eq!((none, directive), (Vec::new(), ":4".to_owned()));
}

#[test]
fn nobody_waits_longer_than_300_ms() {
    let fast = |env: &TestEnv, words: &[&str]| {
        let start = Instant::now();
        let (found, _) = complete(env, words);
        assert_eq!(found, Vec::<String>::new(), "{words:?}");
        // Besides the 300 ms, the start of a program that was not optimized on a busy machine.
        assert!(start.elapsed() < Duration::from_secs(3), "{words:?}: {:?}", start.elapsed());
    };
    let words = ["top", "-n", ""];
    for fault in [Answer::Silence, Answer::SilenceInTheMiddle, Answer::HangUp] {
        let server = FakeApiServer::start(World::blog());
        server.always("/api/v1/namespaces", fault);
        fast(&TestEnv::of(&server), &words);
    }
    for answer in [
        Answer::Raw(200, Vec::new(), "<html>log in</html>"),
        Answer::Raw(403, vec![], "no"),
        Answer::Raw(429, vec![("retry-after", "10")], "later"),
    ] {
        let server = FakeApiServer::start(World::blog());
        server.always("/api/v1/namespaces", answer);
        fast(&TestEnv::of(&server), &words);
    }
    // A plugin that takes its time, and one that asks.
    let server = FakeApiServer::start(World::blog());
    for script in ["sleep 20", "echo Password: >&2; read password && touch $HOME/asked"] {
        let exec = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1",
            "command": "sh", "args": ["-c", script], "interactiveMode": "IfAvailable"}});
        let env = TestEnv::with(&server, &Kubeconfig::of_user(&server, exec));
        fast(&env, &words);
        assert!(!env.path("asked").exists());
    }
    // A kubeconfig that nobody writes.
    let env = TestEnv::new();
    assert!(Command::new("mkfifo").arg(env.path("pipe")).status().unwrap().success());
    let pipe = env.path("pipe");
    fast(&env, &["top", "--kubeconfig", pipe.to_str().unwrap(), "--context", ""]);
    fast(&env, &["top", "--kubeconfig", pipe.to_str().unwrap(), "-n", ""]);
}

#[test]
fn a_name_that_a_terminal_would_obey_is_not_offered() {
    let env = TestEnv::new();
    let contexts = ["fine", "two\nlines", "\u{1b}[2Jclear", "\u{202e}reversed"];
    let kubeconfig = contexts.iter().fold(Kubeconfig::new("fine"), |config, name| {
        config.context(name, json!({"cluster": "c", "user": "u"}))
    });
    env.write(".kube/config", &kubeconfig.text());
    let (found, _) = complete(&env, &["top", "--context", ""]);
    assert_eq!(found, ["fine"]);
}

/// A home with `oppscale` on its PATH, and programs that leave a trace when something runs them:
/// in the working directory and on the PATH, one for each word of each value's name.
struct Shells {
    env: TestEnv,
}

impl Shells {
    fn new(env: TestEnv) -> Self {
        for folder in ["bin", "traps", "work"] {
            std::fs::create_dir_all(env.path(folder)).unwrap();
        }
        for name in ["oppscale", "kubectl-oppscale"] {
            symlink(env!("CARGO_BIN_EXE_oppscale"), env.path("bin").join(name)).unwrap();
        }
        let script = completions().join("kubectl_complete-oppscale");
        std::fs::copy(script, env.path("bin/kubectl_complete-oppscale")).unwrap();
        let trap = format!("#!/bin/sh\necho \"$0\" >> '{}'\n", env.path("sprung").display());
        for name in trap_names() {
            for folder in ["traps", "work"] {
                let file = env.path(folder).join(&name);
                std::fs::write(&file, &trap).unwrap();
                std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
            }
        }
        Self { env }
    }

    /// A shell at its prompt, with the installed script.
    fn start(&self, shell: &str) -> Terminal {
        let script = completions().join(format!("oppscale.{shell}"));
        let script = script.display();
        let (args, begin) = match shell {
            "bash" => (
                vec!["--noprofile", "--norc", "-i"],
                format!(
                    "PS1='> '; bind 'set show-all-if-ambiguous on'; \
                     bind 'set enable-bracketed-paste off'; \
                     bind 'set completion-query-items 0'; bind 'set page-completions off'; source '{script}'"
                ),
            ),
            "zsh" => (
                vec!["-f", "-i"],
                format!(
                    "PS1='> '; autoload -U compinit; compinit -D -u; setopt no_beep; \
                     zstyle ':completion:*' list-prompt ''; LISTMAX=0; source '{script}'"
                ),
            ),
            _ => (
                vec!["--no-config", "-i"],
                format!(
                    "function fish_prompt; echo '> '; end; function fish_greeting; end; source '{script}'"
                ),
            ),
        };
        let usual = std::env::var("PATH").unwrap_or_default();
        let folder = |name: &str| self.env.path(name).display().to_string();
        let path = format!("{}:{usual}:{}:.", folder("bin"), folder("traps"));
        let mut terminal =
            Terminal::program(shell, self.env.home(), (160, 50), &args, &[("PATH", &path)]);
        terminal.watch_for(Duration::from_millis(500));
        terminal.press(&format!("cd '{}'; {begin}\r", folder("work")));
        terminal.press("clear; echo re''ady\r");
        terminal.see_text("ready\n");
        terminal
    }

    #[track_caller]
    fn assert_untouched(&self, shell: &str) {
        let sprung = std::fs::read_to_string(self.env.path("sprung")).unwrap_or_default();
        assert_eq!(sprung, "", "{shell} has run it");
        assert!(!self.env.path("work/pwned").exists(), "{shell} has run a name");
    }
}

fn completions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions")
}

/// Each argument of each command: the words up to its value.
fn value_flags() -> Vec<(String, String)> {
    fn walk(command: &clap::Command, words: &str, found: &mut Vec<(String, String)>) {
        for arg in command.get_arguments() {
            let names = arg.get_value_names().unwrap_or_default();
            let names = names.iter().map(|name| name.to_string()).collect::<Vec<_>>().join(" ");
            let takes_values = arg.get_action().takes_values();
            match arg.get_long().filter(|_| takes_values) {
                Some(long) => found.push((format!("{words} --{long} "), names)),
                None if takes_values => found.push((format!("{words} "), names)),
                None => {}
            }
        }
        for one in command.get_subcommands() {
            walk(one, &format!("{words} {}", one.get_name()), found);
        }
    }
    let mut found = Vec::new();
    walk(&oppscale::cli::command(), "oppscale", &mut found);
    // One command of those that share a flag is enough.
    let mut seen = BTreeSet::new();
    found.retain(|(line, names)| {
        seen.insert((line.rsplit(" --").next().map(str::to_owned), names.clone()))
    });
    found
}

/// The names of values, and their parts that a shell could take for a program.
fn trap_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, name) in value_flags() {
        names.extend(name.split(|c: char| " :|[]/".contains(c)).map(str::to_owned));
        names.extend(name.split(':').map(str::to_owned));
        names.insert(name);
    }
    names
        .into_iter()
        .filter(|name| !name.is_empty() && !name.contains('/') && name != ".")
        .collect()
}

/// Asks every shell for the values of one of so many flags.
fn assert_runs_nothing(step: usize) {
    let flags: Vec<_> = value_flags().into_iter().step_by(step).collect();
    for shell in SHELLS {
        if tool(shell).is_none() {
            continue;
        }
        let shells = Shells::new(TestEnv::new());
        let mut terminal = shells.start(shell);
        for (step, lines) in flags.chunks(10).enumerate() {
            for (line, _) in lines {
                // The line is emptied, and the next key waits until the candidates are there.
                terminal.press(&format!("{line}\t\u{15}"));
            }
            terminal.press(&format!("\u{15}clear; echo step''{step}\r"));
            terminal.see_text(&format!("step{step}\n"));
        }
        shells.assert_untouched(shell);
    }
}

#[test]
fn shells_run_nothing_of_some_value_names() {
    assert_runs_nothing(6);
}

#[test]
#[ignore = "slow: every flag in every shell"]
fn shells_run_nothing_of_a_value_name() {
    assert_runs_nothing(1);
}

#[test]
fn names_with_a_shells_signs_are_quoted_and_never_run() {
    let contexts =
        ["$(touch pwned)", "`touch pwned`", "a;touch pwned", "x:touch pwned", "arn:aws:eks/me@b"];
    for shell in SHELLS {
        if tool(shell).is_none() {
            continue;
        }
        let env = TestEnv::new();
        let kubeconfig = contexts.iter().fold(Kubeconfig::new("fine"), |config, name| {
            config.context(name, json!({"cluster": "c", "user": "u"}))
        });
        env.write(".kube/config", &kubeconfig.text());
        let shells = Shells::new(env);
        let mut terminal = shells.start(shell);
        for begin in ["", "\\$", "\\`", "'$", "a", "x", "x:", "arn:aws:eks/me@"] {
            terminal.press(&format!("oppscale top --context {begin}\t\t\u{15}"));
            terminal.press(&format!("oppscale top --context={begin}\t\t\u{15}"));
        }
        terminal.press("\u{15}clear; echo do''ne\r");
        terminal.see_text("done\n");
        shells.assert_untouched(shell);
    }
}

#[test]
fn a_person_sees_candidates_in_every_shell() {
    let server = FakeApiServer::start(World::blog());
    for shell in SHELLS {
        if tool(shell).is_none() {
            continue;
        }
        let shells = Shells::new(TestEnv::of(&server));
        let mut terminal = shells.start(shell);
        assert_completes(
            shell,
            &mut terminal,
            &[
                ("oppscale che", "oppscale check "),
                ("oppscale top --sort-", "oppscale top --sort-by "),
                ("oppscale top --by name", "oppscale top --by namespace "),
                ("oppscale top --color=al", "oppscale top --color=always "),
                ("oppscale top -n sh", "oppscale top -n shop "),
                ("oppscale top --context fa", "oppscale top --context fake "),
                ("oppscale top --sort-by remaining --by=workl", "--by=workload "),
                ("oppscale top --workload shop/deploym", "--workload shop/deployment/"),
                ("oppscale top --kubeconfig ~/.kube/conf", "/.kube/config "),
            ],
        );
        // Several candidates are listed.
        terminal.press("clear\r");
        terminal.press("oppscale top -o \t\t");
        for one in ["table", "json", "yaml", "csv"] {
            terminal.see(&format!("{shell}: {one}"), |screen| screen.contains(one));
        }
    }
}

/// Types each of `cases` at the shell's prompt, presses Tab, and expects the line.
fn assert_completes(shell: &str, terminal: &mut Terminal, cases: &[(&str, &str)]) {
    for (typed, expected) in cases {
        terminal.press(typed);
        terminal.press("\t");
        terminal.see(&format!("{shell}: {typed} → {expected}"), |screen| {
            let line = screen.lines().rev().find(|line| line.contains("> ")).unwrap_or_default();
            // The screen leaves out spaces at the end of a line.
            line.trim_end().ends_with(expected.trim_end())
        });
        terminal.press("\u{15}");
    }
}

#[test]
fn bash_replaces_what_is_quoted_as_readline_does() {
    if tool("bash").is_none() {
        return;
    }
    let env = TestEnv::new();
    let contexts = ["arn:aws:eks:eu/me", "with space", "pay$day", "semi;colon", "it's", "now!"];
    let kubeconfig = contexts.iter().fold(Kubeconfig::new("fine"), |config, name| {
        config.context(name, json!({"cluster": "c", "user": "u"}))
    });
    env.write(".kube/config", &kubeconfig.text());
    let shells = Shells::new(env);
    let mut terminal = shells.start("bash");
    assert_completes(
        "bash",
        &mut terminal,
        &[
            ("oppscale top --context arn:aws:e", "--context arn:aws:eks:eu/me"),
            // An open quote: what follows it is the word, whatever breaks it has.
            ("oppscale top --context \"arn:aws:e", "--context \"arn:aws:eks:eu/me\""),
            ("oppscale top --context=\"arn:aws:e", "--context=\"arn:aws:eks:eu/me\""),
            ("oppscale top --context='arn:aws:e", "--context='arn:aws:eks:eu/me'"),
            ("oppscale top --context arn:\"aws:e", "--context arn:\"aws:eks:eu/me\""),
            // A quote that was closed, and a sign with a backslash, break nothing.
            ("oppscale top --context \"arn:aws\":e", "--context \"arn:aws\":eks:eu/me"),
            ("oppscale top --context \"arn:\"aw", "--context arn:aws:eks:eu/me"),
            ("oppscale top --context arn\\:aw", "--context arn:aws:eks:eu/me"),
            ("oppscale top --context semi\\;", "--context semi\\;colon"),
            // What a sign needs depends on the quote.
            ("oppscale top --context w", "--context with\\ space"),
            ("oppscale top --context \"w", "--context \"with space\""),
            ("oppscale top --context \"with ", "--context \"with space\""),
            ("oppscale top --context 'w", "--context 'with space'"),
            ("oppscale top --context \"p", "--context \"pay\\$day\""),
            ("oppscale top --context \"pay\\$", "--context \"pay\\$day\""),
            ("oppscale top --context 'p", "--context 'pay$day'"),
            ("oppscale top --context i", "--context it\\'s"),
            ("oppscale top --context \"i", "--context \"it's\""),
            ("oppscale top --context 'n", "--context 'now!'"),
            // Words before the last are read as the program would get them.
            ("oppscale top --by \"node\" --color='au", "--color='auto'"),
        ],
    );
    // No such quote can hold these names.
    terminal.press("oppscale top --context 'i\t");
    terminal.press("\u{15}oppscale top --context \"n\t");
    terminal.press("\u{15}clear; echo do''ne\r");
    terminal.see_text("done\n");
    shells.assert_untouched("bash");
}

#[test]
fn files_behind_a_flag_are_completed_in_every_shell() {
    for shell in SHELLS {
        if tool(shell).is_none() {
            continue;
        }
        let shells = Shells::new(TestEnv::new());
        shells.env.write("work/cluster-of-march.json", "{}");
        let mut terminal = shells.start(shell);
        assert_completes(
            shell,
            &mut terminal,
            &[
                ("oppscale top --from clu", "--from cluster-of-march.json"),
                ("oppscale top --from=clu", "--from=cluster-of-march.json"),
            ],
        );
    }
}

#[test]
fn kubectl_completes_the_plugin() {
    let Some(kubectl) = tool("kubectl") else { return };
    let server = FakeApiServer::start(World::blog());
    let shells = Shells::new(TestEnv::of(&server));
    let usual = std::env::var("PATH").unwrap_or_default();
    let complete = |words: &[&str]| {
        let output = Command::new(&kubectl)
            .args([&["__complete", "oppscale"], words].concat())
            .env_clear()
            .env("HOME", shells.env.path(""))
            .env("PATH", format!("{}:{usual}", shells.env.path("bin").display()))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(
        complete(&["to"]).starts_with("top\tShow the remaining capacity"),
        "{}",
        complete(&["to"])
    );
    assert_eq!(complete(&["top", "--by", "names"]), "namespace\n:4\n");
    // A busy machine may need more than 300 ms.
    let start = Instant::now();
    while complete(&["top", "-n", "sh"]) != "shop\n:4\n" {
        assert!(start.elapsed() < Duration::from_secs(20), "the namespace is not offered");
    }
    assert_eq!(complete(&["top", "--context", ""]), "fake\n:4\n");
    assert_eq!(complete(&["top", "--from", ""]), ":0\n");
}
