//! Whose Kubernetes it is, and how things are set there.

/// A distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distribution {
    /// kubeadm.
    Kubeadm,
    /// kind: kubeadm in containers.
    Kind,
    /// minikube.
    Minikube,
    /// k3s.
    K3s,
    /// RKE2.
    Rke2,
    /// Amazon's.
    Eks,
    /// Google's.
    Gke,
    /// Microsoft's.
    Aks,
    /// Canonical's, by Juju.
    Charmed,
    /// Canonical's, as a snap.
    MicroK8s,
    /// None that is known.
    Unknown,
}

/// What tells a distribution.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signs<'a> {
    /// `gitVersion`.
    pub version: &'a str,
    /// The API server's address.
    pub server: &'a str,
    /// Keys of nodes' labels and annotations, and their providerIDs.
    pub node_words: &'a [String],
}

impl Distribution {
    /// All that are known, for `--distribution`.
    pub const KNOWN: [Self; 10] = [
        Self::Kubeadm,
        Self::Kind,
        Self::Minikube,
        Self::K3s,
        Self::Rke2,
        Self::Eks,
        Self::Gke,
        Self::Aks,
        Self::Charmed,
        Self::MicroK8s,
    ];

    /// Recognizes it. The version's suffix and the address are the vendor's word; labels come
    /// after, for they can be put on any node.
    pub fn detect(signs: &Signs<'_>) -> Self {
        let Signs { version, server, node_words } = signs;
        let has = |part: &str| node_words.iter().any(|word| word.contains(part));
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

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kubeadm => "kubeadm",
            Self::Kind => "kind",
            Self::Minikube => "minikube",
            Self::K3s => "k3s",
            Self::Rke2 => "rke2",
            Self::Eks => "eks",
            Self::Gke => "gke",
            Self::Aks => "aks",
            Self::Charmed => "charmed",
            Self::MicroK8s => "microk8s",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the control plane is somebody else's, flags and all.
    pub fn is_managed(self) -> bool {
        matches!(self, Self::Eks | Self::Gke | Self::Aks)
    }

    /// How a flag of the API server is set: one flag, never a whole replacement, for that
    /// would take away what the distribution sets itself.
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
                format!("{flag} is the provider's to set: open a support case")
            }
            Self::Unknown => format!("start kube-apiserver with --{flag}={value}"),
        }
    }

    /// How the API server's way to the metrics server is opened, where networks are fenced.
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

    /// The names that the API server proves itself with to others, for its flag
    /// `requestheader-allowed-names`. Any other value cuts it off from all of them.
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

    /// How the front proxy's CA is renewed, with what it has signed. What renews certificates
    /// as they end leaves their CA as it is.
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

    /// How metrics-server is installed.
    pub fn install_metrics_server(self) -> String {
        let words = match self {
            Self::Eks => "aws eks create-addon --cluster-name CLUSTER --addon-name metrics-server",
            Self::Gke | Self::Aks => "the provider runs it: open a support case",
            Self::K3s | Self::Rke2 => {
                "take metrics-server out of --disable; it comes with the distribution"
            }
            Self::MicroK8s => "microk8s enable metrics-server",
            Self::Minikube => "minikube addons enable metrics-server",
            _ => {
                // Its values differ by distribution, and an export asks no cluster which it is.
                let distribution = match self {
                    Self::Unknown => String::new(),
                    known => format!(" --distribution {}", known.name()),
                };
                return format!(
                    "oppscale init --image IMAGE --with metrics-server --export DIR{distribution} \
                     writes its Helm values; then helm upgrade --install metrics-server \
                     metrics-server/metrics-server -n kube-system -f \
                     DIR/metrics-server.values.yaml"
                );
            }
        };
        words.to_owned()
    }
}
