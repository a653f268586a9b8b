//! Against a real control plane: set `OPPSCALE_E2E_KUBECONFIG` to the kubeconfig of a
//! cluster that may be read, with kubectl of 1.36 or later on the PATH.
//!
//! Without it these tests say that they were skipped.

mod helm;
mod render_hpa;
mod serve;
mod setup;
mod top;
mod walkthrough;

use crate::support::tools::skip;

/// The kubeconfig of the cluster to test against, or a word that there is none.
fn kubeconfig() -> Option<String> {
    let kubeconfig = std::env::var("OPPSCALE_E2E_KUBECONFIG").ok();
    if kubeconfig.is_none() {
        skip("OPPSCALE_E2E_KUBECONFIG names no cluster");
    }
    kubeconfig
}
