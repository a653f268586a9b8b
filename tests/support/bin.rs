//! The real binary in an environment of its own, and all that it said in one piece.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tempfile::TempDir;

use super::fake_apiserver::FakeApiServer;
use super::kubeconfig::Kubeconfig;

/// Far longer than any run here takes; one that needs it hangs, and is ended.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home directory, and nothing else but the PATH.
pub struct TestEnv {
    home: Arc<TempDir>,
    /// What is written otherwise in outputs, because it differs from run to run.
    names: Vec<(String, &'static str)>,
}

impl TestEnv {
    /// An empty home.
    pub fn new() -> Self {
        let home = Arc::new(tempfile::tempdir().unwrap());
        let names = vec![(home.path().to_str().unwrap().to_owned(), "$HOME")];
        Self { home, names }
    }

    /// A home whose `~/.kube/config` leads to `server`.
    pub fn of(server: &FakeApiServer) -> Self {
        Self::with(server, &Kubeconfig::of(server))
    }

    /// A home with this `~/.kube/config`, and the authority of `server` beside it.
    pub fn with(server: &FakeApiServer, kubeconfig: &Kubeconfig) -> Self {
        let mut env = Self::new();
        env.names.push((server.url(), "$SERVER"));
        env.write(".kube/config", &kubeconfig.text());
        if let Some(ca) = server.ca_pem() {
            env.write(".kube/ca.crt", &ca);
        }
        env
    }

    /// Writes `text` as `name` in outputs.
    pub fn call(&mut self, text: impl Into<String>, name: &'static str) {
        self.names.push((text.into(), name));
    }

    /// The home, which is there for as long as somebody holds it.
    pub fn home(&self) -> Arc<TempDir> {
        Arc::clone(&self.home)
    }

    /// A path below the home.
    pub fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    /// Writes a file below the home.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Runs oppscale to its end.
    pub fn run(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> CommandOutput {
        self.finish(self.start(args))
    }

    /// Starts oppscale.
    pub fn start(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Child {
        self.start_with(args, &[])
    }

    /// Starts oppscale with environment variables.
    pub fn start_with(
        &self,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
        variables: &[(&str, &str)],
    ) -> Child {
        self.start_as(&[], args, variables)
    }

    /// Starts oppscale by another program, which `program` names with its arguments.
    pub fn start_as(
        &self,
        program: &[&str],
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
        variables: &[(&str, &str)],
    ) -> Child {
        let words = [program, &[env!("CARGO_BIN_EXE_oppscale")]].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        command.env_clear().env("HOME", self.home.path()).current_dir(self.home.path());
        // Credential plugins are looked for there.
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(variables.iter().copied());
        if !program.is_empty() {
            // What a program forks is ended with it, by their group.
            command.process_group(0);
        }
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Waits for the end of what was started.
    pub fn finish(&self, child: Child) -> CommandOutput {
        let id = child.id();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let Ok(output) = receiver.recv_timeout(PATIENCE) else {
            signal("KILL", id);
            panic!("oppscale hangs");
        };
        self.output(&output.unwrap())
    }

    fn output(&self, output: &Output) -> CommandOutput {
        let text = |bytes: &[u8]| {
            let mut text = String::from_utf8(bytes.to_vec()).unwrap();
            for (from, to) in self.names.iter().rev() {
                text = text.replace(from, to);
            }
            text
        };
        CommandOutput {
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            code: output.status.code(),
        }
    }
}

/// Sends a signal to a process.
pub fn signal(name: &str, id: u32) {
    // The shell's own kill: no other program need be installed.
    let line = format!("kill -{name} {id}");
    assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
}

/// All that a run said.
#[must_use = "either snapshot the output or assert the exit code"]
#[derive(Debug)]
pub struct CommandOutput {
    pub stdout: String,
    pub stderr: String,
    /// `None` when a signal ended it.
    pub code: Option<i32>,
}

/// stdout, stderr and the exit code, so that one snapshot pins all three.
impl fmt::Display for CommandOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.stdout)?;
        if !self.stderr.is_empty() {
            write!(f, "------- stderr -------\n{}", self.stderr)?;
        }
        match self.code {
            Some(0) => f.write_str("[EOF]"),
            Some(code) => write!(f, "[EOF]\n[exit status: {code}]"),
            None => f.write_str("[EOF]\n[ended by a signal]"),
        }
    }
}
