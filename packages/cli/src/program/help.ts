import type { CommandSpec, FlagSpec } from './spec.ts';
import { style, table } from './style.ts';

/** `-k, --key FILE` */
export function flagUsage(name: string, flag: FlagSpec): string {
  const value =
    flag.kind === 'boolean' ? '' : ` ${flag.placeholder ?? (flag.kind === 'integer' ? 'N' : 'VALUE')}`;
  return `${flag.short ? `-${flag.short}, ` : '    '}--${name}${value}`;
}

function flagNotes(flag: FlagSpec): string {
  const notes: string[] = [];
  if (flag.choices) notes.push(flag.choices.join(' | '));
  if ('default' in flag && flag.default !== undefined && flag.default !== false)
    notes.push(`default ${flag.default}`);
  if (flag.env) notes.push(flag.env.map((name) => `$${name}`).join(', '));
  return notes.length > 0 ? ` (${notes.join('; ')})` : '';
}

/** Help of one command: examples, usage, what it does, options. */
export function commandHelp(command: CommandSpec, colour: boolean): string {
  const c = style(colour);
  const parts: string[] = [];
  parts.push(
    `${c.bold('Examples')}\n${command.examples.map(({ command: line, does }) => `  ${c.dim(`# ${does}`)}\n  ${line}`).join('\n')}`,
  );
  parts.push(`${c.bold('Usage')}\n  ${['pratique', command.name, '[options]', ...command.args].join(' ')}`);
  parts.push(command.description ? `${command.summary}.\n${command.description}` : `${command.summary}.`);
  const rows = Object.entries(command.flags)
    .filter(([, flag]) => !flag.hidden)
    .map(([name, flag]) => [`  ${flagUsage(name, flag)}`, `${flag.summary}${flagNotes(flag)}`]);
  parts.push(`${c.bold('Options')}\n${table([...rows, ['  -h, --help', 'This help']])}`);
  return `${parts.join('\n\n')}\n`;
}

/** Help of the whole program, or of a group such as `registry`. */
export function overview(commands: readonly CommandSpec[], prefix: string, colour: boolean): string {
  const c = style(colour);
  const parts: string[] = [];
  if (prefix === '') {
    parts.push(
      `${c.bold('Examples')}\n${table([
        ['  pratique demo', c.dim('# see it all work, offline')],
        ['  pratique generate-key-pair', c.dim('# cosign.key and cosign.pub')],
        ['  pratique sign --key cosign.key IMAGE@DIGEST', c.dim('# sign an image')],
        ['  pratique verify --key cosign.pub IMAGE', c.dim('# check it')],
        [
          '  pratique admit --trust trust.yaml -f deploy.yaml',
          c.dim("# the cluster's decision, before the cluster"),
        ],
      ])}`,
    );
  }
  parts.push(`${c.bold('Usage')}\n  pratique ${prefix ? `${prefix} ` : ''}COMMAND [options]`);
  const groups = new Map<string, CommandSpec[]>();
  for (const command of commands) groups.set(command.group, [...(groups.get(command.group) ?? []), command]);
  for (const [group, members] of groups) {
    parts.push(`${c.bold(group)}\n${table(members.map((member) => [`  ${member.name}`, member.summary]))}`);
  }
  parts.push('Help of one command: pratique COMMAND --help. What a code means: pratique explain CODE.');
  return `${parts.join('\n\n')}\n`;
}
