//! A program on a real pseudo-terminal.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

pub struct Pty {
    terminal: File,
    pub child: Child,
    output: Receiver<Vec<u8>>,
}

impl Pty {
    /// Starts a program on a terminal of so many columns and rows.
    pub fn start(program: &Command, (columns, rows): (u16, u16)) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC);
        let terminal = File::from(terminal.unwrap());
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let mut options = File::options();
        options.read(true).write(true).custom_flags(OFlags::NOCTTY.bits().cast_signed());
        let inner = options.open(OsStr::from_bytes(name.to_bytes())).unwrap();
        set_size(&terminal, columns, rows);
        // A session of its own, whose terminal its stdin is.
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = program.get_current_dir() {
            command.current_dir(folder);
        }
        let stdio = || OwnedFd::from(inner.try_clone().unwrap());
        let child = command.stdin(stdio()).stdout(stdio()).stderr(stdio()).spawn().unwrap();
        let (sender, output) = mpsc::channel();
        let mut reader = terminal.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // At the end of the other side a pseudo-terminal reports an error, not an end.
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { terminal, child, output }
    }

    /// What the program writes in so long, as it comes.
    pub fn read_for(&self, time: Duration) -> impl Iterator<Item = Vec<u8>> {
        let end = Instant::now() + time;
        std::iter::from_fn(move || {
            let left = end.saturating_duration_since(Instant::now());
            self.output.recv_timeout(left).ok()
        })
    }

    /// What the program writes until it ends.
    pub fn read_to_end(&self) -> Vec<u8> {
        self.output.iter().flatten().collect()
    }

    pub fn write(&mut self, text: &str) {
        self.terminal.write_all(text.as_bytes()).unwrap();
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        set_size(&self.terminal, columns, rows);
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // With the first process of its session, the others there are hung up.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn set_size(terminal: &File, columns: u16, rows: u16) {
    let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(terminal, size).unwrap();
}
