# Completions for tc in bash: source this file.
_taskcluster_tc() {
    local IFS=$'\n'
    COMPREPLY=($(TC_COMPLETE=bash "${1/#\~/$HOME}" "${COMP_WORDS[@]:1:COMP_CWORD-1}" "$2" 2>/dev/null))
    [[ ${COMPREPLY-} == *[=/.] ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -o default -o nosort -F _taskcluster_tc tc 2>/dev/null || complete -o default -F _taskcluster_tc tc
