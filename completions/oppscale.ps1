
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
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('top', 'top', [CompletionResultType]::ParameterValue, 'Show what is left of a cluster: per node, and in all')
            [CompletionResult]::new('render-hpa', 'render-hpa', [CompletionResultType]::ParameterValue, 'Render the manifests of opportunistic work, sized for a cluster')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Serve what remains to HPAs, Prometheus and people')
            [CompletionResult]::new('simulate', 'simulate', [CompletionResultType]::ParameterValue, 'Show what an HPA will do on a simulated cluster, and what it should be')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Watch the whole loop on a simulated cluster, without Kubernetes')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Set a cluster up: shows its plan, asks once, and proves the result')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Tell what is right and wrong in a cluster, with the fix for each')
            [CompletionResult]::new('certs', 'certs', [CompletionResultType]::ParameterValue, 'Make, look at and renew the certificates of the metrics API')
            [CompletionResult]::new('kubeconfig', 'kubeconfig', [CompletionResultType]::ParameterValue, 'Make a kubeconfig for a ServiceAccount, with a token that ends')
            [CompletionResult]::new('templates', 'templates', [CompletionResultType]::ParameterValue, 'Write out the templates of render-hpa, to start your own from')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Take away what init brought, the API first')
            [CompletionResult]::new('sample-app', 'sample-app', [CompletionResultType]::ParameterValue, 'Answer requests and count them: the article''s paid application')
            [CompletionResult]::new('load', 'load', [CompletionResultType]::ParameterValue, 'Send requests at a constant rate, and tell what came of them')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'oppscale;top' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read saved lists instead of a cluster: JSON or YAML of kubectl; - is stdin')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'What a row stands for: node, namespace, workload, pool or pool=LABEL')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'Resources to show, the first one sorts: cpu,memory,pods,nvidia.com/gpu')
            [CompletionResult]::new('--resources', '--resources', [CompletionResultType]::ParameterName, 'Resources to show, the first one sorts: cpu,memory,pods,nvidia.com/gpu')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'Sort by name, state, nodes, allocatable, others, opportunistic, remaining, free, usage, slots or pods; :asc or :desc')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Look only at nodes with these labels')
            [CompletionResult]::new('--selector', '--selector', [CompletionResultType]::ParameterName, 'Look only at nodes with these labels')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Show only rows of this namespace; also the namespace of --workload KIND/NAME')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Show only rows of this namespace; also the namespace of --workload KIND/NAME')
            [CompletionResult]::new('--workload', '--workload', [CompletionResultType]::ParameterName, 'Whose pods are opportunistic: [NAMESPACE/]KIND/NAME, or a label selector [default: oppscale.dev/opportunistic=true]')
            [CompletionResult]::new('--replica', '--replica', [CompletionResultType]::ParameterName, 'Shape of the replicas that SLOTS counts [default: the workload''s, or cpu=1]')
            [CompletionResult]::new('--reserve', '--reserve', [CompletionResultType]::ParameterName, 'What must stay free: cores (30) or a share of cpu and memory (15%)')
            [CompletionResult]::new('--target-utilization', '--target-utilization', [CompletionResultType]::ParameterName, 'The same, as the utilisation to fill up to: 85%')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output: table, wide, json, yaml, csv or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output: table, wide, json, yaml, csv or name')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Tell where the number of this pod comes from')
            [CompletionResult]::new('--fail-below', '--fail-below', [CompletionResultType]::ParameterName, 'Exit with 1 when less remains: cpu=10,memory=64Gi,replicas=5')
            [CompletionResult]::new('--interval', '--interval', [CompletionResultType]::ParameterName, 'Least time between two lines of --watch, or two frames of the screen: 500ms, 10s')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Also write the capacity history to a file; it grows, and survives being cut off')
            [CompletionResult]::new('--replay', '--replay', [CompletionResultType]::ParameterName, 'Play a recorded capacity history instead of looking at a cluster')
            [CompletionResult]::new('--speed', '--speed', [CompletionResultType]::ParameterName, 'How much faster than it happened a history is played: 1 to 86400')
            [CompletionResult]::new('--watch-life', '--watch-life', [CompletionResultType]::ParameterName, 'How long a watch lives before it is renewed; a silent one is noticed 5 s later')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; may be given several times')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request: 5s, 2m, or 0 for no limit')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--show-unusable', '--show-unusable', [CompletionResultType]::ParameterName, 'Also show nodes that opportunistic work may not use, and why')
            [CompletionResult]::new('--usage', '--usage', [CompletionResultType]::ParameterName, 'Show what is used now, from metrics.k8s.io')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Print one table and end, also on a terminal')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Write a line of JSON for every change until Ctrl-C, for scripts')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Write a line of JSON for every change until Ctrl-C, for scripts')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;render-hpa' {
            [CompletionResult]::new('--workload', '--workload', [CompletionResultType]::ParameterName, 'What to run: miner, transcode, batch, cache, sample-app, or the file of a Deployment of your own')
            [CompletionResult]::new('--image', '--image', [CompletionResultType]::ParameterName, 'The image to run; alone, any program')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'What it is called [default: the workload''s name, or filler]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Where it lives [default: opportunistic; sample-app for that]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Where it lives [default: opportunistic; sample-app for that]')
            [CompletionResult]::new('--pool', '--pool', [CompletionResultType]::ParameterName, 'With miner: the pool''s URL')
            [CompletionResult]::new('--wallet', '--wallet', [CompletionResultType]::ParameterName, 'With miner: who is paid; becomes a Secret')
            [CompletionResult]::new('--worker', '--worker', [CompletionResultType]::ParameterName, 'With miner: what the pool calls these pods')
            [CompletionResult]::new('--config-as', '--config-as', [CompletionResultType]::ParameterName, 'With miner: whether pool and worker are a configmap or args')
            [CompletionResult]::new('--command', '--command', [CompletionResultType]::ParameterName, 'A word of the command, instead of the image''s; may be given several times')
            [CompletionResult]::new('--arg', '--arg', [CompletionResultType]::ParameterName, 'An argument, instead of the workload''s own; may be given several times')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'An environment variable; may be given several times')
            [CompletionResult]::new('--secret-env', '--secret-env', [CompletionResultType]::ParameterName, 'An environment variable that goes by way of a Secret')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'A label of Deployment and pods; may be given several times')
            [CompletionResult]::new('--annotation', '--annotation', [CompletionResultType]::ParameterName, 'An annotation of Deployment and pods; may be given several times')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port that it serves; makes a Service')
            [CompletionResult]::new('--node-port', '--node-port', [CompletionResultType]::ParameterName, 'Make it a NodePort Service at this port of every node')
            [CompletionResult]::new('--run-as-user', '--run-as-user', [CompletionResultType]::ParameterName, 'The user that it runs as; never root')
            [CompletionResult]::new('--priority-class', '--priority-class', [CompletionResultType]::ParameterName, 'Its PriorityClass, which is rendered too [default: opportunistic]')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'How long it may take to go: paid pods wait as long [default: 5]')
            [CompletionResult]::new('--replica', '--replica', [CompletionResultType]::ParameterName, 'Shape of a replica: cpu=1,memory=1Gi, or auto: lose least of the nodes [default: auto, or the Deployment''s own]')
            [CompletionResult]::new('--reserve', '--reserve', [CompletionResultType]::ParameterName, 'What must stay free: cores (30), a share (15%), or auto: what the loop needs [default: auto, or the Deployment''s annotation]')
            [CompletionResult]::new('--target-utilization', '--target-utilization', [CompletionResultType]::ParameterName, 'The same, as the utilisation to fill up to: 85%')
            [CompletionResult]::new('--growth', '--growth', [CompletionResultType]::ParameterName, 'With --reserve auto: how fast paid requests grow: 12/m, 0.2/s (cores)')
            [CompletionResult]::new('--recording', '--recording', [CompletionResultType]::ParameterName, 'The same, measured: the fastest minute of what top --record wrote, or of a scenario file')
            [CompletionResult]::new('--min', '--min', [CompletionResultType]::ParameterName, 'The least replicas [default: 0 where the version or KEDA can, else 1]')
            [CompletionResult]::new('--max', '--max', [CompletionResultType]::ParameterName, 'The most replicas [default: what fits at zero paid load, or the Deployment''s annotation]')
            [CompletionResult]::new('--quota', '--quota', [CompletionResultType]::ParameterName, 'The most that all replicas may take: cpu=100,memory=300Gi,pods=120')
            [CompletionResult]::new('--pipeline', '--pipeline', [CompletionResultType]::ParameterName, 'How the metric gets to the HPA: native (oppscale serves custom.metrics.k8s.io), external (it serves the other group), keda, prometheus')
            [CompletionResult]::new('--autoscaler', '--autoscaler', [CompletionResultType]::ParameterName, 'Who adds nodes: cluster-autoscaler, karpenter or none [default: detected]')
            [CompletionResult]::new('--kubernetes-version', '--kubernetes-version', [CompletionResultType]::ParameterName, 'Whose HPA controller: 1.33 to 1.37 [default: the server''s; 1.36 with --from]')
            [CompletionResult]::new('--egress-port', '--egress-port', [CompletionResultType]::ParameterName, 'With --network-policy: a port that may be reached anywhere; several times')
            [CompletionResult]::new('--metrics-url', '--metrics-url', [CompletionResultType]::ParameterName, 'With keda: where oppscale serves its metrics')
            [CompletionResult]::new('--adapter-namespace', '--adapter-namespace', [CompletionResultType]::ParameterName, 'With prometheus: the namespace of prometheus-adapter')
            [CompletionResult]::new('--monitor-label', '--monitor-label', [CompletionResultType]::ParameterName, 'With sample-app: a label by which your Prometheus selects ServiceMonitors')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output: yaml or json')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output: yaml or json')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Write one file each and a kustomization.yaml into this folder')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Tell where each number comes from: comments in the YAML, or a table on stderr')
            [CompletionResult]::new('--templates', '--templates', [CompletionResultType]::ParameterName, 'Use the templates of this folder where it has them; see oppscale templates')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Size it for saved lists instead of a cluster: JSON or YAML of kubectl; - is stdin')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; may be given several times')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request: 5s, 2m, or 0 for no limit')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--admission-policy', '--admission-policy', [CompletionResultType]::ParameterName, 'Also render a policy: the class only here, and here only pods that yield')
            [CompletionResult]::new('--network-policy', '--network-policy', [CompletionResultType]::ParameterName, 'Also render a policy: in to the port that it serves, out to DNS and a pool')
            [CompletionResult]::new('--diff', '--diff', [CompletionResultType]::ParameterName, 'Show what applying would change, by a dry run of the server; exit with 1 if it would')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;serve' {
            [CompletionResult]::new('--apis', '--apis', [CompletionResultType]::ParameterName, 'APIs to serve: custom, external, both with a comma, or none')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where to serve the APIs, with TLS [default: every address, port 10250]')
            [CompletionResult]::new('--listen-http', '--listen-http', [CompletionResultType]::ParameterName, 'Where to serve the page and /metrics [default: every address, port 8080]')
            [CompletionResult]::new('--tls-cert-file', '--tls-cert-file', [CompletionResultType]::ParameterName, 'Serving certificate, in PEM; read again when it changes')
            [CompletionResult]::new('--tls-private-key-file', '--tls-private-key-file', [CompletionResultType]::ParameterName, 'Its private key')
            [CompletionResult]::new('--self-signed', '--self-signed', [CompletionResultType]::ParameterName, 'Make a certificate for these names and keep it in memory')
            [CompletionResult]::new('--max-staleness', '--max-staleness', [CompletionResultType]::ParameterName, 'Refuse metrics when the cluster was not heard for so long')
            [CompletionResult]::new('--on-stale', '--on-stale', [CompletionResultType]::ParameterName, 'What to answer then: hold (503, replicas stay) or zero (replicas go)')
            [CompletionResult]::new('--workload-kind', '--workload-kind', [CompletionResultType]::ParameterName, 'Also serve workloads of this kind, KIND.GROUP with a /scale subresource; may be given several times')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log: text or json')
            [CompletionResult]::new('--shutdown-delay', '--shutdown-delay', [CompletionResultType]::ParameterName, 'How long to be unready before the ports close, on SIGTERM')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; may be given several times')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request: 5s, 2m, or 0 for no limit')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--legacy-metrics', '--legacy-metrics', [CompletionResultType]::ParameterName, 'Also expose the ten gauges of the article of 2018')
            [CompletionResult]::new('--node-metrics', '--node-metrics', [CompletionResultType]::ParameterName, 'Also expose a series for each node')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oppscale;simulate' {
            [CompletionResult]::new('--series', '--series', [CompletionResultType]::ParameterName, 'Replay one HPA on the metric values of this file: docs/series.md')
            [CompletionResult]::new('--scenario', '--scenario', [CompletionResultType]::ParameterName, 'The cluster and its paid load: blog, burst, day, step or a file')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Take nodes and present paid load from saved lists, JSON or YAML of kubectl; or nodes and paid load over time from a history that top --record has written')
            [CompletionResult]::new('--workload', '--workload', [CompletionResultType]::ParameterName, 'With --from: whose pods are the filler''s: [NAMESPACE/]KIND/NAME, or a label selector [default: oppscale.dev/opportunistic=true]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'With --from: the namespace of --workload KIND/NAME')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'With --from: the namespace of --workload KIND/NAME')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A named configuration, several times for several: B to H, J to L, oppscale [default: B F G H oppscale]')
            [CompletionResult]::new('--hpa', '--hpa', [CompletionResultType]::ParameterName, 'Try the HorizontalPodAutoscalers of this manifest, and their corrections')
            [CompletionResult]::new('--metric', '--metric', [CompletionResultType]::ParameterName, 'With --hpa: whether its metric falls when the workload grows [default: includes-own; excludes-own for oppscale''s metric]')
            [CompletionResult]::new('--reserve-in-metric', '--reserve-in-metric', [CompletionResultType]::ParameterName, 'With --hpa: what its metric has already taken off: cores (30) or a share (15%)')
            [CompletionResult]::new('--kubernetes-version', '--kubernetes-version', [CompletionResultType]::ParameterName, 'Whose HPA controller: 1.33 to 1.37 [default: 1.36]')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Chooses the phases that a cluster leaves to chance; equal seeds, equal runs')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'How long to simulate [default: the scenario''s]')
            [CompletionResult]::new('--show', '--show', [CompletionResultType]::ParameterName, 'Which configuration to look at closely [default: the first]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output: table, json or csv')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output: table, json or csv')
            [CompletionResult]::new('--svg', '--svg', [CompletionResultType]::ParameterName, 'Also draw it into this file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--corrected', '--corrected', [CompletionResultType]::ParameterName, 'Print only the corrected manifest of the configuration that is looked at')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;demo' {
            [CompletionResult]::new('--speed', '--speed', [CompletionResultType]::ParameterName, 'Simulated seconds in a second on the screen')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Sets what a cluster leaves to chance; a seed gives the same run again')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--plain', '--plain', [CompletionResultType]::ParameterName, 'Lines instead of a screen, as where there is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;init' {
            [CompletionResult]::new('--pipeline', '--pipeline', [CompletionResultType]::ParameterName, 'How capacity gets to the HPA [default: native]')
            [CompletionResult]::new('--image', '--image', [CompletionResultType]::ParameterName, 'The metrics server''s image')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the metrics server [default: oppscale]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the metrics server [default: oppscale]')
            [CompletionResult]::new('--reserve', '--reserve', [CompletionResultType]::ParameterName, 'What must stay free, for the workload that comes next: 30, 15% [default: 15%]')
            [CompletionResult]::new('--apis', '--apis', [CompletionResultType]::ParameterName, 'APIs to serve: custom, external, or both with a comma')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Name of Service, Deployment and ServiceAccount')
            [CompletionResult]::new('--replicas', '--replicas', [CompletionResultType]::ParameterName, 'How many pods')
            [CompletionResult]::new('--certificates', '--certificates', [CompletionResultType]::ParameterName, 'Who makes certificates: oppscale or cert-manager')
            [CompletionResult]::new('--with', '--with', [CompletionResultType]::ParameterName, 'Also: dashboard (Grafana), alerts (Prometheus operator); or, with --export DIR, Helm values: metrics-server, prometheus-stack')
            [CompletionResult]::new('--export', '--export', [CompletionResultType]::ParameterName, 'Write the manifests to this folder, or - for stdout, and change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Only show the plan: client asks no cluster, server tries it there')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait, in all')
            [CompletionResult]::new('--distribution', '--distribution', [CompletionResultType]::ParameterName, 'The distribution, where it is not recognized: kubeadm, kind, minikube, k3s, rke2, eks, gke, aks, charmed, microk8s')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; may be given several times')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request: 5s, 2m, or 0 for no limit')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--export-secrets', '--export-secrets', [CompletionResultType]::ParameterName, 'Export private keys too')
            [CompletionResult]::new('--kustomize', '--kustomize', [CompletionResultType]::ParameterName, 'Export a kustomization.yaml too')
            [CompletionResult]::new('--chart', '--chart', [CompletionResultType]::ParameterName, 'Export a Helm chart with the same objects instead')
            [CompletionResult]::new('--force-conflicts', '--force-conflicts', [CompletionResultType]::ParameterName, 'Take over fields and objects that others own; an API is never taken over')
            [CompletionResult]::new('--grant-cluster-admin', '--grant-cluster-admin', [CompletionResultType]::ParameterName, 'Make yourself cluster-admin meanwhile, and take it back at the end')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--no-wait', '--no-wait', [CompletionResultType]::ParameterName, 'Do not wait until it works; the API is not handed over then')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oppscale;check' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to show it: table, short (only what is wrong) or json')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to show it: table, short (only what is wrong) or json')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long, in all')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Check only these categories, separated by commas: connection, rights, aggregation, metrics-server, prometheus, owners, certificates, server, capacity, autoscaling, node-autoscaler, leftovers')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Also check the manifests of this file or folder; - is standard input')
            [CompletionResult]::new('--filename', '--filename', [CompletionResultType]::ParameterName, 'Also check the manifests of this file or folder; - is standard input')
            [CompletionResult]::new('--distribution', '--distribution', [CompletionResultType]::ParameterName, 'The distribution, where it is not recognized: kubeadm, kind, minikube, k3s, rke2, eks, gke, aks, charmed, microk8s')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service in front of it')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'Secret that holds its certificates')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; may be given several times')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request: 5s, 2m, or 0 for no limit')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Look again until nothing is wrong')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;certs' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Make a CA and a serving certificate: to files, to a Secret, or both')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show certificates as the API server''s aggregator judges them')
            [CompletionResult]::new('renew', 'renew', [CompletionResultType]::ParameterValue, 'Replace certificates before they end, without a failed request')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'oppscale;certs;generate' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Folder for ca.crt, tls.crt and tls.key')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service in front of it; the certificate is for SERVICE.NAMESPACE.svc')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'Secret that holds its certificates')
            [CompletionResult]::new('--cluster-domain', '--cluster-domain', [CompletionResultType]::ParameterName, 'The cluster''s domain, for the long name')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'How many days the serving certificate lives')
            [CompletionResult]::new('--ca-days', '--ca-days', [CompletionResultType]::ParameterName, 'How many days a new CA lives')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Sign with this CA instead of a new one')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Key of that CA')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; may be given several times')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request: 5s, 2m, or 0 for no limit')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--to-secret', '--to-secret', [CompletionResultType]::ParameterName, 'Write the Secret into the cluster')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Make new ones even if those that are there are good')
            [CompletionResult]::new('--keep-ca-key', '--keep-ca-key', [CompletionResultType]::ParameterName, 'Keep the CA''s key as ca.key in the folder')
            [CompletionResult]::new('--csr', '--csr', [CompletionResultType]::ParameterName, 'Make a key and a signing request for somebody else''s CA')
            [CompletionResult]::new('--cert-manager', '--cert-manager', [CompletionResultType]::ParameterName, 'Print an Issuer and a Certificate for cert-manager instead')
            [CompletionResult]::new('--force-conflicts', '--force-conflicts', [CompletionResultType]::ParameterName, 'Take over fields of the Secret that others own')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;certs;status' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Folder to look at, instead of the cluster''s Secret')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service in front of it; the certificate is for SERVICE.NAMESPACE.svc')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'Secret that holds its certificates')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to show it')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to show it')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; may be given several times')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request: 5s, 2m, or 0 for no limit')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oppscale;certs;renew' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Folder whose certificates to renew, instead of the cluster''s')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service in front of it; the certificate is for SERVICE.NAMESPACE.svc')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'Secret that holds its certificates')
            [CompletionResult]::new('--cluster-domain', '--cluster-domain', [CompletionResultType]::ParameterName, 'The cluster''s domain, for the long name')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'How many days the serving certificate lives')
            [CompletionResult]::new('--ca-days', '--ca-days', [CompletionResultType]::ParameterName, 'How many days a new CA lives')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Sign with this CA instead of a new one')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Key of that CA')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long pods may take to serve the new certificate')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; may be given several times')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request: 5s, 2m, or 0 for no limit')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--new-ca', '--new-ca', [CompletionResultType]::ParameterName, 'Replace a CA that oppscale did not make by a new one')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Renew whatever is left of their life')
            [CompletionResult]::new('--force-conflicts', '--force-conflicts', [CompletionResultType]::ParameterName, 'Take over fields that others own')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;certs;help' {
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Make a CA and a serving certificate: to files, to a Secret, or both')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show certificates as the API server''s aggregator judges them')
            [CompletionResult]::new('renew', 'renew', [CompletionResultType]::ParameterValue, 'Replace certificates before they end, without a failed request')
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
            [CompletionResult]::new('--serviceaccount', '--serviceaccount', [CompletionResultType]::ParameterName, 'ServiceAccount whose kubeconfig it is')
            [CompletionResult]::new('--sa', '--sa', [CompletionResultType]::ParameterName, 'ServiceAccount whose kubeconfig it is')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Its namespace')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Its namespace')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'How long the token is to live; the server may cut it. At least 10m')
            [CompletionResult]::new('--audience', '--audience', [CompletionResultType]::ParameterName, 'For whom the token is; left out, for the API server. May be given several times')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Address of the API server, as it is reached from where the file is used')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'CA of the API server, PEM, instead of the one of your kubeconfig')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name of cluster, user and context in the file')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write this file, mode 0600, instead of stdout')
            [CompletionResult]::new('--merge', '--merge', [CompletionResultType]::ParameterName, 'Put it into a kubeconfig that is there; its current context stays')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; may be given several times')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request: 5s, 2m, or 0 for no limit')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--create', '--create', [CompletionResultType]::ParameterName, 'Make the ServiceAccount if it is not there; it gets no rights')
            [CompletionResult]::new('--legacy-token', '--legacy-token', [CompletionResultType]::ParameterName, 'A token that never ends, from a Secret, for what cannot renew one')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace a file, or entries of that name, which hold something else')
            [CompletionResult]::new('--revoke', '--revoke', [CompletionResultType]::ParameterName, 'Revoke the tokens handed out before')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be done; no token is made, for a dry run makes a real one')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;templates' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Write over files that are there')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;uninstall' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the metrics server')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Name of Service, Deployment and ServiceAccount')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster of the kubeconfig to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User of the kubeconfig to use')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'User to impersonate')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate; may be given several times')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request: 5s, 2m, or 0 for no limit')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--keep-namespace', '--keep-namespace', [CompletionResultType]::ParameterName, 'Keep the namespace')
            [CompletionResult]::new('--delete-workloads', '--delete-workloads', [CompletionResultType]::ParameterName, 'Also delete the HPAs or ScaledObjects that render-hpa made, and the opportunistic workloads that they scale')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Only show the plan')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;sample-app' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where to answer [default: every address, port 8080]')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'What it calls itself; in a pod the pod''s name')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log: text or json')
            [CompletionResult]::new('--shutdown-delay', '--shutdown-delay', [CompletionResultType]::ParameterName, 'How long to be unready before the port closes, on SIGTERM')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;load' {
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Requests a second; or a minute, as in 30/m')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'For how long')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'The longest that one answer may take')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'How to ask')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'A header; may be given several times')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'A header; may be given several times')
            [CompletionResult]::new('--body', '--body', [CompletionResultType]::ParameterName, 'What to send with each request')
            [CompletionResult]::new('--most-under-way', '--most-under-way', [CompletionResultType]::ParameterName, 'Requests that may be under way at once; one beyond them is a failure')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'Authorities to trust for https, PEM [default: the system''s]')
            [CompletionResult]::new('--fail-above', '--fail-above', [CompletionResultType]::ParameterName, 'End with exit code 1 when more than this share failed or was answered with a status of 400 and above')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to write the figures: text or json')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to write the figures: text or json')
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'Instead, print the Job that does this in a cluster, with this image')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'What the Job is called')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Where the Job runs')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Where the Job runs')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--no-keep-alive', '--no-keep-alive', [CompletionResultType]::ParameterName, 'Use a new connection for each request; behind a Service, one that is kept leads to one pod')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;completion' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr; twice for more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'oppscale;help' {
            [CompletionResult]::new('top', 'top', [CompletionResultType]::ParameterValue, 'Show what is left of a cluster: per node, and in all')
            [CompletionResult]::new('render-hpa', 'render-hpa', [CompletionResultType]::ParameterValue, 'Render the manifests of opportunistic work, sized for a cluster')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Serve what remains to HPAs, Prometheus and people')
            [CompletionResult]::new('simulate', 'simulate', [CompletionResultType]::ParameterValue, 'Show what an HPA will do on a simulated cluster, and what it should be')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Watch the whole loop on a simulated cluster, without Kubernetes')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Set a cluster up: shows its plan, asks once, and proves the result')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Tell what is right and wrong in a cluster, with the fix for each')
            [CompletionResult]::new('certs', 'certs', [CompletionResultType]::ParameterValue, 'Make, look at and renew the certificates of the metrics API')
            [CompletionResult]::new('kubeconfig', 'kubeconfig', [CompletionResultType]::ParameterValue, 'Make a kubeconfig for a ServiceAccount, with a token that ends')
            [CompletionResult]::new('templates', 'templates', [CompletionResultType]::ParameterValue, 'Write out the templates of render-hpa, to start your own from')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Take away what init brought, the API first')
            [CompletionResult]::new('sample-app', 'sample-app', [CompletionResultType]::ParameterValue, 'Answer requests and count them: the article''s paid application')
            [CompletionResult]::new('load', 'load', [CompletionResultType]::ParameterValue, 'Send requests at a constant rate, and tell what came of them')
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
        'oppscale;help;certs' {
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Make a CA and a serving certificate: to files, to a Secret, or both')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show certificates as the API server''s aggregator judges them')
            [CompletionResult]::new('renew', 'renew', [CompletionResultType]::ParameterValue, 'Replace certificates before they end, without a failed request')
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
