//! The pool of a node: the group of like machines that a provider or an autoscaler manages as one.
//!
//! Kubernetes has no field for it. Each provider sets a label of its own, and a cluster may have
//! several kinds of pools side by side (an EKS node group beside Karpenter), so the label is
//! chosen for each node. In this order, the first with a value counts:
//!
//! 1. `POOL_LABELS`, first those that name one product, then words that people use;
//! 2. annotations, for providers that set no label: the owner that Cluster API writes on a node,
//!    and the node pool of OKE.

use super::selector::Labels;

/// Labels that name a node's pool, the one that counts first.
const POOL_LABELS: &[&str] = &[
    // Karpenter 1.x and EKS Auto Mode; Karpenter before 0.32.
    "karpenter.sh/nodepool",
    "karpenter.sh/provisioner-name",
    // EKS managed node groups; eksctl also labels those that EKS does not manage.
    "eks.amazonaws.com/nodegroup",
    "alpha.eksctl.io/nodegroup-name",
    "cloud.google.com/gke-nodepool",
    // AKS, and its label before 1.19, which it still sets.
    "kubernetes.azure.com/agentpool",
    "agentpool",
    "kops.k8s.io/instancegroup",
    "hypershift.openshift.io/nodePool",
    // Gardener, and its label before 1.0.
    "worker.gardener.cloud/pool",
    "worker.garden.sapcloud.io/group",
    // OKE: its Terraform module. Node pools by themselves have an annotation.
    "oke.oraclecloud.com/pool.name",
    // DigitalOcean, Scaleway, IBM, Linode, Vultr, Civo, Alibaba, Hetzner.
    "doks.digitalocean.com/node-pool",
    "k8s.scaleway.com/pool-name",
    "ibm-cloud.kubernetes.io/worker-pool-name",
    "lke.linode.com/pool-id",
    "vke.vultr.com/node-pool",
    "kubernetes.civo.com/civo-node-pool",
    "alibabacloud.com/nodepool-id",
    "hcloud/node-group",
    // Cluster API, where its manager syncs these labels of a machine to the node
    // (`--additional-sync-machine-labels`).
    "topology.cluster.x-k8s.io/deployment-name",
    "topology.cluster.x-k8s.io/pool-name",
    "cluster.x-k8s.io/deployment-name",
    "cluster.x-k8s.io/pool-name",
    "rke.cattle.io/rke-machine-pool-name",
    "node-pool",
    "nodepool",
    "pool",
];

/// Annotations of Cluster API: kind and name of the owner of the node's machine.
const OWNER_KIND: &str = "cluster.x-k8s.io/owner-kind";
const OWNER_NAME: &str = "cluster.x-k8s.io/owner-name";
/// Annotation of OKE with the OCID of the node pool.
const OKE_POOL: &str = "oci.oraclecloud.com/node-pool-id";
/// Characters of the suffix that Cluster API gives a MachineSet (`utilrand.SafeEncodeString`),
/// and the fewest of them.
const SAFE_ENCODING: &str = "bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH: usize = 5;

/// The pool that these labels name, by the first of `POOL_LABELS` that has a value.
pub fn of_labels<'l>(labels: &'l Labels<'_>) -> Option<&'l str> {
    let value = |label| labels.get(label).map(|value| value.as_str());
    POOL_LABELS.iter().find_map(|label| value(label).filter(|value| !value.is_empty()))
}

/// The pool that a node's annotations name.
pub(crate) fn of_annotations<'l>(annotations: &'l Labels<'_>) -> Option<&'l str> {
    let value = |name| annotations.get(name).map(|value| value.as_str()).filter(|v| !v.is_empty());
    let owner = value(OWNER_NAME).map(|name| match value(OWNER_KIND) {
        Some("MachineSet") => deployment_of(name),
        _ => name,
    });
    owner.or_else(|| value(OKE_POOL))
}

/// The annotations by which [`of_annotations`] reads this pool.
pub(crate) fn annotations(pool: &str) -> [(&'static str, &str); 2] {
    [(OWNER_KIND, "MachinePool"), (OWNER_NAME, pool)]
}

/// The MachineDeployment of a MachineSet, whose name is the deployment's with a suffix.
fn deployment_of(machine_set: &str) -> &str {
    match machine_set.rsplit_once('-') {
        Some((deployment, suffix))
            if suffix.len() >= SUFFIX_LENGTH
                && suffix.chars().all(|c| SAFE_ENCODING.contains(c)) =>
        {
            deployment
        }
        _ => machine_set,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(json: &str) -> Labels<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_label_of_a_product_counts_before_a_word_and_an_empty_one_never() {
        let both = labels(r#"{"pool": "a", "eks.amazonaws.com/nodegroup": "system"}"#);
        assert_eq!(of_labels(&both), Some("system"));
        let empty = labels(r#"{"agentpool": "", "nodepool": "b"}"#);
        assert_eq!(of_labels(&empty), Some("b"));
        assert_eq!(of_labels(&labels(r#"{"kubernetes.io/hostname": "n"}"#)), None);
    }

    #[test]
    fn cluster_api_names_pools_by_annotations() {
        let owner = |kind: &str, name: &str| {
            format!("{{\"{OWNER_KIND}\": \"{kind}\", \"{OWNER_NAME}\": \"{name}\"}}")
        };
        for (kind, name, pool) in [
            ("MachineSet", "md-0-x7k2p", "md-0"),
            ("MachineSet", "workers-a-5b4c8dd8f9", "workers-a"),
            ("MachineSet", "workers-a", "workers-a"),
            ("MachineSet", "alone", "alone"),
            ("MachinePool", "mp-bcdfg", "mp-bcdfg"),
            ("KubeadmControlPlane", "cp", "cp"),
        ] {
            assert_eq!(of_annotations(&labels(&owner(kind, name))), Some(pool), "{kind} {name}");
        }
        let oke = labels(r#"{"oci.oraclecloud.com/node-pool-id": "ocid1.nodepool.oc1.x"}"#);
        assert_eq!(of_annotations(&oke), Some("ocid1.nodepool.oc1.x"));
    }
}
