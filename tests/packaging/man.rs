//! Manual pages: one a command, and nothing that a formatter complains of.

use std::process::Command;

use crate::artefacts::visible_commands;
use crate::support::bin::TestEnv;
use crate::support::tools::tool;

fn pages() -> (TestEnv, Vec<String>) {
    let env = TestEnv::new();
    let output = env.run(["man", "man1"]);
    assert_eq!(output.code, Some(0), "{output}");
    let names = output.stdout.lines().map(|line| line.trim_start_matches("man1/").to_owned());
    let names = names.collect();
    (env, names)
}

#[test]
fn every_command_has_a_page_that_says_all_of_it() {
    let (env, names) = pages();
    let mut expected = Vec::new();
    for words in visible_commands() {
        let name = [&["oppscale".to_owned()][..], &words].concat().join("-");
        let text = std::fs::read_to_string(env.path(&format!("man1/{name}.1"))).unwrap();
        let sections: Vec<_> = text.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
        let has = |section: &str| sections.iter().any(|one| one.trim_matches('"') == section);
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "ENVIRONMENT", "SEE ALSO"]
        {
            assert!(has(section), "{name} has no {section}: {sections:?}");
        }
        // A command that only leads to others shows nothing itself.
        assert_eq!(has("EXAMPLES"), name != "oppscale-certs", "{name}");
        expected.push(format!("{name}.1"));
    }
    assert_eq!(names, expected);
    let help = env.run(["--help"]);
    assert!(!help.stdout.contains("manual"), "{help}");
}

#[test]
fn a_formatter_has_nothing_to_say() {
    let Some(groff) = tool("groff") else { return };
    let (env, names) = pages();
    for name in names {
        let output = Command::new(&groff)
            .args(["-k", "-man", "-ww", "-Tutf8"])
            .arg(env.path(&format!("man1/{name}")))
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && words.is_empty(), "{name}: {words}");
        assert!(output.stdout.len() > 500, "{name}");
    }
}
