#compdef oppscale
# Completion of oppscale for zsh. The program gives the candidates; see docs/install.md.

_oppscale() {
    local -a before lines values
    local line directive value help
    before=("${(@Q)words[2,CURRENT-1]}")
    before=("${(@)before/#\~\//$HOME/}")
    lines=("${(@f)$(command oppscale __complete "${before[@]}" "${(Q)PREFIX}" 2>/dev/null)}")
    directive=${lines[-1]#:}
    [[ $directive == <-> ]] || return 1
    for line in "${(@)lines[1,-2]}"; do
        value=${line%%$'\t'*}
        help=
        [[ $line == *$'\t'* ]] && help=${line#*$'\t'}
        [[ -n $value ]] && values+=("${value//:/\\:}${help:+:$help}")
    done
    local -a space
    (( directive & 2 )) && space=(-S '')
    if (( $#values )); then
        _describe -V oppscale values "${(@)space}" && return
    fi
    (( directive & 4 )) && return 1
    # A file behind --flag= begins there.
    compset -P '--*='
    if (( directive & 16 )); then
        _files -/
    else
        _files
    fi
}

if [[ $funcstack[1] == _oppscale ]]; then
    _oppscale "$@"
else
    compdef _oppscale oppscale
fi
