export type CompletionShell = 'bash' | 'zsh' | 'fish';

/**
 * The scripts only ask `vxmig __complete`, whose answers come from the tree of commands: a new command or option needs no change here,
 * and no new script in anybody's shell.
 */
export const COMPLETION_SCRIPTS: Readonly<Record<CompletionShell, string>> = {
  bash: `# bash completion for vxmig: source <(vxmig completion bash)
_vxmig() {
  local current=\${COMP_WORDS[COMP_CWORD]} kind line
  COMPREPLY=()
  {
    read -r kind || return
    while read -r line; do COMPREPLY+=("$line"); done
    if [[ $kind == files ]]; then
      compopt -o filenames
      while read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    fi
  } < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _vxmig vxmig
`,
  zsh: `#compdef vxmig
# zsh completion for vxmig: source <(vxmig completion zsh)
_vxmig() {
  local -a answer
  answer=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- "\${(@)answer[2,-1]}"
  [[ $answer[1] == files ]] && _files
}
compdef _vxmig vxmig
`,
  fish: `# fish completion for vxmig: vxmig completion fish > ~/.config/fish/completions/vxmig.fish
function __vxmig_complete
  set -l current (commandline -ct)
  set -l words (commandline -opc)
  set -l answer ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
  test (count $answer) -gt 1; and printf '%s\\n' $answer[2..-1]
  test "$answer[1]" = files; and __fish_complete_path "$current"
end
complete -c vxmig -f -a '(__vxmig_complete)'
`,
};
