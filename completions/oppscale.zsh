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
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
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
'*--from=[Saved lists to read instead of a cluster\: files of kubectl, a directory, or - for stdin]:FILE:_default' \
'--by=[Row per node, namespace, workload, pod, container, pool (the label is chosen for each node) or pool=LABEL]:WHAT:_default' \
'(--explain)--tree=[Tree of rows\: node,pod or any order of resource, node, namespace, workload and pod]::LEVELS:_default' \
'*--resource=[Resources to show, sorted by the first\: cpu,memory,pods,nvidia.com/gpu]:NAMES:_default' \
'*--resources=[Resources to show, sorted by the first\: cpu,memory,pods,nvidia.com/gpu]:NAMES:_default' \
'*--columns=[Columns, as \[RESOURCE.\]FIGURE\[%\]\: name,requests,memory.limits%]:COLUMNS:_default' \
'*-L+[Also show the values of these labels, of nodes or pods]:KEYS:_default' \
'*--label-columns=[Also show the values of these labels, of nodes or pods]:KEYS:_default' \
'--sort-by=[Sort by \[RESOURCE.\]KEY\[%\]\[\:asc|\:desc\], where KEY is pod, name, type, node, owner, phase, priority, qos, state, nodes, capacity, allocatable, requests, others, opportunistic, limits, remaining, free, usage, fit, running, sharePercent, limitedBy, slots or pods]:KEY-ORDER:_default' \
'(-w --watch --record --replay --from --explain)--basis=[What counts as free CPU\: requests, or usage\: also what paid pods request and do not use now, from metrics.k8s.io (implies --usage) \[default\: requests\]]:BASIS:_default' \
'--burn=[With --basis usage\: cores that a replica uses \[default\: the CPU of --replica, or the annotation or CPU limit of --workload\]]:CORES:_default' \
'-l+[Only nodes with these labels]:LABELS:_default' \
'--selector=[Only nodes with these labels]:LABELS:_default' \
'(--no-taint)*--taint=[Only nodes with this taint, as KEY, KEY=VALUE or KEY=VALUE\:EFFECT; repeatable]:TAINT:_default' \
'-n+[Only pods of this namespace; also the namespace of --workload KIND/NAME]:NAMESPACE:_default' \
'--namespace=[Only pods of this namespace; also the namespace of --workload KIND/NAME]:NAMESPACE:_default' \
'--namespace-selector=[Only pods of namespaces with these labels]:LABELS:_default' \
'--pod-selector=[Only pods with these labels]:LABELS:_default' \
'*--phase=[Only pods in these phases; those that have ended occupy nothing]:PHASES:(Pending Running Succeeded Failed Unknown)' \
'--workload=[The filler\: \[NAMESPACE/\]KIND/NAME, or a label selector of pods \[default\: oppscale.dev/opportunistic=true\]]:WORKLOAD:_default' \
'*--replica=[Shape of a replica for SLOTS; repeat it to compare several \[default\: the workload'\''s, or cpu=1\]]:SHAPE:_default' \
'*--tolerate=[Taint that replicas tolerate besides, as KEY, KEY=VALUE or KEY=VALUE\:EFFECT; repeatable]:TAINT:_default' \
'(--target-utilization)--reserve=[Reserve to keep free\: cores (30), cpu=30,memory=64Gi or a share of both (15%)]:CORES-SHARE:_default' \
'--target-utilization=[Reserve as a target utilization\: 85% keeps 15% free]:PERCENT:_default' \
'-o+[Output format\: table, wide, json, yaml, csv or name]:FORMAT:((table\:"For people, as wide as the terminal"
wide\:"With memory, what is free now, and why a node is not usable"
json\:"Integers\: millicores, bytes, counts"
yaml\:"The same as YAML"
csv\:"The rows, integers"
name\:"Only names, as kubectl takes them"))' \
'--output=[Output format\: table, wide, json, yaml, csv or name]:FORMAT:((table\:"For people, as wide as the terminal"
wide\:"With memory, what is free now, and why a node is not usable"
json\:"Integers\: millicores, bytes, counts"
yaml\:"The same as YAML"
csv\:"The rows, integers"
name\:"Only names, as kubectl takes them"))' \
'(-o --output --by --fail-below)--explain=[Explain how the requests of this pod are counted]:NAMESPACE/-POD:_default' \
'--fail-below=[Exit with 1 if less remains\: cpu=10,memory=64Gi,replicas=5]:LIMITS:_default' \
'(--explain -w --watch --record --replay)*--without=[Without this node, or the nodes with these labels\: would its paid pods find a place?]:NODE-LABELS:_default' \
'(--explain -w --watch --record --replay)*--add=[With more nodes\: 3xcpu=32,memory=128Gi\[,label=KEY=VALUE\]\[,taint=KEY\:EFFECT\]]:NODES:_default' \
'(--explain -w --watch --record --replay)--survive=[Would paid pods find a place after the loss of any 1 node, zone, pool or value of a LABEL?]:1-zone-pool-LABEL:_default' \
'*--price=[Price of an hour\: cpu=0.031,memory=0.004,gpu=2 per core, GiB and device; with pool=NAME that of a pool; repeatable]:PRICES:_default' \
'--interval=[Minimum time between two lines of --watch or two frames of the screen\: 500ms, 10s]:DURATION:_default' \
'(--from -o --output --explain --fail-below)--record=[Also write the capacity history to a file, which grows and may be cut off]:FILE:_files' \
'(--from --record --workload --explain --usage --fail-below -o --output)--replay=[Replay a recorded capacity history instead of reading a cluster]:FILE:_files' \
'--speed=[Replay speed as a factor\: 1 to 86400 \[default\: 1, with --demo 60\]]:N:_default' \
'--watch-life=[Lifetime of a watch; a silent one is detected 5 s after it]:DURATION:_default' \
'--server=[Address of the API server to use instead of the kubeconfig'\''s]:URL:_default' \
'--certificate-authority=[File with the CA of the API server, in PEM]:FILE:_files' \
'--tls-server-name=[Name in the certificate of the API server, if not its address]:NAME:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--token=[Bearer token to use instead of the user'\''s; other users of this machine see it in the list of processes]:TOKEN:_default' \
'--client-certificate=[File with a client certificate, in PEM]:FILE:_files' \
'--client-key=[File with the key of the client certificate, in PEM]:FILE:_files' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; repeatable]:GROUP:_default' \
'--as-uid=[UID to impersonate]:UID:_default' \
'--request-timeout=[Longest wait for one request or credential plugin\: 5s, 2m, or 0 for no limit \[default\: 30s\]]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'(-w --watch --record --replay)--limits[Also show limits, and the capacity of nodes]' \
'--percent[Also show amounts in percent of allocatable]' \
'(--columns)--available[Show what is free out of allocatable instead of the amounts in between]' \
'--no-headers[Leave the headings of a table or CSV out]' \
'--no-taint[Only nodes without taints]' \
'(-n --namespace)-A[Pods of all namespaces, which is the default]' \
'(-n --namespace)--all-namespaces[Pods of all namespaces, which is the default]' \
'--show-unusable[Also show nodes that fillers cannot use, and why]' \
'(--from)--usage[Also show current usage, from metrics.k8s.io]' \
'(-w --watch --record --replay)--once[Print one table and exit, also on a terminal]' \
'(--from -o --output --explain --fail-below --usage)-w[Print a line of JSON for every change until Ctrl-C, for scripts]' \
'(--from -o --output --explain --fail-below --usage)--watch[Print a line of JSON for every change until Ctrl-C, for scripts]' \
'(--from -w --watch --record --replay --workload --explain --usage)--demo[Show a simulated cluster during a burst of paid work, without Kubernetes]' \
'(--certificate-authority)--insecure-skip-tls-verify[Do not verify the certificate of the API server; insecure]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(render-hpa)
_arguments "${_arguments_options[@]}" : \
'--workload=[Workload\: miner, transcode, batch, cache, sample-app, or the file of your own Deployment]:NAME-FILE:_default' \
'--image=[Image to run; without --workload, any program]:IMAGE:_default' \
'--name=[Name of the Deployment \[default\: the workload'\''s name, or filler\]]:NAME:_default' \
'-n+[Namespace \[default\: opportunistic; sample-app for that workload\]]:NAMESPACE:_default' \
'--namespace=[Namespace \[default\: opportunistic; sample-app for that workload\]]:NAMESPACE:_default' \
'--pool=[With miner\: URL of the pool]:URL:_default' \
'--wallet=[With miner\: wallet address; stored in a Secret]:ADDRESS:_default' \
'(--wallet)--wallet-file=[With miner\: file with the wallet address; - for stdin]:FILE:_files' \
'--worker=[With miner\: worker name at the pool]:NAME:_default' \
'--config-as=[With miner\: pass pool and worker by configmap or args]:WHERE:((configmap\:"A ConfigMap, which variables are read from"
args\:"Arguments"))' \
'*--command=[Word of the command, instead of the image'\''s; repeatable]:WORD:_default' \
'*--arg=[Argument, instead of the workload'\''s own; repeatable]:WORD:_default' \
'*--env=[Environment variable; repeatable]:NAME=VALUE:_default' \
'*--secret-env=[Environment variable stored in a Secret, or of a file, @- for stdin; repeatable]:NAME=VALUE-NAME=-FILE:_default' \
'*--label=[Label of Deployment and pods; repeatable]:KEY=VALUE:_default' \
'*--annotation=[Annotation of Deployment and pods; repeatable]:KEY=VALUE:_default' \
'--port=[Port of the container; adds a Service]:PORT:_default' \
'--node-port=[Make the Service a NodePort Service with this port]:PORT:_default' \
'--run-as-user=[User ID of the container; never root]:UID:_default' \
'--priority-class=[PriorityClass, which is rendered, too \[default\: NAMESPACE.NAME, of this filler only\]]:NAME:_default' \
'--grace=[Grace period in seconds; paid pods wait that long for room \[default\: 5\]]:SECONDS:_default' \
'--replica=[Shape of a replica\: cpu=1,memory=1Gi, or auto, which wastes least of the nodes \[default\: auto, or the Deployment'\''s own\]]:SHAPE:_default' \
'(--target-utilization)--reserve=[Reserve to keep free\: cores (30), a share (15%), or auto, which the loop needs \[default\: auto, or the Deployment'\''s annotation\]]:CORES-SHARE:_default' \
'--target-utilization=[Reserve as a target utilization\: 85% keeps 15% free]:PERCENT:_default' \
'(--recording --target-utilization)--growth=[With --reserve auto\: growth of paid requests in cores\: 12/m, 0.2/s]:CORES/TIME:_default' \
'(--target-utilization)--recording=[Growth as measured\: the fastest minute of a history that top --record wrote, or of a scenario file]:FILE:_default' \
'--min=[minReplicas \[default\: 0 where the version or KEDA allows it, else 1\]]:REPLICAS:_default' \
'--max=[maxReplicas \[default\: what fits at zero paid load, or the Deployment'\''s annotation\]]:REPLICAS:_default' \
'--basis=[What counts as free CPU\: requests (what paid pods do not request) or usage (also what they request and leave idle) \[default\: requests, or the Deployment'\''s annotation\]]:BASIS:_default' \
'--burn=[With --basis usage\: cores that a replica uses \[default\: the CPU of --replica, or the Deployment'\''s annotation or CPU limit\]]:CORES:_default' \
'--quota=[Quota of all replicas together\: cpu=100,memory=300Gi,pods=120]:AMOUNTS:_default' \
'--pipeline=[Path of the metric to the HPA\: native (custom.metrics.k8s.io), external (external.metrics.k8s.io), keda or prometheus]:WAY:((native\:"oppscale serves custom.metrics.k8s.io"
external\:"oppscale serves external.metrics.k8s.io"
keda\:"A ScaledObject on oppscale'\''s /metrics"
prometheus\:"Rules for prometheus-adapter"))' \
'--autoscaler=[Node autoscaler\: cluster-autoscaler, karpenter or none \[default\: detected\]]:WHO:_default' \
'--kubernetes-version=[Kubernetes version, 1.33 to 1.37 \[default\: the server'\''s; 1.36 with --from\]]:VERSION:_default' \
'*--egress-port=[With --network-policy\: additional egress port; repeatable]:PORT:_default' \
'--metrics-url=[With keda\: URL of oppscale'\''s /metrics]:URL:_default' \
'--adapter-namespace=[With prometheus\: namespace of prometheus-adapter]:NAMESPACE:_default' \
'*--monitor-label=[With sample-app\: label by which your Prometheus selects ServiceMonitors]:KEY=VALUE:_default' \
'-o+[Output format\: yaml or json]:FORMAT:((yaml\:"One YAML stream"
json\:"One List"))' \
'--output=[Output format\: yaml or json]:FORMAT:((yaml\:"One YAML stream"
json\:"One List"))' \
'(-o --output --diff)--output-dir=[Write a file per object and a kustomization.yaml to this folder]:DIR:_files' \
'--explain=[Explain each number\: as comments in the YAML, or as a table on stderr]::HOW:((comments\:"Above the objects"
table\:"On stderr"))' \
'--templates=[Folder with templates that replace the built-in ones; see oppscale templates]:DIR:_files' \
'*--from=[Saved lists to read instead of a cluster\: files of kubectl, a directory, or - for stdin]:FILE:_default' \
'--server=[Address of the API server to use instead of the kubeconfig'\''s]:URL:_default' \
'--certificate-authority=[File with the CA of the API server, in PEM]:FILE:_files' \
'--tls-server-name=[Name in the certificate of the API server, if not its address]:NAME:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--token=[Bearer token to use instead of the user'\''s; other users of this machine see it in the list of processes]:TOKEN:_default' \
'--client-certificate=[File with a client certificate, in PEM]:FILE:_files' \
'--client-key=[File with the key of the client certificate, in PEM]:FILE:_files' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; repeatable]:GROUP:_default' \
'--as-uid=[UID to impersonate]:UID:_default' \
'--request-timeout=[Longest wait for one request or credential plugin\: 5s, 2m, or 0 for no limit \[default\: 30s\]]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'--burn-limit[With --basis usage\: limit each replica to what it burns]' \
'--admission-policy[Also render an admission policy\: the PriorityClass is for this namespace only, and this namespace for such pods only]' \
'--network-policy[Also render a network policy\: ingress to the port, egress to DNS and the pool]' \
'(--from -o --output)--diff[Show what applying would change, by a server-side dry run; exit with 1 on a change]' \
'(--certificate-authority)--insecure-skip-tls-verify[Do not verify the certificate of the API server; insecure]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(serve)
_arguments "${_arguments_options[@]}" : \
'--apis=[APIs to serve\: custom, external, both with a comma, or none]:APIS:_default' \
'--listen=[Address of the APIs, with TLS \[default\: every address, port 10250\]]:ADDRESS-PORT:_default' \
'--listen-http=[Address of the web page and /metrics \[default\: every address, port 8080\]]:ADDRESS-PORT:_default' \
'--tls-cert-file=[Serving certificate in PEM; reloaded when it changes]:FILE:_files' \
'--tls-private-key-file=[Private key of the serving certificate]:FILE:_files' \
'(--tls-cert-file)*--self-signed=[Generate a certificate for these names, in memory only]::NAMES:_default' \
'--max-staleness=[Age from which the cluster state is stale]:DURATION:_default' \
'--on-stale=[Response when stale\: hold (503, replicas stay) or zero (scale down)]:WHAT:((hold\:"503\: the HPA leaves the replicas as they are"
zero\:"0\: the HPA scales the workload down to its minReplicas"))' \
'*--workload-kind=[Also serve workloads of this kind, KIND.GROUP with a /scale subresource; may be given several times]:KIND:_default' \
'*--namespaces=[Serve only workloads of these namespaces, with or without the label oppscale.dev/opportunistic=true, which opens a namespace otherwise]:NAMESPACES:_default' \
'--log-format=[Log format\: text or json]:FORMAT:((text\:"For people"
json\:"One object a line"))' \
'--shutdown-delay=[On SIGTERM, time to be unready before the ports close]:DURATION:_default' \
'--server=[Address of the API server to use instead of the kubeconfig'\''s]:URL:_default' \
'--certificate-authority=[File with the CA of the API server, in PEM]:FILE:_files' \
'--tls-server-name=[Name in the certificate of the API server, if not its address]:NAME:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--token=[Bearer token to use instead of the user'\''s; other users of this machine see it in the list of processes]:TOKEN:_default' \
'--client-certificate=[File with a client certificate, in PEM]:FILE:_files' \
'--client-key=[File with the key of the client certificate, in PEM]:FILE:_files' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; repeatable]:GROUP:_default' \
'--as-uid=[UID to impersonate]:UID:_default' \
'--request-timeout=[Longest wait for one request or credential plugin\: 5s, 2m, or 0 for no limit \[default\: 30s\]]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'--legacy-metrics[Also expose the ten gauges of the 2018 article]' \
'--node-metrics[Also expose a series per node]' \
'(--certificate-authority)--insecure-skip-tls-verify[Do not verify the certificate of the API server; insecure]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(simulate)
_arguments "${_arguments_options[@]}" : \
'(--scenario --from --workload -n --namespace --config --metric --reserve-in-metric --load --pod-capacity --ready-after --warm-up --sweep --prometheus --seed --duration --show --corrected --svg --basis --burn)--series=[File of metric values to replay one HPA on, see docs/series.md; or what --record wrote, with --hpa for another HPA on it]:FILE:_default' \
'--record=[With --live\: new file that keeps what was read, for --series]:FILE:_files' \
'--sync-period=[With --live\: sync period of the controller \[default\: 15s\]]:TIME:_default' \
'--scenario=[Cluster and paid load\: blog, burst, day, step or a file \[default\: blog\]]:NAME-FILE:_default' \
'(--scenario)*--from=[Saved lists with nodes and paid load (files of kubectl or a directory); or a capacity history that top --record wrote]:FILE:_default' \
'--workload=[With --from\: filler whose pods do not count\: \[NAMESPACE/\]KIND/NAME, or a label selector \[default\: oppscale.dev/opportunistic=true\]]:WORKLOAD:_default' \
'-n+[Namespace of --workload KIND/NAME, or with --live of the HPA]:NAMESPACE:_default' \
'--namespace=[Namespace of --workload KIND/NAME, or with --live of the HPA]:NAMESPACE:_default' \
'*--config=[Named configuration, repeatable\: naive, eager, preempted, damped, saturated, settles, settles-fast, settles-preempted, watched, watched-preempted, oppscale \[default\: naive saturated settles settles-fast oppscale\]]:NAME:_default' \
'*--hpa=[Manifest with HorizontalPodAutoscalers to try, each also as corrected; repeatable]:FILE:_default' \
'--metric=[With --hpa\: what its External or Object metric measures\: load, queue or per-pod (load shared by the pods); or idle capacity that includes-own pods use up, or excludes-own]:NATURE:((excludes-own\:"Capacity that paid pods leave\: filler pods do not change it"
includes-own\:"Free capacity\: filler pods use it up"
load\:"The whole load, which the replicas do not change"
queue\:"Work that waits until the pods have done it"
per-pod\:"The load of each pod, which falls as pods are added"))' \
'--reserve-in-metric=[With --hpa\: reserve that the metric already excludes\: cores (30) or a share (15%)]:CORES-SHARE:_default' \
'(--load --prometheus)--basis=[What counts as free CPU\: requests, or usage\: paid pods use a part of what they request, and the filler burns what is left, by weight \[default\: the scenario'\''s\]]:BASIS:_default' \
'--burn=[With --basis usage\: cores that a replica burns \[default\: the CPU of its size\]]:CORES:_default' \
'--paid-usage=[With --basis usage\: part of their requests that paid pods use]:PERCENT:_default' \
'(--scenario --from --config)--load=[With --hpa\: load that the pods serve\: step, ramp, day, spike, noise or constant, as in step\:5..40; or a file (CSV, query_range'\''s JSON, promtool) \[default\: step\]]:SHAPE-FILE:_default' \
'(--load)--prometheus=[With --hpa\: Prometheus to read the load from; needs --query]:URL:_default' \
'--query=[With --prometheus\: PromQL expression of the load, one series, such as a sum of rates]:PROMQL:_default' \
'--since=[With --prometheus\: how far back the load is read]:TIME:_default' \
'--pod-capacity=[With --hpa\: load that one pod can serve at most \[default\: its cpu limit, or 1.5 times its target\]]:NUMBER:_default' \
'--ready-after=[With --hpa\: time until a new pod is ready \[default\: 10s, and its probes'\'' delay\]]:TIME:_default' \
'--warm-up=[With --hpa\: time until a ready pod is warm; until then it does half \[default\: 0s\]]:TIME:_default' \
'*--sweep=[With --hpa\: values of a field to try, repeatable\: target=50%..80%\:5, scaleDown.stabilizationWindowSeconds=0,60,300]:FIELD=VALUES:_default' \
'--kubernetes-version=[Kubernetes version of the HPA controller, 1.33 to 1.37 \[default\: 1.36\]]:VERSION:_default' \
'--seed=[Random seed; equal seeds give equal runs]:NUMBER:_default' \
'--duration=[Simulated duration \[default\: the scenario'\''s\]]:TIME:_default' \
'--show=[Configuration to show in detail \[default\: the first\]]:NAME:_default' \
'-o+[Output format\: table, json or csv]:FORMAT:((table\:"A table, a chart and the verdict, for people"
json\:"Everything, in integers"
csv\:"The table, in integers"))' \
'--output=[Output format\: table, json or csv]:FORMAT:((table\:"A table, a chart and the verdict, for people"
json\:"Everything, in integers"
csv\:"The table, in integers"))' \
'--svg=[Also write the chart to this SVG file]:FILE:_files' \
'--server=[Address of the API server to use instead of the kubeconfig'\''s]:URL:_default' \
'--certificate-authority=[File with the CA of the API server, in PEM]:FILE:_files' \
'--tls-server-name=[Name in the certificate of the API server, if not its address]:NAME:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--token=[Bearer token to use instead of the user'\''s; other users of this machine see it in the list of processes]:TOKEN:_default' \
'--client-certificate=[File with a client certificate, in PEM]:FILE:_files' \
'--client-key=[File with the key of the client certificate, in PEM]:FILE:_files' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; repeatable]:GROUP:_default' \
'--as-uid=[UID to impersonate]:UID:_default' \
'--request-timeout=[Longest wait for one request or credential plugin\: 5s, 2m, or 0 for no limit \[default\: 30s\]]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'(--series --scenario --from --workload --config --reserve-in-metric --load --pod-capacity --ready-after --warm-up --sweep --prometheus --seed --show --corrected --svg)--live[With --hpa\: run it beside the cluster'\''s HPA, on the cluster'\''s metrics, until Ctrl-C or --duration; writes nothing]' \
'(-o --output)--corrected[Print only the corrected manifest of the configuration shown in detail]' \
'(--certificate-authority)--insecure-skip-tls-verify[Do not verify the certificate of the API server; insecure]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(demo)
_arguments "${_arguments_options[@]}" : \
'--speed=[Simulated seconds per second]:N:_default' \
'--seed=[Random seed; equal seeds give equal runs]:N:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'--plain[Print lines instead of a live screen, as without a terminal]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(init)
_arguments "${_arguments_options[@]}" : \
'--pipeline=[Path of the metric to the HPA \[default\: native\]]:PIPELINE:((native\:"The metrics server answers the API itself"
prometheus\:"Prometheus scrapes it, prometheus-adapter answers"
keda\:"KEDA reads its /metrics"))' \
'--image=[Image of the metrics server]:IMAGE:_default' \
'-n+[Namespace of the metrics server \[default\: oppscale\]]:NAME:_default' \
'--namespace=[Namespace of the metrics server \[default\: oppscale\]]:NAME:_default' \
'--reserve=[Reserve of the filler to render next\: cores (30) or a share (15%) \[default\: 15%\]]:RESERVE:_default' \
'*--apis=[APIs to serve, separated by commas\: custom, external \[default\: custom\]]:APIS:((custom\:"custom.metrics.k8s.io"
external\:"external.metrics.k8s.io"))' \
'--service=[Name of Service, Deployment and ServiceAccount]:NAME:_default' \
'--replicas=[Number of pods of the metrics server \[default\: 2\]]:N:_default' \
'--certificates=[Issuer of the certificates\: oppscale or cert-manager \[default\: oppscale\]]:WHO:((oppscale\:"oppscale"
cert-manager\:"cert-manager"))' \
'--network-policy=[NetworkPolicy that opens only the server'\''s two ports\: on or off \[default\: on\]]:SWITCH:((on\:"Wanted"
off\:"Not wanted"))' \
'*--http-from=[Namespace whose pods may connect to port 8080 (page, /metrics); repeatable \[default\: every client\]]:NAMESPACE:_default' \
'--priority-class=[PriorityClass of the pods, empty for none; created if it has a value \[default\: system-cluster-critical; on GKE oppscale=1000000000\]]:NAME-=VALUE:_default' \
'*--image-pull-secret=[Secret with credentials for the image'\''s registry; repeatable]:NAME:_default' \
'*--node-selector=[Label that nodes must have; repeatable]:KEY=VALUE:_default' \
'*--toleration=[Taint that the pods tolerate; repeatable]:KEY-=VALUE-EFFECT:_default' \
'--requests=[Requests of the pods \[default\: cpu=50m,memory=64Mi\]]:AMOUNTS:_default' \
'--limits=[Limits of the pods \[default\: memory=512Mi\]]:AMOUNTS:_default' \
'*--workload-kind=[Also serve workloads of this kind, RESOURCE.GROUP with a /scale subresource; repeatable]:KIND:_default' \
'*--extra-arg=[Further argument of oppscale serve; repeatable]:ARGUMENT:_default' \
'*--with=[Also\: dashboard (Grafana), alerts (Prometheus operator); or, with --export DIR, Helm values\: metrics-server, prometheus-stack]:WHAT:((metrics-server\:"metrics-server"
prometheus-stack\:"kube-prometheus-stack"
dashboard\:"A ConfigMap with the Grafana dashboard"
alerts\:"A PrometheusRule, and the ServiceMonitor that it needs"))' \
'--export=[Write the manifests to this folder, or to stdout with -, and change nothing]:DIR:_default' \
'(--export)--dry-run=[Only show the plan\: client without a cluster, server by a dry run there]::HOW:((client\:"Without a cluster"
server\:"By a dry run of the server"))' \
'--timeout=[Longest wait in total]:DURATION:_default' \
'--distribution=[Distribution, if it is not recognized\: kubeadm, kind, minikube, k3s, rke2, eks, gke, aks, charmed, microk8s]:NAME:_default' \
'--server=[Address of the API server to use instead of the kubeconfig'\''s]:URL:_default' \
'--certificate-authority=[File with the CA of the API server, in PEM]:FILE:_files' \
'--tls-server-name=[Name in the certificate of the API server, if not its address]:NAME:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--token=[Bearer token to use instead of the user'\''s; other users of this machine see it in the list of processes]:TOKEN:_default' \
'--client-certificate=[File with a client certificate, in PEM]:FILE:_files' \
'--client-key=[File with the key of the client certificate, in PEM]:FILE:_files' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; repeatable]:GROUP:_default' \
'--as-uid=[UID to impersonate]:UID:_default' \
'--request-timeout=[Longest wait for one request or credential plugin\: 5s, 2m, or 0 for no limit \[default\: 30s\]]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'--export-secrets[Also export private keys]' \
'--kustomize[Also export a kustomization.yaml]' \
'(--kustomize)--chart[Export the same objects as a Helm chart]' \
'--force-conflicts[Take over fields and objects that others own; APIs are never taken over]' \
'--grant-cluster-admin[Grant yourself the missing permissions, or cluster-admin, until the end of this run]' \
'-y[Do not ask for confirmation]' \
'--yes[Do not ask for confirmation]' \
'--no-wait[Do not wait for pods to be ready; the API is then not registered]' \
'(--certificate-authority)--insecure-skip-tls-verify[Do not verify the certificate of the API server; insecure]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
'-o+[Output format\: table, short or json]:FORMAT:((table\:"All findings, for people"
short\:"Failures and warnings, for people"
json\:"All findings, for programs"))' \
'--output=[Output format\: table, short or json]:FORMAT:((table\:"All findings, for people"
short\:"Failures and warnings, for people"
json\:"All findings, for programs"))' \
'--timeout=[Time limit for --wait]:DURATION:_default' \
'*--only=[Check only these categories or IDs, separated by commas\: connection, rights, aggregation, metrics-server, prometheus, owners, certificates, server, capacity, autoscaling, node-autoscaler, leftovers]:CATEGORIES:_default' \
'*-f+[Also check the manifests in this file or folder; - is stdin]:FILE:_default' \
'*--filename=[Also check the manifests in this file or folder; - is stdin]:FILE:_default' \
'--distribution=[Distribution, if it is not recognized\: kubeadm, kind, minikube, k3s, rke2, eks, gke, aks, charmed, microk8s]:NAME:_default' \
'-n+[Namespace of the metrics server]:NAME:_default' \
'--namespace=[Namespace of the metrics server]:NAME:_default' \
'--service=[Service in front of the metrics server]:NAME:_default' \
'--secret=[Secret with the serving certificate of the metrics server]:NAME:_default' \
'--server=[Address of the API server to use instead of the kubeconfig'\''s]:URL:_default' \
'--certificate-authority=[File with the CA of the API server, in PEM]:FILE:_files' \
'--tls-server-name=[Name in the certificate of the API server, if not its address]:NAME:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--token=[Bearer token to use instead of the user'\''s; other users of this machine see it in the list of processes]:TOKEN:_default' \
'--client-certificate=[File with a client certificate, in PEM]:FILE:_files' \
'--client-key=[File with the key of the client certificate, in PEM]:FILE:_files' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; repeatable]:GROUP:_default' \
'--as-uid=[UID to impersonate]:UID:_default' \
'--request-timeout=[Longest wait for one request or credential plugin\: 5s, 2m, or 0 for no limit \[default\: 30s\]]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'--wait[Check again until no check fails]' \
'(--certificate-authority)--insecure-skip-tls-verify[Do not verify the certificate of the API server; insecure]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(why)
_arguments "${_arguments_options[@]}" : \
'--server=[Address of the API server to use instead of the kubeconfig'\''s]:URL:_default' \
'--certificate-authority=[File with the CA of the API server, in PEM]:FILE:_files' \
'--tls-server-name=[Name in the certificate of the API server, if not its address]:NAME:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--token=[Bearer token to use instead of the user'\''s; other users of this machine see it in the list of processes]:TOKEN:_default' \
'--client-certificate=[File with a client certificate, in PEM]:FILE:_files' \
'--client-key=[File with the key of the client certificate, in PEM]:FILE:_files' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; repeatable]:GROUP:_default' \
'--as-uid=[UID to impersonate]:UID:_default' \
'--request-timeout=[Longest wait for one request or credential plugin\: 5s, 2m, or 0 for no limit \[default\: 30s\]]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'(--certificate-authority)--insecure-skip-tls-verify[Do not verify the certificate of the API server; insecure]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help]' \
'--help[Print help]' \
':hpa -- The HPA:_default' \
&& ret=0
;;
(certs)
_arguments "${_arguments_options[@]}" : \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
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
'--service=[Service in front of the metrics server]:NAME:_default' \
'--secret=[Secret with the serving certificate of the metrics server]:NAME:_default' \
'--cluster-domain=[DNS domain of the cluster, for the fully qualified name]:DOMAIN:_default' \
'--days=[Lifetime of the serving certificate, in days]:DAYS:_default' \
'--ca-days=[Lifetime of a new CA, in days]:DAYS:_default' \
'--ca-cert=[Sign with this CA instead of a new one]:FILE:_files' \
'--ca-key=[Key of that CA]:FILE:_files' \
'--server=[Address of the API server to use instead of the kubeconfig'\''s]:URL:_default' \
'--certificate-authority=[File with the CA of the API server, in PEM]:FILE:_files' \
'--tls-server-name=[Name in the certificate of the API server, if not its address]:NAME:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--token=[Bearer token to use instead of the user'\''s; other users of this machine see it in the list of processes]:TOKEN:_default' \
'--client-certificate=[File with a client certificate, in PEM]:FILE:_files' \
'--client-key=[File with the key of the client certificate, in PEM]:FILE:_files' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; repeatable]:GROUP:_default' \
'--as-uid=[UID to impersonate]:UID:_default' \
'--request-timeout=[Longest wait for one request or credential plugin\: 5s, 2m, or 0 for no limit \[default\: 30s\]]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'--to-secret[Write the Secret to the cluster]' \
'--force[Replace certificates that are still good]' \
'--keep-ca-key[Keep the CA'\''s key as ca.key in the folder]' \
'(--to-secret --ca-cert --keep-ca-key)--csr[Create a key and a signing request for another CA]' \
'(--dir --to-secret --csr --ca-cert)--cert-manager[Print an Issuer and a Certificate for cert-manager instead]' \
'--force-conflicts[Take over fields of the Secret that other field managers own]' \
'(--certificate-authority)--insecure-skip-tls-verify[Do not verify the certificate of the API server; insecure]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(status)
_arguments "${_arguments_options[@]}" : \
'--dir=[Folder with certificates, instead of the cluster'\''s Secret]:DIR:_files' \
'-n+[Namespace of the metrics server]:NAME:_default' \
'--namespace=[Namespace of the metrics server]:NAME:_default' \
'--service=[Service in front of the metrics server]:NAME:_default' \
'--secret=[Secret with the serving certificate of the metrics server]:NAME:_default' \
'-o+[Output format\: table or json]:FORMAT:((table\:"For people"
json\:"For programs"))' \
'--output=[Output format\: table or json]:FORMAT:((table\:"For people"
json\:"For programs"))' \
'--server=[Address of the API server to use instead of the kubeconfig'\''s]:URL:_default' \
'--certificate-authority=[File with the CA of the API server, in PEM]:FILE:_files' \
'--tls-server-name=[Name in the certificate of the API server, if not its address]:NAME:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--token=[Bearer token to use instead of the user'\''s; other users of this machine see it in the list of processes]:TOKEN:_default' \
'--client-certificate=[File with a client certificate, in PEM]:FILE:_files' \
'--client-key=[File with the key of the client certificate, in PEM]:FILE:_files' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; repeatable]:GROUP:_default' \
'--as-uid=[UID to impersonate]:UID:_default' \
'--request-timeout=[Longest wait for one request or credential plugin\: 5s, 2m, or 0 for no limit \[default\: 30s\]]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'(--certificate-authority)--insecure-skip-tls-verify[Do not verify the certificate of the API server; insecure]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(renew)
_arguments "${_arguments_options[@]}" : \
'--dir=[Folder whose certificates to renew, instead of the cluster'\''s]:DIR:_files' \
'-n+[Namespace of the metrics server]:NAME:_default' \
'--namespace=[Namespace of the metrics server]:NAME:_default' \
'--service=[Service in front of the metrics server]:NAME:_default' \
'--secret=[Secret with the serving certificate of the metrics server]:NAME:_default' \
'--cluster-domain=[DNS domain of the cluster, for the fully qualified name]:DOMAIN:_default' \
'--days=[Lifetime of the serving certificate, in days]:DAYS:_default' \
'--ca-days=[Lifetime of a new CA, in days]:DAYS:_default' \
'--ca-cert=[Sign with this CA instead of a new one]:FILE:_files' \
'--ca-key=[Key of that CA]:FILE:_files' \
'--timeout=[Longest wait for pods to serve the new certificate]:DURATION:_default' \
'--server=[Address of the API server to use instead of the kubeconfig'\''s]:URL:_default' \
'--certificate-authority=[File with the CA of the API server, in PEM]:FILE:_files' \
'--tls-server-name=[Name in the certificate of the API server, if not its address]:NAME:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--token=[Bearer token to use instead of the user'\''s; other users of this machine see it in the list of processes]:TOKEN:_default' \
'--client-certificate=[File with a client certificate, in PEM]:FILE:_files' \
'--client-key=[File with the key of the client certificate, in PEM]:FILE:_files' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; repeatable]:GROUP:_default' \
'--as-uid=[UID to impersonate]:UID:_default' \
'--request-timeout=[Longest wait for one request or credential plugin\: 5s, 2m, or 0 for no limit \[default\: 30s\]]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'(--ca-cert)--new-ca[Replace a CA that oppscale did not create]' \
'--force[Renew certificates that are still good]' \
'--force-conflicts[Take over fields that other field managers own]' \
'(--certificate-authority)--insecure-skip-tls-verify[Do not verify the certificate of the API server; insecure]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
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
'--serviceaccount=[Name of the ServiceAccount]:NAME:_default' \
'--sa=[Name of the ServiceAccount]:NAME:_default' \
'-n+[Namespace of the ServiceAccount]:NAME:_default' \
'--namespace=[Namespace of the ServiceAccount]:NAME:_default' \
'--duration=[Lifetime of the token, at least 10m; the server may shorten it]:DURATION:_default' \
'*--audience=[Audience of the token; repeatable \[default\: the API server\]]:NAME:_default' \
'--server=[Address of the API server as seen by the user of the file]:URL:_default' \
'--certificate-authority=[CA of the API server in PEM, instead of your kubeconfig'\''s]:FILE:_files' \
'--name=[Name of the cluster, user and context entries]:NAME:_default' \
'(--merge)--out=[Write this file with mode 0600, instead of stdout]:FILE:_files' \
'--merge=[Merge into an existing kubeconfig; its current context stays]:FILE:_files' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--token=[Bearer token to use instead of the user'\''s; other users of this machine see it in the list of processes]:TOKEN:_default' \
'--client-certificate=[File with a client certificate, in PEM]:FILE:_files' \
'--client-key=[File with the key of the client certificate, in PEM]:FILE:_files' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; repeatable]:GROUP:_default' \
'--as-uid=[UID to impersonate]:UID:_default' \
'--request-timeout=[Longest wait for one request or credential plugin\: 5s, 2m, or 0 for no limit \[default\: 30s\]]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'--create[Create the ServiceAccount if it does not exist; it gets no permissions]' \
'(--audience --duration)--legacy-token[Use a Secret token, which never expires, for clients that cannot renew one]' \
'--force[Replace a file or entries that hold something else]' \
'(--create --legacy-token --out --merge --audience)--revoke[Revoke the tokens issued before]' \
'--dry-run[Only show the plan; no token is requested]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(templates)
_arguments "${_arguments_options[@]}" : \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'--force[Overwrite existing files]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help]' \
'--help[Print help]' \
':folder -- Folder to write to:_files' \
&& ret=0
;;
(uninstall)
_arguments "${_arguments_options[@]}" : \
'-n+[Namespace of the metrics server]:NAME:_default' \
'--namespace=[Namespace of the metrics server]:NAME:_default' \
'--service=[Name of Service, Deployment and ServiceAccount]:NAME:_default' \
'--server=[Address of the API server to use instead of the kubeconfig'\''s]:URL:_default' \
'--certificate-authority=[File with the CA of the API server, in PEM]:FILE:_files' \
'--tls-server-name=[Name in the certificate of the API server, if not its address]:NAME:_default' \
'--kubeconfig=[Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config]:FILE:_files' \
'--context=[Context of the kubeconfig to use]:NAME:_default' \
'--cluster=[Cluster of the kubeconfig to use]:NAME:_default' \
'--user=[User of the kubeconfig to use]:NAME:_default' \
'--token=[Bearer token to use instead of the user'\''s; other users of this machine see it in the list of processes]:TOKEN:_default' \
'--client-certificate=[File with a client certificate, in PEM]:FILE:_files' \
'--client-key=[File with the key of the client certificate, in PEM]:FILE:_files' \
'--as=[User to impersonate]:USER:_default' \
'*--as-group=[Group to impersonate; repeatable]:GROUP:_default' \
'--as-uid=[UID to impersonate]:UID:_default' \
'--request-timeout=[Longest wait for one request or credential plugin\: 5s, 2m, or 0 for no limit \[default\: 30s\]]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'--keep-namespace[Keep the namespace]' \
'--delete-workloads[Also delete the HPAs and ScaledObjects that render-hpa created, and the opportunistic workloads that they scale]' \
'--dry-run[Only show the plan]' \
'-y[Do not ask for confirmation]' \
'--yes[Do not ask for confirmation]' \
'(--certificate-authority)--insecure-skip-tls-verify[Do not verify the certificate of the API server; insecure]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(sample-app)
_arguments "${_arguments_options[@]}" : \
'--listen=[Address to listen on \[default\: every address, port 8080\]]:ADDRESS-PORT:_default' \
'--name=[Name in responses; in a pod the pod'\''s name]:NAME:_default' \
'--log-format=[Log format\: text or json]:FORMAT:((text\:"For people"
json\:"One object a line"))' \
'--shutdown-delay=[On SIGTERM, time to be unready before the port closes]:DURATION:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(load)
_arguments "${_arguments_options[@]}" : \
'--rate=[Request rate per second, or per minute as in 30/m]:RATE:_default' \
'--duration=[Test duration]:DURATION:_default' \
'--timeout=[Longest wait for one response]:DURATION:_default' \
'--method=[HTTP method]:METHOD:_default' \
'*-H+[Request header; repeatable]:NAME-VALUE:_default' \
'*--header=[Request header; repeatable]:NAME-VALUE:_default' \
'--body=[Request body]:TEXT:_default' \
'--most-under-way=[Maximum number of concurrent requests; a request beyond it fails]:N:_default' \
'--certificate-authority=[CA certificates to trust for https, in PEM \[default\: the system'\''s\]]:FILE:_files' \
'--fail-above=[Exit with 1 if more than this share of requests failed or got a status of 400 or above]:PERCENT:_default' \
'-o+[Output format\: text or json]:FORMAT:((text\:"For people"
json\:"One object"))' \
'--output=[Output format\: text or json]:FORMAT:((text\:"For people"
json\:"One object"))' \
'--job=[Print a Job that runs this load in a cluster with this image, and send nothing]:IMAGE:_default' \
'--name=[Name of the Job]:NAME:_default' \
'-n+[Namespace of the Job]:NAMESPACE:_default' \
'--namespace=[Namespace of the Job]:NAMESPACE:_default' \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'--no-keep-alive[Open a new connection for each request; behind a Service, a kept connection always leads to the same pod]' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help]' \
'--help[Print help]' \
':url -- Target URL; http\:// may be omitted:_default' \
&& ret=0
;;
(completion)
_arguments "${_arguments_options[@]}" : \
'--color=[When to colour\: auto, always or never]:WHEN:((auto\:"On a terminal, unless NO_COLOR is set or TERM is dumb"
always\:"Always"
never\:"Never"))' \
'--theme=[Colours\: auto (readable on any background), dark, light, or ansi (the terminal'\''s own 16)]:THEME:((auto\:"Colours that can be told apart on any background"
dark\:"Brighter colours for a dark background"
light\:"Darker colours for a light background"
ansi\:"The 16 colours that the terminal itself is set to"))' \
'-q[Print less on stderr]' \
'--quiet[Print less on stderr]' \
'*-v[Print more on stderr; repeat for even more]' \
'*--verbose[Print more on stderr; repeat for even more]' \
'-h[Print help]' \
'--help[Print help]' \
':shell -- Shell:(bash elvish fish powershell zsh)' \
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
(why)
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
'top:Show the remaining capacity of a cluster, per node and in total' \
'render-hpa:Generate the manifests of a filler, sized for a cluster' \
'serve:Serve the remaining capacity to HPAs, Prometheus and people' \
'simulate:Show what an HPA will do, on a simulated cluster' \
'demo:Watch the whole loop on a simulated cluster, without Kubernetes' \
'init:Set a cluster up\: show the plan, ask once, verify the result' \
'check:Check a cluster, with a fix for each failure' \
'why:Explain why an HPA has the count it has, and its next sync' \
'certs:Create, show and renew the certificates of the metrics API' \
'kubeconfig:Create a kubeconfig of a ServiceAccount, with an expiring token' \
'templates:Write the templates of render-hpa to a folder, to start from' \
'uninstall:Remove what init installed, the API first' \
'sample-app:Answer requests and count them\: the article'\''s paid application' \
'load:Send requests at a constant rate and report latency and failures' \
'completion:Print a completion script for a shell' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'oppscale commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__certs_commands] )) ||
_oppscale__subcmd__certs_commands() {
    local commands; commands=(
'generate:Create a CA and a serving certificate in files, in a Secret, or both' \
'status:Show whether the API server'\''s aggregator would accept the certificates' \
'renew:Replace certificates before they expire, without a failed request' \
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
'generate:Create a CA and a serving certificate in files, in a Secret, or both' \
'status:Show whether the API server'\''s aggregator would accept the certificates' \
'renew:Replace certificates before they expire, without a failed request' \
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
'top:Show the remaining capacity of a cluster, per node and in total' \
'render-hpa:Generate the manifests of a filler, sized for a cluster' \
'serve:Serve the remaining capacity to HPAs, Prometheus and people' \
'simulate:Show what an HPA will do, on a simulated cluster' \
'demo:Watch the whole loop on a simulated cluster, without Kubernetes' \
'init:Set a cluster up\: show the plan, ask once, verify the result' \
'check:Check a cluster, with a fix for each failure' \
'why:Explain why an HPA has the count it has, and its next sync' \
'certs:Create, show and renew the certificates of the metrics API' \
'kubeconfig:Create a kubeconfig of a ServiceAccount, with an expiring token' \
'templates:Write the templates of render-hpa to a folder, to start from' \
'uninstall:Remove what init installed, the API first' \
'sample-app:Answer requests and count them\: the article'\''s paid application' \
'load:Send requests at a constant rate and report latency and failures' \
'completion:Print a completion script for a shell' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'oppscale help commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__certs_commands] )) ||
_oppscale__subcmd__help__subcmd__certs_commands() {
    local commands; commands=(
'generate:Create a CA and a serving certificate in files, in a Secret, or both' \
'status:Show whether the API server'\''s aggregator would accept the certificates' \
'renew:Replace certificates before they expire, without a failed request' \
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
(( $+functions[_oppscale__subcmd__help__subcmd__why_commands] )) ||
_oppscale__subcmd__help__subcmd__why_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help why commands' commands "$@"
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
(( $+functions[_oppscale__subcmd__why_commands] )) ||
_oppscale__subcmd__why_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale why commands' commands "$@"
}

if [ "$funcstack[1]" = "_oppscale" ]; then
    _oppscale "$@"
else
    compdef _oppscale oppscale
fi
