# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_oppscale_global_optspecs
    string join \n color= theme= q/quiet v/verbose h/help V/version
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
complete -c oppscale -n "__fish_oppscale_needs_command" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_needs_command" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_needs_command" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_needs_command" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_needs_command" -s V -l version -d 'Print version'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "top" -d 'Show the remaining capacity of a cluster, per node and in total'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "render-hpa" -d 'Generate the manifests of a filler, sized for a cluster'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "serve" -d 'Serve the remaining capacity to HPAs, Prometheus and people'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "simulate" -d 'Show what an HPA will do, on a simulated cluster'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "demo" -d 'Watch the whole loop on a simulated cluster, without Kubernetes'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "init" -d 'Set a cluster up: show the plan, ask once, verify the result'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "check" -d 'Check a cluster, with a fix for each failure'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "why" -d 'Explain why an HPA has the count it has, and its next sync'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "certs" -d 'Create, show and renew the certificates of the metrics API'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "kubeconfig" -d 'Create a kubeconfig of a ServiceAccount, with an expiring token'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "templates" -d 'Write the templates of render-hpa to a folder, to start from'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "uninstall" -d 'Remove what init installed, the API first'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "sample-app" -d 'Answer requests and count them: the article\'s paid application'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "load" -d 'Send requests at a constant rate and report latency and failures'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "completion" -d 'Print a completion script for a shell'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l from -d 'Saved lists to read instead of a cluster: files of kubectl, a directory, or - for stdin' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l by -d 'Row per node, namespace, workload, pod, container, pool (the label is chosen for each node) or pool=LABEL' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l tree -d 'Tree of rows: node,pod or any order of resource, node, namespace, workload and pod' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l resource -l resources -d 'Resources to show, sorted by the first: cpu,memory,pods,nvidia.com/gpu' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l columns -d 'Columns, as [RESOURCE.]FIGURE[%]: name,requests,memory.limits%' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s L -l label-columns -d 'Also show the values of these labels, of nodes or pods' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l sort-by -d 'Sort by [RESOURCE.]KEY[%][:asc|:desc], where KEY is pod, name, type, node, owner, phase, priority, qos, state, nodes, capacity, allocatable, requests, others, opportunistic, limits, remaining, free, usage, fit, running, sharePercent, limitedBy, slots or pods' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l basis -d 'What counts as free CPU: requests, or usage: also what paid pods request and do not use now, from metrics.k8s.io (implies --usage) [default: requests]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l burn -d 'With --basis usage: cores that a replica uses [default: the CPU of --replica, or the annotation or CPU limit of --workload]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s l -l selector -d 'Only nodes with these labels' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l taint -d 'Only nodes with this taint, as KEY, KEY=VALUE or KEY=VALUE:EFFECT; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s n -l namespace -d 'Only pods of this namespace; also the namespace of --workload KIND/NAME' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l namespace-selector -d 'Only pods of namespaces with these labels' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l pod-selector -d 'Only pods with these labels' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l phase -d 'Only pods in these phases; those that have ended occupy nothing' -r -f -a "Pending\t''
Running\t''
Succeeded\t''
Failed\t''
Unknown\t''"
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l workload -d 'The filler: [NAMESPACE/]KIND/NAME, or a label selector of pods [default: oppscale.dev/opportunistic=true]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l replica -d 'Shape of a replica for SLOTS; repeat it to compare several [default: the workload\'s, or cpu=1]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l tolerate -d 'Taint that replicas tolerate besides, as KEY, KEY=VALUE or KEY=VALUE:EFFECT; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l reserve -d 'Reserve to keep free: cores (30), cpu=30,memory=64Gi or a share of both (15%)' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l target-utilization -d 'Reserve as a target utilization: 85% keeps 15% free' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s o -l output -d 'Output format: table, wide, json, yaml, csv or name' -r -f -a "table\t'For people, as wide as the terminal'
wide\t'With memory, what is free now, and why a node is not usable'
json\t'Integers: millicores, bytes, counts'
yaml\t'The same as YAML'
csv\t'The rows, integers'
name\t'Only names, as kubectl takes them'"
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l explain -d 'Explain how the requests of this pod are counted' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l fail-below -d 'Exit with 1 if less remains: cpu=10,memory=64Gi,replicas=5' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l without -d 'Without this node, or the nodes with these labels: would its paid pods find a place?' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l add -d 'With more nodes: 3xcpu=32,memory=128Gi[,label=KEY=VALUE][,taint=KEY:EFFECT]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l survive -d 'Would paid pods find a place after the loss of any 1 node, zone, pool or value of a LABEL?' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l price -d 'Price of an hour: cpu=0.031,memory=0.004,gpu=2 per core, GiB and device; with pool=NAME that of a pool; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l interval -d 'Minimum time between two lines of --watch or two frames of the screen: 500ms, 10s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l record -d 'Also write the capacity history to a file, which grows and may be cut off' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l replay -d 'Replay a recorded capacity history instead of reading a cluster' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l speed -d 'Replay speed as a factor: 1 to 86400 [default: 1, with --demo 60]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l watch-life -d 'Lifetime of a watch; a silent one is detected 5 s after it' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l server -d 'Address of the API server to use instead of the kubeconfig\'s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l certificate-authority -d 'File with the CA of the API server, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l tls-server-name -d 'Name in the certificate of the API server, if not its address' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l token -d 'Bearer token to use instead of the user\'s; other users of this machine see it in the list of processes' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l client-certificate -d 'File with a client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l client-key -d 'File with the key of the client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l as-group -d 'Group to impersonate; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l as-uid -d 'UID to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l request-timeout -d 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l limits -d 'Also show limits, and the capacity of nodes'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l percent -d 'Also show amounts in percent of allocatable'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l available -d 'Show what is free out of allocatable instead of the amounts in between'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l no-headers -d 'Leave the headings of a table or CSV out'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l no-taint -d 'Only nodes without taints'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s A -l all-namespaces -d 'Pods of all namespaces, which is the default'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l show-unusable -d 'Also show nodes that fillers cannot use, and why'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l usage -d 'Also show current usage, from metrics.k8s.io'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l once -d 'Print one table and exit, also on a terminal'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s w -l watch -d 'Print a line of JSON for every change until Ctrl-C, for scripts'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l demo -d 'Show a simulated cluster during a burst of paid work, without Kubernetes'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l insecure-skip-tls-verify -d 'Do not verify the certificate of the API server; insecure'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l workload -d 'Workload: miner, transcode, batch, cache, sample-app, or the file of your own Deployment' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l image -d 'Image to run; without --workload, any program' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l name -d 'Name of the Deployment [default: the workload\'s name, or filler]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -s n -l namespace -d 'Namespace [default: opportunistic; sample-app for that workload]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l pool -d 'With miner: URL of the pool' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l wallet -d 'With miner: wallet address; stored in a Secret' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l wallet-file -d 'With miner: file with the wallet address; - for stdin' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l worker -d 'With miner: worker name at the pool' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l config-as -d 'With miner: pass pool and worker by configmap or args' -r -f -a "configmap\t'A ConfigMap, which variables are read from'
args\t'Arguments'"
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l command -d 'Word of the command, instead of the image\'s; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l arg -d 'Argument, instead of the workload\'s own; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l env -d 'Environment variable; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l secret-env -d 'Environment variable stored in a Secret, or of a file, @- for stdin; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l label -d 'Label of Deployment and pods; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l annotation -d 'Annotation of Deployment and pods; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l port -d 'Port of the container; adds a Service' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l node-port -d 'Make the Service a NodePort Service with this port' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l run-as-user -d 'User ID of the container; never root' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l priority-class -d 'PriorityClass, which is rendered, too [default: NAMESPACE.NAME, of this filler only]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l grace -d 'Grace period in seconds; paid pods wait that long for room [default: 5]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l replica -d 'Shape of a replica: cpu=1,memory=1Gi, or auto, which wastes least of the nodes [default: auto, or the Deployment\'s own]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l reserve -d 'Reserve to keep free: cores (30), a share (15%), or auto, which the loop needs [default: auto, or the Deployment\'s annotation]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l target-utilization -d 'Reserve as a target utilization: 85% keeps 15% free' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l growth -d 'With --reserve auto: growth of paid requests in cores: 12/m, 0.2/s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l recording -d 'Growth as measured: the fastest minute of a history that top --record wrote, or of a scenario file' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l min -d 'minReplicas [default: 0 where the version or KEDA allows it, else 1]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l max -d 'maxReplicas [default: what fits at zero paid load, or the Deployment\'s annotation]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l basis -d 'What counts as free CPU: requests (what paid pods do not request) or usage (also what they request and leave idle) [default: requests, or the Deployment\'s annotation]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l burn -d 'With --basis usage: cores that a replica uses [default: the CPU of --replica, or the Deployment\'s annotation or CPU limit]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l quota -d 'Quota of all replicas together: cpu=100,memory=300Gi,pods=120' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l pipeline -d 'Path of the metric to the HPA: native (custom.metrics.k8s.io), external (external.metrics.k8s.io), keda or prometheus' -r -f -a "native\t'oppscale serves custom.metrics.k8s.io'
external\t'oppscale serves external.metrics.k8s.io'
keda\t'A ScaledObject on oppscale\'s /metrics'
prometheus\t'Rules for prometheus-adapter'"
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l autoscaler -d 'Node autoscaler: cluster-autoscaler, karpenter or none [default: detected]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l kubernetes-version -d 'Kubernetes version, 1.33 to 1.37 [default: the server\'s; 1.36 with --from]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l egress-port -d 'With --network-policy: additional egress port; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l metrics-url -d 'With keda: URL of oppscale\'s /metrics' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l adapter-namespace -d 'With prometheus: namespace of prometheus-adapter' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l monitor-label -d 'With sample-app: label by which your Prometheus selects ServiceMonitors' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -s o -l output -d 'Output format: yaml or json' -r -f -a "yaml\t'One YAML stream'
json\t'One List'"
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l output-dir -d 'Write a file per object and a kustomization.yaml to this folder' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l explain -d 'Explain each number: as comments in the YAML, or as a table on stderr' -r -f -a "comments\t'Above the objects'
table\t'On stderr'"
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l templates -d 'Folder with templates that replace the built-in ones; see oppscale templates' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l from -d 'Saved lists to read instead of a cluster: files of kubectl, a directory, or - for stdin' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l server -d 'Address of the API server to use instead of the kubeconfig\'s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l certificate-authority -d 'File with the CA of the API server, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l tls-server-name -d 'Name in the certificate of the API server, if not its address' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l token -d 'Bearer token to use instead of the user\'s; other users of this machine see it in the list of processes' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l client-certificate -d 'File with a client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l client-key -d 'File with the key of the client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l as-group -d 'Group to impersonate; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l as-uid -d 'UID to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l request-timeout -d 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l burn-limit -d 'With --basis usage: limit each replica to what it burns'
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l admission-policy -d 'Also render an admission policy: the PriorityClass is for this namespace only, and this namespace for such pods only'
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l network-policy -d 'Also render a network policy: ingress to the port, egress to DNS and the pool'
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l diff -d 'Show what applying would change, by a server-side dry run; exit with 1 on a change'
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -l insecure-skip-tls-verify -d 'Do not verify the certificate of the API server; insecure'
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand render-hpa" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l apis -d 'APIs to serve: custom, external, both with a comma, or none' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l listen -d 'Address of the APIs, with TLS [default: every address, port 10250]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l listen-http -d 'Address of the web page and /metrics [default: every address, port 8080]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l tls-cert-file -d 'Serving certificate in PEM; reloaded when it changes' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l tls-private-key-file -d 'Private key of the serving certificate' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l self-signed -d 'Generate a certificate for these names, in memory only' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l max-staleness -d 'Age from which the cluster state is stale' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l on-stale -d 'Response when stale: hold (503, replicas stay) or zero (scale down)' -r -f -a "hold\t'503: the HPA leaves the replicas as they are'
zero\t'0: the HPA scales the workload down to its minReplicas'"
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l workload-kind -d 'Also serve workloads of this kind, KIND.GROUP with a /scale subresource; may be given several times' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l namespaces -d 'Serve only workloads of these namespaces, with or without the label oppscale.dev/opportunistic=true, which opens a namespace otherwise' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l log-format -d 'Log format: text or json' -r -f -a "text\t'For people'
json\t'One object a line'"
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l shutdown-delay -d 'On SIGTERM, time to be unready before the ports close' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l server -d 'Address of the API server to use instead of the kubeconfig\'s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l certificate-authority -d 'File with the CA of the API server, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l tls-server-name -d 'Name in the certificate of the API server, if not its address' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l token -d 'Bearer token to use instead of the user\'s; other users of this machine see it in the list of processes' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l client-certificate -d 'File with a client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l client-key -d 'File with the key of the client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l as-group -d 'Group to impersonate; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l as-uid -d 'UID to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l request-timeout -d 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l legacy-metrics -d 'Also expose the ten gauges of the 2018 article'
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l node-metrics -d 'Also expose a series per node'
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -l insecure-skip-tls-verify -d 'Do not verify the certificate of the API server; insecure'
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l series -d 'File of metric values to replay one HPA on, see docs/series.md; or what --record wrote, with --hpa for another HPA on it' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l record -d 'With --live: new file that keeps what was read, for --series' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l sync-period -d 'With --live: sync period of the controller [default: 15s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l scenario -d 'Cluster and paid load: blog, burst, day, step or a file [default: blog]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l from -d 'Saved lists with nodes and paid load (files of kubectl or a directory); or a capacity history that top --record wrote' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l workload -d 'With --from: filler whose pods do not count: [NAMESPACE/]KIND/NAME, or a label selector [default: oppscale.dev/opportunistic=true]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -s n -l namespace -d 'Namespace of --workload KIND/NAME, or with --live of the HPA' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l config -d 'Named configuration, repeatable: naive, eager, preempted, damped, saturated, settles, settles-fast, settles-preempted, watched, watched-preempted, oppscale [default: naive saturated settles settles-fast oppscale]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l hpa -d 'Manifest with HorizontalPodAutoscalers to try, each also as corrected; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l metric -d 'With --hpa: what its External or Object metric measures: load, queue or per-pod (load shared by the pods); or idle capacity that includes-own pods use up, or excludes-own' -r -f -a "excludes-own\t'Capacity that paid pods leave: filler pods do not change it'
includes-own\t'Free capacity: filler pods use it up'
load\t'The whole load, which the replicas do not change'
queue\t'Work that waits until the pods have done it'
per-pod\t'The load of each pod, which falls as pods are added'"
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l reserve-in-metric -d 'With --hpa: reserve that the metric already excludes: cores (30) or a share (15%)' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l basis -d 'What counts as free CPU: requests, or usage: paid pods use a part of what they request, and the filler burns what is left, by weight [default: the scenario\'s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l burn -d 'With --basis usage: cores that a replica burns [default: the CPU of its size]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l paid-usage -d 'With --basis usage: part of their requests that paid pods use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l load -d 'With --hpa: load that the pods serve: step, ramp, day, spike, noise or constant, as in step:5..40; or a file (CSV, query_range\'s JSON, promtool) [default: step]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l prometheus -d 'With --hpa: Prometheus to read the load from; needs --query' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l query -d 'With --prometheus: PromQL expression of the load, one series, such as a sum of rates' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l since -d 'With --prometheus: how far back the load is read' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l pod-capacity -d 'With --hpa: load that one pod can serve at most [default: its cpu limit, or 1.5 times its target]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l ready-after -d 'With --hpa: time until a new pod is ready [default: 10s, and its probes\' delay]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l warm-up -d 'With --hpa: time until a ready pod is warm; until then it does half [default: 0s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l sweep -d 'With --hpa: values of a field to try, repeatable: target=50%..80%:5, scaleDown.stabilizationWindowSeconds=0,60,300' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l kubernetes-version -d 'Kubernetes version of the HPA controller, 1.33 to 1.37 [default: 1.36]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l seed -d 'Random seed; equal seeds give equal runs' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l duration -d 'Simulated duration [default: the scenario\'s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l show -d 'Configuration to show in detail [default: the first]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -s o -l output -d 'Output format: table, json or csv' -r -f -a "table\t'A table, a chart and the verdict, for people'
json\t'Everything, in integers'
csv\t'The table, in integers'"
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l svg -d 'Also write the chart to this SVG file' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l server -d 'Address of the API server to use instead of the kubeconfig\'s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l certificate-authority -d 'File with the CA of the API server, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l tls-server-name -d 'Name in the certificate of the API server, if not its address' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l token -d 'Bearer token to use instead of the user\'s; other users of this machine see it in the list of processes' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l client-certificate -d 'File with a client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l client-key -d 'File with the key of the client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l as-group -d 'Group to impersonate; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l as-uid -d 'UID to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l request-timeout -d 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l live -d 'With --hpa: run it beside the cluster\'s HPA, on the cluster\'s metrics, until Ctrl-C or --duration; writes nothing'
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l corrected -d 'Print only the corrected manifest of the configuration shown in detail'
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l insecure-skip-tls-verify -d 'Do not verify the certificate of the API server; insecure'
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -l speed -d 'Simulated seconds per second' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -l seed -d 'Random seed; equal seeds give equal runs' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -l plain -d 'Print lines instead of a live screen, as without a terminal'
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand demo" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l pipeline -d 'Path of the metric to the HPA [default: native]' -r -f -a "native\t'The metrics server answers the API itself'
prometheus\t'Prometheus scrapes it, prometheus-adapter answers'
keda\t'KEDA reads its /metrics'"
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l image -d 'Image of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -s n -l namespace -d 'Namespace of the metrics server [default: oppscale]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l reserve -d 'Reserve of the filler to render next: cores (30) or a share (15%) [default: 15%]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l apis -d 'APIs to serve, separated by commas: custom, external [default: custom]' -r -f -a "custom\t'custom.metrics.k8s.io'
external\t'external.metrics.k8s.io'"
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l service -d 'Name of Service, Deployment and ServiceAccount' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l replicas -d 'Number of pods of the metrics server [default: 2]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l certificates -d 'Issuer of the certificates: oppscale or cert-manager [default: oppscale]' -r -f -a "oppscale\t'oppscale'
cert-manager\t'cert-manager'"
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l network-policy -d 'NetworkPolicy that opens only the server\'s two ports: on or off [default: on]' -r -f -a "on\t'Wanted'
off\t'Not wanted'"
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l http-from -d 'Namespace whose pods may connect to port 8080 (page, /metrics); repeatable [default: every client]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l priority-class -d 'PriorityClass of the pods, empty for none; created if it has a value [default: system-cluster-critical; on GKE oppscale=1000000000]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l image-pull-secret -d 'Secret with credentials for the image\'s registry; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l node-selector -d 'Label that nodes must have; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l toleration -d 'Taint that the pods tolerate; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l requests -d 'Requests of the pods [default: cpu=50m,memory=64Mi]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l limits -d 'Limits of the pods [default: memory=512Mi]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l workload-kind -d 'Also serve workloads of this kind, RESOURCE.GROUP with a /scale subresource; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l extra-arg -d 'Further argument of oppscale serve; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l with -d 'Also: dashboard (Grafana), alerts (Prometheus operator); or, with --export DIR, Helm values: metrics-server, prometheus-stack' -r -f -a "metrics-server\t'metrics-server'
prometheus-stack\t'kube-prometheus-stack'
dashboard\t'A ConfigMap with the Grafana dashboard'
alerts\t'A PrometheusRule, and the ServiceMonitor that it needs'"
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l export -d 'Write the manifests to this folder, or to stdout with -, and change nothing' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l dry-run -d 'Only show the plan: client without a cluster, server by a dry run there' -r -f -a "client\t'Without a cluster'
server\t'By a dry run of the server'"
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l timeout -d 'Longest wait in total' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l distribution -d 'Distribution, if it is not recognized: kubeadm, kind, minikube, k3s, rke2, eks, gke, aks, charmed, microk8s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l server -d 'Address of the API server to use instead of the kubeconfig\'s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l certificate-authority -d 'File with the CA of the API server, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l tls-server-name -d 'Name in the certificate of the API server, if not its address' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l token -d 'Bearer token to use instead of the user\'s; other users of this machine see it in the list of processes' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l client-certificate -d 'File with a client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l client-key -d 'File with the key of the client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l as-group -d 'Group to impersonate; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l as-uid -d 'UID to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l request-timeout -d 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l export-secrets -d 'Also export private keys'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l kustomize -d 'Also export a kustomization.yaml'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l chart -d 'Export the same objects as a Helm chart'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l force-conflicts -d 'Take over fields and objects that others own; APIs are never taken over'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l grant-cluster-admin -d 'Grant yourself the missing permissions, or cluster-admin, until the end of this run'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -s y -l yes -d 'Do not ask for confirmation'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l no-wait -d 'Do not wait for pods to be ready; the API is then not registered'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -l insecure-skip-tls-verify -d 'Do not verify the certificate of the API server; insecure'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -s o -l output -d 'Output format: table, short or json' -r -f -a "table\t'All findings, for people'
short\t'Failures and warnings, for people'
json\t'All findings, for programs'"
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l timeout -d 'Time limit for --wait' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l only -d 'Check only these categories or IDs, separated by commas: connection, rights, aggregation, metrics-server, prometheus, owners, certificates, server, capacity, autoscaling, node-autoscaler, leftovers' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -s f -l filename -d 'Also check the manifests in this file or folder; - is stdin' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l distribution -d 'Distribution, if it is not recognized: kubeadm, kind, minikube, k3s, rke2, eks, gke, aks, charmed, microk8s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -s n -l namespace -d 'Namespace of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l service -d 'Service in front of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l secret -d 'Secret with the serving certificate of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l server -d 'Address of the API server to use instead of the kubeconfig\'s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l certificate-authority -d 'File with the CA of the API server, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l tls-server-name -d 'Name in the certificate of the API server, if not its address' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l token -d 'Bearer token to use instead of the user\'s; other users of this machine see it in the list of processes' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l client-certificate -d 'File with a client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l client-key -d 'File with the key of the client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l as-group -d 'Group to impersonate; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l as-uid -d 'UID to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l request-timeout -d 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l wait -d 'Check again until no check fails'
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -l insecure-skip-tls-verify -d 'Do not verify the certificate of the API server; insecure'
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand check" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l server -d 'Address of the API server to use instead of the kubeconfig\'s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l certificate-authority -d 'File with the CA of the API server, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l tls-server-name -d 'Name in the certificate of the API server, if not its address' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l token -d 'Bearer token to use instead of the user\'s; other users of this machine see it in the list of processes' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l client-certificate -d 'File with a client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l client-key -d 'File with the key of the client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l as-group -d 'Group to impersonate; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l as-uid -d 'UID to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l request-timeout -d 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -l insecure-skip-tls-verify -d 'Do not verify the certificate of the API server; insecure'
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand why" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -f -a "generate" -d 'Create a CA and a serving certificate in files, in a Secret, or both'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -f -a "status" -d 'Show whether the API server\'s aggregator would accept the certificates'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -f -a "renew" -d 'Replace certificates before they expire, without a failed request'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and not __fish_seen_subcommand_from generate status renew help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l dir -d 'Folder for ca.crt, tls.crt and tls.key' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -s n -l namespace -d 'Namespace of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l service -d 'Service in front of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l secret -d 'Secret with the serving certificate of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l cluster-domain -d 'DNS domain of the cluster, for the fully qualified name' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l days -d 'Lifetime of the serving certificate, in days' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l ca-days -d 'Lifetime of a new CA, in days' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l ca-cert -d 'Sign with this CA instead of a new one' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l ca-key -d 'Key of that CA' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l server -d 'Address of the API server to use instead of the kubeconfig\'s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l certificate-authority -d 'File with the CA of the API server, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l tls-server-name -d 'Name in the certificate of the API server, if not its address' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l token -d 'Bearer token to use instead of the user\'s; other users of this machine see it in the list of processes' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l client-certificate -d 'File with a client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l client-key -d 'File with the key of the client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l as-group -d 'Group to impersonate; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l as-uid -d 'UID to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l request-timeout -d 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l to-secret -d 'Write the Secret to the cluster'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l force -d 'Replace certificates that are still good'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l keep-ca-key -d 'Keep the CA\'s key as ca.key in the folder'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l csr -d 'Create a key and a signing request for another CA'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l cert-manager -d 'Print an Issuer and a Certificate for cert-manager instead'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l force-conflicts -d 'Take over fields of the Secret that other field managers own'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -l insecure-skip-tls-verify -d 'Do not verify the certificate of the API server; insecure'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from generate" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l dir -d 'Folder with certificates, instead of the cluster\'s Secret' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -s n -l namespace -d 'Namespace of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l service -d 'Service in front of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l secret -d 'Secret with the serving certificate of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -s o -l output -d 'Output format: table or json' -r -f -a "table\t'For people'
json\t'For programs'"
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l server -d 'Address of the API server to use instead of the kubeconfig\'s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l certificate-authority -d 'File with the CA of the API server, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l tls-server-name -d 'Name in the certificate of the API server, if not its address' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l token -d 'Bearer token to use instead of the user\'s; other users of this machine see it in the list of processes' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l client-certificate -d 'File with a client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l client-key -d 'File with the key of the client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l as-group -d 'Group to impersonate; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l as-uid -d 'UID to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l request-timeout -d 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -l insecure-skip-tls-verify -d 'Do not verify the certificate of the API server; insecure'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l dir -d 'Folder whose certificates to renew, instead of the cluster\'s' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -s n -l namespace -d 'Namespace of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l service -d 'Service in front of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l secret -d 'Secret with the serving certificate of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l cluster-domain -d 'DNS domain of the cluster, for the fully qualified name' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l days -d 'Lifetime of the serving certificate, in days' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l ca-days -d 'Lifetime of a new CA, in days' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l ca-cert -d 'Sign with this CA instead of a new one' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l ca-key -d 'Key of that CA' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l timeout -d 'Longest wait for pods to serve the new certificate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l server -d 'Address of the API server to use instead of the kubeconfig\'s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l certificate-authority -d 'File with the CA of the API server, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l tls-server-name -d 'Name in the certificate of the API server, if not its address' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l token -d 'Bearer token to use instead of the user\'s; other users of this machine see it in the list of processes' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l client-certificate -d 'File with a client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l client-key -d 'File with the key of the client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l as-group -d 'Group to impersonate; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l as-uid -d 'UID to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l request-timeout -d 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l new-ca -d 'Replace a CA that oppscale did not create'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l force -d 'Renew certificates that are still good'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l force-conflicts -d 'Take over fields that other field managers own'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -l insecure-skip-tls-verify -d 'Do not verify the certificate of the API server; insecure'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from renew" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "generate" -d 'Create a CA and a serving certificate in files, in a Secret, or both'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show whether the API server\'s aggregator would accept the certificates'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "renew" -d 'Replace certificates before they expire, without a failed request'
complete -c oppscale -n "__fish_oppscale_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l serviceaccount -l sa -d 'Name of the ServiceAccount' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -s n -l namespace -d 'Namespace of the ServiceAccount' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l duration -d 'Lifetime of the token, at least 10m; the server may shorten it' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l audience -d 'Audience of the token; repeatable [default: the API server]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l server -d 'Address of the API server as seen by the user of the file' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l certificate-authority -d 'CA of the API server in PEM, instead of your kubeconfig\'s' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l name -d 'Name of the cluster, user and context entries' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l out -d 'Write this file with mode 0600, instead of stdout' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l merge -d 'Merge into an existing kubeconfig; its current context stays' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l token -d 'Bearer token to use instead of the user\'s; other users of this machine see it in the list of processes' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l client-certificate -d 'File with a client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l client-key -d 'File with the key of the client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l as-group -d 'Group to impersonate; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l as-uid -d 'UID to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l request-timeout -d 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l create -d 'Create the ServiceAccount if it does not exist; it gets no permissions'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l legacy-token -d 'Use a Secret token, which never expires, for clients that cannot renew one'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l force -d 'Replace a file or entries that hold something else'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l revoke -d 'Revoke the tokens issued before'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -l dry-run -d 'Only show the plan; no token is requested'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand kubeconfig" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand templates" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand templates" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand templates" -l force -d 'Overwrite existing files'
complete -c oppscale -n "__fish_oppscale_using_subcommand templates" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand templates" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand templates" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -s n -l namespace -d 'Namespace of the metrics server' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l service -d 'Name of Service, Deployment and ServiceAccount' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l server -d 'Address of the API server to use instead of the kubeconfig\'s' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l certificate-authority -d 'File with the CA of the API server, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l tls-server-name -d 'Name in the certificate of the API server, if not its address' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l kubeconfig -d 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l context -d 'Context of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l cluster -d 'Cluster of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l user -d 'User of the kubeconfig to use' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l token -d 'Bearer token to use instead of the user\'s; other users of this machine see it in the list of processes' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l client-certificate -d 'File with a client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l client-key -d 'File with the key of the client certificate, in PEM' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l as -d 'User to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l as-group -d 'Group to impersonate; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l as-uid -d 'UID to impersonate' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l request-timeout -d 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l keep-namespace -d 'Keep the namespace'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l delete-workloads -d 'Also delete the HPAs and ScaledObjects that render-hpa created, and the opportunistic workloads that they scale'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l dry-run -d 'Only show the plan'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -s y -l yes -d 'Do not ask for confirmation'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -l insecure-skip-tls-verify -d 'Do not verify the certificate of the API server; insecure'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand uninstall" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -l listen -d 'Address to listen on [default: every address, port 8080]' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -l name -d 'Name in responses; in a pod the pod\'s name' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -l log-format -d 'Log format: text or json' -r -f -a "text\t'For people'
json\t'One object a line'"
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -l shutdown-delay -d 'On SIGTERM, time to be unready before the port closes' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand sample-app" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l rate -d 'Request rate per second, or per minute as in 30/m' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l duration -d 'Test duration' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l timeout -d 'Longest wait for one response' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l method -d 'HTTP method' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -s H -l header -d 'Request header; repeatable' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l body -d 'Request body' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l most-under-way -d 'Maximum number of concurrent requests; a request beyond it fails' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l certificate-authority -d 'CA certificates to trust for https, in PEM [default: the system\'s]' -r -F
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l fail-above -d 'Exit with 1 if more than this share of requests failed or got a status of 400 or above' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -s o -l output -d 'Output format: text or json' -r -f -a "text\t'For people'
json\t'One object'"
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l job -d 'Print a Job that runs this load in a cluster with this image, and send nothing' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l name -d 'Name of the Job' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -s n -l namespace -d 'Namespace of the Job' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -l no-keep-alive -d 'Open a new connection for each request; behind a Service, a kept connection always leads to the same pod'
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand load" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand completion" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand completion" -l theme -d 'Colours: auto (readable on any background), dark, light, or ansi (the terminal\'s own 16)' -r -f -a "auto\t'Colours that can be told apart on any background'
dark\t'Brighter colours for a dark background'
light\t'Darker colours for a light background'
ansi\t'The 16 colours that the terminal itself is set to'"
complete -c oppscale -n "__fish_oppscale_using_subcommand completion" -s q -l quiet -d 'Print less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand completion" -s v -l verbose -d 'Print more on stderr; repeat for even more'
complete -c oppscale -n "__fish_oppscale_using_subcommand completion" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "top" -d 'Show the remaining capacity of a cluster, per node and in total'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "render-hpa" -d 'Generate the manifests of a filler, sized for a cluster'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "serve" -d 'Serve the remaining capacity to HPAs, Prometheus and people'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "simulate" -d 'Show what an HPA will do, on a simulated cluster'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "demo" -d 'Watch the whole loop on a simulated cluster, without Kubernetes'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "init" -d 'Set a cluster up: show the plan, ask once, verify the result'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "check" -d 'Check a cluster, with a fix for each failure'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "why" -d 'Explain why an HPA has the count it has, and its next sync'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "certs" -d 'Create, show and renew the certificates of the metrics API'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "kubeconfig" -d 'Create a kubeconfig of a ServiceAccount, with an expiring token'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "templates" -d 'Write the templates of render-hpa to a folder, to start from'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "uninstall" -d 'Remove what init installed, the API first'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "sample-app" -d 'Answer requests and count them: the article\'s paid application'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "load" -d 'Send requests at a constant rate and report latency and failures'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "completion" -d 'Print a completion script for a shell'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top render-hpa serve simulate demo init check why certs kubeconfig templates uninstall sample-app load completion help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "generate" -d 'Create a CA and a serving certificate in files, in a Secret, or both'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "status" -d 'Show whether the API server\'s aggregator would accept the certificates'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "renew" -d 'Replace certificates before they expire, without a failed request'
