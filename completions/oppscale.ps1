
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'oppscale' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'oppscale'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'oppscale' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('top', 'top', [CompletionResultType]::ParameterValue, 'Show the remaining capacity of a cluster, per node and in total')
            [CompletionResult]::new('render-hpa', 'render-hpa', [CompletionResultType]::ParameterValue, 'Generate the manifests of a filler, sized for a cluster')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Serve the remaining capacity to HPAs, Prometheus and people')
            [CompletionResult]::new('simulate', 'simulate', [CompletionResultType]::ParameterValue, 'Show what an HPA will do, on a simulated cluster')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Watch the whole loop on a simulated cluster, without Kubernetes')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Set a cluster up: show the plan, ask once, verify the result')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check a cluster, with a fix for each failure')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Explain why an HPA has the count it has, and its next sync')
            [CompletionResult]::new('certs', 'certs', [CompletionResultType]::ParameterValue, 'Create, show and renew the certificates of the metrics API')
            [CompletionResult]::new('kubeconfig', 'kubeconfig', [CompletionResultType]::ParameterValue, 'Create a kubeconfig of a ServiceAccount, with an expiring token')
            [CompletionResult]::new('templates', 'templates', [CompletionResultType]::ParameterValue, 'Write the templates of render-hpa to a folder, to start from')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Remove what init installed, the API first')
            [CompletionResult]::new('sample-app', 'sample-app', [CompletionResultType]::ParameterValue, 'Answer requests and count them: the article''s paid application')
            [CompletionResult]::new('load', 'load', [CompletionResultType]::ParameterValue, 'Send requests at a constant rate and report latency and failures')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'oppscale;top' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Saved lists to read instead of a cluster: files of kubectl, a directory, or - for stdin')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Row per node, namespace, workload, pod, container, pool (the label is chosen for each node) or pool=LABEL')
            [CompletionResult]::new('--tree', '--tree', [CompletionResultType]::ParameterName, 'Tree of rows: node,pod or any order of resource, node, namespace, workload and pod')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'Resources to show, sorted by the first: cpu,memory,pods,nvidia.com/gpu')
            [CompletionResult]::new('--resources', '--resources', [CompletionResultType]::ParameterName, 'Resources to show, sorted by the first: cpu,memory,pods,nvidia.com/gpu')
            [CompletionResult]::new('--columns', '--columns', [CompletionResultType]::ParameterName, 'Columns, as [RESOURCE.]FIGURE[%]: name,requests,memory.limits%')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Also show the values of these labels, of nodes or pods')
            [CompletionResult]::new('--label-columns', '--label-columns', [CompletionResultType]::ParameterName, 'Also show the values of these labels, of nodes or pods')
            [CompletionResult]::new('--sort-by', '--sort-by', [CompletionResultType]::ParameterName, 'Sort by [RESOURCE.]KEY[%][:asc|:desc], where KEY is pod, name, type, node, owner, phase, priority, qos, state, nodes, capacity, allocatable, requests, others, opportunistic, limits, remaining, free, usage, slots or pods')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Only nodes with these labels')
            [CompletionResult]::new('--selector', '--selector', [CompletionResultType]::ParameterName, 'Only nodes with these labels')
            [CompletionResult]::new('--taint', '--taint', [CompletionResultType]::ParameterName, 'Only nodes with this taint, as KEY, KEY=VALUE or KEY=VALUE:EFFECT; repeatable')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Only pods of this namespace; also the namespace of --workload KIND/NAME')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Only pods of this namespace; also the namespace of --workload KIND/NAME')
            [CompletionResult]::new('--namespace-selector', '--namespace-selector', [CompletionResultType]::ParameterName, 'Only pods of namespaces with these labels')
            [CompletionResult]::new('--pod-selector', '--pod-selector', [CompletionResultType]::ParameterName, 'Only pods with these labels')
            [CompletionResult]::new('--phase', '--phase', [CompletionResultType]::ParameterName, 'Only pods in these phases; those that have ended occupy nothing')
            [CompletionResult]::new('--workload', '--workload', [CompletionResultType]::ParameterName, 'The filler: [NAMESPACE/]KIND/NAME, or a label selector of pods [default: oppscale.dev/opportunistic=true]')
            [CompletionResult]::new('--replica', '--replica', [CompletionResultType]::ParameterName, 'Shape of a replica for SLOTS; repeat it to compare several [default: the workload''s, or cpu=1]')
            [CompletionResult]::new('--tolerate', '--tolerate', [CompletionResultType]::ParameterName, 'Taint that replicas tolerate besides, as KEY, KEY=VALUE or KEY=VALUE:EFFECT; repeatable')
            [CompletionResult]::new('--reserve', '--reserve', [CompletionResultType]::ParameterName, 'Reserve to keep free: cores (30), cpu=30,memory=64Gi or a share of both (15%)')
            [CompletionResult]::new('--target-utilization', '--target-utilization', [CompletionResultType]::ParameterName, 'Reserve as a target utilization: 85% keeps 15% free')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format: table, wide, json, yaml, csv or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: table, wide, json, yaml, csv or name')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain how the requests of this pod are counted')
            [CompletionResult]::new('--fail-below', '--fail-below', [CompletionResultType]::ParameterName, 'Exit with 1 if less remains: cpu=10,memory=64Gi,replicas=5')
            [CompletionResult]::new('--without', '--without', [CompletionResultType]::ParameterName, 'Without this node, or the nodes with these labels: would its paid pods find a place?')
            [CompletionResult]::new('--add', '--add', [CompletionResultType]::ParameterName, 'With more nodes: 3xcpu=32,memory=128Gi[,label=KEY=VALUE][,taint=KEY:EFFECT]')
            [CompletionResult]::new('--survive', '--survive', [CompletionResultType]::ParameterName, 'Would paid pods find a place after the loss of any 1 node, zone, pool or value of a LABEL?')
            [CompletionResult]::new('--price', '--price', [CompletionResultType]::ParameterName, 'Price of an hour: cpu=0.031,memory=0.004,gpu=2 per core, GiB and device; with pool=NAME that of a pool; repeatable')
            [CompletionResult]::new('--interval', '--interval', [CompletionResultType]::ParameterName, 'Minimum time between two lines of --watch or two frames of the screen: 500ms, 10s')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Also write the capacity history to a file, which grows and may be cut off')
            [CompletionResult]::new('--replay', '--replay', [CompletionResultType]::ParameterName, 'Replay a recorded capacity history instead of reading a cluster')
            [CompletionResult]::new('--speed', '--speed', [CompletionResultType]::ParameterName, 'Replay speed as a factor: 1 to 86400')
            [CompletionResult]::new('--watch-life', '--watch-life', [CompletionResultType]::ParameterName, 'Lifetime of a watch; a silent one is detected 5 s after it')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Address of the API server to use instead of the kubeconfig''s')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'File with the CA of the API server, in PEM')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name in the certificate of the API server, if not its address')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token to use instead of the user''s; other users of this machine see it in the list of processes')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'File with a client certificate, in PEM')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'File with the key of the client certificate, in PEM')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; repeatable')
            [CompletionResult]::new('--as-uid', '--as-uid', [CompletionResultType]::ParameterName, 'UID to impersonate')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--limits', '--limits', [CompletionResultType]::ParameterName, 'Also show limits, and the capacity of nodes')
            [CompletionResult]::new('--percent', '--percent', [CompletionResultType]::ParameterName, 'Also show amounts in percent of allocatable')
            [CompletionResult]::new('--available', '--available', [CompletionResultType]::ParameterName, 'Show what is free out of allocatable instead of the amounts in between')
            [CompletionResult]::new('--no-headers', '--no-headers', [CompletionResultType]::ParameterName, 'Leave the headings of a table or CSV out')
            [CompletionResult]::new('--no-taint', '--no-taint', [CompletionResultType]::ParameterName, 'Only nodes without taints')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Pods of all namespaces, which is the default')
            [CompletionResult]::new('--all-namespaces', '--all-namespaces', [CompletionResultType]::ParameterName, 'Pods of all namespaces, which is the default')
            [CompletionResult]::new('--show-unusable', '--show-unusable', [CompletionResultType]::ParameterName, 'Also show nodes that fillers cannot use, and why')
            [CompletionResult]::new('--usage', '--usage', [CompletionResultType]::ParameterName, 'Also show current usage, from metrics.k8s.io')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Print one table and exit, also on a terminal')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Print a line of JSON for every change until Ctrl-C, for scripts')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Print a line of JSON for every change until Ctrl-C, for scripts')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the certificate of the API server; insecure')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;render-hpa' {
            [CompletionResult]::new('--workload', '--workload', [CompletionResultType]::ParameterName, 'Workload: miner, transcode, batch, cache, sample-app, or the file of your own Deployment')
            [CompletionResult]::new('--image', '--image', [CompletionResultType]::ParameterName, 'Image to run; without --workload, any program')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name of the Deployment [default: the workload''s name, or filler]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace [default: opportunistic; sample-app for that workload]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace [default: opportunistic; sample-app for that workload]')
            [CompletionResult]::new('--pool', '--pool', [CompletionResultType]::ParameterName, 'With miner: URL of the pool')
            [CompletionResult]::new('--wallet', '--wallet', [CompletionResultType]::ParameterName, 'With miner: wallet address; stored in a Secret')
            [CompletionResult]::new('--wallet-file', '--wallet-file', [CompletionResultType]::ParameterName, 'With miner: file with the wallet address; - for stdin')
            [CompletionResult]::new('--worker', '--worker', [CompletionResultType]::ParameterName, 'With miner: worker name at the pool')
            [CompletionResult]::new('--config-as', '--config-as', [CompletionResultType]::ParameterName, 'With miner: pass pool and worker by configmap or args')
            [CompletionResult]::new('--command', '--command', [CompletionResultType]::ParameterName, 'Word of the command, instead of the image''s; repeatable')
            [CompletionResult]::new('--arg', '--arg', [CompletionResultType]::ParameterName, 'Argument, instead of the workload''s own; repeatable')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Environment variable; repeatable')
            [CompletionResult]::new('--secret-env', '--secret-env', [CompletionResultType]::ParameterName, 'Environment variable stored in a Secret, or of a file, @- for stdin; repeatable')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Label of Deployment and pods; repeatable')
            [CompletionResult]::new('--annotation', '--annotation', [CompletionResultType]::ParameterName, 'Annotation of Deployment and pods; repeatable')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the container; adds a Service')
            [CompletionResult]::new('--node-port', '--node-port', [CompletionResultType]::ParameterName, 'Make the Service a NodePort Service with this port')
            [CompletionResult]::new('--run-as-user', '--run-as-user', [CompletionResultType]::ParameterName, 'User ID of the container; never root')
            [CompletionResult]::new('--priority-class', '--priority-class', [CompletionResultType]::ParameterName, 'PriorityClass, which is rendered, too [default: opportunistic]')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'Grace period in seconds; paid pods wait that long for room [default: 5]')
            [CompletionResult]::new('--replica', '--replica', [CompletionResultType]::ParameterName, 'Shape of a replica: cpu=1,memory=1Gi, or auto, which wastes least of the nodes [default: auto, or the Deployment''s own]')
            [CompletionResult]::new('--reserve', '--reserve', [CompletionResultType]::ParameterName, 'Reserve to keep free: cores (30), a share (15%), or auto, which the loop needs [default: auto, or the Deployment''s annotation]')
            [CompletionResult]::new('--target-utilization', '--target-utilization', [CompletionResultType]::ParameterName, 'Reserve as a target utilization: 85% keeps 15% free')
            [CompletionResult]::new('--growth', '--growth', [CompletionResultType]::ParameterName, 'With --reserve auto: growth of paid requests in cores: 12/m, 0.2/s')
            [CompletionResult]::new('--recording', '--recording', [CompletionResultType]::ParameterName, 'Growth as measured: the fastest minute of a history that top --record wrote, or of a scenario file')
            [CompletionResult]::new('--min', '--min', [CompletionResultType]::ParameterName, 'minReplicas [default: 0 where the version or KEDA allows it, else 1]')
            [CompletionResult]::new('--max', '--max', [CompletionResultType]::ParameterName, 'maxReplicas [default: what fits at zero paid load, or the Deployment''s annotation]')
            [CompletionResult]::new('--quota', '--quota', [CompletionResultType]::ParameterName, 'Quota of all replicas together: cpu=100,memory=300Gi,pods=120')
            [CompletionResult]::new('--pipeline', '--pipeline', [CompletionResultType]::ParameterName, 'Path of the metric to the HPA: native (custom.metrics.k8s.io), external (external.metrics.k8s.io), keda or prometheus')
            [CompletionResult]::new('--autoscaler', '--autoscaler', [CompletionResultType]::ParameterName, 'Node autoscaler: cluster-autoscaler, karpenter or none [default: detected]')
            [CompletionResult]::new('--kubernetes-version', '--kubernetes-version', [CompletionResultType]::ParameterName, 'Kubernetes version, 1.33 to 1.37 [default: the server''s; 1.36 with --from]')
            [CompletionResult]::new('--egress-port', '--egress-port', [CompletionResultType]::ParameterName, 'With --network-policy: additional egress port; repeatable')
            [CompletionResult]::new('--metrics-url', '--metrics-url', [CompletionResultType]::ParameterName, 'With keda: URL of oppscale''s /metrics')
            [CompletionResult]::new('--adapter-namespace', '--adapter-namespace', [CompletionResultType]::ParameterName, 'With prometheus: namespace of prometheus-adapter')
            [CompletionResult]::new('--monitor-label', '--monitor-label', [CompletionResultType]::ParameterName, 'With sample-app: label by which your Prometheus selects ServiceMonitors')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format: yaml or json')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: yaml or json')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Write a file per object and a kustomization.yaml to this folder')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain each number: as comments in the YAML, or as a table on stderr')
            [CompletionResult]::new('--templates', '--templates', [CompletionResultType]::ParameterName, 'Folder with templates that replace the built-in ones; see oppscale templates')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Saved lists to read instead of a cluster: files of kubectl, a directory, or - for stdin')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Address of the API server to use instead of the kubeconfig''s')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'File with the CA of the API server, in PEM')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name in the certificate of the API server, if not its address')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token to use instead of the user''s; other users of this machine see it in the list of processes')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'File with a client certificate, in PEM')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'File with the key of the client certificate, in PEM')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; repeatable')
            [CompletionResult]::new('--as-uid', '--as-uid', [CompletionResultType]::ParameterName, 'UID to impersonate')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--admission-policy', '--admission-policy', [CompletionResultType]::ParameterName, 'Also render an admission policy: the PriorityClass is for this namespace only, and this namespace for such pods only')
            [CompletionResult]::new('--network-policy', '--network-policy', [CompletionResultType]::ParameterName, 'Also render a network policy: ingress to the port, egress to DNS and the pool')
            [CompletionResult]::new('--diff', '--diff', [CompletionResultType]::ParameterName, 'Show what applying would change, by a server-side dry run; exit with 1 on a change')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the certificate of the API server; insecure')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;serve' {
            [CompletionResult]::new('--apis', '--apis', [CompletionResultType]::ParameterName, 'APIs to serve: custom, external, both with a comma, or none')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Address of the APIs, with TLS [default: every address, port 10250]')
            [CompletionResult]::new('--listen-http', '--listen-http', [CompletionResultType]::ParameterName, 'Address of the web page and /metrics [default: every address, port 8080]')
            [CompletionResult]::new('--tls-cert-file', '--tls-cert-file', [CompletionResultType]::ParameterName, 'Serving certificate in PEM; reloaded when it changes')
            [CompletionResult]::new('--tls-private-key-file', '--tls-private-key-file', [CompletionResultType]::ParameterName, 'Private key of the serving certificate')
            [CompletionResult]::new('--self-signed', '--self-signed', [CompletionResultType]::ParameterName, 'Generate a certificate for these names, in memory only')
            [CompletionResult]::new('--max-staleness', '--max-staleness', [CompletionResultType]::ParameterName, 'Age from which the cluster state is stale')
            [CompletionResult]::new('--on-stale', '--on-stale', [CompletionResultType]::ParameterName, 'Response when stale: hold (503, replicas stay) or zero (scale down)')
            [CompletionResult]::new('--workload-kind', '--workload-kind', [CompletionResultType]::ParameterName, 'Also serve workloads of this kind, KIND.GROUP with a /scale subresource; may be given several times')
            [CompletionResult]::new('--namespaces', '--namespaces', [CompletionResultType]::ParameterName, 'Serve only workloads of these namespaces, with or without the label oppscale.dev/opportunistic=true, which opens a namespace otherwise')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format: text or json')
            [CompletionResult]::new('--shutdown-delay', '--shutdown-delay', [CompletionResultType]::ParameterName, 'On SIGTERM, time to be unready before the ports close')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Address of the API server to use instead of the kubeconfig''s')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'File with the CA of the API server, in PEM')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name in the certificate of the API server, if not its address')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token to use instead of the user''s; other users of this machine see it in the list of processes')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'File with a client certificate, in PEM')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'File with the key of the client certificate, in PEM')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; repeatable')
            [CompletionResult]::new('--as-uid', '--as-uid', [CompletionResultType]::ParameterName, 'UID to impersonate')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--legacy-metrics', '--legacy-metrics', [CompletionResultType]::ParameterName, 'Also expose the ten gauges of the 2018 article')
            [CompletionResult]::new('--node-metrics', '--node-metrics', [CompletionResultType]::ParameterName, 'Also expose a series per node')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the certificate of the API server; insecure')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oppscale;simulate' {
            [CompletionResult]::new('--series', '--series', [CompletionResultType]::ParameterName, 'File of metric values to replay one HPA on; see docs/series.md')
            [CompletionResult]::new('--scenario', '--scenario', [CompletionResultType]::ParameterName, 'Cluster and paid load: blog, burst, day, step or a file [default: blog]')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Saved lists with nodes and paid load (files of kubectl or a directory); or a capacity history that top --record wrote')
            [CompletionResult]::new('--workload', '--workload', [CompletionResultType]::ParameterName, 'With --from: filler whose pods do not count: [NAMESPACE/]KIND/NAME, or a label selector [default: oppscale.dev/opportunistic=true]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'With --from: namespace of --workload KIND/NAME')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'With --from: namespace of --workload KIND/NAME')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Named configuration, repeatable: B to H, J to L, oppscale [default: B F G H oppscale]')
            [CompletionResult]::new('--hpa', '--hpa', [CompletionResultType]::ParameterName, 'Manifest with HorizontalPodAutoscalers to try, each also as corrected; repeatable')
            [CompletionResult]::new('--metric', '--metric', [CompletionResultType]::ParameterName, 'With --hpa: what its External or Object metric measures: load, queue or per-pod (load shared by the pods); or idle capacity that includes-own pods use up, or excludes-own')
            [CompletionResult]::new('--reserve-in-metric', '--reserve-in-metric', [CompletionResultType]::ParameterName, 'With --hpa: reserve that the metric already excludes: cores (30) or a share (15%)')
            [CompletionResult]::new('--load', '--load', [CompletionResultType]::ParameterName, 'With --hpa: load that the pods serve: step, ramp, day, spike, noise or constant, as in step:5..40; or a file (CSV, query_range''s JSON, promtool) [default: step]')
            [CompletionResult]::new('--prometheus', '--prometheus', [CompletionResultType]::ParameterName, 'With --hpa: Prometheus to read the load from; needs --query')
            [CompletionResult]::new('--query', '--query', [CompletionResultType]::ParameterName, 'With --prometheus: PromQL expression of the load, one series, such as a sum of rates')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'With --prometheus: how far back the load is read')
            [CompletionResult]::new('--pod-capacity', '--pod-capacity', [CompletionResultType]::ParameterName, 'With --hpa: load that one pod can serve at most [default: its cpu limit, or 1.5 times its target]')
            [CompletionResult]::new('--ready-after', '--ready-after', [CompletionResultType]::ParameterName, 'With --hpa: time until a new pod is ready [default: 10s, and its probes'' delay]')
            [CompletionResult]::new('--warm-up', '--warm-up', [CompletionResultType]::ParameterName, 'With --hpa: time until a ready pod is warm; until then it does half [default: 0s]')
            [CompletionResult]::new('--sweep', '--sweep', [CompletionResultType]::ParameterName, 'With --hpa: values of a field to try, repeatable: target=50%..80%:5, scaleDown.stabilizationWindowSeconds=0,60,300')
            [CompletionResult]::new('--kubernetes-version', '--kubernetes-version', [CompletionResultType]::ParameterName, 'Kubernetes version of the HPA controller, 1.33 to 1.37 [default: 1.36]')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Random seed; equal seeds give equal runs')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'Simulated duration [default: the scenario''s]')
            [CompletionResult]::new('--show', '--show', [CompletionResultType]::ParameterName, 'Configuration to show in detail [default: the first]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format: table, json or csv')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: table, json or csv')
            [CompletionResult]::new('--svg', '--svg', [CompletionResultType]::ParameterName, 'Also write the chart to this SVG file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--corrected', '--corrected', [CompletionResultType]::ParameterName, 'Print only the corrected manifest of the configuration shown in detail')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;demo' {
            [CompletionResult]::new('--speed', '--speed', [CompletionResultType]::ParameterName, 'Simulated seconds per second')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Random seed; equal seeds give equal runs')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--plain', '--plain', [CompletionResultType]::ParameterName, 'Print lines instead of a live screen, as without a terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;init' {
            [CompletionResult]::new('--pipeline', '--pipeline', [CompletionResultType]::ParameterName, 'Path of the metric to the HPA [default: native]')
            [CompletionResult]::new('--image', '--image', [CompletionResultType]::ParameterName, 'Image of the metrics server')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the metrics server [default: oppscale]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the metrics server [default: oppscale]')
            [CompletionResult]::new('--reserve', '--reserve', [CompletionResultType]::ParameterName, 'Reserve of the filler to render next: cores (30) or a share (15%) [default: 15%]')
            [CompletionResult]::new('--apis', '--apis', [CompletionResultType]::ParameterName, 'APIs to serve, separated by commas: custom, external [default: custom]')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Name of Service, Deployment and ServiceAccount')
            [CompletionResult]::new('--replicas', '--replicas', [CompletionResultType]::ParameterName, 'Number of pods of the metrics server [default: 2]')
            [CompletionResult]::new('--certificates', '--certificates', [CompletionResultType]::ParameterName, 'Issuer of the certificates: oppscale or cert-manager [default: oppscale]')
            [CompletionResult]::new('--priority-class', '--priority-class', [CompletionResultType]::ParameterName, 'PriorityClass of the pods, empty for none [default: system-cluster-critical]')
            [CompletionResult]::new('--image-pull-secret', '--image-pull-secret', [CompletionResultType]::ParameterName, 'Secret with credentials for the image''s registry; repeatable')
            [CompletionResult]::new('--node-selector', '--node-selector', [CompletionResultType]::ParameterName, 'Label that nodes must have; repeatable')
            [CompletionResult]::new('--toleration', '--toleration', [CompletionResultType]::ParameterName, 'Taint that the pods tolerate; repeatable')
            [CompletionResult]::new('--requests', '--requests', [CompletionResultType]::ParameterName, 'Requests of the pods [default: cpu=50m,memory=64Mi]')
            [CompletionResult]::new('--limits', '--limits', [CompletionResultType]::ParameterName, 'Limits of the pods [default: memory=512Mi]')
            [CompletionResult]::new('--workload-kind', '--workload-kind', [CompletionResultType]::ParameterName, 'Also serve workloads of this kind, RESOURCE.GROUP with a /scale subresource; repeatable')
            [CompletionResult]::new('--extra-arg', '--extra-arg', [CompletionResultType]::ParameterName, 'Further argument of oppscale serve; repeatable')
            [CompletionResult]::new('--with', '--with', [CompletionResultType]::ParameterName, 'Also: dashboard (Grafana), alerts (Prometheus operator); or, with --export DIR, Helm values: metrics-server, prometheus-stack')
            [CompletionResult]::new('--export', '--export', [CompletionResultType]::ParameterName, 'Write the manifests to this folder, or to stdout with -, and change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Only show the plan: client without a cluster, server by a dry run there')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Longest wait in total')
            [CompletionResult]::new('--distribution', '--distribution', [CompletionResultType]::ParameterName, 'Distribution, if it is not recognized: kubeadm, kind, minikube, k3s, rke2, eks, gke, aks, charmed, microk8s')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Address of the API server to use instead of the kubeconfig''s')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'File with the CA of the API server, in PEM')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name in the certificate of the API server, if not its address')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token to use instead of the user''s; other users of this machine see it in the list of processes')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'File with a client certificate, in PEM')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'File with the key of the client certificate, in PEM')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; repeatable')
            [CompletionResult]::new('--as-uid', '--as-uid', [CompletionResultType]::ParameterName, 'UID to impersonate')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--export-secrets', '--export-secrets', [CompletionResultType]::ParameterName, 'Also export private keys')
            [CompletionResult]::new('--kustomize', '--kustomize', [CompletionResultType]::ParameterName, 'Also export a kustomization.yaml')
            [CompletionResult]::new('--chart', '--chart', [CompletionResultType]::ParameterName, 'Export the same objects as a Helm chart')
            [CompletionResult]::new('--force-conflicts', '--force-conflicts', [CompletionResultType]::ParameterName, 'Take over fields and objects that others own; APIs are never taken over')
            [CompletionResult]::new('--grant-cluster-admin', '--grant-cluster-admin', [CompletionResultType]::ParameterName, 'Grant yourself the missing permissions, or cluster-admin, until the end of this run')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for confirmation')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for confirmation')
            [CompletionResult]::new('--no-wait', '--no-wait', [CompletionResultType]::ParameterName, 'Do not wait for pods to be ready; the API is then not registered')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the certificate of the API server; insecure')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oppscale;check' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format: table, short or json')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: table, short or json')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Time limit for --wait')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Check only these categories or IDs, separated by commas: connection, rights, aggregation, metrics-server, prometheus, owners, certificates, server, capacity, autoscaling, node-autoscaler, leftovers')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Also check the manifests in this file or folder; - is stdin')
            [CompletionResult]::new('--filename', '--filename', [CompletionResultType]::ParameterName, 'Also check the manifests in this file or folder; - is stdin')
            [CompletionResult]::new('--distribution', '--distribution', [CompletionResultType]::ParameterName, 'Distribution, if it is not recognized: kubeadm, kind, minikube, k3s, rke2, eks, gke, aks, charmed, microk8s')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service in front of the metrics server')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'Secret with the serving certificate of the metrics server')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Address of the API server to use instead of the kubeconfig''s')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'File with the CA of the API server, in PEM')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name in the certificate of the API server, if not its address')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token to use instead of the user''s; other users of this machine see it in the list of processes')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'File with a client certificate, in PEM')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'File with the key of the client certificate, in PEM')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; repeatable')
            [CompletionResult]::new('--as-uid', '--as-uid', [CompletionResultType]::ParameterName, 'UID to impersonate')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Check again until no check fails')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the certificate of the API server; insecure')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;why' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Address of the API server to use instead of the kubeconfig''s')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'File with the CA of the API server, in PEM')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name in the certificate of the API server, if not its address')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token to use instead of the user''s; other users of this machine see it in the list of processes')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'File with a client certificate, in PEM')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'File with the key of the client certificate, in PEM')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; repeatable')
            [CompletionResult]::new('--as-uid', '--as-uid', [CompletionResultType]::ParameterName, 'UID to impersonate')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the certificate of the API server; insecure')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;certs' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Create a CA and a serving certificate in files, in a Secret, or both')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show whether the API server''s aggregator would accept the certificates')
            [CompletionResult]::new('renew', 'renew', [CompletionResultType]::ParameterValue, 'Replace certificates before they expire, without a failed request')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'oppscale;certs;generate' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Folder for ca.crt, tls.crt and tls.key')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service in front of the metrics server')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'Secret with the serving certificate of the metrics server')
            [CompletionResult]::new('--cluster-domain', '--cluster-domain', [CompletionResultType]::ParameterName, 'DNS domain of the cluster, for the fully qualified name')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'Lifetime of the serving certificate, in days')
            [CompletionResult]::new('--ca-days', '--ca-days', [CompletionResultType]::ParameterName, 'Lifetime of a new CA, in days')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Sign with this CA instead of a new one')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Key of that CA')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Address of the API server to use instead of the kubeconfig''s')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'File with the CA of the API server, in PEM')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name in the certificate of the API server, if not its address')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token to use instead of the user''s; other users of this machine see it in the list of processes')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'File with a client certificate, in PEM')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'File with the key of the client certificate, in PEM')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; repeatable')
            [CompletionResult]::new('--as-uid', '--as-uid', [CompletionResultType]::ParameterName, 'UID to impersonate')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--to-secret', '--to-secret', [CompletionResultType]::ParameterName, 'Write the Secret to the cluster')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace certificates that are still good')
            [CompletionResult]::new('--keep-ca-key', '--keep-ca-key', [CompletionResultType]::ParameterName, 'Keep the CA''s key as ca.key in the folder')
            [CompletionResult]::new('--csr', '--csr', [CompletionResultType]::ParameterName, 'Create a key and a signing request for another CA')
            [CompletionResult]::new('--cert-manager', '--cert-manager', [CompletionResultType]::ParameterName, 'Print an Issuer and a Certificate for cert-manager instead')
            [CompletionResult]::new('--force-conflicts', '--force-conflicts', [CompletionResultType]::ParameterName, 'Take over fields of the Secret that other field managers own')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the certificate of the API server; insecure')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;certs;status' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Folder with certificates, instead of the cluster''s Secret')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service in front of the metrics server')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'Secret with the serving certificate of the metrics server')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format: table or json')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: table or json')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Address of the API server to use instead of the kubeconfig''s')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'File with the CA of the API server, in PEM')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name in the certificate of the API server, if not its address')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token to use instead of the user''s; other users of this machine see it in the list of processes')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'File with a client certificate, in PEM')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'File with the key of the client certificate, in PEM')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; repeatable')
            [CompletionResult]::new('--as-uid', '--as-uid', [CompletionResultType]::ParameterName, 'UID to impersonate')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the certificate of the API server; insecure')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;certs;renew' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Folder whose certificates to renew, instead of the cluster''s')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service in front of the metrics server')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'Secret with the serving certificate of the metrics server')
            [CompletionResult]::new('--cluster-domain', '--cluster-domain', [CompletionResultType]::ParameterName, 'DNS domain of the cluster, for the fully qualified name')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'Lifetime of the serving certificate, in days')
            [CompletionResult]::new('--ca-days', '--ca-days', [CompletionResultType]::ParameterName, 'Lifetime of a new CA, in days')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Sign with this CA instead of a new one')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Key of that CA')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Longest wait for pods to serve the new certificate')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Address of the API server to use instead of the kubeconfig''s')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'File with the CA of the API server, in PEM')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name in the certificate of the API server, if not its address')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token to use instead of the user''s; other users of this machine see it in the list of processes')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'File with a client certificate, in PEM')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'File with the key of the client certificate, in PEM')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; repeatable')
            [CompletionResult]::new('--as-uid', '--as-uid', [CompletionResultType]::ParameterName, 'UID to impersonate')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--new-ca', '--new-ca', [CompletionResultType]::ParameterName, 'Replace a CA that oppscale did not create')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Renew certificates that are still good')
            [CompletionResult]::new('--force-conflicts', '--force-conflicts', [CompletionResultType]::ParameterName, 'Take over fields that other field managers own')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the certificate of the API server; insecure')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;certs;help' {
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Create a CA and a serving certificate in files, in a Secret, or both')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show whether the API server''s aggregator would accept the certificates')
            [CompletionResult]::new('renew', 'renew', [CompletionResultType]::ParameterValue, 'Replace certificates before they expire, without a failed request')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'oppscale;certs;help;generate' {
            break
        }
        'oppscale;certs;help;status' {
            break
        }
        'oppscale;certs;help;renew' {
            break
        }
        'oppscale;certs;help;help' {
            break
        }
        'oppscale;kubeconfig' {
            [CompletionResult]::new('--serviceaccount', '--serviceaccount', [CompletionResultType]::ParameterName, 'Name of the ServiceAccount')
            [CompletionResult]::new('--sa', '--sa', [CompletionResultType]::ParameterName, 'Name of the ServiceAccount')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the ServiceAccount')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the ServiceAccount')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'Lifetime of the token, at least 10m; the server may shorten it')
            [CompletionResult]::new('--audience', '--audience', [CompletionResultType]::ParameterName, 'Audience of the token; repeatable [default: the API server]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Address of the API server as seen by the user of the file')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'CA of the API server in PEM, instead of your kubeconfig''s')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name of the cluster, user and context entries')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write this file with mode 0600, instead of stdout')
            [CompletionResult]::new('--merge', '--merge', [CompletionResultType]::ParameterName, 'Merge into an existing kubeconfig; its current context stays')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token to use instead of the user''s; other users of this machine see it in the list of processes')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'File with a client certificate, in PEM')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'File with the key of the client certificate, in PEM')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; repeatable')
            [CompletionResult]::new('--as-uid', '--as-uid', [CompletionResultType]::ParameterName, 'UID to impersonate')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--create', '--create', [CompletionResultType]::ParameterName, 'Create the ServiceAccount if it does not exist; it gets no permissions')
            [CompletionResult]::new('--legacy-token', '--legacy-token', [CompletionResultType]::ParameterName, 'Use a Secret token, which never expires, for clients that cannot renew one')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace a file or entries that hold something else')
            [CompletionResult]::new('--revoke', '--revoke', [CompletionResultType]::ParameterName, 'Revoke the tokens issued before')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Only show the plan; no token is requested')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;templates' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite existing files')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;uninstall' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Name of Service, Deployment and ServiceAccount')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Address of the API server to use instead of the kubeconfig''s')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'File with the CA of the API server, in PEM')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name in the certificate of the API server, if not its address')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token to use instead of the user''s; other users of this machine see it in the list of processes')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'File with a client certificate, in PEM')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'File with the key of the client certificate, in PEM')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; repeatable')
            [CompletionResult]::new('--as-uid', '--as-uid', [CompletionResultType]::ParameterName, 'UID to impersonate')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request or credential plugin: 5s, 2m, or 0 for no limit [default: 30s]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--keep-namespace', '--keep-namespace', [CompletionResultType]::ParameterName, 'Keep the namespace')
            [CompletionResult]::new('--delete-workloads', '--delete-workloads', [CompletionResultType]::ParameterName, 'Also delete the HPAs and ScaledObjects that render-hpa created, and the opportunistic workloads that they scale')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Only show the plan')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for confirmation')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for confirmation')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the certificate of the API server; insecure')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;sample-app' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Address to listen on [default: every address, port 8080]')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name in responses; in a pod the pod''s name')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format: text or json')
            [CompletionResult]::new('--shutdown-delay', '--shutdown-delay', [CompletionResultType]::ParameterName, 'On SIGTERM, time to be unready before the port closes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;load' {
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Request rate per second, or per minute as in 30/m')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'Test duration')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Longest wait for one response')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'HTTP method')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Request header; repeatable')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Request header; repeatable')
            [CompletionResult]::new('--body', '--body', [CompletionResultType]::ParameterName, 'Request body')
            [CompletionResult]::new('--most-under-way', '--most-under-way', [CompletionResultType]::ParameterName, 'Maximum number of concurrent requests; a request beyond it fails')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'CA certificates to trust for https, in PEM [default: the system''s]')
            [CompletionResult]::new('--fail-above', '--fail-above', [CompletionResultType]::ParameterName, 'Exit with 1 if more than this share of requests failed or got a status of 400 or above')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format: text or json')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text or json')
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'Print a Job that runs this load in a cluster with this image, and send nothing')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name of the Job')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the Job')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the Job')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('--no-keep-alive', '--no-keep-alive', [CompletionResultType]::ParameterName, 'Open a new connection for each request; behind a Service, a kept connection always leads to the same pod')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;completion' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours: auto (readable on any background), dark, light, or ansi (the terminal''s own 16)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more on stderr; repeat for even more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;help' {
            [CompletionResult]::new('top', 'top', [CompletionResultType]::ParameterValue, 'Show the remaining capacity of a cluster, per node and in total')
            [CompletionResult]::new('render-hpa', 'render-hpa', [CompletionResultType]::ParameterValue, 'Generate the manifests of a filler, sized for a cluster')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Serve the remaining capacity to HPAs, Prometheus and people')
            [CompletionResult]::new('simulate', 'simulate', [CompletionResultType]::ParameterValue, 'Show what an HPA will do, on a simulated cluster')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Watch the whole loop on a simulated cluster, without Kubernetes')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Set a cluster up: show the plan, ask once, verify the result')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check a cluster, with a fix for each failure')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Explain why an HPA has the count it has, and its next sync')
            [CompletionResult]::new('certs', 'certs', [CompletionResultType]::ParameterValue, 'Create, show and renew the certificates of the metrics API')
            [CompletionResult]::new('kubeconfig', 'kubeconfig', [CompletionResultType]::ParameterValue, 'Create a kubeconfig of a ServiceAccount, with an expiring token')
            [CompletionResult]::new('templates', 'templates', [CompletionResultType]::ParameterValue, 'Write the templates of render-hpa to a folder, to start from')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Remove what init installed, the API first')
            [CompletionResult]::new('sample-app', 'sample-app', [CompletionResultType]::ParameterValue, 'Answer requests and count them: the article''s paid application')
            [CompletionResult]::new('load', 'load', [CompletionResultType]::ParameterValue, 'Send requests at a constant rate and report latency and failures')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'oppscale;help;top' {
            break
        }
        'oppscale;help;render-hpa' {
            break
        }
        'oppscale;help;serve' {
            break
        }
        'oppscale;help;simulate' {
            break
        }
        'oppscale;help;demo' {
            break
        }
        'oppscale;help;init' {
            break
        }
        'oppscale;help;check' {
            break
        }
        'oppscale;help;why' {
            break
        }
        'oppscale;help;certs' {
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Create a CA and a serving certificate in files, in a Secret, or both')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show whether the API server''s aggregator would accept the certificates')
            [CompletionResult]::new('renew', 'renew', [CompletionResultType]::ParameterValue, 'Replace certificates before they expire, without a failed request')
            break
        }
        'oppscale;help;certs;generate' {
            break
        }
        'oppscale;help;certs;status' {
            break
        }
        'oppscale;help;certs;renew' {
            break
        }
        'oppscale;help;kubeconfig' {
            break
        }
        'oppscale;help;templates' {
            break
        }
        'oppscale;help;uninstall' {
            break
        }
        'oppscale;help;sample-app' {
            break
        }
        'oppscale;help;load' {
            break
        }
        'oppscale;help;completion' {
            break
        }
        'oppscale;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
