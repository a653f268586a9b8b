# Completion of oppscale for PowerShell. The program gives the candidates; see docs/install.md.

Register-ArgumentCompleter -Native -CommandName 'oppscale' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $program = Get-Command -Name 'oppscale' -CommandType Application -ErrorAction SilentlyContinue |
        Select-Object -First 1
    if (-not $program) { return }
    # Elements before the cursor; the text of a string without its quotes. Nothing is expanded.
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value }
            else { $_.Extent.Text }
        })
    # PowerShell before 7.3 leaves an empty argument out.
    $passing = Get-Variable -Name 'PSNativeCommandArgumentPassing' -ValueOnly -ErrorAction SilentlyContinue
    $current = if ($wordToComplete -or ($passing -and $passing -ne 'Legacy')) { $wordToComplete } else { '""' }
    $lines = @(& $program.Source '__complete' @words $current 2>$null)
    if ($lines.Count -eq 0) { return }

    $directive = [int]($lines[-1].TrimStart(':'))
    $space = if ($directive -band 2) { '' } else { ' ' }
    foreach ($line in ($lines | Select-Object -SkipLast 1)) {
        $value, $help = $line -split "`t", 2
        if (-not $help) { $help = $value }
        # Quoted where PowerShell would read it as more than a word. It takes several signs as a quote.
        $text = if ($value -match '^[\w./:=%+-]+$') { $value } else {
            "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($value) + "'"
        }
        [System.Management.Automation.CompletionResult]::new("$text$space", $value, 'ParameterValue', $help)
    }
    if (-not ($directive -band 4)) {
        # A file behind --flag= begins there.
        $flag = if ($wordToComplete -match '^--[^=]*=') { $Matches[0] } else { '' }
        $path = $wordToComplete.Substring($flag.Length)
        $paths = [System.Management.Automation.CompletionCompleters]::CompleteFilename($path)
        if ($directive -band 16) { $paths = $paths | Where-Object { $_.ResultType -eq 'ProviderContainer' } }
        foreach ($one in $paths) {
            [System.Management.Automation.CompletionResult]::new(
                "$flag$($one.CompletionText)", $one.ListItemText, $one.ResultType, $one.ToolTip)
        }
    }
}
