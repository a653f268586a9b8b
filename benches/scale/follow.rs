//! (e) and (f): the real program that follows a large cluster: memory, and how soon its
//! screen answers keys and shows events.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::generate::Size;
use super::pty::Pty;
use super::server::Server;

/// Events of pods a second.
const RATE: usize = 2000;
/// How long the screen is watched.
const MINUTE: Duration = Duration::from_secs(60);
/// How long it is idle.
const IDLE: Duration = Duration::from_secs(20);
/// One key and one event in so much time.
const PROBE_EVERY: Duration = Duration::from_millis(250);
/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the header says when not all nodes are usable.
const OTHER_NODES: &str = " of 5,000 nodes usable";
const COLUMNS: u16 = 120;
const ROWS: u16 = 40;

/// (e) Memory once the lists are in, (f) the screen under events.
pub fn run(size: Size) {
    println!("(e) following {} nodes and {} pods over TLS", size.nodes, size.pods);
    let mut server = Server::start(size, 0);
    first_line(&server, "paged lists");
    server.stream_lists();
    first_line(&server, "streamed lists");
    println!("(f) the screen on that cluster, {COLUMNS}x{ROWS}");
    screen(&mut server);
}

/// Until the first line of `--watch`, and what is resident then.
fn first_line(server: &Server, how: &str) {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_oppscale"))
        .args(["top", "--watch", "--kubeconfig", &server.kubeconfig])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let elapsed = start.elapsed().as_secs_f64();
    std::thread::sleep(Duration::from_secs(1));
    let memory = Process(child.id());
    println!(
        "    {how:24} {elapsed:6.2} s to the first line  {:4.0} MiB resident, {:4.0} at most",
        memory.mib("VmRSS"),
        memory.mib("VmHWM"),
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

fn screen(server: &mut Server) {
    let start = Instant::now();
    let mut terminal = Terminal::start(&server.kubeconfig);
    terminal.see("replicas of cpu=1 fit");
    println!("    first whole screen       {:6.2} s", start.elapsed().as_secs_f64());
    std::thread::sleep(Duration::from_secs(1));
    let process = Process(terminal.pty.child.id());
    println!("    resident                 {:4.0} MiB", process.mib("VmRSS"));
    let before = process.cpu();
    terminal.watch_for(IDLE);
    println!("    idle, {} s               {:6.3} s CPU", IDLE.as_secs(), process.cpu() - before);
    server.tell(&format!("rate {RATE}"));
    terminal.watch_for(Duration::from_secs(2));
    let (mut keys, mut events) = (Vec::new(), Vec::new());
    let (start, before) = (Instant::now(), process.cpu());
    let mut is_cordoned = false;
    while start.elapsed() < MINUTE {
        let probe = Instant::now();
        // The help opens, which no event does.
        let pressed = Instant::now();
        terminal.handle_key("?");
        terminal.see("keys");
        keys.push(pressed.elapsed());
        terminal.handle_key("?");
        terminal.see_not("keys");
        is_cordoned = !is_cordoned;
        let sent = Instant::now();
        server.tell(if is_cordoned { "cordon 1" } else { "cordon 0" });
        match is_cordoned {
            true => terminal.see(OTHER_NODES),
            false => terminal.see_not(OTHER_NODES),
        }
        events.push(sent.elapsed());
        terminal.watch_for(PROBE_EVERY.saturating_sub(probe.elapsed()));
    }
    let took = start.elapsed().as_secs_f64();
    println!("    {RATE} events a second, {took:.0} s, {} probes:", keys.len());
    println!("      key to frame           {}", Percentiles::of(keys));
    println!("      event to frame         {}", Percentiles::of(events));
    println!("      CPU                    {:4.0} %", 100.0 * (process.cpu() - before) / took);
    println!("      resident               {:4.0} MiB", process.mib("VmRSS"));
}

/// The program on a terminal.
struct Terminal {
    pty: Pty,
    parser: vt100::Parser,
}

impl Terminal {
    fn start(kubeconfig: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oppscale"));
        command.args(["top", "--kubeconfig", kubeconfig]);
        command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8");
        let pty = Pty::start(&command, (COLUMNS, ROWS));
        let size = |cells| std::num::NonZero::new(cells).unwrap();
        Self { pty, parser: vt100::Parser::new(size(ROWS), size(COLUMNS), 0) }
    }

    fn handle_key(&mut self, keys: &str) {
        self.pty.write(keys);
    }

    fn see(&mut self, text: &str) {
        self.until(text, |screen| screen.contains(text));
    }

    fn see_not(&mut self, text: &str) {
        self.until(text, |screen| !screen.contains(text));
    }

    /// Reads what it draws for a while.
    fn watch_for(&mut self, time: Duration) {
        self.pty.read_for(time).for_each(|bytes| self.parser.process(&bytes));
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !is_so(&self.parser.screen().contents()) {
            let screen = self.parser.screen();
            assert!(start.elapsed() < PATIENCE, "{what}:\n{}", screen.contents());
            if let Some(bytes) = self.pty.read_for(PATIENCE).next() {
                self.parser.process(&bytes);
            }
        }
    }
}

/// A process that runs.
pub struct Process(pub u32);

impl Process {
    /// A figure of its memory.
    pub fn mib(&self, field: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// Seconds of CPU so far, to a hundredth.
    pub fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap();
        let (_, rest) = stat.rsplit_once(") ").unwrap();
        let field = |number: usize| rest.split(' ').nth(number).unwrap().parse::<f64>().unwrap();
        (field(11) + field(12)) / 100.0
    }
}

/// What most of the probes took.
pub struct Percentiles {
    p50: Duration,
    p99: Duration,
    max: Duration,
}

impl Percentiles {
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |share: usize| times[(times.len() - 1) * share / 100];
        Self { p50: at(50), p99: at(99), max: at(100) }
    }
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let (p50, p99, max) = (ms(self.p50), ms(self.p99), ms(self.max));
        write!(f, "p50 {p50:6.1} ms  p99 {p99:6.1} ms  max {max:6.1} ms")
    }
}
