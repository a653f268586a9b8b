//! A real pseudo-terminal, and the screen as a person would see it.

use std::num::NonZero;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::bin::{TestEnv, signal};
use super::pty::Pty;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub const OPPSCALE: &str = env!("CARGO_BIN_EXE_oppscale");

/// The parts of a frame come quicker than this one after the other.
const QUIET: Duration = Duration::from_millis(15);

/// The frames of the screen: synchronized updates, of which `vt100` knows nothing.
#[derive(Default)]
pub struct Frames {
    /// Whether one has begun and is not whole yet.
    is_open: bool,
    pub whole: usize,
}

impl vt100::Callbacks for Frames {
    fn unhandled_csi(
        &mut self,
        _: &mut vt100::Screen,
        mark: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        end: char,
    ) {
        if mark == Some(b'?') && params == [[2026]] {
            self.is_open = end == 'h';
            self.whole += usize::from(end == 'l');
        }
    }
}

/// A shell on a terminal that runs oppscale, and then says how that ended.
pub struct Terminal {
    pty: Pty,
    pub parser: vt100::Parser<Frames>,
    /// Where the program's number is written.
    home: Arc<TempDir>,
}

fn size(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).unwrap()
}

impl Terminal {
    /// Starts oppscale in an empty home.
    pub fn start(columns: u16, rows: u16, args: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::with(&TestEnv::new(), columns, rows, args, environment)
    }

    /// Starts oppscale where it finds the kubeconfig of `env`.
    pub fn of(env: &TestEnv, columns: u16, rows: u16, args: &[&str]) -> Self {
        Self::with(env, columns, rows, args, &[])
    }

    /// The same with more in its environment.
    pub fn with(
        env: &TestEnv,
        columns: u16,
        rows: u16,
        args: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        Self::run(OPPSCALE, "", env.home(), (columns, rows), args, environment)
    }

    /// The same as a job of a shell, which says `stopped` and continues it after a line.
    pub fn job(env: &TestEnv, columns: u16, rows: u16, args: &[&str]) -> Self {
        Self::run(OPPSCALE, "set -m;", env.home(), (columns, rows), args, &[])
    }

    /// Starts another program.
    pub fn other(program: &str, args: &[&str]) -> Self {
        Self::run(program, "", TestEnv::new().home(), (80, 24), args, &[])
    }

    /// Starts another program in a home.
    pub fn program(
        program: &str,
        home: Arc<TempDir>,
        size: (u16, u16),
        args: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        Self::run(program, "stty echo;", home, size, args, environment)
    }

    fn run(
        program: &str,
        prepare: &str,
        home: Arc<TempDir>,
        (columns, rows): (u16, u16),
        args: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        // The shell lives on when Ctrl-C is pressed. 128 and more is how it counts a job that was
        // stopped.
        let script = format!(
            "trap : INT; stty -echo; {prepare} \
             sh -c 'echo $$ > \"$HOME/pid\"; exec \"$@\"' sh \"$0\" \"$@\"; code=$?; \
             while [ \"$(jobs)\" ]; do \
                 stty -a; echo stopped; read go; fg >/dev/null; code=$?; done; \
             echo \"ended with $code\"; stty -a; echo END"
        );
        let mut shell = Command::new("bash");
        shell.args(["-c", &script, program]).args(args);
        shell.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").env_remove("NO_COLOR");
        shell.env_remove("KUBECONFIG");
        shell.env("HOME", home.path()).envs(environment.iter().copied());
        let pty = Pty::start(&shell, (columns, rows));
        let frames = Frames::default();
        let parser = vt100::Parser::new_with_callbacks(size(rows), size(columns), 0, frames);
        Self { pty, parser, home }
    }

    /// Reads until the screen is as expected, and tells what it shows.
    pub fn see(&mut self, what: &str, is_there: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let text = self.parser.screen().contents();
            // A frame may come in parts: only what stays, and is whole, is seen.
            let is_quiet = self.watch_for(QUIET) == 0;
            if is_quiet && !self.parser.callbacks().is_open && is_there(&text) {
                return text;
            }
            assert!(start.elapsed() < PATIENCE, "never {what}:\n{text}");
        }
    }

    pub fn see_text(&mut self, text: &str) -> String {
        self.see(text, |screen| screen.contains(text))
    }

    /// Reads what comes for so long, and tells how many bytes that was.
    pub fn watch_for(&mut self, time: Duration) -> usize {
        let end = Instant::now() + time;
        let mut seen = 0;
        for bytes in self.pty.read_for(time) {
            seen += bytes.len();
            self.parser.process(&bytes);
        }
        // Sooner if the program has ended.
        std::thread::sleep(end.saturating_duration_since(Instant::now()));
        seen
    }

    pub fn press(&mut self, keys: &str) {
        self.pty.write(keys);
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.parser.screen_mut().set_size(size(rows), size(columns));
        self.pty.resize(columns, rows);
    }

    /// The number of the program's process.
    pub fn id(&self) -> u32 {
        std::fs::read_to_string(self.home.path().join("pid")).unwrap().trim().parse().unwrap()
    }

    /// Sends the program a signal.
    pub fn signal(&self, name: &str) {
        signal(name, self.id());
    }

    /// The terminal must be as it was before.
    pub fn assert_restored(&self, text: &str) {
        assert!(text.contains(" icanon") && !text.contains("-icanon"), "{text}");
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen(), "{text}");
        assert!(!screen.hide_cursor(), "{text}");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "{text}");
    }

    /// Waits for the end; the terminal must be as it was, and the shell tells the exit code.
    pub fn end(mut self, code: u8) -> String {
        // What `stty -a` says does not fit below it on a small screen. The program is not told:
        // it would draw once more.
        self.parser.screen_mut().set_size(size(60), size(132));
        let text = self.see_text("END");
        assert!(text.contains(&format!("ended with {code}\n")), "{text}");
        self.assert_restored(&text);
        text
    }
}
