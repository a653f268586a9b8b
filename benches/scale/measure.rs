//! Time, CPU and peak memory of a process.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

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

/// Children of this process share their peak, so a child of its own waits for each.
fn once(program: &str, arguments: &[&str]) -> Cost {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["child-measure", program])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let [wall, cpu, peak_kib, status] = numbers[..] else { panic!("{program}: {text}") };
    assert_eq!(status, 0.0, "{program} {arguments:?} failed");
    Cost {
        wall: Duration::from_secs_f64(wall),
        cpu: Duration::from_secs_f64(cpu),
        peak_mib: peak_kib / 1024.0,
    }
}

/// Runs `program` and prints wall seconds, CPU seconds, peak KiB and the exit code.
pub fn child(program: &str, arguments: &[String]) {
    let start = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status().unwrap();
    let wall = start.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    println!("{wall} {cpu} {} {}", usage.max_rss(), status.code().unwrap_or(-1));
}
