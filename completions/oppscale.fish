# Completion of oppscale for fish. The program gives the candidates; see docs/install.md.

function __oppscale_complete
    set -l words (commandline --tokenize --current-process --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l words (string replace --regex -- '^~/' "$HOME/" $words[2..])
    set -l lines (command oppscale __complete $words "$current" 2>/dev/null)
    set -l directive (string replace --filter --regex -- '^:([0-9]+)$' '$1' "$lines[-1]")
    or return
    set -e lines[-1]
    if set -q lines[1]
        printf '%s\n' $lines
    else if test (math "bitand($directive, 4)") -eq 0
        set -l flag (string match --regex -- '^--[^=]*=' "$current")
        set -l path (string replace --regex -- '^--[^=]*=' '' "$current")
        set -l found (complete --do-complete "'' $path")
        if test (math "bitand($directive, 16)") -eq 16
            set found (string match --regex -- '^[^\t]*/(?:\t.*)?$' $found)
        end
        set -q found[1]
        and printf '%s\n' "$flag"$found
    end
end

complete --command oppscale --erase
complete --command oppscale --no-files --keep-order --arguments '(__oppscale_complete)'
