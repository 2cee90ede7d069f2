import type { Changes } from './changes.ts';
import { NotUnderstood } from './syntax.ts';

interface Choice {
  readonly path: string;
  readonly priority: number;
  /** The file of each slave by name. */
  readonly slaves: ReadonlyMap<string, string>;
}

/** One file of `/var/lib/dpkg/alternatives` (update-alternatives(1), `altdb` of dpkg). */
interface Alternative {
  readonly name: string;
  readonly link: string;
  readonly auto: boolean;
  /** The link of each slave by name, in the order they are written. */
  readonly slaves: ReadonlyMap<string, string>;
  readonly choices: readonly Choice[];
}

const folder = '/var/lib/dpkg/alternatives';
const links = '/etc/alternatives';

/**
 * `update-alternatives`: keeps its records, and the links `/usr/bin/NAME` → `/etc/alternatives/NAME` → the choice with
 * the highest priority. Gives the exit code.
 *
 * @throws NotUnderstood
 */
export function updateAlternatives(
  args: readonly string[],
  changes: Changes,
  output: (text: string) => void,
): number {
  const rest = args.filter((arg) => !['--quiet', '--verbose', '--force'].includes(arg));
  const [action, ...values] = rest;
  switch (action) {
    case '--install':
      return install(values, changes);
    case '--remove': {
      const [name = '', path = ''] = values;
      const there = read(name, changes);
      if (there === undefined) return 0;
      write({ ...there, choices: there.choices.filter((choice) => choice.path !== path) }, changes);
      return 0;
    }
    case '--remove-all': {
      const there = read(values[0] ?? '', changes);
      if (there !== undefined) write({ ...there, choices: [] }, changes);
      return 0;
    }
    case '--auto': {
      const there = read(values[0] ?? '', changes);
      if (there === undefined) return 2;
      write({ ...there, auto: true }, changes);
      return 0;
    }
    case '--display':
    case '--query': {
      const there = read(values[0] ?? '', changes);
      if (there === undefined) return 2;
      if (action === '--display') throw new NotUnderstood('');
      output(described(there, changes));
      return 0;
    }
    default:
      throw new NotUnderstood('');
  }
}

/** As `--query` says it. */
function described({ name, link, auto, choices }: Alternative, changes: Changes): string {
  const sorted = [...choices].sort((a, b) => b.priority - a.priority);
  const lines = [
    `Name: ${name}`,
    `Link: ${link}`,
    `Status: ${auto ? 'auto' : 'manual'}`,
    ...(sorted[0] === undefined ? [] : [`Best: ${sorted[0].path}`]),
    `Value: ${changes.at(`${links}/${name}`)?.linkname ?? 'none'}`,
    ...choices.flatMap(({ path, priority }) => ['', `Alternative: ${path}`, `Priority: ${priority}`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function install(values: readonly string[], changes: Changes): number {
  const [link = '', name = '', path = '', priority = '', ...more] = values;
  const slaveLinks = new Map<string, string>();
  const slaves = new Map<string, string>();
  for (let at = 0; at < more.length; at += 4) {
    const [option, slaveLink, slaveName, slavePath] = more.slice(at, at + 4);
    if (option !== '--slave' || slavePath === undefined) throw new NotUnderstood('');
    slaveLinks.set(checked(slaveName!), absolute(slaveLink!));
    slaves.set(slaveName!, absolute(slavePath));
  }
  if (!/^-?\d{1,9}$/.test(priority)) throw new NotUnderstood('');
  // As the program: an alternative that is not there is an error.
  if (changes.follow(absolute(path)) === undefined) return 2;
  const there = read(name, changes) ?? {
    name: checked(name),
    link: absolute(link),
    auto: true,
    slaves: new Map(),
    choices: [],
  };
  if (there.link !== link) throw new NotUnderstood('an alternative whose link moves');
  const choice: Choice = { path, priority: Number(priority), slaves };
  write(
    {
      ...there,
      slaves: new Map([...there.slaves, ...slaveLinks]),
      choices: [...there.choices.filter((one) => one.path !== path), choice],
    },
    changes,
  );
  return 0;
}

function read(name: string, changes: Changes): Alternative | undefined {
  const bytes = changes.read(`${folder}/${checked(name)}`);
  if (bytes === undefined) return undefined;
  const lines = new TextDecoder().decode(bytes).split('\n');
  const [status, link = ''] = lines;
  const slaves = new Map<string, string>();
  let at = 2;
  for (; lines[at] !== '' && at < lines.length; at += 2) slaves.set(lines[at]!, lines[at + 1] ?? '');
  const choices: Choice[] = [];
  for (at++; lines[at] !== '' && at < lines.length; at += 2 + slaves.size) {
    const files = [...slaves.keys()].map((slave, index) => [slave, lines[at + 2 + index] ?? ''] as const);
    choices.push({
      path: lines[at]!,
      priority: Number(lines[at + 1]),
      slaves: new Map(files.filter(([, file]) => file !== '')),
    });
  }
  return { name, link, auto: status === 'auto', slaves, choices };
}

function write(alternative: Alternative, changes: Changes): void {
  const { name, link, auto, slaves, choices } = alternative;
  const best = choices.reduce<Choice | undefined>(
    (found, one) => (found === undefined || one.priority > found.priority ? one : found),
    undefined,
  );
  const chosen = auto ? best : choices.find(({ path }) => path === changes.at(`${links}/${name}`)?.linkname);
  if (chosen === undefined && choices.length > 0)
    throw new NotUnderstood('an alternative that was chosen by hand');
  point(name, link, chosen?.path, changes);
  for (const [slave, slaveLink] of slaves) point(slave, slaveLink, chosen?.slaves.get(slave), changes);
  if (choices.length === 0) {
    changes.remove(`${folder}/${name}`);
    return;
  }
  const sorted = [...choices].sort((a, b) => (a.path < b.path ? -1 : 1));
  const lines = [
    auto ? 'auto' : 'manual',
    link,
    ...[...slaves].flat(),
    '',
    ...sorted.flatMap((one) => [
      one.path,
      String(one.priority),
      ...[...slaves.keys()].map((slave) => one.slaves.get(slave) ?? ''),
    ]),
    '',
    '',
  ];
  if (changes.follow(folder) === undefined) changes.makeDirectory(folder);
  changes.write(`${folder}/${name}`, new TextEncoder().encode(lines.join('\n')));
}

/** Links to the file, where it is there; else there are no links. A real file in the place of a link stays. */
function point(name: string, link: string, path: string | undefined, changes: Changes): void {
  const isThere = path !== undefined && changes.follow(path) !== undefined;
  const standing = changes.at(link);
  if (standing !== undefined && standing.type !== 'symlink') return;
  if (!isThere) {
    changes.remove(`${links}/${name}`);
    if (standing?.linkname === `${links}/${name}`) changes.remove(link);
    return;
  }
  if (changes.follow(links) === undefined) changes.makeDirectory(links);
  changes.makeLink(`${links}/${name}`, path);
  if (changes.follow(link.replace(/\/[^/]*$/, '')) === undefined) return;
  changes.makeLink(link, `${links}/${name}`);
}

function checked(name: string): string {
  if (!/^[\w][\w.+:@-]*$/.test(name)) throw new NotUnderstood('the name of an alternative');
  return name;
}

function absolute(path: string): string {
  if (!/^\/[^\n]+$/.test(path)) throw new NotUnderstood('the path of an alternative');
  return path;
}
