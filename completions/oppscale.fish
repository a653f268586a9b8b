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
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "simulate" -d 'Show what an HPA will do on a simulated cluster, and what it should be'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "demo" -d 'Watch the whole loop on a simulated cluster, without Kubernetes'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "completion" -d 'Print a completion script for a shell'
complete -c oppscale -n "__fish_oppscale_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l from -d 'Read saved lists instead of a cluster: JSON or YAML of kubectl; - is stdin' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l by -d 'What a row stands for: node, namespace, workload, pool or pool=LABEL' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l resource -l resources -d 'Resources to show, the first one sorts: cpu,memory,pods,nvidia.com/gpu' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l sort -d 'Sort by name, state, allocatable, others, opportunistic, remaining, slots, pods or usage; :asc or :desc' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s l -l selector -d 'Look only at nodes with these labels' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -s n -l namespace -d 'Show only rows of this namespace; also the namespace of --workload KIND/NAME' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand top" -l workload -d 'Whose pods are opportunistic: NAMESPACE/deploy/NAME, or a label selector [default: oppscale.dev/opportunistic=true]' -r
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
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l series -d 'Replay one HPA on the metric values of this file: docs/series.md' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l scenario -d 'The cluster and its paid load: blog, burst, day, step or a file' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l from -d 'Take nodes and present paid load from saved lists, JSON or YAML of kubectl; or nodes and paid load over time from a history that top --record has written' -r
complete -c oppscale -n "__fish_oppscale_using_subcommand simulate" -l workload -d 'With --from: whose pods are the filler\'s: NAMESPACE/deploy/NAME, or a label selector [default: oppscale.dev/opportunistic=true]' -r
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
complete -c oppscale -n "__fish_oppscale_using_subcommand completion" -l color -d 'When to colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c oppscale -n "__fish_oppscale_using_subcommand completion" -s q -l quiet -d 'Say less on stderr'
complete -c oppscale -n "__fish_oppscale_using_subcommand completion" -s v -l verbose -d 'Say more on stderr; twice for more'
complete -c oppscale -n "__fish_oppscale_using_subcommand completion" -s h -l help -d 'Print help'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top simulate demo completion help" -f -a "top" -d 'Show what is left of a cluster: per node, and in all'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top simulate demo completion help" -f -a "simulate" -d 'Show what an HPA will do on a simulated cluster, and what it should be'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top simulate demo completion help" -f -a "demo" -d 'Watch the whole loop on a simulated cluster, without Kubernetes'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top simulate demo completion help" -f -a "completion" -d 'Print a completion script for a shell'
complete -c oppscale -n "__fish_oppscale_using_subcommand help; and not __fish_seen_subcommand_from top simulate demo completion help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
