# Completions for tc in PowerShell: a line of $PROFILE that dot-sources this file.
Register-ArgumentCompleter -Native -CommandName tc -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { "$_" })
    $before = $env:TC_COMPLETE
    $env:TC_COMPLETE = 'powershell'
    # An empty last word would be dropped on the way; a space stands for it.
    $last = if ($wordToComplete) { $wordToComplete } else { ' ' }
    & $words[0] @($words | Select-Object -Skip 1) $last 2>$null | ForEach-Object {
        $value, $help = $_ -split "`t", 2
        if (-not $help) { $help = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
    }
    $env:TC_COMPLETE = $before
}
