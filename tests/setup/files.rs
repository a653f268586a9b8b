//! Temporary files: exclusive, unpredictable, and gone after a kill.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use oppscale::files::{write_private, write_whole};

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_link_under_the_name_of_a_temporary_file_is_not_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("victim"), "untouched").unwrap();
    // The names of earlier versions could be foretold.
    let id = std::process::id();
    for name in ["tls.key", "page"] {
        symlink(path.join("victim"), path.join(format!("{name}.{id}.part"))).unwrap();
    }
    write_private(&path.join("tls.key"), b"key").unwrap();
    write_whole(&path.join("page"), b"page").unwrap();
    assert_eq!(fs::read_to_string(path.join("victim")).unwrap(), "untouched");
    assert_eq!(fs::read_to_string(path.join("tls.key")).unwrap(), "key");
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join(".tls.key.oppscale-0123456789abcdef"), "a key").unwrap();
    fs::write(path.join(".tls.key.oppscale-notes"), "somebody's").unwrap();
    write_private(&path.join("tls.key"), b"key").unwrap();
    assert_eq!(names(path), [".tls.key.oppscale-notes", "tls.key"]);
}

#[test]
fn a_file_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("script");
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o750)).unwrap();
    write_whole(&file, b"new").unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o750);
    assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    assert_eq!(names(folder.path()), ["script"]);
}

/// `certs generate` into the folder `certs` of `folder`.
fn generate(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oppscale"));
    command.args(["certs", "generate", "--force", "--keep-ca-key", "--output-dir", "certs"]);
    command.env_clear().current_dir(folder).stdout(std::process::Stdio::null());
    command
}

/// The same, killed after some milliseconds.
fn generate_and_kill(folder: &Path, after: u64) {
    let mut child = generate(folder).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(after));
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A name that is free is given to the whole file at once: there is no temporary one.
#[test]
fn a_kill_in_a_new_folder_leaves_whole_files_only() {
    for attempt in 0..30 {
        let folder = tempfile::tempdir().unwrap();
        let certs = folder.path().join("certs");
        generate_and_kill(folder.path(), attempt);
        if !certs.exists() {
            continue;
        }
        for name in names(&certs) {
            assert!(["ca.crt", "ca.key", "tls.crt", "tls.key"].contains(&&*name), "{name}");
            let text = fs::read_to_string(certs.join(&name)).unwrap();
            assert!(text.trim_end().ends_with("-----"), "{name}: {text}");
        }
    }
}

/// Killed at a random moment, many times: after the next run there is no key but those asked for.
#[test]
fn a_key_does_not_stay_behind_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    for attempt in 0..30 {
        generate_and_kill(folder.path(), attempt);
    }
    // A kill between naming and renaming a whole file leaves it; the next run removes it.
    assert!(generate(folder.path()).status().unwrap().success());
    let known = ["ca.crt", "ca.key", "tls.crt", "tls.key"];
    let all = names(&folder.path().join("certs"));
    let others: Vec<_> = all.iter().filter(|name| !known.contains(&name.as_str())).collect();
    assert!(others.is_empty(), "{others:?}");
}
