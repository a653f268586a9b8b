//! How oppscale scales: ratios, measured in one run on one machine.
//!
//! `cargo bench --bench scale` prints every part; `-- decode`, `-- oneshot`, `-- peer`
//! `-- ledger`, `-- demand`, `-- shares`, `-- simulate`, `-- follow`, `-- saved`, `-- screen` or
//! `-- serve` prints one. docs/how-it-scales.md tells what the figures were.
//!
//! Peak memory and CPU time are those of a process of its own, so each measured piece of
//! work runs in a child: this program, called again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::exit
)]
#![allow(missing_docs, unreachable_pub)]

mod decode;
mod demand;
mod follow;
mod generate;
mod ledger;
mod measure;
mod oneshot;
// Beside the tests, which need them too.
#[path = "../../tests/support/protobuf.rs"]
mod protobuf;
#[path = "../../tests/support/pty.rs"]
#[allow(dead_code)]
mod pty;
mod saved;
mod screen;
mod serve;
mod server;
mod shares;
mod simulate;
mod watch;

use generate::Size;

/// The cluster that oppscale is built for.
const LARGE: Size = Size { nodes: 5_000, pods: 150_000 };
/// For the peer, which holds every pod in memory at once.
const MEDIUM: Size = Size { nodes: 1_000, pods: 30_000 };

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["child-decode", how, pods] => decode::child(how, pods.parse().unwrap()),
        ["child-measure", program, ..] => measure::child(program, &arguments[2..]),
        ["child-download", kubeconfig] => oneshot::download(kubeconfig),
        ["child-serve", folder, nodes, pods, pace] => {
            let size = Size { nodes: nodes.parse().unwrap(), pods: pods.parse().unwrap() };
            server::child(folder, size, pace.parse().unwrap());
        }
        ["decode"] => decode::run(),
        ["oneshot"] => oneshot::run(LARGE),
        ["peer"] => oneshot::peer(MEDIUM),
        ["ledger"] => ledger::run(),
        ["demand"] => demand::run(),
        ["shares"] => shares::run(),
        ["simulate"] => simulate::run(),
        ["follow"] => follow::run(LARGE),
        ["saved"] => saved::run(MEDIUM),
        ["screen"] => screen::run(LARGE),
        ["serve"] => serve::run(LARGE),
        [] => {
            decode::run();
            ledger::run();
            demand::run();
            shares::run();
            simulate::run();
            oneshot::run(LARGE);
            oneshot::peer(MEDIUM);
            follow::run(LARGE);
            saved::run(MEDIUM);
            screen::run(LARGE);
            serve::run(LARGE);
        }
        _ => panic!(
            "expected decode, oneshot, peer, ledger, demand, shares, simulate, follow, saved, screen, \
             serve or nothing"
        ),
    }
}
