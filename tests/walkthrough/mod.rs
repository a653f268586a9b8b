//! The article, walked through: every console block of docs/walkthrough.md is run, in order, on
//! a simulated cluster, and what is printed is what stands there.

mod autoscaler;
mod cluster;
mod load;
pub mod page;
mod pods;

use std::os::unix::fs::PermissionsExt;

use crate::artefacts::pin;
use crate::support::tools::tool;
use cluster::Cluster;
use page::{Piece, Shell, alike, pieces};

const PAGE: &str = "docs/walkthrough.md";

#[test]
#[ignore = "slow: every command of the article"]
fn the_article_from_start_to_end() {
    let Some(kubectl) = tool("kubectl") else { return };
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let text = std::fs::read_to_string(path).unwrap();
    let mut cluster = Cluster::start();
    let bin = cluster.env.path("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_oppscale"), bin.join("oppscale")).unwrap();
    // The fake API server has no schemas by which kubectl could validate.
    let wrapper = format!(
        "#!/bin/sh\n[ \"$1\" = apply ] && set -- \"$@\" --validate=false\nexec {} \"$@\"\n",
        kubectl.display()
    );
    cluster.env.write("bin/kubectl", &wrapper);
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(bin.join("kubectl"), executable).unwrap();
    let (server, home) = (cluster.server.url(), cluster.env.path(""));
    let home = home.to_str().unwrap().trim_end_matches('/').to_owned();
    // Sample replicas and miners that run, whenever some time has gone by.
    let mut told = Vec::new();
    let mut shell = Shell::new(&cluster.env);
    let mut written = String::new();
    for piece in pieces(&text) {
        match piece {
            Piece::Text(text) => written.push_str(text),
            Piece::Wait(minutes) => {
                cluster.wait(minutes * 60);
                told.push((cluster.running("sample-app"), cluster.running("miner")));
            }
            Piece::Console(commands) => {
                for command in commands {
                    let printed = shell.run(command.trim_end());
                    cluster.settle();
                    written.push_str(&format!("$ {command}{}", alike(&printed, &server, &home)));
                }
            }
        }
    }
    pin(PAGE, &written);
    let [idle, paid, burst, after] = told[..] else { panic!("{told:?}") };
    // 184 cores, less 22 of the shop and 30 in reserve.
    assert_eq!(idle, (0, 132));
    assert_eq!(paid, (2, 124));
    // The article's figure: 17 replicas of 4 cores, which the miner has yielded.
    assert_eq!(burst, (17, 132 - 68));
    assert_eq!(after, (2, 124), "the miners are back");
    assert!(cluster.preempted > 0, "the scheduler made room before the HPA had looked");
    assert_eq!(cluster.longest_wait, 5, "paid pods wait for the grace period and no longer");
}
