import { cliErrors } from '../errors.ts';
import type { CommandSpec, Run } from '../program/spec.ts';
import { commands } from '../specs/index.ts';
import type { completion } from '../specs/tools.ts';

/** `bash`: one function over a table of commands and their flags. */
function bash(all: readonly CommandSpec[]): string {
  const cases = all.map(({ name, flags }) => `    '${name}') words='${flagWords(flags)}' ;;`).join('\n');
  const firsts = [...new Set(all.map(({ name }) => name.split(' ')[0]!))].join(' ');
  const seconds = groups(all)
    .map(([first, rest]) => `    '${first}') words='${rest.join(' ')} --help' files=no ;;`)
    .join('\n');
  return `_pratique() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words='' i command='' files=yes
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == -* ]] && break
    command="\${command:+$command }\${COMP_WORDS[i]}"
    case "$command" in ${
      groups(all)
        .map(([first]) => `'${first}'`)
        .join('|') || "''"
    }) ;; *) break ;; esac
  done
  case "$command" in
    '') words='${firsts} --help' files=no ;;
${seconds}
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ $current != -* && $files == yes ]] && COMPREPLY+=($(compgen -f -- "$current"))
}
complete -o filenames -F _pratique pratique
`;
}

function zsh(all: readonly CommandSpec[]): string {
  return `#compdef pratique\nautoload -U +X bashcompinit && bashcompinit\n${bash(all)}`;
}

function fish(all: readonly CommandSpec[]): string {
  const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines: string[] = [];
  for (const { name, summary, flags } of all) {
    const words = name.split(' ');
    const seen = words.slice(0, -1).map((word) => `__fish_seen_subcommand_from ${word}`);
    const condition = seen.length > 0 ? seen.join('; and ') : '__fish_use_subcommand';
    lines.push(`complete -c pratique -f -n ${quote(condition)} -a ${words.at(-1)!} -d ${quote(summary)}`);
    const here = words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    for (const [flag, spec] of Object.entries(flags)) {
      if (spec.hidden) continue;
      const short = spec.short ? ` -s ${spec.short}` : '';
      const value =
        spec.kind === 'boolean' ? '' : spec.choices ? ` -x -a ${quote(spec.choices.join(' '))}` : ' -r';
      lines.push(
        `complete -c pratique -n ${quote(here)} -l ${flag}${short}${value} -d ${quote(spec.summary)}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

function powershell(all: readonly CommandSpec[]): string {
  const entries = all.map(({ name, flags }) => `    '${name}' = '${flagWords(flags)}'`).join('\n');
  const firsts = [...new Set(all.map(({ name }) => name.split(' ')[0]!))].join(' ');
  return `Register-ArgumentCompleter -Native -CommandName pratique -ScriptBlock {
  param($word, $ast, $position)
  $flags = @{
${entries}
  }
  $line = ($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" }) -join ' '
  $key = $flags.Keys | Where-Object { $line -eq $_ -or $line.StartsWith("$_ ") } | Sort-Object Length -Descending | Select-Object -First 1
  $words = if ($key) { $flags[$key] } else { '${firsts}' }
  $words.Split(' ') | Where-Object { $_ -like "$word*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
`;
}

function flagWords(flags: CommandSpec['flags']): string {
  return [
    ...Object.entries(flags)
      .filter(([, flag]) => !flag.hidden)
      .map(([name]) => `--${name}`),
    '--help',
  ].join(' ');
}

/** First words that have commands below them: `registry` → `serve`. */
function groups(all: readonly CommandSpec[]): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const { name } of all) {
    const [first, second] = name.split(' ');
    if (second) found.set(first!, [...(found.get(first!) ?? []), second]);
  }
  return [...found];
}

const shells: Readonly<Record<string, (all: readonly CommandSpec[]) => string>> = {
  bash,
  zsh,
  fish,
  powershell,
};

export const run: Run<typeof completion.flags> = async ({ args, terminal }) => {
  const shell = Object.hasOwn(shells, args[0]!) ? shells[args[0]!] : undefined;
  if (!shell) {
    throw cliErrors.error('USAGE', {
      message: 'no completion for that shell',
      expected: Object.keys(shells).join(', '),
      found: args[0]!.slice(0, 50),
      remedy: 'pratique completion bash',
    });
  }
  terminal.out(shell(commands));
  return 0;
};
