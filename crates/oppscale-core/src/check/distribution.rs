//! Distributions of Kubernetes, and how each is configured.

named_enum! {
    /// A distribution of Kubernetes.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Distribution {
        /// kubeadm.
        Kubeadm = "kubeadm",
        /// kind: kubeadm in containers.
        Kind = "kind",
        /// minikube.
        Minikube = "minikube",
        /// k3s.
        K3s = "k3s",
        /// RKE2.
        Rke2 = "rke2",
        /// Amazon EKS.
        Eks = "eks",
        /// Google GKE.
        Gke = "gke",
        /// Azure AKS.
        Aks = "aks",
        /// Charmed Kubernetes, by Juju.
        Charmed = "charmed",
        /// MicroK8s, a snap.
        MicroK8s = "microk8s",
        ;
        /// A distribution that is not recognized.
        Unknown = "unknown",
    }
}

/// The traits of a cluster by which a distribution is recognized.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClusterTraits<'a> {
    /// `gitVersion`.
    pub version: &'a str,
    /// The API server's address.
    pub server: &'a str,
    /// Keys of the nodes' labels and annotations, and their providerIDs.
    pub node_markers: &'a [String],
}

impl Distribution {
    /// Recognizes the distribution. The version's suffix and the address come from the vendor;
    /// labels come last, since anybody can put them on a node.
    pub fn detect(traits: &ClusterTraits<'_>) -> Self {
        let ClusterTraits { version, server, node_markers } = traits;
        let has = |part: &str| node_markers.iter().any(|marker| marker.contains(part));
        let host = server.split("://").last().unwrap_or_default();
        let host = host.split(['/', ':']).next().unwrap_or_default();
        match () {
            () if version.contains("+k3s") => Self::K3s,
            () if version.contains("+rke2") => Self::Rke2,
            () if version.contains("-eks-") || host.ends_with(".eks.amazonaws.com") => Self::Eks,
            () if version.contains("-gke.") => Self::Gke,
            () if host.ends_with(".azmk8s.io") || has("kubernetes.azure.com/") => Self::Aks,
            () if has("microk8s.io/") => Self::MicroK8s,
            () if has("juju-application") || has("juju.io/") => Self::Charmed,
            () if has("minikube.k8s.io/") => Self::Minikube,
            () if has("kind://") => Self::Kind,
            () if has("kubeadm.alpha.kubernetes.io/") => Self::Kubeadm,
            () => Self::Unknown,
        }
    }

    /// Whether the provider runs the control plane and sets its flags.
    pub fn is_managed(self) -> bool {
        matches!(self, Self::Eks | Self::Gke | Self::Aks)
    }

    /// How to set one flag of the API server. Replacing all flags would drop those that the
    /// distribution sets itself.
    pub fn set_flag(self, flag: &str, value: &str) -> String {
        match self {
            Self::Kubeadm => format!(
                "kubectl -n kube-system edit cm kubeadm-config: under apiServer.extraArgs add \
                 {{name: {flag}, value: \"{value}\"}}; then on each control-plane node: kubeadm \
                 init phase control-plane apiserver --config <(kubectl -n kube-system get cm \
                 kubeadm-config -o jsonpath='{{.data.ClusterConfiguration}}')"
            ),
            Self::Kind => format!(
                "in the kind config, kubeadmConfigPatches: apiServer.extraArgs {flag}: \
                 \"{value}\"; then create the cluster anew"
            ),
            Self::Minikube => format!("minikube start --extra-config=apiserver.{flag}={value}"),
            Self::K3s => format!(
                "in /etc/rancher/k3s/config.yaml: kube-apiserver-arg: [\"{flag}={value}\"]; then \
                 systemctl restart k3s"
            ),
            Self::Rke2 => format!(
                "in /etc/rancher/rke2/config.yaml: kube-apiserver-arg: [\"{flag}={value}\"]; then \
                 systemctl restart rke2-server"
            ),
            Self::Charmed => format!(
                "add {flag}={value} to what juju config kubernetes-control-plane api-extra-args \
                 prints, and set it so: the option replaces, it does not add"
            ),
            Self::MicroK8s => format!(
                "add --{flag}={value} to /var/snap/microk8s/current/args/kube-apiserver, then \
                 snap restart microk8s.daemon-kubelite"
            ),
            Self::Eks | Self::Gke | Self::Aks => {
                format!("only the provider can set {flag}: open a support case")
            }
            Self::Unknown => format!("start kube-apiserver with --{flag}={value}"),
        }
    }

    /// How to let the API server reach the metrics server through a firewall.
    pub fn open_port(self, port: u16) -> String {
        match self {
            Self::Eks => format!(
                "allow TCP {port} from the cluster security group of the control plane to the \
                 nodes' security group"
            ),
            Self::Gke => format!(
                "gcloud compute firewall-rules create oppscale --allow tcp:{port} \
                 --source-ranges MASTER_CIDR --target-tags NODE_TAG"
            ),
            _ => format!("let the control plane reach pods on TCP {port}: firewalls, CNI policies"),
        }
    }

    /// The common names of the API server's client certificate, for its flag
    /// `requestheader-allowed-names`. With any other value, all aggregated APIs refuse it.
    pub fn front_proxy_names(self) -> &'static str {
        match self {
            Self::Kubeadm | Self::Kind | Self::Minikube | Self::MicroK8s => "front-proxy-client",
            Self::Charmed => "system:kube-apiserver,client",
            Self::K3s | Self::Rke2 => "system:auth-proxy",
            Self::Eks | Self::Gke | Self::Aks | Self::Unknown => {
                "COMMON_NAME_OF_PROXY_CLIENT_CERT_FILE"
            }
        }
    }

    /// How to renew the front proxy's CA and the certificates it has signed. Automatic renewal of
    /// certificates keeps their CA.
    pub fn renew_front_proxy(self) -> &'static str {
        match self {
            Self::MicroK8s => "microk8s refresh-certs -e front-proxy-client.crt",
            Self::Kubeadm | Self::Kind | Self::Minikube => {
                "move /etc/kubernetes/pki/front-proxy-ca.crt and .key away on a control-plane node; \
                 kubeadm init phase certs front-proxy-ca; copy both to the other control-plane \
                 nodes; on each: kubeadm certs renew front-proxy-client, and restart kube-apiserver"
            }
            Self::K3s => "k3s certificate rotate-ca: a restart renews certificates, but not CAs",
            Self::Rke2 => "rke2 certificate rotate-ca: a restart renews certificates, but not CAs",
            Self::Charmed => "juju run kubernetes-control-plane/leader restart",
            Self::Eks | Self::Gke | Self::Aks => "the provider renews it: open a support case",
            Self::Unknown => "renew the certificate of --proxy-client-cert-file and its CA",
        }
    }

    /// How to install metrics-server.
    pub fn install_metrics_server(self) -> String {
        let command = match self {
            Self::Eks => "aws eks create-addon --cluster-name CLUSTER --addon-name metrics-server",
            Self::Gke | Self::Aks => "the provider runs it: open a support case",
            Self::K3s | Self::Rke2 => {
                "take metrics-server out of --disable; it comes with the distribution"
            }
            Self::MicroK8s => "microk8s enable metrics-server",
            Self::Minikube => "minikube addons enable metrics-server",
            _ => {
                // Its values differ by distribution, and an export cannot detect that.
                let distribution = match self {
                    Self::Unknown => String::new(),
                    known => format!(" --distribution {}", known.name()),
                };
                return format!(
                    "oppscale init --image IMAGE --with metrics-server --output-dir DIR{distribution} \
                     writes its Helm values; then helm upgrade --install metrics-server \
                     metrics-server/metrics-server -n kube-system -f \
                     DIR/metrics-server.values.yaml"
                );
            }
        };
        command.to_owned()
    }
}
