
use builtin;
use str;

set edit:completion:arg-completer[oppscale] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'oppscale'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'oppscale'= {
            cand --color 'When to colour: auto, always or never'
            cand -q 'Say less on stderr'
            cand --quiet 'Say less on stderr'
            cand -v 'Say more on stderr; twice for more'
            cand --verbose 'Say more on stderr; twice for more'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand top 'Show what is left of a cluster: per node, and in all'
            cand simulate 'Show what an HPA will do on a simulated cluster, and what it should be'
            cand completion 'Print a completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'oppscale;top'= {
            cand --from 'Read saved lists instead of a cluster: JSON or YAML of kubectl; - is stdin'
            cand --by 'What a row stands for: node, namespace, workload, pool or pool=LABEL'
            cand --resource 'Resources to show, the first one sorts: cpu,memory,pods,nvidia.com/gpu'
            cand --resources 'Resources to show, the first one sorts: cpu,memory,pods,nvidia.com/gpu'
            cand --sort 'Sort by name, state, allocatable, others, opportunistic, remaining, slots, pods or usage; :asc or :desc'
            cand -l 'Look only at nodes with these labels'
            cand --selector 'Look only at nodes with these labels'
            cand -n 'Show only rows of this namespace; also the namespace of --workload KIND/NAME'
            cand --namespace 'Show only rows of this namespace; also the namespace of --workload KIND/NAME'
            cand --workload 'Whose pods are opportunistic: NAMESPACE/deploy/NAME, or a label selector [default: oppscale.dev/opportunistic=true]'
            cand --replica 'Shape of the replicas that SLOTS counts [default: the workload''s, or cpu=1]'
            cand --reserve 'What must stay free: cores (30) or a share of cpu and memory (15%)'
            cand --target-utilization 'The same, as the utilisation to fill up to: 85%'
            cand -o 'Output: table, wide, json, yaml, csv or name'
            cand --output 'Output: table, wide, json, yaml, csv or name'
            cand --explain 'Tell where the number of this pod comes from'
            cand --fail-below 'Exit with 1 when less remains: cpu=10,memory=64Gi,replicas=5'
            cand --kubeconfig 'Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config'
            cand --context 'Context of the kubeconfig to use'
            cand --cluster 'Cluster of the kubeconfig to use'
            cand --user 'User of the kubeconfig to use'
            cand --as 'User to impersonate'
            cand --as-group 'Group to impersonate; may be given several times'
            cand --request-timeout 'Longest wait for one request: 5s, 2m, or 0 for no limit'
            cand --color 'When to colour: auto, always or never'
            cand --show-unusable 'Also show nodes that opportunistic work may not use, and why'
            cand --usage 'Show what is used now, from metrics.k8s.io'
            cand -q 'Say less on stderr'
            cand --quiet 'Say less on stderr'
            cand -v 'Say more on stderr; twice for more'
            cand --verbose 'Say more on stderr; twice for more'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'oppscale;simulate'= {
            cand --series 'Replay one HPA on the metric values of this file: docs/series.md'
            cand --scenario 'The cluster and its paid load: blog, burst, day, step or a file'
            cand --from 'Take nodes and present paid load from saved lists: JSON or YAML of kubectl'
            cand --workload 'With --from: whose pods are the filler''s: NAMESPACE/deploy/NAME, or a label selector [default: oppscale.dev/opportunistic=true]'
            cand -n 'With --from: the namespace of --workload KIND/NAME'
            cand --namespace 'With --from: the namespace of --workload KIND/NAME'
            cand --config 'A named configuration, several times for several: B to H, J to L, oppscale [default: B F G H oppscale]'
            cand --hpa 'Try the HorizontalPodAutoscalers of this manifest, and their corrections'
            cand --metric 'With --hpa: whether its metric falls when the workload grows [default: includes-own; excludes-own for oppscale''s metric]'
            cand --reserve-in-metric 'With --hpa: what its metric has already taken off: cores (30) or a share (15%)'
            cand --kubernetes-version 'Whose HPA controller: 1.33 to 1.37 [default: 1.36]'
            cand --seed 'Chooses the phases that a cluster leaves to chance; equal seeds, equal runs'
            cand --duration 'How long to simulate [default: the scenario''s]'
            cand --show 'Which configuration to look at closely [default: the first]'
            cand -o 'Output: table, json or csv'
            cand --output 'Output: table, json or csv'
            cand --svg 'Also draw it into this file'
            cand --color 'When to colour: auto, always or never'
            cand --corrected 'Print only the corrected manifest of the configuration that is looked at'
            cand -q 'Say less on stderr'
            cand --quiet 'Say less on stderr'
            cand -v 'Say more on stderr; twice for more'
            cand --verbose 'Say more on stderr; twice for more'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'oppscale;completion'= {
            cand --color 'When to colour: auto, always or never'
            cand -q 'Say less on stderr'
            cand --quiet 'Say less on stderr'
            cand -v 'Say more on stderr; twice for more'
            cand --verbose 'Say more on stderr; twice for more'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'oppscale;help'= {
            cand top 'Show what is left of a cluster: per node, and in all'
            cand simulate 'Show what an HPA will do on a simulated cluster, and what it should be'
            cand completion 'Print a completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'oppscale;help;top'= {
        }
        &'oppscale;help;simulate'= {
        }
        &'oppscale;help;completion'= {
        }
        &'oppscale;help;help'= {
        }
    ]
    $completions[$command]
}
