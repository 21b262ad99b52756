# Completions for tc in fish: a file `tc.fish` in ~/.config/fish/completions, or sourced.
function __taskcluster_tc
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    TC_COMPLETE=fish $program $words[2..] (commandline --current-token --cut-at-cursor) 2>/dev/null
    or __fish_complete_path (commandline --current-token --cut-at-cursor)
end
complete --command tc --no-files --keep-order --arguments '(__taskcluster_tc)'
