//! What the kubeconfig calls the cluster.

use kube::config::Kubeconfig;

use super::connect::ClusterArgs;

impl ClusterArgs {
    /// The context that is used; `None` inside of a cluster, where there is none.
    pub fn context_name(&self) -> Option<String> {
        let kubeconfig = || match &self.kubeconfig {
            Some(path) => Kubeconfig::read_from(path),
            None => Kubeconfig::read(),
        };
        self.context.clone().or_else(|| kubeconfig().ok()?.current_context)
    }
}
