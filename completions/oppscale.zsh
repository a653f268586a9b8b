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
'--sort=[Sort by name, state, allocatable, others, opportunistic, remaining, slots, pods or usage; \:asc or \:desc]:KEY[:ORDER]:_default' \
'-l+[Look only at nodes with these labels]:LABELS:_default' \
'--selector=[Look only at nodes with these labels]:LABELS:_default' \
'-n+[Show only rows of this namespace; also the namespace of --workload KIND/NAME]:NAMESPACE:_default' \
'--namespace=[Show only rows of this namespace; also the namespace of --workload KIND/NAME]:NAMESPACE:_default' \
'--workload=[Whose pods are opportunistic\: NAMESPACE/deploy/NAME, or a label selector \[default\: oppscale.dev/opportunistic=true\]]:WORKLOAD:_default' \
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
'(--from --record --workload --explain --usage --fail-below)--replay=[Play a recorded capacity history instead of looking at a cluster]:FILE:_files' \
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
(simulate)
_arguments "${_arguments_options[@]}" : \
'(--scenario --from --workload -n --namespace --config --hpa --metric --reserve-in-metric --kubernetes-version --seed --duration --show -o --output --corrected --svg)--series=[Replay one HPA on the metric values of this file\: docs/series.md]:FILE:_default' \
'--scenario=[The cluster and its paid load\: blog, burst, day, step or a file]:NAME|FILE:_default' \
'(--scenario)*--from=[Take nodes and present paid load from saved lists, JSON or YAML of kubectl; or nodes and paid load over time from a history that top --record has written]:FILE:_default' \
'--workload=[With --from\: whose pods are the filler'\''s\: NAMESPACE/deploy/NAME, or a label selector \[default\: oppscale.dev/opportunistic=true\]]:WORKLOAD:_default' \
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
(simulate)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(demo)
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
'simulate:Show what an HPA will do on a simulated cluster, and what it should be' \
'demo:Watch the whole loop on a simulated cluster, without Kubernetes' \
'completion:Print a completion script for a shell' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'oppscale commands' commands "$@"
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
'simulate:Show what an HPA will do on a simulated cluster, and what it should be' \
'demo:Watch the whole loop on a simulated cluster, without Kubernetes' \
'completion:Print a completion script for a shell' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'oppscale help commands' commands "$@"
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
(( $+functions[_oppscale__subcmd__help__subcmd__simulate_commands] )) ||
_oppscale__subcmd__help__subcmd__simulate_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help simulate commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__help__subcmd__top_commands] )) ||
_oppscale__subcmd__help__subcmd__top_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale help top commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__simulate_commands] )) ||
_oppscale__subcmd__simulate_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale simulate commands' commands "$@"
}
(( $+functions[_oppscale__subcmd__top_commands] )) ||
_oppscale__subcmd__top_commands() {
    local commands; commands=()
    _describe -t commands 'oppscale top commands' commands "$@"
}

if [ "$funcstack[1]" = "_oppscale" ]; then
    _oppscale "$@"
else
    compdef _oppscale oppscale
fi
