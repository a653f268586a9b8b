//! Time, CPU and peak memory of a process.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::{ResUse, Wait4};

/// What a process took.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub wall: Duration,
    pub cpu: Duration,
    pub peak_mib: f64,
}

/// Runs a program to its end and measures it, several times; the quickest run counts.
pub fn cost(runs: usize, program: &str, arguments: &[&str]) -> Cost {
    (0..runs)
        .map(|_| once(program, arguments))
        .min_by_key(|cost| cost.wall)
        .expect("at least one run")
}

/// A program's peak is that of its parent at least, so a small process starts each.
fn once(program: &str, arguments: &[&str]) -> Cost {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["child-measure", program])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let [wall, cpu, peak, status] = numbers[..] else { panic!("{program}: {text}") };
    assert_eq!(status, 0.0, "{program} {arguments:?} failed");
    Cost {
        wall: Duration::from_secs_f64(wall),
        cpu: Duration::from_secs_f64(cpu),
        peak_mib: peak / f64::from(1 << 20),
    }
}

/// Runs `program` and prints wall seconds, CPU seconds, peak bytes and the exit code.
pub fn child(program: &str, arguments: &[String]) {
    let start = Instant::now();
    let mut child = Command::new(program).args(arguments).stdout(Stdio::null()).spawn().unwrap();
    let ResUse { status, rusage } = child.wait4().unwrap();
    let wall = start.elapsed().as_secs_f64();
    let cpu = (rusage.utime + rusage.stime).as_secs_f64();
    println!("{wall} {cpu} {} {}", rusage.maxrss, status.code().unwrap_or(-1));
}
