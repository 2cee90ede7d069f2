import type { Known, Shell } from './shell.ts';
import { NotUnderstood } from './syntax.ts';

/**
 * Debconf’s questions (debconf-devel(7)) as where nobody is there to answer them: every one has its default, or what a
 * script set it to.
 *
 * @param templates the package’s, which have the defaults
 */
export function debconf(templates: string): Readonly<Record<string, Known>> {
  const values = new Map(
    templates.split(/\n{2,}/).flatMap((block) => {
      const name = /^Template: *(\S+)/m.exec(block)?.[1];
      return name === undefined ? [] : [[name, /^Default: *(.*)$/m.exec(block)?.[1] ?? ''] as const];
    }),
  );
  const nothing: Known = () => 0;
  /** False for a question that nobody has; of another package, its answer is not known. */
  const isKnown = (name: string, { changes }: Shell): boolean => {
    if (values.has(name)) return true;
    const template = `Template: ${name}\n`;
    const others = changes
      .list('/var/lib/dpkg/info')
      .filter(({ path }) => path.endsWith('.templates'))
      .map(({ path }) => new TextDecoder().decode(changes.read(`/${path}`)));
    if (others.some((text) => text.includes(template)) || /\s/.test(name)) throw new NotUnderstood('');
    return false;
  };
  /** What debconf answers for a question that is none. */
  const none = (name: string, shell: Shell): number => {
    shell.assign('RET', `10 ${name} doesn't exist`);
    return 10;
  };
  return {
    // 30: the question was not shown.
    db_input: () => 30,
    db_get: ([name = ''], shell) => {
      if (!isKnown(name, shell)) return none(name, shell);
      shell.assign('RET', values.get(name)!);
      return 0;
    },
    db_set: ([name = '', ...words], shell) => {
      if (!isKnown(name, shell)) return none(name, shell);
      values.set(name, words.join(' '));
      return 0;
    },
    db_fget: (_args, shell) => {
      shell.assign('RET', 'false');
      return 0;
    },
    ...Object.fromEntries(
      [
        'version',
        'capb',
        'go',
        'stop',
        'title',
        'settitle',
        'fset',
        'subst',
        'beginblock',
        'endblock',
        'purge',
      ].map((name) => [`db_${name}`, nothing]),
    ),
  };
}
