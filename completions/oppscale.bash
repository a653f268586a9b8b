# Completion of oppscale for bash. The program gives the candidates; see docs/install.md.

_oppscale() {
    local rest=${COMP_LINE:0:COMP_POINT} words=() word gap answer directive value i n
    local breaks=${COMP_WORDBREAKS//[[:space:]\"\']/} sign plain quote start
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
    # Each word as the program would get it. Of the last one, readline replaces what follows `start`:
    # an open quote, or else the last break that is not quoted.
    for ((i = 1; i < ${#words[@]}; i++)); do
        word=${words[i]} plain='' quote='' start=0
        for ((n = 0; n < ${#word}; n++)); do
            sign=${word:n:1}
            if [[ -n $quote && $sign == "$quote" ]]; then
                quote=''
                start=$gap
            elif [[ $quote == "'" || (-n $quote && ${word:n:2} != "\\"[\"\\\`\$]) ]]; then
                plain+=$sign
            elif [[ $sign == "\\" ]]; then
                n=$((n + 1))
                plain+=${word:n:1}
            elif [[ $sign == [\"\'] ]]; then
                quote=$sign
                gap=$start
                start=${#plain}
            else
                plain+=$sign
                [[ $breaks == *"$sign"* ]] && start=${#plain}
            fi
        done
        # A path that the program reads; the last word is still being typed.
        [[ $word == '~/'* ]] && ((i + 1 < ${#words[@]})) && plain=$HOME/${plain:2}
        words[i]=$plain
    done

    answer=$(command oppscale __complete "${words[@]:1}" 2>/dev/null) || return
    directive=${answer##*:}
    [[ $directive == [0-9]* ]] || return
    word=$plain
    COMPREPLY=()
    while IFS= read -r value; do
        value=${value%%$'\t'*}
        [[ -n $value && $value == "$word"* ]] || continue
        value=${value:start}
        # A quote that is open is closed by readline.
        case $quote in
        "'")
            [[ $value == *"'"* ]] && continue
            ;;
        '"')
            # Between double quotes, nothing takes the meaning of ! away.
            [[ $value == *'!'* ]] && continue
            value=${value//\\/\\\\}
            value=${value//\"/\\\"}
            value=${value//\$/\\\$}
            value=${value//\`/\\\`}
            ;;
        *)
            printf -v value '%q' "$value"
            ;;
        esac
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
