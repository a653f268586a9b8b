//! A run that writes lines until it is ended, read as they come.

use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::bin::{TestEnv, signal};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `oppscale` whose stdout is JSON, a line each.
pub struct JsonStream {
    child: Child,
    lines: Receiver<String>,
    last: Value,
    /// What it says on stderr, read all the time: a pipe that nobody reads stops whoever writes.
    said: Option<JoinHandle<String>>,
}

impl JsonStream {
    pub fn start(env: &TestEnv, args: &[&str]) -> Self {
        Self::start_with(env, args, &[])
    }

    /// With environment variables.
    pub fn start_with(env: &TestEnv, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut stream = Self::of(env.start_with(args, variables));
        let mut stderr = stream.child.stderr.take().unwrap();
        stream.said = Some(std::thread::spawn(move || {
            let mut said = String::new();
            stderr.read_to_string(&mut said).unwrap();
            said
        }));
        stream
    }

    /// With a stderr that is full and that nobody reads.
    pub fn start_unread(env: &TestEnv, args: &[&str]) -> Self {
        let fill = "head -c 65536 /dev/zero >&2; exec \"$0\" \"$@\"";
        Self::of(env.start_as(&["sh", "-c", fill], args, &[]))
    }

    fn of(mut child: Child) -> Self {
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines() {
                if sender.send(line.unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { child, lines, last: Value::Null, said: None }
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line.
    pub fn next(&mut self) -> &Value {
        let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
            let _ = self.child.kill();
            let said = self.said();
            panic!("no line comes; the last one was {}\n{said}", self.last);
        };
        self.last = serde_json::from_str(&line).unwrap();
        &self.last
    }

    /// The first line, the last one that came included, that is as wanted.
    pub fn until(&mut self, what: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        while self.last.is_null() || !is_wanted(&self.last) {
            assert!(start.elapsed() < PATIENCE, "never {what}: {}", self.last);
            self.next();
        }
        self.last.clone()
    }

    /// Whether nothing comes for so long.
    pub fn is_quiet_for(&self, time: Duration) -> bool {
        self.lines.recv_timeout(time).is_err()
    }

    /// What it said on stderr, once it has ended.
    fn said(&mut self) -> String {
        self.said.take().map_or_else(String::new, |said| said.join().unwrap())
    }

    /// Interrupts it; its exit code and stderr.
    pub fn interrupt(mut self) -> (Option<i32>, String) {
        signal("INT", self.id());
        let said = self.said();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for JsonStream {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
