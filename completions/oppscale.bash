# Completion of oppscale for bash. The program gives the candidates; see docs/install.md.

_oppscale() {
    local rest=${COMP_LINE:0:COMP_POINT} words=() word gap answer directive value i
    # bash splits words at = and : and @; this puts them together again.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        gap=${rest%%[![:space:]]*}
        rest=${rest:${#gap}}
        if ((i == COMP_CWORD)); then
            word=$rest
        else
            rest=${rest:${#word}}
        fi
        if ((i > 0)) && [[ -z $gap ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
    done
    for ((i = 1; i < ${#words[@]}; i++)); do
        word=${words[i]//[\"\'\\]/}
        [[ $word == '~/'* ]] && word=$HOME/${word:2}
        words[i]=$word
    done

    answer=$(command oppscale __complete "${words[@]:1}" 2>/dev/null) || return
    directive=${answer##*:}
    [[ $directive == [0-9]* ]] || return
    # Only what follows the last break replaces the word of the line.
    word=${words[${#words[@]} - 1]}
    local breaks=${COMP_WORDBREAKS//[[:space:]\"\']/} start=0
    for ((i = 0; i < ${#word}; i++)); do
        [[ $breaks == *"${word:i:1}"* ]] && start=$((i + 1))
    done
    COMPREPLY=()
    while IFS= read -r value; do
        value=${value%%$'\t'*}
        [[ -n $value && $value == "$word"* ]] || continue
        printf -v value '%q' "${value:start}"
        COMPREPLY+=("$value")
    done <<<"${answer%:*}"
    if ((directive & 2)); then
        compopt -o nospace 2>/dev/null
    fi
    if ((${#COMPREPLY[@]} == 0 && (directive & 4) == 0)); then
        if ((directive & 16)); then
            compopt -o dirnames 2>/dev/null
        else
            compopt -o default 2>/dev/null
        fi
    fi
}

complete -F _oppscale oppscale
