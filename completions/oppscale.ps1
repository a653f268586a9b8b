
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
            [CompletionResult]::new('simulate', 'simulate', [CompletionResultType]::ParameterValue, 'Show what an HPA will do on a simulated cluster, and what it should be')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Watch the whole loop on a simulated cluster, without Kubernetes')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'oppscale;top' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read saved lists instead of a cluster: JSON or YAML of kubectl; - is stdin')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'What a row stands for: node, namespace, workload, pool or pool=LABEL')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'Resources to show, the first one sorts: cpu,memory,pods,nvidia.com/gpu')
            [CompletionResult]::new('--resources', '--resources', [CompletionResultType]::ParameterName, 'Resources to show, the first one sorts: cpu,memory,pods,nvidia.com/gpu')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'Sort by name, state, allocatable, others, opportunistic, remaining, slots, pods or usage; :asc or :desc')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Look only at nodes with these labels')
            [CompletionResult]::new('--selector', '--selector', [CompletionResultType]::ParameterName, 'Look only at nodes with these labels')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Show only rows of this namespace; also the namespace of --workload KIND/NAME')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Show only rows of this namespace; also the namespace of --workload KIND/NAME')
            [CompletionResult]::new('--workload', '--workload', [CompletionResultType]::ParameterName, 'Whose pods are opportunistic: NAMESPACE/deploy/NAME, or a label selector [default: oppscale.dev/opportunistic=true]')
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
        'oppscale;simulate' {
            [CompletionResult]::new('--series', '--series', [CompletionResultType]::ParameterName, 'Replay one HPA on the metric values of this file: docs/series.md')
            [CompletionResult]::new('--scenario', '--scenario', [CompletionResultType]::ParameterName, 'The cluster and its paid load: blog, burst, day, step or a file')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Take nodes and present paid load from saved lists, JSON or YAML of kubectl; or nodes and paid load over time from a history that top --record has written')
            [CompletionResult]::new('--workload', '--workload', [CompletionResultType]::ParameterName, 'With --from: whose pods are the filler''s: NAMESPACE/deploy/NAME, or a label selector [default: oppscale.dev/opportunistic=true]')
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
            [CompletionResult]::new('simulate', 'simulate', [CompletionResultType]::ParameterValue, 'Show what an HPA will do on a simulated cluster, and what it should be')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Watch the whole loop on a simulated cluster, without Kubernetes')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'oppscale;help;top' {
            break
        }
        'oppscale;help;simulate' {
            break
        }
        'oppscale;help;demo' {
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
