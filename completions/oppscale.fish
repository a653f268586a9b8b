# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_oppscale_global_optspecs
    string join \n color= q/quiet v/verbose h/help V/version
end

function __fish_oppscale_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_oppscale_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_oppscale_using_subcommand
    set -l cmd (__fish_oppscale_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c oppscale -n "__fish_oppscale_needs_command" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_needs_command" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_needs_command" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_needs_command" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_needs_command" -s V -l version -d 'Print version'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "top" -d 'Show what is left of a cluster: per node, and in all'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "render-hpa" -d 'Render the manifests of opportunistic work, sized for a cluster'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "serve" -d 'Serve what remains to HPAs, Prometheus and people'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "simulate" -d 'Show what an HPA will do on a simulated cluster, and what it should be'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "demo" -d 'Watch the whole loop on a simulated cluster, without Kubernetes'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "init" -d 'Set a cluster up: shows its plan, asks once, and proves the result'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "check" -d 'Tell what is right and wrong in a cluster, with the fix for each'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "certs" -d 'Make, look at and renew the certificates of the metrics API'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "kubeconfig" -d 'Make a kubeconfig for a ServiceAccount, with a token that ends'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "templates" -d 'Write out the templates of render-hpa, to start your own from'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "uninstall" -d 'Take away what init brought, the API first'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "sample-app" -d 'Answer requests and count them: the article\'s paid application'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "load" -d 'Send requests at a constant rate, and tell what came of them'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "completion" -d 'Print a completion script for a shell'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l from -d 'Read saved lists instead of a cluster: JSON or YAML of kubectl; - is stdin' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l by -d 'What a row stands for: node, namespace, workload, pool or pool=LABEL' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l resource -l resources -d 'Resources to show, the first one sorts: cpu,memory,pods,nvidia.com/gpu' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l sort -d 'Sort by name, state, nodes, allocatable, others, opportunistic, remaining, free, usage, slots or pods; :asc or :desc' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s l -l selector -d 'Look only at nodes with these labels' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s n -l namespace -d 'Show only rows of this namespace; also the namespace of --workload KIND/NAME' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l workload -d 'Whose pods are opportunistic: [NAMESPACE/]KIND/NAME, or a label selector [default: oppscale.dev/opportunistic=true]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l replica -d 'Shape of the replicas that SLOTS counts [default: the workload\'s, or cpu=1]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l reserve -d 'What must stay free: cores (30) or a share of cpu and memory (15%)' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l target-utilization -d 'The same, as the utilisation to fill up to: 85%' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s o -l output -d 'Output: table, wide, json, yaml, csv or name' -r -f -a "table\t'For people, as wide as the terminal'
wide\t'With memory, what is free now, and why a node is not usable'
json\t'Integers: millicores, bytes, counts'
yaml\t'The same as YAML'
csv\t'The rows, integers'
name\t'Only names, as kubectl takes them'"
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l explain -d 'Tell where the number of this pod comes from' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l fail-below -d 'Exit with 1 when less remains: cpu=10,memory=64Gi,replicas=5' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l interval -d 'Least time between two lines of --watch, or two frames of the screen: 500ms, 10s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l record -d 'Also write the capacity history to a file; it grows, and survives being cut off' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l replay -d 'Play a recorded capacity history instead of looking at a cluster' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l speed -d 'How much faster than it happened a history is played: 1 to 86400' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l watch-life -d 'How long a watch lives before it is renewed; a silent one is noticed 5 s later' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l as-group -d 'Group to impersonate; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l request-timeout -d 'Longest wait for one request: 5s, 2m, or 0 for no limit' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l show-unusable -d 'Also show nodes that opportunistic work may not use, and why'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l usage -d 'Show what is used now, from metrics.k8s.io'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l once -d 'Print one table and end, also on a terminal'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s w -l watch -d 'Write a line of JSON for every change until Ctrl-C, for scripts'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l workload -d 'What to run: miner, transcode, batch, cache, sample-app, or the file of a Deployment of your own' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l image -d 'The image to run; alone, any program' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l name -d 'What it is called [default: the workload\'s name, or filler]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -s n -l namespace -d 'Where it lives [default: opportunistic; sample-app for that]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l pool -d 'With miner: the pool\'s URL' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l wallet -d 'With miner: who is paid; becomes a Secret' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l worker -d 'With miner: what the pool calls these pods' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l config-as -d 'With miner: whether pool and worker are a configmap or args' -r -f -a "configmap\t'A ConfigMap, which variables are read from'
args\t'Arguments'"
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l command -d 'A word of the command, instead of the image\'s; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l arg -d 'An argument, instead of the workload\'s own; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l env -d 'An environment variable; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l secret-env -d 'An environment variable that goes by way of a Secret' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l label -d 'A label of Deployment and pods; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l annotation -d 'An annotation of Deployment and pods; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l port -d 'The port that it serves; makes a Service' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l node-port -d 'Make it a NodePort Service at this port of every node' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l run-as-user -d 'The user that it runs as; never root' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l priority-class -d 'Its PriorityClass, which is rendered too [default: opportunistic]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l grace -d 'How long it may take to go: paid pods wait as long [default: 5]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l replica -d 'Shape of a replica: cpu=1,memory=1Gi, or auto: lose least of the nodes [default: auto, or the Deployment\'s own]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l reserve -d 'What must stay free: cores (30), a share (15%), or auto: what the loop needs [default: auto, or the Deployment\'s annotation]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l target-utilization -d 'The same, as the utilisation to fill up to: 85%' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l growth -d 'With --reserve auto: how fast paid requests grow: 12/m, 0.2/s (cores)' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l recording -d 'The same, measured: the fastest minute of what top --record wrote, or of a scenario file' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l min -d 'The least replicas [default: 0 where the version or KEDA can, else 1]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l max -d 'The most replicas [default: what fits at zero paid load, or the Deployment\'s annotation]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l quota -d 'The most that all replicas may take: cpu=100,memory=300Gi,pods=120' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l pipeline -d 'How the metric gets to the HPA: native (oppscale serves custom.metrics.k8s.io), external (it serves the other group), keda, prometheus' -r -f -a "native\t'oppscale serves custom.metrics.k8s.io'
external\t'oppscale serves external.metrics.k8s.io'
keda\t'A ScaledObject on oppscale\'s /metrics'
prometheus\t'Rules for prometheus-adapter'"
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l autoscaler -d 'Who adds nodes: cluster-autoscaler, karpenter or none [default: detected]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l kubernetes-version -d 'Whose HPA controller: 1.33 to 1.37 [default: the server\'s; 1.36 with --from]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l egress-port -d 'With --network-policy: a port that may be reached anywhere; several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l metrics-url -d 'With keda: where oppscale serves its metrics' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l adapter-namespace -d 'With prometheus: the namespace of prometheus-adapter' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l monitor-label -d 'With sample-app: a label by which your Prometheus selects ServiceMonitors' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -s o -l output -d 'Output: yaml or json' -r -f -a "yaml\t'One YAML stream'
json\t'One List'"
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l output-dir -d 'Write one file each and a kustomization.yaml into this folder' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l explain -d 'Tell where each number comes from: comments in the YAML, or a table on stderr' -r -f -a "comments\t'Above the objects'
table\t'On stderr'"
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l templates -d 'Use the templates of this folder where it has them; see oppscale templates' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l from -d 'Size it for saved lists instead of a cluster: JSON or YAML of kubectl; - is stdin' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l as-group -d 'Group to impersonate; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l request-timeout -d 'Longest wait for one request: 5s, 2m, or 0 for no limit' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l admission-policy -d 'Also render a policy: the class only here, and here only pods that yield'
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l network-policy -d 'Also render a policy: in to the port that it serves, out to DNS and a pool'
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l diff -d 'Show what applying would change, by a dry run of the server; exit with 1 if it would'
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l apis -d 'APIs to serve: custom, external, both with a comma, or none' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l listen -d 'Where to serve the APIs, with TLS [default: every address, port 10250]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l listen-http -d 'Where to serve the page and /metrics [default: every address, port 8080]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l tls-cert-file -d 'Serving certificate, in PEM; read again when it changes' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l tls-private-key-file -d 'Its private key' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l self-signed -d 'Make a certificate for these names and keep it in memory' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l max-staleness -d 'Refuse metrics when the cluster was not heard for so long' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l on-stale -d 'What to answer then: hold (503, replicas stay) or zero (replicas go)' -r -f -a "hold\t'503'
zero\t'0'"
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l workload-kind -d 'Also serve workloads of this kind, KIND.GROUP with a /scale subresource; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l log-format -d 'How to log: text or json' -r -f -a "text\t'For people'
json\t'One object a line'"
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l shutdown-delay -d 'How long to be unready before the ports close, on SIGTERM' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l as-group -d 'Group to impersonate; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l request-timeout -d 'Longest wait for one request: 5s, 2m, or 0 for no limit' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l legacy-metrics -d 'Also expose the ten gauges of the article of 2018'
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l node-metrics -d 'Also expose a series for each node'
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l series -d 'Replay one HPA on the metric values of this file: docs/series.md' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l scenario -d 'The cluster and its paid load: blog, burst, day, step or a file' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l from -d 'Take nodes and present paid load from saved lists, JSON or YAML of kubectl; or nodes and paid load over time from a history that top --record has written' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l workload -d 'With --from: whose pods are the filler\'s: [NAMESPACE/]KIND/NAME, or a label selector [default: oppscale.dev/opportunistic=true]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -s n -l namespace -d 'With --from: the namespace of --workload KIND/NAME' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l config -d 'A named configuration, several times for several: B to H, J to L, oppscale [default: B F G H oppscale]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l hpa -d 'Try the HorizontalPodAutoscalers of this manifest, and their corrections' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l metric -d 'With --hpa: whether its metric falls when the workload grows [default: includes-own; excludes-own for oppscale\'s metric]' -r -f -a "excludes-own\t'What others leave: the workload\'s own pods do not change it'
includes-own\t'What nobody occupies: the workload\'s own pods take from it'"
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l reserve-in-metric -d 'With --hpa: what its metric has already taken off: cores (30) or a share (15%)' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l kubernetes-version -d 'Whose HPA controller: 1.33 to 1.37 [default: 1.36]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l seed -d 'Chooses the phases that a cluster leaves to chance; equal seeds, equal runs' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l duration -d 'How long to simulate [default: the scenario\'s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l show -d 'Which configuration to look at closely [default: the first]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -s o -l output -d 'Output: table, json or csv' -r -f -a "table\t'A table, a chart and the verdict, for people'
json\t'Everything, in integers'
csv\t'The table, in integers'"
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l svg -d 'Also draw it into this file' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l corrected -d 'Print only the corrected manifest of the configuration that is looked at'
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -l speed -d 'Simulated seconds in a second on the screen' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -l seed -d 'Sets what a cluster leaves to chance; a seed gives the same run again' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -l plain -d 'Lines instead of a screen, as where there is no terminal'
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l pipeline -d 'How capacity gets to the HPA [default: native]' -r -f -a "native\t'The metrics server answers the API itself'
prometheus\t'Prometheus and prometheus-adapter'
keda\t'KEDA'"
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l image -d 'The metrics server\'s image' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -s n -l namespace -d 'Namespace of the metrics server [default: oppscale]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l reserve -d 'What must stay free, for the workload that comes next: 30, 15% [default: 15%]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l apis -d 'APIs to serve: custom, external, or both with a comma' -r -f -a "custom\t'custom.metrics.k8s.io'
external\t'external.metrics.k8s.io'"
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l service -d 'Name of Service, Deployment and ServiceAccount' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l replicas -d 'How many pods' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l certificates -d 'Who makes certificates: oppscale or cert-manager' -r -f -a "oppscale\t'oppscale'
cert-manager\t'cert-manager'"
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l with -d 'Also: dashboard (Grafana), alerts (Prometheus operator); or, with --export DIR, Helm values: metrics-server, prometheus-stack' -r -f -a "metrics-server\t'metrics-server'
prometheus-stack\t'kube-prometheus-stack'
dashboard\t'A ConfigMap with the Grafana dashboard'
alerts\t'A PrometheusRule, and the ServiceMonitor that it needs'"
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l export -d 'Write the manifests to this folder, or - for stdout, and change nothing' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l dry-run -d 'Only show the plan: client asks no cluster, server tries it there' -r -f -a "client\t'Without a cluster'
server\t'Tried by the server'"
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l timeout -d 'How long to wait, in all' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l distribution -d 'The distribution, where it is not recognized: kubeadm, kind, minikube, k3s, rke2, eks, gke, aks, charmed, microk8s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l as-group -d 'Group to impersonate; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l request-timeout -d 'Longest wait for one request: 5s, 2m, or 0 for no limit' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l export-secrets -d 'Export private keys too'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l kustomize -d 'Export a kustomization.yaml too'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l chart -d 'Export a Helm chart with the same objects instead'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l force-conflicts -d 'Take over fields and objects that others own; an API is never taken over'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l grant-cluster-admin -d 'Make yourself cluster-admin meanwhile, and take it back at the end'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -s y -l yes -d 'Do not ask'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l no-wait -d 'Do not wait until it works; the API is not handed over then'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -s o -l output -d 'How to show it: table, short (only what is wrong) or json' -r -f -a "table\t'All, for people'
short\t'What is wrong, for people'
json\t'For programs'"
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l timeout -d 'How long, in all' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l only -d 'Check only these categories, separated by commas: connection, rights, aggregation, metrics-server, prometheus, owners, certificates, server, capacity, autoscaling, node-autoscaler, leftovers' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -s f -l filename -d 'Also check the manifests of this file or folder; - is standard input' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l distribution -d 'The distribution, where it is not recognized: kubeadm, kind, minikube, k3s, rke2, eks, gke, aks, charmed, microk8s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -s n -l namespace -d 'Namespace of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l service -d 'Service in front of it' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l secret -d 'Secret that holds its certificates' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l as-group -d 'Group to impersonate; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l request-timeout -d 'Longest wait for one request: 5s, 2m, or 0 for no limit' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l wait -d 'Look again until nothing is wrong'
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -f -a "generate" -d 'Make a CA and a serving certificate: to files, to a Secret, or both'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -f -a "status" -d 'Show certificates as the API server\'s aggregator judges them'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -f -a "renew" -d 'Replace certificates before they end, without a failed request'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l dir -d 'Folder for ca.crt, tls.crt and tls.key' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -s n -l namespace -d 'Namespace of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l service -d 'Service in front of it; the certificate is for SERVICE.NAMESPACE.svc' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l secret -d 'Secret that holds its certificates' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l cluster-domain -d 'The cluster\'s domain, for the long name' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l days -d 'How many days the serving certificate lives' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l ca-days -d 'How many days a new CA lives' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l ca-cert -d 'Sign with this CA instead of a new one' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l ca-key -d 'Key of that CA' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l as-group -d 'Group to impersonate; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l request-timeout -d 'Longest wait for one request: 5s, 2m, or 0 for no limit' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l to-secret -d 'Write the Secret into the cluster'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l force -d 'Make new ones even if those that are there are good'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l keep-ca-key -d 'Keep the CA\'s key as ca.key in the folder'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l csr -d 'Make a key and a signing request for somebody else\'s CA'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l cert-manager -d 'Print an Issuer and a Certificate for cert-manager instead'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l force-conflicts -d 'Take over fields of the Secret that others own'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l dir -d 'Folder to look at, instead of the cluster\'s Secret' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -s n -l namespace -d 'Namespace of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l service -d 'Service in front of it; the certificate is for SERVICE.NAMESPACE.svc' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l secret -d 'Secret that holds its certificates' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -s o -l output -d 'How to show it' -r -f -a "table\t'For people'
json\t'For programs'"
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l as-group -d 'Group to impersonate; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l request-timeout -d 'Longest wait for one request: 5s, 2m, or 0 for no limit' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l dir -d 'Folder whose certificates to renew, instead of the cluster\'s' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -s n -l namespace -d 'Namespace of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l service -d 'Service in front of it; the certificate is for SERVICE.NAMESPACE.svc' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l secret -d 'Secret that holds its certificates' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l cluster-domain -d 'The cluster\'s domain, for the long name' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l days -d 'How many days the serving certificate lives' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l ca-days -d 'How many days a new CA lives' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l ca-cert -d 'Sign with this CA instead of a new one' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l ca-key -d 'Key of that CA' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l timeout -d 'How long pods may take to serve the new certificate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l as-group -d 'Group to impersonate; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l request-timeout -d 'Longest wait for one request: 5s, 2m, or 0 for no limit' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l new-ca -d 'Replace a CA that oppscale did not make by a new one'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l force -d 'Renew whatever is left of their life'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l force-conflicts -d 'Take over fields that others own'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "generate" -d 'Make a CA and a serving certificate: to files, to a Secret, or both'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show certificates as the API server\'s aggregator judges them'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "renew" -d 'Replace certificates before they end, without a failed request'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l serviceaccount -l sa -d 'ServiceAccount whose kubeconfig it is' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -s n -l namespace -d 'Its namespace' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l duration -d 'How long the token is to live; the server may cut it. At least 10m' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l audience -d 'For whom the token is; left out, for the API server. May be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l server -d 'Address of the API server, as it is reached from where the file is used' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l certificate-authority -d 'CA of the API server, PEM, instead of the one of your kubeconfig' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l name -d 'Name of cluster, user and context in the file' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l out -d 'Write this file, mode 0600, instead of stdout' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l merge -d 'Put it into a kubeconfig that is there; its current context stays' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l as-group -d 'Group to impersonate; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l request-timeout -d 'Longest wait for one request: 5s, 2m, or 0 for no limit' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l create -d 'Make the ServiceAccount if it is not there; it gets no rights'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l legacy-token -d 'A token that never ends, from a Secret, for what cannot renew one'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l force -d 'Replace a file, or entries of that name, which hold something else'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l revoke -d 'Revoke the tokens handed out before'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l dry-run -d 'Say what would be done; no token is made, for a dry run makes a real one'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand templates" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand templates" -l force -d 'Write over files that are there'
complete -c oppscale -n "__fish_oppscale_using_subcommand templates" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand templates" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand templates" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -s n -l namespace -d 'Namespace of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l service -d 'Name of Service, Deployment and ServiceAccount' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l as-group -d 'Group to impersonate; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l request-timeout -d 'Longest wait for one request: 5s, 2m, or 0 for no limit' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l keep-namespace -d 'Keep the namespace'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l delete-workloads -d 'Also delete the HPAs or ScaledObjects that render-hpa made, and the opportunistic workloads that they scale'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l dry-run -d 'Only show the plan'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -s y -l yes -d 'Do not ask'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -l listen -d 'Where to answer [default: every address, port 8080]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -l name -d 'What it calls itself; in a pod the pod\'s name' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -l log-format -d 'How to log: text or json' -r -f -a "text\t'For people'
json\t'One object a line'"
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -l shutdown-delay -d 'How long to be unready before the port closes, on SIGTERM' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l rate -d 'Requests a second; or a minute, as in 30/m' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l duration -d 'For how long' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l timeout -d 'The longest that one answer may take' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l method -d 'How to ask' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -s H -l header -d 'A header; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l body -d 'What to send with each request' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l most-under-way -d 'Requests that may be under way at once; one beyond them is a failure' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l certificate-authority -d 'Authorities to trust for https, PEM [default: the system\'s]' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l fail-above -d 'End with exit code 1 when more than this share failed or was answered with a status of 400 and above' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -s o -l output -d 'How to write the figures: text or json' -r -f -a "text\t'For people'
json\t'One object'"
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l job -d 'Instead, print the Job that does this in a cluster, with this image' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l name -d 'What the Job is called' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -s n -l namespace -d 'Where the Job runs' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l no-keep-alive -d 'Use a new connection for each request; behind a Service, one that is kept leads to one pod'
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand completion" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand completion" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand completion" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand completion" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "top" -d 'Show what is left of a cluster: per node, and in all'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "render-hpa" -d 'Render the manifests of opportunistic work, sized for a cluster'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "serve" -d 'Serve what remains to HPAs, Prometheus and people'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "simulate" -d 'Show what an HPA will do on a simulated cluster, and what it should be'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "demo" -d 'Watch the whole loop on a simulated cluster, without Kubernetes'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "init" -d 'Set a cluster up: shows its plan, asks once, and proves the result'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "check" -d 'Tell what is right and wrong in a cluster, with the fix for each'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "certs" -d 'Make, look at and renew the certificates of the metrics API'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "kubeconfig" -d 'Make a kubeconfig for a ServiceAccount, with a token that ends'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "templates" -d 'Write out the templates of render-hpa, to start your own from'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "uninstall" -d 'Take away what init brought, the API first'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "sample-app" -d 'Answer requests and count them: the article\'s paid application'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "load" -d 'Send requests at a constant rate, and tell what came of them'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "completion" -d 'Print a completion script for a shell'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check certs kubeconfig templates uninstall sample-app load completion help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "generate" -d 'Make a CA and a serving certificate: to files, to a Secret, or both'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "status" -d 'Show certificates as the API server\'s aggregator judges them'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "renew" -d 'Replace certificates before they end, without a failed request'
