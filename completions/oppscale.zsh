#compdef oppscale

autoload -U is-at-least

_oppscale() {
    typeset -A opt_args
    typeset -a _arguments_options
    local ret=1

    if is-at-least 5.2; then
        _arguments_options=(-s -S -C)
    else
        _arguments_options=(-s -C)
    fi

    local context curcontext="$curcontext" state line
    _arguments "${_arguments_options[@]}" : \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
'-V[Print version]' \
'--version[Print version]' \
":: :_oppscale_commands" \
"*::: :->oppscale" \
&& ret=0
    case $state in
    (oppscale)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:oppscale-command-$line[1]:"
        case $line[1] in
            (top)
_arguments "${_arguments_options[@]}" : \
'*--from=[Read saved lists instead of a cluster\: JSON or YAML of kubectl; - is stdin]:FILE:_default' \
'--by=[What a row stands for\: node, namespace, workload, pool or pool=LABEL]:WHAT:_default' \
'*--resource=[Resources to show, the first one sorts\: cpu,memory,pods,nvidia.com/gpu]:NAMES:_default' \
'*--resources=[Resources to show, the first one sorts\: cpu,memory,pods,nvidia.com/gpu]:NAMES:_default' \
'--sort=[Sort by name, state, nodes, allocatable, others, opportunistic, remaining, free, usage, slots or pods; \:asc or \:desc]:KEY[:ORDER]:_default' \
'-l+[Look only at nodes with these labels]:LABELS:_default' \
'--selector=[Look only at nodes with these labels]:LABELS:_default' \
'-n+[Show only rows of this namespace; also the namespace of --workload KIND/NAME]:NAMESPACE:_default' \
'--namespace=[Show only rows of this namespace; also the namespace of --workload KIND/NAME]:NAMESPACE:_default' \
'--workload=[Whose pods are opportunistic\: \[NAMESPACE/\]KIND/NAME, or a label selector \[default\: oppscale.dev/opportunistic=true\]]:WORKLOAD:_default' \
'--replica=[Shape of the replicas that SLOTS counts \[default\: the workload'\''s, or cpu=1\]]:SHAPE:_default' \
'(--target-utilization)--reserve=[What must stay free\: cores (30) or a share of cpu and memory (15%)]:CORES|SHARE:_default' \
'--target-utilization=[The same, as the utilisation to fill up to\: 85%]:PERCENT:_default' \
'-o+[Output\: table, wide, json, yaml, csv or name]:FORMAT:((table\:"For people, as wide as the terminal"
wide\:"With memory, what is free now, and why a node is not usable"
json\:"Integers\: millicores, bytes, counts"
yaml\:"The same as YAML"
csv\:"The rows, integers"
name\:"Only names, as kubectl takes them"))' \
'--output=[Output\: table, wide, json, yaml, csv or name]:FORMAT:((table\:"For people, as wide as the terminal"
wide\:"With memory, what is free now, and why a node is not usable"
json\:"Integers\: millicores, bytes, counts"
yaml\:"The same as YAML"
csv\:"The rows, integers"
name\:"Only names, as kubectl takes them"))' \
'(-o --output --by --fail-below)--explain=[Tell where the number of this pod comes from]:[NAMESPACE/]POD:_default' \
'--fail-below=[Exit with 1 when less remains\: cpu=10,memory=64Gi,replicas=5]:LIMITS:_default' \
'--interval=[Least time between two lines of --watch, or two frames of the screen\: 500ms, 10s]:DURATION:_default' \
'(--from -o --output --explain --fail-below)--record=[Also write the capacity history to a file; it grows, and survives being cut off]:FILE:_files' \
'(--from --record --workload --explain --usage --fail-below -o --output)--replay=[Play a recorded capacity history instead of looking at a cluster]:FILE:_files' \
'--speed=[How much faster than it happened a history is played\: 1 to 86400]:N:_default' \
'--watch-life=[How long a watch lives before it is renewed; a silent one is noticed 5 s later]:DURATION:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; may be given several times]:GROUP:_default' \
'--request-timeout=[Longest wait for one request\: 5s, 2m, or 0 for no limit]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--show-unusable[Also show nodes that opportunistic work may not use, and why]' \
'(--from)--usage[Show what is used now, from metrics.k8s.io]' \
'(-w --watch --record --replay)--once[Print one table and end, also on a terminal]' \
'(--from -o --output --explain --fail-below --usage)-w[Write a line of JSON for every change until Ctrl-C, for scripts]' \
'(--from -o --output --explain --fail-below --usage)--watch[Write a line of JSON for every change until Ctrl-C, for scripts]' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(render-hpa)
_arguments "${_arguments_options[@]}" : \
'--workload=[What to run\: miner, transcode, batch, cache, sample-app, or the file of a Deployment of your own]:NAME|FILE:_default' \
'--image=[The image to run; alone, any program]:IMAGE:_default' \
'--name=[What it is called \[default\: the workload'\''s name, or filler\]]:NAME:_default' \
'-n+[Where it lives \[default\: opportunistic; sample-app for that\]]:NAMESPACE:_default' \
'--namespace=[Where it lives \[default\: opportunistic; sample-app for that\]]:NAMESPACE:_default' \
'--pool=[With miner\: the pool'\''s URL]:URL:_default' \
'--wallet=[With miner\: who is paid; becomes a Secret]:ADDRESS:_default' \
'--worker=[With miner\: what the pool calls these pods]:NAME:_default' \
'--config-as=[With miner\: whether pool and worker are a configmap or args]:WHERE:((configmap\:"A ConfigMap, which variables are read from"
args\:"Arguments"))' \
'*--command=[A word of the command, instead of the image'\''s; may be given several times]:WORD:_default' \
'*--arg=[An argument, instead of the workload'\''s own; may be given several times]:WORD:_default' \
'*--env=[An environment variable; may be given several times]:NAME=VALUE:_default' \
'*--secret-env=[An environment variable that goes by way of a Secret]:NAME=VALUE:_default' \
'*--label=[A label of Deployment and pods; may be given several times]:KEY=VALUE:_default' \
'*--annotation=[An annotation of Deployment and pods; may be given several times]:KEY=VALUE:_default' \
'--port=[The port that it serves; makes a Service]:PORT:_default' \
'--node-port=[Make it a NodePort Service at this port of every node]:PORT:_default' \
'--run-as-user=[The user that it runs as; never root]:UID:_default' \
'--priority-class=[Its PriorityClass, which is rendered too \[default\: opportunistic\]]:NAME:_default' \
'--grace=[How long it may take to go\: paid pods wait as long \[default\: 5\]]:SECONDS:_default' \
'--replica=[Shape of a replica\: cpu=1,memory=1Gi, or auto\: lose least of the nodes \[default\: auto, or the Deployment'\''s own\]]:SHAPE:_default' \
'(--target-utilization)--reserve=[What must stay free\: cores (30), a share (15%), or auto\: what the loop needs \[default\: auto, or the Deployment'\''s annotation\]]:CORES|SHARE:_default' \
'--target-utilization=[The same, as the utilisation to fill up to\: 85%]:PERCENT:_default' \
'(--recording --target-utilization)--growth=[With --reserve auto\: how fast paid requests grow\: 12/m, 0.2/s (cores)]:CORES/TIME:_default' \
'(--target-utilization)--recording=[The same, measured\: the fastest minute of what top --record wrote, or of a scenario file]:FILE:_default' \
'--min=[The least replicas \[default\: 0 where the version or KEDA can, else 1\]]:REPLICAS:_default' \
'--max=[The most replicas \[default\: what fits at zero paid load, or the Deployment'\''s annotation\]]:REPLICAS:_default' \
'--quota=[The most that all replicas may take\: cpu=100,memory=300Gi,pods=120]:AMOUNTS:_default' \
'--pipeline=[How the metric gets to the HPA\: native (oppscale serves custom.metrics.k8s.io), external (it serves the other group), keda, prometheus]:WAY:((native\:"oppscale serves custom.metrics.k8s.io"
external\:"oppscale serves external.metrics.k8s.io"
keda\:"A ScaledObject on oppscale'\''s /metrics"
prometheus\:"Rules for prometheus-adapter"))' \
'--autoscaler=[Who adds nodes\: cluster-autoscaler, karpenter or none \[default\: detected\]]:WHO:_default' \
'--kubernetes-version=[Whose HPA controller\: 1.33 to 1.37 \[default\: the server'\''s; 1.36 with --from\]]:VERSION:_default' \
'*--egress-port=[With --network-policy\: a port that may be reached anywhere; several times]:PORT:_default' \
'--metrics-url=[With keda\: where oppscale serves its metrics]:URL:_default' \
'--adapter-namespace=[With prometheus\: the namespace of prometheus-adapter]:NAMESPACE:_default' \
'*--monitor-label=[With sample-app\: a label by which your Prometheus selects ServiceMonitors]:KEY=VALUE:_default' \
'-o+[Output\: yaml or json]:FORMAT:((yaml\:"One YAML stream"
json\:"One List"))' \
'--output=[Output\: yaml or json]:FORMAT:((yaml\:"One YAML stream"
json\:"One List"))' \
'(-o --output --diff)--output-dir=[Write one file each and a kustomization.yaml into this folder]:DIR:_files' \
'--explain=[Tell where each number comes from\: comments in the YAML, or a table on stderr]::HOW:((comments\:"Above the objects"
table\:"On stderr"))' \
'--templates=[Use the templates of this folder where it has them; see oppscale templates]:DIR:_files' \
'*--from=[Size it for saved lists instead of a cluster\: JSON or YAML of kubectl; - is stdin]:FILE:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; may be given several times]:GROUP:_default' \
'--request-timeout=[Longest wait for one request\: 5s, 2m, or 0 for no limit]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--admission-policy[Also render a policy\: the class only here, and here only pods that yield]' \
'--network-policy[Also render a policy\: in to the port that it serves, out to DNS and a pool]' \
'(--from -o --output)--diff[Show what applying would change, by a dry run of the server; exit with 1 if it would]' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(serve)
_arguments "${_arguments_options[@]}" : \
'--apis=[APIs to serve\: custom, external, both with a comma, or none]:APIS:_default' \
'--listen=[Where to serve the APIs, with TLS \[default\: every address, port 10250\]]:ADDRESS:PORT:_default' \
'--listen-http=[Where to serve the page and /metrics \[default\: every address, port 8080\]]:ADDRESS:PORT:_default' \
'--tls-cert-file=[Serving certificate, in PEM; read again when it changes]:FILE:_files' \
'--tls-private-key-file=[Its private key]:FILE:_files' \
'(--tls-cert-file)*--self-signed=[Make a certificate for these names and keep it in memory]::NAMES:_default' \
'--max-staleness=[Refuse metrics when the cluster was not heard for so long]:DURATION:_default' \
'--on-stale=[What to answer then\: hold (503, replicas stay) or zero (replicas go)]:WHAT:((hold\:"503"
zero\:"0"))' \
'*--workload-kind=[Also serve workloads of this kind, KIND.GROUP with a /scale subresource; may be given several times]:KIND:_default' \
'--log-format=[How to log\: text or json]:FORMAT:((text\:"For people"
json\:"One object a line"))' \
'--shutdown-delay=[How long to be unready before the ports close, on SIGTERM]:DURATION:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; may be given several times]:GROUP:_default' \
'--request-timeout=[Longest wait for one request\: 5s, 2m, or 0 for no limit]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--legacy-metrics[Also expose the ten gauges of the article of 2018]' \
'--node-metrics[Also expose a series for each node]' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(simulate)
_arguments "${_arguments_options[@]}" : \
'(--scenario --from --workload -n --namespace --config --hpa --metric --reserve-in-metric --kubernetes-version --seed --duration --show -o --output --corrected --svg)--series=[Replay one HPA on the metric values of this file\: docs/series.md]:FILE:_default' \
'--scenario=[The cluster and its paid load\: blog, burst, day, step or a file]:NAME|FILE:_default' \
'(--scenario)*--from=[Take nodes and present paid load from saved lists, JSON or YAML of kubectl; or nodes and paid load over time from a history that top --record has written]:FILE:_default' \
'--workload=[With --from\: whose pods are the filler'\''s\: \[NAMESPACE/\]KIND/NAME, or a label selector \[default\: oppscale.dev/opportunistic=true\]]:WORKLOAD:_default' \
'-n+[With --from\: the namespace of --workload KIND/NAME]:NAMESPACE:_default' \
'--namespace=[With --from\: the namespace of --workload KIND/NAME]:NAMESPACE:_default' \
'*--config=[A named configuration, several times for several\: B to H, J to L, oppscale \[default\: B F G H oppscale\]]:NAME:_default' \
'*--hpa=[Try the HorizontalPodAutoscalers of this manifest, and their corrections]:FILE:_default' \
'--metric=[With --hpa\: whether its metric falls when the workload grows \[default\: includes-own; excludes-own for oppscale'\''s metric\]]:NATURE:((excludes-own\:"What others leave\: the workload'\''s own pods do not change it"
includes-own\:"What nobody occupies\: the workload'\''s own pods take from it"))' \
'--reserve-in-metric=[With --hpa\: what its metric has already taken off\: cores (30) or a share (15%)]:CORES|SHARE:_default' \
'--kubernetes-version=[Whose HPA controller\: 1.33 to 1.37 \[default\: 1.36\]]:VERSION:_default' \
'--seed=[Chooses the phases that a cluster leaves to chance; equal seeds, equal runs]:NUMBER:_default' \
'--duration=[How long to simulate \[default\: the scenario'\''s\]]:TIME:_default' \
'--show=[Which configuration to look at closely \[default\: the first\]]:NAME:_default' \
'-o+[Output\: table, json or csv]:FORMAT:((table\:"A table, a chart and the verdict, for people"
json\:"Everything, in integers"
csv\:"The table, in integers"))' \
'--output=[Output\: table, json or csv]:FORMAT:((table\:"A table, a chart and the verdict, for people"
json\:"Everything, in integers"
csv\:"The table, in integers"))' \
'--svg=[Also draw it into this file]:FILE:_files' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'(-o --output)--corrected[Print only the corrected manifest of the configuration that is looked at]' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(demo)
_arguments "${_arguments_options[@]}" : \
'--speed=[Simulated seconds in a second on the screen]:N:_default' \
'--seed=[Sets what a cluster leaves to chance; a seed gives the same run again]:N:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--plain[Lines instead of a screen, as where there is no terminal]' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(init)
_arguments "${_arguments_options[@]}" : \
'--pipeline=[How capacity gets to the HPA \[default\: native\]]:PIPELINE:((native\:"The metrics server answers the API itself"
prometheus\:"Prometheus and prometheus-adapter"
keda\:"KEDA"))' \
'--image=[The metrics server'\''s image]:IMAGE:_default' \
'-n+[Namespace of the metrics server \[default\: oppscale\]]:NAME:_default' \
'--namespace=[Namespace of the metrics server \[default\: oppscale\]]:NAME:_default' \
'--reserve=[What must stay free, for the workload that comes next\: 30, 15% \[default\: 15%\]]:RESERVE:_default' \
'*--apis=[APIs to serve\: custom, external, or both with a comma]:APIS:((custom\:"custom.metrics.k8s.io"
external\:"external.metrics.k8s.io"))' \
'--service=[Name of Service, Deployment and ServiceAccount]:NAME:_default' \
'--replicas=[How many pods]:N:_default' \
'--certificates=[Who makes certificates\: oppscale or cert-manager]:WHO:((oppscale\:"oppscale"
cert-manager\:"cert-manager"))' \
'*--with=[Also\: dashboard (Grafana), alerts (Prometheus operator); or, with --export DIR, Helm values\: metrics-server, prometheus-stack]:WHAT:((metrics-server\:"metrics-server"
prometheus-stack\:"kube-prometheus-stack"
dashboard\:"A ConfigMap with the Grafana dashboard"
alerts\:"A PrometheusRule, and the ServiceMonitor that it needs"))' \
'--export=[Write the manifests to this folder, or - for stdout, and change nothing]:DIR:_default' \
'(--export)--dry-run=[Only show the plan\: client asks no cluster, server tries it there]::HOW:((client\:"Without a cluster"
server\:"Tried by the server"))' \
'--timeout=[How long to wait, in all]:DURATION:_default' \
'--distribution=[The distribution, where it is not recognized\: kubeadm, kind, minikube, k3s, rke2, eks, gke, aks, charmed, microk8s]:NAME:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; may be given several times]:GROUP:_default' \
'--request-timeout=[Longest wait for one request\: 5s, 2m, or 0 for no limit]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--export-secrets[Export private keys too]' \
'--kustomize[Export a kustomization.yaml too]' \
'(--kustomize)--chart[Export a Helm chart with the same objects instead]' \
'--force-conflicts[Take over fields and objects that others own; an API is never taken over]' \
'--grant-cluster-admin[Make yourself cluster-admin meanwhile, and take it back at the end]' \
'-y[Do not ask]' \
'--yes[Do not ask]' \
'--no-wait[Do not wait until it works; the API is not handed over then]' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
'-o+[How to show it\: table, short (only what is wrong) or json]:FORMAT:((table\:"All, for people"
short\:"What is wrong, for people"
json\:"For programs"))' \
'--output=[How to show it\: table, short (only what is wrong) or json]:FORMAT:((table\:"All, for people"
short\:"What is wrong, for people"
json\:"For programs"))' \
'--timeout=[How long, in all]:DURATION:_default' \
'*--only=[Check only these categories, separated by commas\: connection, rights, aggregation, metrics-server, prometheus, owners, certificates, server, capacity, autoscaling, node-autoscaler, leftovers]:CATEGORIES:_default' \
'*-f+[Also check the manifests of this file or folder; - is standard input]:FILE:_default' \
'*--filename=[Also check the manifests of this file or folder; - is standard input]:FILE:_default' \
'--distribution=[The distribution, where it is not recognized\: kubeadm, kind, minikube, k3s, rke2, eks, gke, aks, charmed, microk8s]:NAME:_default' \
'-n+[Namespace of the metrics server]:NAME:_default' \
'--namespace=[Namespace of the metrics server]:NAME:_default' \
'--service=[Service in front of it]:NAME:_default' \
'--secret=[Secret that holds its certificates]:NAME:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; may be given several times]:GROUP:_default' \
'--request-timeout=[Longest wait for one request\: 5s, 2m, or 0 for no limit]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--wait[Look again until nothing is wrong]' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(certs)
_arguments "${_arguments_options[@]}" : \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_oppscale__subcmd__certs_commands" \
"*::: :->certs" \
&& ret=0

    case $state in
    (certs)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:oppscale-certs-command-$line[1]:"
        case $line[1] in
            (generate)
_arguments "${_arguments_options[@]}" : \
'--dir=[Folder for ca.crt, tls.crt and tls.key]:DIR:_files' \
'-n+[Namespace of the metrics server]:NAME:_default' \
'--namespace=[Namespace of the metrics server]:NAME:_default' \
'--service=[Service in front of it; the certificate is for SERVICE.NAMESPACE.svc]:NAME:_default' \
'--secret=[Secret that holds its certificates]:NAME:_default' \
'--cluster-domain=[The cluster'\''s domain, for the long name]:DOMAIN:_default' \
'--days=[How many days the serving certificate lives]:DAYS:_default' \
'--ca-days=[How many days a new CA lives]:DAYS:_default' \
'--ca-cert=[Sign with this CA instead of a new one]:FILE:_files' \
'--ca-key=[Key of that CA]:FILE:_files' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; may be given several times]:GROUP:_default' \
'--request-timeout=[Longest wait for one request\: 5s, 2m, or 0 for no limit]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--to-secret[Write the Secret into the cluster]' \
'--force[Make new ones even if those that are there are good]' \
'--keep-ca-key[Keep the CA'\''s key as ca.key in the folder]' \
'(--to-secret --ca-cert --keep-ca-key)--csr[Make a key and a signing request for somebody else'\''s CA]' \
'(--dir --to-secret --csr --ca-cert)--cert-manager[Print an Issuer and a Certificate for cert-manager instead]' \
'--force-conflicts[Take over fields of the Secret that others own]' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(status)
_arguments "${_arguments_options[@]}" : \
'--dir=[Folder to look at, instead of the cluster'\''s Secret]:DIR:_files' \
'-n+[Namespace of the metrics server]:NAME:_default' \
'--namespace=[Namespace of the metrics server]:NAME:_default' \
'--service=[Service in front of it; the certificate is for SERVICE.NAMESPACE.svc]:NAME:_default' \
'--secret=[Secret that holds its certificates]:NAME:_default' \
'-o+[How to show it]:FORMAT:((table\:"For people"
json\:"For programs"))' \
'--output=[How to show it]:FORMAT:((table\:"For people"
json\:"For programs"))' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; may be given several times]:GROUP:_default' \
'--request-timeout=[Longest wait for one request\: 5s, 2m, or 0 for no limit]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(renew)
_arguments "${_arguments_options[@]}" : \
'--dir=[Folder whose certificates to renew, instead of the cluster'\''s]:DIR:_files' \
'-n+[Namespace of the metrics server]:NAME:_default' \
'--namespace=[Namespace of the metrics server]:NAME:_default' \
'--service=[Service in front of it; the certificate is for SERVICE.NAMESPACE.svc]:NAME:_default' \
'--secret=[Secret that holds its certificates]:NAME:_default' \
'--cluster-domain=[The cluster'\''s domain, for the long name]:DOMAIN:_default' \
'--days=[How many days the serving certificate lives]:DAYS:_default' \
'--ca-days=[How many days a new CA lives]:DAYS:_default' \
'--ca-cert=[Sign with this CA instead of a new one]:FILE:_files' \
'--ca-key=[Key of that CA]:FILE:_files' \
'--timeout=[How long pods may take to serve the new certificate]:DURATION:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; may be given several times]:GROUP:_default' \
'--request-timeout=[Longest wait for one request\: 5s, 2m, or 0 for no limit]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'(--ca-cert)--new-ca[Replace a CA that oppscale did not make by a new one]' \
'--force[Renew whatever is left of their life]' \
'--force-conflicts[Take over fields that others own]' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_oppscale__subcmd__certs__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:oppscale-certs-help-command-$line[1]:"
        case $line[1] in
            (generate)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(status)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(renew)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(kubeconfig)
_arguments "${_arguments_options[@]}" : \
'--serviceaccount=[ServiceAccount whose kubeconfig it is]:NAME:_default' \
'--sa=[ServiceAccount whose kubeconfig it is]:NAME:_default' \
'-n+[Its namespace]:NAME:_default' \
'--namespace=[Its namespace]:NAME:_default' \
'--duration=[How long the token is to live; the server may cut it. At least 10m]:DURATION:_default' \
'*--audience=[For whom the token is; left out, for the API server. May be given several times]:NAME:_default' \
'--server=[Address of the API server, as it is reached from where the file is used]:URL:_default' \
'--certificate-authority=[CA of the API server, PEM, instead of the one of your kubeconfig]:FILE:_files' \
'--name=[Name of cluster, user and context in the file]:NAME:_default' \
'(--merge)--out=[Write this file, mode 0600, instead of stdout]:FILE:_files' \
'--merge=[Put it into a kubeconfig that is there; its current context stays]:FILE:_files' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; may be given several times]:GROUP:_default' \
'--request-timeout=[Longest wait for one request\: 5s, 2m, or 0 for no limit]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--create[Make the ServiceAccount if it is not there; it gets no rights]' \
'(--audience --duration)--legacy-token[A token that never ends, from a Secret, for what cannot renew one]' \
'--force[Replace a file, or entries of that name, which hold something else]' \
'(--create --legacy-token --out --merge --audience)--revoke[Revoke the tokens handed out before]' \
'--dry-run[Say what would be done; no token is made, for a dry run makes a real one]' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(templates)
_arguments "${_arguments_options[@]}" : \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--force[Write over files that are there]' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
':folder -- The folder to write them into:_files' \
&& ret=0
;;
(uninstall)
_arguments "${_arguments_options[@]}" : \
'-n+[Namespace of the metrics server]:NAME:_default' \
'--namespace=[Namespace of the metrics server]:NAME:_default' \
'--service=[Name of Service, Deployment and ServiceAccount]:NAME:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; may be given several times]:GROUP:_default' \
'--request-timeout=[Longest wait for one request\: 5s, 2m, or 0 for no limit]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--keep-namespace[Keep the namespace]' \
'--delete-workloads[Also delete the HPAs or ScaledObjects that render-hpa made, and the opportunistic workloads that they scale]' \
'--dry-run[Only show the plan]' \
'-y[Do not ask]' \
'--yes[Do not ask]' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(sample-app)
_arguments "${_arguments_options[@]}" : \
'--listen=[Where to answer \[default\: every address, port 8080\]]:ADDRESS:PORT:_default' \
'--name=[What it calls itself; in a pod the pod'\''s name]:NAME:_default' \
'--log-format=[How to log\: text or json]:FORMAT:((text\:"For people"
json\:"One object a line"))' \
'--shutdown-delay=[How long to be unready before the port closes, on SIGTERM]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(load)
_arguments "${_arguments_options[@]}" : \
'--rate=[Requests a second; or a minute, as in 30/m]:RATE:_default' \
'--duration=[For how long]:DURATION:_default' \
'--timeout=[The longest that one answer may take]:DURATION:_default' \
'--method=[How to ask]:METHOD:_default' \
'*-H+[A header; may be given several times]:NAME: VALUE:_default' \
'*--header=[A header; may be given several times]:NAME: VALUE:_default' \
'--body=[What to send with each request]:TEXT:_default' \
'--most-under-way=[Requests that may be under way at once; one beyond them is a failure]:N:_default' \
'--certificate-authority=[Authorities to trust for https, PEM \[default\: the system'\''s\]]:FILE:_files' \
'--fail-above=[End with exit code 1 when more than this share failed or was answered with a status of 400 and above]:PERCENT:_default' \
'-o+[How to write the figures\: text or json]:FORMAT:((text\:"For people"
json\:"One object"))' \
'--output=[How to write the figures\: text or json]:FORMAT:((text\:"For people"
json\:"One object"))' \
'--job=[Instead, print the Job that does this in a cluster, with this image]:IMAGE:_default' \
'--name=[What the Job is called]:NAME:_default' \
'-n+[Where the Job runs]:NAMESPACE:_default' \
'--namespace=[Where the Job runs]:NAMESPACE:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--no-keep-alive[Use a new connection for each request; behind a Service, one that is kept leads to one pod]' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
':url -- What to ask; http\:// may be left out:_default' \
&& ret=0
;;
(completion)
_arguments "${_arguments_options[@]}" : \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'-q[Say less on stderr]' \
'--quiet[Say less on stderr]' \
'*-v[Say more on stderr; twice for more]' \
'*--verbose[Say more on stderr; twice for more]' \
'-h[Print help]' \
'--help[Print help]' \
':shell -- The shell:(bash elvish fish powershell zsh)' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_oppscale__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:oppscale-help-command-$line[1]:"
        case $line[1] in
            (top)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(render-hpa)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(serve)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(simulate)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(demo)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(init)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(certs)
_arguments "${_arguments_options[@]}" : \
":: :_oppscale__subcmd__help__subcmd__certs_commands" \
"*::: :->certs" \
&& ret=0

    case $state in
    (certs)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:oppscale-help-certs-command-$line[1]:"
        case $line[1] in
            (generate)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(status)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(renew)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(kubeconfig)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(templates)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(uninstall)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(sample-app)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(load)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(completion)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
}

(( $+functions[_oppscale_commands] )) ||
_oppscale_commands() {
    local commands; commands=(
'top:Show what is left of a cluster\: per node, and in all' \
'render-hpa:Render the manifests of opportunistic work, sized for a cluster' \
'serve:Serve what remains to HPAs, Prometheus and people' \
'simulate:Show what an HPA will do on a simulated cluster, and what it should be' \
'demo:Watch the whole loop on a simulated cluster, without Kubernetes' \
'init:Set a cluster up\: shows its plan, asks once, and proves the result' \
'check:Tell what is right and wrong in a cluster, with the fix for each' \
'certs:Make, look at and renew the certificates of the metrics API' \
'kubeconfig:Make a kubeconfig for a ServiceAccount, with a token that ends' \
'templates:Write out the templates of render-hpa, to start your own from' \
'uninstall:Take away what init brought, the API first' \
'sample-app:Answer requests and count them\: the article'\''s paid application' \
'load:Send requests at a constant rate, and tell what came of them' \
'completion:Print a completion script for a shell' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'oppscale commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__certs_commands] )) ||
_oppscale__subcmd__certs_commands() {
    local commands; commands=(
'generate:Make a CA and a serving certificate\: to files, to a Secret, or both' \
'status:Show certificates as the API server'\''s aggregator judges them' \
'renew:Replace certificates before they end, without a failed request' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'oppscale certs commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__certs__subcmd__generate_commands] )) ||
_oppscale__subcmd__certs__subcmd__generate_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale certs generate commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__certs__subcmd__help_commands] )) ||
_oppscale__subcmd__certs__subcmd__help_commands() {
    local commands; commands=(
'generate:Make a CA and a serving certificate\: to files, to a Secret, or both' \
'status:Show certificates as the API server'\''s aggregator judges them' \
'renew:Replace certificates before they end, without a failed request' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'oppscale certs help commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__certs__subcmd__help__subcmd__generate_commands] )) ||
_oppscale__subcmd__certs__subcmd__help__subcmd__generate_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale certs help generate commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__certs__subcmd__help__subcmd__help_commands] )) ||
_oppscale__subcmd__certs__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale certs help help commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__certs__subcmd__help__subcmd__renew_commands] )) ||
_oppscale__subcmd__certs__subcmd__help__subcmd__renew_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale certs help renew commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__certs__subcmd__help__subcmd__status_commands] )) ||
_oppscale__subcmd__certs__subcmd__help__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale certs help status commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__certs__subcmd__renew_commands] )) ||
_oppscale__subcmd__certs__subcmd__renew_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale certs renew commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__certs__subcmd__status_commands] )) ||
_oppscale__subcmd__certs__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale certs status commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__check_commands] )) ||
_oppscale__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale check commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__completion_commands] )) ||
_oppscale__subcmd__completion_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale completion commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__demo_commands] )) ||
_oppscale__subcmd__demo_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale demo commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help_commands] )) ||
_oppscale__subcmd__help_commands() {
    local commands; commands=(
'top:Show what is left of a cluster\: per node, and in all' \
'render-hpa:Render the manifests of opportunistic work, sized for a cluster' \
'serve:Serve what remains to HPAs, Prometheus and people' \
'simulate:Show what an HPA will do on a simulated cluster, and what it should be' \
'demo:Watch the whole loop on a simulated cluster, without Kubernetes' \
'init:Set a cluster up\: shows its plan, asks once, and proves the result' \
'check:Tell what is right and wrong in a cluster, with the fix for each' \
'certs:Make, look at and renew the certificates of the metrics API' \
'kubeconfig:Make a kubeconfig for a ServiceAccount, with a token that ends' \
'templates:Write out the templates of render-hpa, to start your own from' \
'uninstall:Take away what init brought, the API first' \
'sample-app:Answer requests and count them\: the article'\''s paid application' \
'load:Send requests at a constant rate, and tell what came of them' \
'completion:Print a completion script for a shell' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'oppscale help commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__certs_commands] )) ||
_oppscale__subcmd__help__subcmd__certs_commands() {
    local commands; commands=(
'generate:Make a CA and a serving certificate\: to files, to a Secret, or both' \
'status:Show certificates as the API server'\''s aggregator judges them' \
'renew:Replace certificates before they end, without a failed request' \
    )
    _describe -t commands 'oppscale help certs commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__certs__subcmd__generate_commands] )) ||
_oppscale__subcmd__help__subcmd__certs__subcmd__generate_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help certs generate commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__certs__subcmd__renew_commands] )) ||
_oppscale__subcmd__help__subcmd__certs__subcmd__renew_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help certs renew commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__certs__subcmd__status_commands] )) ||
_oppscale__subcmd__help__subcmd__certs__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help certs status commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__check_commands] )) ||
_oppscale__subcmd__help__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help check commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__completion_commands] )) ||
_oppscale__subcmd__help__subcmd__completion_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help completion commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__demo_commands] )) ||
_oppscale__subcmd__help__subcmd__demo_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help demo commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__help_commands] )) ||
_oppscale__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help help commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__init_commands] )) ||
_oppscale__subcmd__help__subcmd__init_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help init commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__kubeconfig_commands] )) ||
_oppscale__subcmd__help__subcmd__kubeconfig_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help kubeconfig commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__load_commands] )) ||
_oppscale__subcmd__help__subcmd__load_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help load commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__render-hpa_commands] )) ||
_oppscale__subcmd__help__subcmd__render-hpa_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help render-hpa commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__sample-app_commands] )) ||
_oppscale__subcmd__help__subcmd__sample-app_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help sample-app commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__serve_commands] )) ||
_oppscale__subcmd__help__subcmd__serve_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help serve commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__simulate_commands] )) ||
_oppscale__subcmd__help__subcmd__simulate_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help simulate commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__templates_commands] )) ||
_oppscale__subcmd__help__subcmd__templates_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help templates commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__top_commands] )) ||
_oppscale__subcmd__help__subcmd__top_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help top commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__uninstall_commands] )) ||
_oppscale__subcmd__help__subcmd__uninstall_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help uninstall commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__init_commands] )) ||
_oppscale__subcmd__init_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale init commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__kubeconfig_commands] )) ||
_oppscale__subcmd__kubeconfig_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale kubeconfig commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__load_commands] )) ||
_oppscale__subcmd__load_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale load commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__render-hpa_commands] )) ||
_oppscale__subcmd__render-hpa_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale render-hpa commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__sample-app_commands] )) ||
_oppscale__subcmd__sample-app_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale sample-app commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__serve_commands] )) ||
_oppscale__subcmd__serve_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale serve commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__simulate_commands] )) ||
_oppscale__subcmd__simulate_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale simulate commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__templates_commands] )) ||
_oppscale__subcmd__templates_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale templates commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__top_commands] )) ||
_oppscale__subcmd__top_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale top commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__uninstall_commands] )) ||
_oppscale__subcmd__uninstall_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale uninstall commands' commands "$@"
}

if [ "$funcstack[1]" = "_oppscale" ]; then
    _oppscale "$@"
else
    compdef _oppscale oppscale
fi
