# Completions for tc in elvish: a line of rc.elv that evals this file.
set edit:completion:arg-completer[tc] = {|@words|
    var program = $words[0]
    var rest = $words[1..]
    try {
        env TC_COMPLETE=elvish $program $@rest 2>/dev/null | from-lines
    } catch e {
        edit:complete-filename $words[-1]
    }
}
