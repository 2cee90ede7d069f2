import type { Known } from './shell.ts';
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
  const answerTo = (name: string): string => {
    const value = values.get(name);
    if (value === undefined) throw new NotUnderstood('');
    return value;
  };
  const nothing: Known = () => 0;
  return {
    // 30: the question was not shown.
    db_input: () => 30,
    db_get: ([name = ''], shell) => {
      shell.assign('RET', answerTo(name));
      return 0;
    },
    db_set: ([name = '', ...words]) => {
      answerTo(name);
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
