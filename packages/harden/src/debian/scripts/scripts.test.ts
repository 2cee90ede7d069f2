import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jks } from '../../image/java-keystore.ts';
import { fileSystemOf } from '../../testing/file-system.ts';
import { base, follow } from '../../testing/scripts.ts';
import { Changes } from './changes.ts';
import { followScript } from './maintainer.ts';
import { parseScript } from './parse.ts';
import { NotUnderstood } from './syntax.ts';

/** Scripts that write what they come to into a file. */
test.each([
  ['the first arguments of dpkg', 'echo "$1|$2|$#" > /etc/out', 'configure||2\n'],
  [
    'a new installation',
    'if [ "$1" = configure ] && [ -z "$2" ]; then echo new > /etc/out; else no-such-thing; fi',
    'new\n',
  ],
  [
    'cases and patterns',
    'case "$1" in\n  abort-*|remove) no-such-thing ;;\n  conf*) echo yes > /etc/out\n  ;;\n  *) exit 1 ;;\nesac',
    'yes\n',
  ],
  [
    'a pattern in quotes, which stands for itself',
    'case "a*" in "a?") no ;; "a*") echo yes > /etc/out;; esac',
    'yes\n',
  ],
  [
    'functions, with arguments of their own',
    'f() { echo "$2" > "$1"; return 3; }\nf /etc/out x || echo $? >> /etc/out',
    'x\n3\n',
  ],
  [
    'loops over words and names',
    'for i in a "b c" /usr/bin/*awk; do echo "$i" >> /etc/out; done',
    'a\nb c\n/usr/bin/gawk\n/usr/bin/mawk\n',
  ],
  [
    'fields that are split, and those that are not',
    'x="a  b"; for i in $x "$x"; do echo "[$i]" >> /etc/out; done',
    '[a]\n[b]\n[a  b]\n',
  ],
  [
    'parameters with a default, without a prefix or a suffix',
    `x=postgresql-client-15\necho "\${none:-d} \${x##*-} \${x#*-} \${x%-*} \${x%%-*} \${x:+set}" > /etc/out`,
    'd 15 client-15 postgresql-client postgresql set\n',
  ],
  [
    'command substitution, nested and in backquotes',
    'x=$(basename "$(dirname /a/b/c)")`echo .d`; echo $x > /etc/out',
    'b.d\n',
  ],
  ['here-documents', "y=1\ncat > /etc/out <<-EOF\n\ta $y\n\tEOF\ncat >> /etc/out <<'E'\n$y\nE", 'a 1\n$y\n'],
  ['pipelines', 'echo abc | sed s/b/x/ | grep -q axc && echo yes > /etc/out', 'yes\n'],
  [
    'what grep finds and does not',
    'grep -q "^old$" /etc/there && ! grep -q new /etc/there && echo yes > /etc/out',
    'yes\n',
  ],
  ['sub-shells, which keep their variables', 'x=1; (x=2; echo $x > /etc/out); echo $x >> /etc/out', '2\n1\n'],
  ['failures that are tested', 'false || true; if ! false; then echo yes > /etc/out; fi', 'yes\n'],
  [
    'tests',
    '[ -e /etc/there -a ! -e /etc/gone ] && test -d /etc -a -f /etc/there && [ a != b ] && [ 2 -gt 1 ] && echo yes > /etc/out',
    'yes\n',
  ],
  [
    'comparisons of versions, of which none is earlier, or later',
    'dpkg --compare-versions "$2" lt 1 && ! dpkg --compare-versions "$2" lt-nl 1 && dpkg --compare-versions 1:1 gt 2 && echo yes > /etc/out',
    'yes\n',
  ],
  [
    'files of a package',
    'for i in $(dpkg -L base | grep there); do echo $i > /etc/out; done',
    '/etc/there\n',
  ],
  [
    'a file that is there and is written through a link',
    'ln -s there /etc/link; echo new > /etc/link; cat /etc/there > /etc/out',
    'new\n',
  ],
  ['what is not reached', 'if false; then x=$(($y + 1)); no-such-thing; fi; echo yes > /etc/out', 'yes\n'],
  [
    'local variables, which give way to what was before',
    'f() { local x y=2; x=1; y=$y; z=3; }; x=outer; f; echo "$x-$y-$z" > /etc/out',
    'outer--3\n',
  ],
  [
    'variables for one command only, and for the rest where the shell says so',
    'f() { echo "$x" > /etc/out; }; x=0; x=1 f; echo "$x" >> /etc/out; x=2 :; echo "$x" >> /etc/out',
    '1\n0\n2\n',
  ],
  [
    'paths that begin in the directory of scripts, and in another one, which a sub-shell leaves again',
    'echo a > etc/out; (cd /etc && for i in the*; do [ -f "$i" ] && echo "$i" >> out; done); cat etc/there >> /etc/out',
    'a\nthere\nold\n',
  ],
  [
    'names, how many, and fields of lines',
    'ls /usr/bin > /etc/out; ls /etc/gone/* 2>/dev/null | wc -l >> /etc/out; echo a:b:c | cut -d ":" -f 1,3 >> /etc/out; echo "a b" | cut -d\\  -f2 >> /etc/out',
    'gawk\nmawk\n0\na:c\nb\n',
  ],
  [
    'modes and owners that are asked for',
    'install -o nobody -g4 -m 0600 /etc/there /etc/new; echo "$(stat -c%a /etc/new) $(stat -c %u /etc/new) $(stat -c %g /etc/new)" > /etc/out',
    '600 65534 4\n',
  ],
  [
    'the choice of an alternative, and one that nobody has',
    'update-alternatives --install /usr/bin/awk awk /usr/bin/gawk 10; update-alternatives --query awk | grep --quiet "Value: /usr/bin/gawk" && echo yes > /etc/out; update-alternatives --query none || echo $? >> /etc/out',
    'yes\n2\n',
  ],
  [
    'where diverted files are',
    'printf "/bin/sh\\n/bin/sh.distrib\\ndash\\n" > /var/lib/dpkg/diversions; dpkg-divert --truename /bin/sh > /etc/out; dpkg-divert --truename /bin/ping >> /etc/out; dpkg-divert --list >> /etc/out',
    '/bin/sh.distrib\n/bin/ping\ndiversion of /bin/sh to /bin/sh.distrib by dash\n',
  ],
  [
    'a pattern with characters that stand for themselves',
    "echo 'a*' | grep -q '\\*' && echo yes > /etc/out",
    'yes\n',
  ],
  ['no file at an empty path', '[ -e "" ] || echo none > /etc/out', 'none\n'],
  [
    'commands that are there',
    'command -v mawk > /etc/out; which gone || echo none >> /etc/out',
    '/usr/bin/mawk\nnone\n',
  ],
])('%s', async (_name, lines, out) => {
  const { why, text } = await follow(lines);
  expect(why).toBeNull();
  expect(text('etc/out')).toBe(out);
});

describe('a program of the image that is a script', () => {
  const files = {
    'usr/bin/helper':
      '#!/bin/sh -e\nf 2>/dev/null || echo "$0 $1 $hidden-$seen" >> /etc/out\nfalse\necho not reached\n',
  };

  test('is followed with its arguments, and sees what is exported and nothing else', async () => {
    const lines =
      'hidden=1; seen=2; export seen; f() { echo inner; }\nhelper a || hidden=3 /usr/bin/helper b || true';
    const { why, text } = await follow(lines.replace('f() { echo inner; }', ':'), {
      files: { 'usr/bin/helper': files['usr/bin/helper'].replace('f 2>/dev/null || ', '') },
    });
    expect(why).toBeNull();
    expect(text('etc/out')).toBe('/usr/bin/helper a -2\n/usr/bin/helper b 3-2\n');
  });

  test('does not know functions of the script that starts it', async () => {
    const { why } = await follow('f() { true; }; helper a', { files });
    expect(why).toBe('helper: f 2>/dev/null || echo "$0 $1 $hidden-$seen" >> /etc/out');
  });

  test('is refused with what it does that is not known, and where it is none', async () => {
    const odd = {
      'usr/bin/helper': '#!/bin/sh\nmake-something\n',
      'usr/bin/binary': '\x7fELF',
      'usr/bin/loop': '#!/bin/sh\nloop\n',
    };
    expect((await follow('helper', { files: odd })).why).toBe('helper: make-something');
    expect((await follow('binary', { files: odd })).why).toBe('binary');
    expect((await follow('loop', { files: odd })).why).toContain('nested too deeply');
  });
});

test('modules of Apache are enabled with what they need, sites and settings too', async () => {
  const files = {
    'etc/apache2/mods-available/deflate.load': '# Depends: filter\nLoadModule\n',
    'etc/apache2/mods-available/deflate.conf': 'x',
    'etc/apache2/mods-available/filter.load': 'LoadModule\n',
    'etc/apache2/mods-available/other.load': '# Conflicts: filter\n',
    'etc/apache2/mods-enabled/.keep': '',
    'etc/apache2/sites-available/000-default.conf': 'x',
    'etc/apache2/sites-enabled/.keep': '',
  };
  const { why, fileSystem, text } = await follow(
    'a2enmod -m -q deflate\na2ensite -q 000-default\na2enmod -m other || a2enmod gone || echo refused > /etc/out',
    { files },
  );
  expect(why).toBeNull();
  expect(text('etc/out')).toBe('refused\n');
  const links = ['deflate.load', 'deflate.conf', 'filter.load'].map(
    (name) => fileSystem.get(`etc/apache2/mods-enabled/${name}`)?.linkname,
  );
  expect(links).toEqual(
    ['deflate.load', 'deflate.conf', 'filter.load'].map((name) => `../mods-available/${name}`),
  );
  expect(fileSystem.get('var/lib/apache2/module/enabled_by_maint/filter')?.type).toBe('file');
  expect(fileSystem.get('var/lib/apache2/site/enabled_by_admin/000-default')?.type).toBe('file');
  expect((await follow('a2enmod -q cgi', { files })).why).toContain('a2enmod -q cgi');
});

test('modules of PHP are enabled for each way of running it that is there', async () => {
  const files = {
    'etc/php/8.2/mods-available/opcache.ini': '; priority=10\n',
    'etc/php/8.2/cli/conf.d/.keep': '',
    'usr/lib/php/8.2/sapi/cli': '',
  };
  const { why, fileSystem, text } = await follow(
    'phpenmod -q -v 8.2 -m -r opcache\nfor s in $(phpquery -S -v 8.2); do phpenmod -m -v 8.2 -s "$s" -q opcache; done\n' +
      'phpquery -M -v 8.2 > /etc/out; phpquery -v 8.2 -s cli -m opcache; echo $? >> /etc/out',
    { files },
  );
  expect(why).toBeNull();
  expect(text('etc/out')).toBe('opcache\n0\n');
  expect(fileSystem.get('etc/php/8.2/cli/conf.d/10-opcache.ini')?.linkname).toBe(
    '/etc/php/8.2/mods-available/opcache.ini',
  );
  expect((await follow('phpenmod ALL', { files })).why).toContain('phpenmod ALL');
});

describe('not understood, told, and nothing of it done', () => {
  test.each([
    ['a program nobody here knows', 'no-such-thing --now', 'no-such-thing --now'],
    ['one in a pipeline', 'no-such-thing | grep -q x || true', 'no-such-thing'],
    ['one in a substitution', 'x="$(no-such-thing)"', 'no-such-thing'],
    ['one in a function that is called', 'f() { no-such-thing; }; f', 'no-such-thing'],
    ['an option nobody here knows', 'cp --reflink /etc/there /etc/x', 'cp --reflink'],
    ['a division by zero', 'echo $((1 / 0)) > /etc/x', 'divides by zero'],
    ['a calculation that assigns', 'echo $((x = 1)) > /etc/x', '$((x = 1))'],
    ['something in the background', 'true &', 'background'],
    ['a failure', 'mkdir /etc/there', 'fail with 1'],
    ['an exit code', 'exit 4', 'fail with 4'],
    ['a user of people', 'adduser somebody', 'adduser somebody'],
    ['a diversion whose place is none', 'dpkg-divert --add etc/there', 'dpkg-divert'],
    ['a directory that is copied into itself', 'cp -r /etc /etc/x', 'cp -r'],
    ['a home that nobody knows', 'x=~', 'home directory'],
    ['groups that would be left', 'usermod -G adm nobody', 'usermod -G'],
    ['what differs in files', 'diff /etc/there /usr/bin/mawk', 'diff'],
    ['a mask that is none', 'umask u=rwx', 'umask'],
    ['an owner that is not there', 'chown gone /etc/there', 'gone'],
    ['a local variable outside of a function', 'local x=1', 'local variable'],
    ['names in a directory below the current one', 'echo et*/there > /etc/out', 'et*/there'],
    ['a loop without an end', 'while true; do :; done', 'too long'],
    ['a function that calls itself', 'f() { f; }; f', 'nested'],
    ['a text that grows', 'x=aaaaaaaaaaaaaaaa; while true; do x="$x$x$x$x"; done', 'too long'],
    ['something unknown that is evaluated', 'eval "no-such-thing --now"', 'no-such-thing --now'],
    ['something unknown in another shell', 'sh -c "no-such-thing --now"', 'no-such-thing --now'],
    ['what evaluates itself', 'x=\'eval "$x"\'; eval "$x"', 'nested'],
    ['a shell that starts itself', 'echo "sh /etc/self" > /etc/self; sh /etc/self', 'nested'],
    ['a loop that goes on outside', 'break', 'outside of a loop'],
    ['a user who makes files', 'su nobody -c "touch /etc/x"', 'changes files as nobody'],
    ['what a user may read', 'su nobody -c "test -r /etc/there"', 'what nobody may do'],
    [
      'an expression that takes for ever',
      'printf %s aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | grep -E "^(a*)*b"',
      'too long',
    ],
    ['a path out of the image', 'echo x > /../../etc/../..', 'which is no file'],
    ['a directory out of the image', 'mkdir /../../..', 'a path that is none'],
    ['bytes that are no text', 'cat /usr/bin/bytes > /etc/x', 'no text'],
    ['a link that sed would replace', 'ln -s there /etc/link; sed -i s/o/x/ /etc/link', 'sed -i'],
    [
      'a diversion of what is there to what is there',
      'dpkg-divert --add --rename --divert /usr/bin/gawk /usr/bin/mawk',
      'what is there',
    ],
    ['a database of a version that is none', 'pg_createcluster ../.. main', 'pg_createcluster'],
    ['a certificate of a name', 'make-ssl-cert /etc/there /etc/x', 'make-ssl-cert'],
  ])('%s', async (_name, lines, said) => {
    const files = { 'usr/bin/bytes': new Uint8Array([0xff, 0xfe]) };
    const { why, fileSystem } = await follow(`touch /etc/before\n${lines}`, { files });
    expect(why).toContain(said);
    expect(fileSystem.get('etc/before')).toBeUndefined();
  });

  test.each([
    ['Perl', '#!/usr/bin/perl\nprint 1;\n'],
    ['no script', '\x7fELF'],
  ])('%s', async (_name, postinst) => {
    expect((await follow('', { control: { postinst } })).why).toContain('no shell script');
  });
});

describe('users and groups', () => {
  test('get the first number that is free, a group of their own, and a directory that is theirs', async () => {
    const { why, text, fileSystem } = await follow(
      'adduser --system --quiet --group --home /var/lib/redis redis || true\nadduser redis adm\nchmod 2750 /var/lib/redis\naddgroup --system web',
    );
    expect(why).toBeNull();
    expect(text('etc/passwd')).toContain('\nredis:x:100:100::/var/lib/redis:/usr/sbin/nologin\n');
    expect(text('etc/group')).toBe('root:x:0:\nadm:x:4:redis\nnogroup:x:65534:\nredis:x:100:\nweb:x:101:\n');
    expect(text('etc/shadow')).toBe('root:*:19000:0:99999:7:::\nredis:!:::::::\n');
    expect(fileSystem.get('var/lib/redis')).toMatchObject({ uid: 100, gid: 100, mode: 0o2750 });
  });

  test('are not made twice; without a group of their own they are in nogroup', async () => {
    const { why, text } = await follow(
      'adduser --system --no-create-home a; adduser --system a; getent passwd a > /etc/out',
    );
    expect(why).toBeNull();
    expect(text('etc/out')).toBe('a:x:100:65534::/nonexistent:/usr/sbin/nologin\n');
    expect(text('etc/passwd')!.match(/^a:/gm)).toHaveLength(1);
  });

  test('with useradd and groupadd', async () => {
    const { why, text } = await follow('groupadd -r g; useradd -r -g g -d /srv -s /bin/false -c "A b" u');
    expect(why).toBeNull();
    expect(text('etc/passwd')).toContain('u:x:101:100:A b:/srv:/bin/false\n');
  });

  test('of sysusers.d', async () => {
    const files = {
      'usr/lib/sysusers.d/x.conf':
        '# comment\ng tape 55\nu bus 101 "Message Bus" /run/bus\nu own - "Own"\nm own tape\n',
    };
    const section = `# Automatically added by dh_installsysusers/13\nsystemd-sysusers \${DPKG_ROOT:+--root="$DPKG_ROOT"} x.conf\n# End automatically added section`;
    const { why, text } = await follow(section, { files });
    expect(why).toBeNull();
    expect(text('etc/passwd')).toContain(
      'bus:x:101:101:Message Bus:/run/bus:/usr/sbin/nologin\nown:x:100:100:Own:/:/usr/sbin/nologin\n',
    );
    expect(text('etc/group')).toContain('tape:x:55:own\n');
  });
});

describe('alternatives', () => {
  const mawk = 'update-alternatives --install /usr/bin/awk awk /usr/bin/mawk 5\n';
  const gawk =
    'update-alternatives --quiet --install /usr/bin/awk awk /usr/bin/gawk 10 --slave /usr/share/man/awk.1 awk.1 /usr/share/man/gawk.1\n';

  test('the highest priority is what the link leads to, with its slaves; dpkg’s record says so', async () => {
    const { why, text, fileSystem } = await follow(mawk + gawk);
    expect(why).toBeNull();
    expect(fileSystem.get('usr/bin/awk')?.linkname).toBe('/etc/alternatives/awk');
    expect(fileSystem.resolve('usr/bin/awk')?.path).toBe('usr/bin/gawk');
    expect(fileSystem.resolve('usr/share/man/awk.1')?.path).toBe('usr/share/man/gawk.1');
    expect(text('var/lib/dpkg/alternatives/awk')).toBe(
      'auto\n/usr/bin/awk\nawk.1\n/usr/share/man/awk.1\n\n/usr/bin/gawk\n10\n/usr/share/man/gawk.1\n/usr/bin/mawk\n5\n\n\n',
    );
  });

  test('the next one, once the best is removed, and no links once all are', async () => {
    const remove = (name: string) => `update-alternatives --remove awk /usr/bin/${name}\n`;
    const next = await follow(mawk + gawk + remove('gawk'));
    expect(next.fileSystem.resolve('usr/bin/awk')?.path).toBe('usr/bin/mawk');
    expect(next.fileSystem.get('usr/share/man/awk.1')).toBeUndefined();
    const none = await follow(mawk + remove('mawk'));
    expect(none.fileSystem.get('usr/bin/awk')).toBeUndefined();
    expect(none.fileSystem.get('etc/alternatives/awk')).toBeUndefined();
    expect(none.text('var/lib/dpkg/alternatives/awk')).toBeUndefined();
  });

  test('a program that is not there is none, and a real file in the place of the link stays', async () => {
    expect((await follow('update-alternatives --install /usr/bin/x x /usr/bin/gone 1')).why).toContain(
      'fail with 2',
    );
    const { fileSystem } = await follow('update-alternatives --install /etc/there there /usr/bin/gawk 1');
    expect(fileSystem.get('etc/there')?.type).toBe('file');
  });
});

test('questions have their defaults, or what the package’s own script set', async () => {
  const control = {
    templates: 'Template: x/one\nType: boolean\nDefault: true\n\nTemplate: x/two\nType: string\nDefault: b\n',
    config:
      '#!/bin/sh -e\n. /usr/share/debconf/confmodule\ndb_input high x/one || true\ndb_go || true\ndb_set x/two c\n',
  };
  const { why, text } = await follow(
    '. /usr/share/debconf/confmodule\ndb_get x/one; a=$RET; db_get x/two; echo $a $RET > /etc/out',
    { control },
  );
  expect(why).toBeNull();
  expect(text('etc/out')).toBe('true c\n');
  const none = await follow('db_get x/three || echo "$? $RET" > /etc/out', { control });
  expect(none.text('etc/out')).toBe("10 10 x/three doesn't exist\n");
  const files = { 'var/lib/dpkg/info/y.templates': 'Template: y/one\nType: string\n' };
  expect((await follow('db_get y/one', { control, files })).why).toContain('db_get y/one');
});

test('overrides of owner and mode are made so; configuration that is there stays', async () => {
  const { why, fileSystem, text } = await follow(
    'dpkg-statoverride --list /etc/there || dpkg-statoverride --update --add root adm 640 /etc/there\nucf --three-way /usr/bin/mawk /etc/there\nucf /usr/bin/mawk /etc/new',
  );
  expect(why).toBeNull();
  expect(fileSystem.get('etc/there')).toMatchObject({ gid: 4, mode: 0o640 });
  expect([text('etc/there'), text('etc/new')]).toEqual(['old\n', 'x']);
});

describe('whatever is in a script', () => {
  const piece = fc.constantFrom(
    ...[
      'if',
      'then',
      'fi',
      'else',
      'case',
      'esac',
      'in',
      'for',
      'do',
      'done',
      'while',
      '{',
      '}',
      '(',
      ')',
      ';',
      ';;',
      '&&',
      '||',
      '|',
      '!',
      '\n',
      ' ',
      '"',
      "'",
      '`',
      '$(',
      '${',
      '$1',
      '$x',
      'x=',
      '<<E',
      'E',
      '>',
      '/etc/there',
      '#',
      '\\',
      '*',
      '[',
      ']',
      'echo',
      'rm',
      'f()',
      '..',
      '%%',
      '$((',
    ],
  );

  test('it is parsed or not understood', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece).map((all) => all.join(' ')),
          fc.string(),
        ),
        (text) => {
          try {
            parseScript(text);
          } catch (error) {
            expect(error).toBeInstanceOf(NotUnderstood);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('it is followed to its end, or told why not', async () => {
    const before = await fileSystemOf(base);
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }).map((all) => all.join(' ')),
        (text) => {
          const changes = new Changes(before);
          const read = (name: string) => (name === 'postinst' ? `#!/bin/sh\n${text}\n` : '');
          const why = followScript(
            'postinst',
            { name: 'x', old: null, architecture: 'amd64', read },
            changes,
          );
          if (why !== null) expect(changes.layers()).toEqual([]);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test('a keystore for Java has every certificate, and a digest that Java checks', () => {
  const keystore = Buffer.from(
    jks(
      new Map([
        ['debian:b.pem', Buffer.from('B')],
        ['debian:a.pem', Buffer.from('AA')],
      ]),
    ),
  );
  expect(keystore.readUInt32BE(0)).toBe(0xfeedfeed);
  expect(keystore.readUInt32BE(4)).toBe(2);
  expect(keystore.readUInt32BE(8)).toBe(2);
  expect(keystore.indexOf('debian:a.pem')).toBeLessThan(keystore.indexOf('debian:b.pem'));
  const body = keystore.subarray(0, -20);
  const secret = Buffer.from('\0c\0h\0a\0n\0g\0e\0i\0t', 'latin1');
  const digest = createHash('sha1').update(secret).update('Mighty Aphrodite').update(body).digest();
  expect(keystore.subarray(-20).equals(digest)).toBe(true);
});
