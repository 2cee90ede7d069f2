import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { follow } from '../../testing/scripts.ts';
import { isMatch } from './patterns.ts';

/** Scripts that write what they come to into a file. */
test.each([
  ['calculations', 'x=3; echo $((x + 2 * (4 - 1) % 4)) $(( $x>2 && !(1==2) )) > /etc/out', '5 1\n'],
  ['how long a text is', `x=abcd; echo \${#x} \${#} > /etc/out`, '4 2\n'],
  [
    'fields told apart by something else, of which some are empty',
    'IFS=:; x=a::b; set -- $x; echo "$#|$2|$*" > /etc/out; IFS=" "; for i in a:b; do echo $i >> /etc/out; done',
    '3||a::b\na:b\n',
  ],
  [
    'lines that are read one after the other, by field',
    'printf "a b c\\nd\\n" | while read -r x y; do echo "[$x|$y]" >> /etc/out; done',
    '[a|b c]\n[d|]\n',
  ],
  [
    'lines that are read from a document, and as they are',
    'while IFS= read -r line; do echo "[$line]" >> /etc/out; done <<E\n  a  b \nE',
    '[  a  b ]\n',
  ],
  ['the arguments, in a loop and anew', 'set -- x "y z"; for i; do echo "$i" >> /etc/out; done', 'x\ny z\n'],
  ['what is evaluated', 'n=x; eval "$n=\\$1"; echo $x > /etc/out', 'configure\n'],
  [
    'what is done at the end, also of a sub-shell',
    "trap 'echo end >> /etc/out' EXIT; (trap 'echo sub >> /etc/out' 0; echo in > /etc/out)",
    'in\nsub\nend\n',
  ],
  ['a trap that was taken back', "trap 'no-such-thing' EXIT; trap - EXIT; echo yes > /etc/out", 'yes\n'],
  [
    'the exit code of a pipe, and of what stands in a word',
    'set -o pipefail; false | true || echo $? > /etc/out; x=$(false) || echo "$?" >> /etc/out; if $(true); then echo in >> /etc/out; fi',
    '1\n1\nin\n',
  ],
  ['an exit code that is kept', 'false || code=$?; echo $code > /etc/out', '1\n'],
  ['a variable that may be missing', `set -u; echo "\${none:-d}" > /etc/out`, 'd\n'],
  ['a file that returns', 'echo "return 3" > /etc/f; . /etc/f || echo $? > /etc/out', '3\n'],
  [
    'shells of their own',
    'x=1; sh -c \'echo "$0 $1 $x"\' a b > /etc/out; echo "echo \\$1" > /etc/f; bash /etc/f c >> /etc/out || sh -e /etc/f d',
    'a b \nc\n',
  ],
  [
    'another user, who only looks',
    'mkdir /srv; su -s /bin/sh nobody -c "test -O /srv" || chown nobody /srv; su nobody -c "test -O /srv" && echo yes > /etc/out',
    'yes\n',
  ],
  [
    'temporary files, by names that are the same each time',
    'a=$(mktemp); b=$(mktemp -d -t x-XXXXXX); c=`mktemp --tmpdir y.XXX`; echo "$a $b $c $(stat -c %a $b)" > /etc/out; rm -r $a $b $c',
    '/tmp/tmp.0000000001 /tmp/x-000001 /tmp/y.001 700\n',
  ],
  [
    'files that are found, and what is done to them',
    'touch /etc/a.so /etc/b.so; find /etc/nothing /etc -name "*.so" 2>/dev/null | sort -r > /etc/out; find /etc -type f ! -uid 0 -print0 | xargs -0 -r no-such-thing; find /etc -maxdepth 1 -name a.so -o -name b.so -exec rm {} \\;; ls /etc/*.so >> /etc/out',
    '/etc/b.so\n/etc/a.so\n/etc/a.so\n',
  ],
  ['arguments that are read', 'echo "a b c" | xargs -n2 echo > /etc/out', 'a b\nc\n'],
  [
    'lines in order, once each, the first and the last',
    'printf "b\\na\\n10\\n9\\nb\\n" > /etc/f; sort -u /etc/f | tr "\\n" , > /etc/out; sort -n /etc/f | tail -1 >> /etc/out; head -n 2 /etc/f | uniq >> /etc/out; tail -n +5 /etc/f >> /etc/out',
    '10,9,a,b,10\nb\na\nb\n',
  ],
  [
    'characters for others',
    'echo aBc1 | tr a-z A-Z > /etc/out; echo a1b2 | tr -cd 0-9 >> /etc/out; echo aab | tr -s a >> /etc/out',
    'ABC1\n12ab\n',
  ],
  [
    'what grep finds: how often, which part, in which file',
    'printf "ab\\nAC\\nb\\n" > /etc/f; grep -c a /etc/f > /etc/out; grep -io "a." /etc/f >> /etc/out; grep -l b /etc/f /etc/there >> /etc/out; grep b /etc/f /etc/there >> /etc/out; grep -qw ssl-cert /etc/f || echo "a ssl-cert b" | grep -ow ssl-cert >> /etc/out; grep x /etc/gone 2>/dev/null || echo $? >> /etc/out',
    '1\nab\nAC\n/etc/f\n/etc/f:ab\n/etc/f:b\nssl-cert\n2\n',
  ],
  [
    'a file that sed changes in its place, which keeps its owner and mode',
    'echo "#Port 22" > /etc/f; chmod 600 /etc/f; chown nobody /etc/f; sed -i -e "s/^#*Port .*/Port 23/" /etc/f; echo "$(cat /etc/f) $(stat -c %a /etc/f) $(stat -c %u /etc/f)" > /etc/out',
    'Port 23 600 65534\n',
  ],
  ['fields that awk prints', 'echo "a:b c" | awk -F: \'{print $2}\' > /etc/out', 'b c\n'],
  [
    'whether files are the same, and their digests',
    'cmp -s /etc/there /etc/there && ! cmp -s /etc/there /usr/bin/mawk && md5sum /etc/there > /etc/out; cmp -s /etc/gone /etc/there || echo $? >> /etc/out',
    '814fa5ca98406a903e22b43d9b610105  /etc/there\n2\n',
  ],
  [
    'how much of a text an expression matches',
    'expr ", a, None, b" : ".*, None,.*" > /etc/out; expr abc : "a\\(.\\)" >> /etc/out; expr x : y >> /etc/out || echo $? >> /etc/out',
    '12\nb\n0\n1\n',
  ],
  ['programs of a directory', 'mkdir /etc/d; run-parts /etc/d && echo yes > /etc/out', 'yes\n'],
  [
    'a mask, as long as the shell lasts',
    'umask > /etc/out; (umask 077; touch /etc/f; mkdir /etc/d); mkdir /etc/e; echo "$(stat -c %a /etc/f) $(stat -c %a /etc/d) $(stat -c %a /etc/e)" >> /etc/out',
    '0022\n600 700 755\n',
  ],
  [
    'a copy that keeps owner and mode, and one that does not',
    'chmod 4750 /etc/there; chown nobody /etc/there; cp -a /etc/there /etc/f; cp /etc/there /etc/g; echo "$(stat -c %a /etc/f) $(stat -c %u /etc/f) $(stat -c %a /etc/g) $(stat -c %u /etc/g)" > /etc/out',
    '4750 65534 750 0\n',
  ],
  [
    'homes of users',
    'HOME=/root; x=~/a; echo ~ "~" ~root/b ~gone $x ~"root" > /etc/out; [ -d ~nobody ] || echo none >> /etc/out',
    '/root ~ /root/b ~gone /root/a ~root\nnone\n',
  ],
  [
    'owners of paths that begin with a dash, or after one',
    'chown -R -- nobody:adm /etc/there; echo "$(stat -c "%U:%G %n" /etc/there)" > /etc/out; touch /-x; cd /; chmod -- 600 -x; stat -c %a /-x >> /etc/out',
    'nobody:adm /etc/there\n600\n',
  ],
  [
    'characters of lines, and fields from and to',
    'echo conf.d/x | cut -b -7 > /etc/out; echo a:b:c:d | cut -d: -f2-3 >> /etc/out; echo a:b:c | cut -d : -f 2- >> /etc/out',
    'conf.d/\nb:c\nb:c\n',
  ],
  [
    'whether files differ',
    'diff -q /etc/there /usr/bin/mawk || echo $? > /etc/out; diff -q /etc/there /etc/there && echo same >> /etc/out',
    '1\nsame\n',
  ],
  [
    'users that are changed',
    'adduser --system a; usermod -aG adm a; usermod -d /srv -g adm a; chsh -s /bin/sh a; getent passwd a > /etc/out; usermod -g nogroup a; id -nG a >> /etc/out; id -G a >> /etc/out; id -un >> /etc/out; id a >/dev/null && grep adm /etc/group >> /etc/out; usermod -L gone || echo $? >> /etc/out',
    'a:x:100:4::/srv:/bin/sh\nnogroup adm\n65534 4\nroot\nadm:x:4:a\n6\n',
  ],
  [
    'a directory that is copied with all in it',
    'mkdir -p /srv/a/b; echo x > /srv/a/b/f; chmod 700 /srv/a; ln -s f /srv/a/b/l; cp -r /srv/a /srv/c; cat /srv/c/b/l > /etc/out; stat -c %a /srv/c >> /etc/out; ls -A /srv >> /etc/out',
    'x\n700\na\nc\n',
  ],
  [
    'files whose digests are known',
    'echo "814fa5ca98406a903e22b43d9b610105  /etc/there" > /etc/sums; md5sum --status -c - < /etc/sums && echo same > /etc/out; echo x > /etc/there; md5sum --status -c < /etc/sums || echo other >> /etc/out',
    'same\nother\n',
  ],
  [
    'nothing that is read, and an empty file that is made of it',
    'cat < /dev/null > /etc/out && cat /dev/null >> /etc/out; install -o nobody -m 0640 -Z /dev/null /etc/log; stat -c "%a %u %s" /etc/log >> /etc/out',
    '640 65534 0\n',
  ],
  [
    'an owner with the group that the user logs in with, and members of their own group',
    'adduser --system a; chown a: /etc/there; stat -c "%U:%G" /etc/there > /etc/out; adduser a nogroup; grep -c "nogroup.*a" /etc/group >> /etc/out || true; usermod -aG nogroup a; grep nogroup /etc/group >> /etc/out',
    'a:nogroup\n0\nnogroup:x:65534:a\n',
  ],
  [
    'the owner of a link, which is not that of what it leads to',
    'ln -s there /etc/link; chown -h nobody /etc/link; stat -c %u /etc/there > /etc/out; chown nobody /etc/link; stat -c %u /etc/there >> /etc/out',
    '0\n65534\n',
  ],
  [
    'a format that is used again',
    'printf "%s=%d;" a 1 b 2 > /etc/out; printf "%s\\n" "100%" >> /etc/out',
    'a=1;b=2;100%\n',
  ],
  [
    'names in a directory with two slashes',
    'd=/usr/; for i in "$d"/bin/m*; do echo $i > /etc/out; done',
    '/usr//bin/mawk\n',
  ],
  [
    'a language, once it is set',
    'update-locale --no-checks LANG; update-locale --no-checks LANG=C.UTF-8; cat /etc/default/locale > /etc/out; pam_getenv -l LANG >> /etc/out',
    '#  File generated by update-locale\nLANG=C.UTF-8\nC.UTF-8\n',
  ],
  ['how wide paper is', 'locale width > /etc/out', '210\n'],
  [
    'what PostgreSQL’s settings say',
    'printf "#a = off\\nb = yes\\nc = \'x y\' # z\\n" > /etc/f; pg_conftool /etc/f show -bs a || pg_conftool /etc/f show -bs b > /etc/out; pg_conftool -s /etc/f show c >> /etc/out; pg_lsclusters -h >> /etc/out',
    'on\nx y\n',
  ],
])('%s', async (_name, lines, out) => {
  const { why, text } = await follow(lines, { files: { 'etc/default/.keep': '', 'tmp/.keep': '' } });
  expect(why).toBeNull();
  expect(text('etc/out')).toBe(out);
});

describe('diversions', () => {
  test('move a file and are told, and taken back', async () => {
    const { why, fileSystem, text } = await follow(
      'dpkg-divert --package x --add --rename --divert /usr/bin/mawk.x /usr/bin/mawk; dpkg-divert --list "*mawk" > /etc/out; dpkg-divert --listpackage /usr/bin/mawk >> /etc/out\n' +
        'dpkg-divert --local --rename --add /usr/bin/gawk; dpkg-divert --local --rename --remove /usr/bin/gawk; dpkg-divert --package y --remove /usr/bin/mawk || echo $? >> /etc/out',
    );
    expect(why).toBeNull();
    expect(text('etc/out')).toBe('diversion of /usr/bin/mawk to /usr/bin/mawk.x by x\nx\n2\n');
    expect(text('var/lib/dpkg/diversions')).toBe('/usr/bin/mawk\n/usr/bin/mawk.x\nx\n');
    expect(fileSystem.get('usr/bin/mawk')).toBeUndefined();
    expect(fileSystem.get('usr/bin/mawk.x')?.mode).toBe(0o755);
    expect(fileSystem.get('usr/bin/gawk')?.type).toBe('file');
  });

  test('leave a file of the package itself where it is', async () => {
    const files = { 'var/lib/dpkg/info/x.list': '/usr/bin/mawk\n' };
    const { fileSystem } = await follow('dpkg-divert --package x --rename --add /usr/bin/mawk', { files });
    expect(fileSystem.get('usr/bin/mawk')?.type).toBe('file');
  });
});

test('overrides are recorded, found and taken back', async () => {
  const { why, text, fileSystem } = await follow(
    'dpkg-statoverride --update --add nobody adm 02750 /etc/there; dpkg-statoverride --list "/etc/*" > /etc/out; dpkg-statoverride --add root root 600 /etc/later; dpkg-statoverride --remove /etc/there; dpkg-statoverride --list /etc/there || echo none >> /etc/out',
  );
  expect(why).toBeNull();
  expect(text('etc/out')).toBe('nobody adm 2750 /etc/there\nnone\n');
  expect(text('var/lib/dpkg/statoverride')).toBe('root root 600 /etc/later\n');
  expect(fileSystem.get('etc/there')).toMatchObject({ uid: 65534, gid: 4, mode: 0o2750 });
});

test('fields of packages that are there', async () => {
  const status = 'Package: base\nStatus: install ok installed\nVersion: 1.2\nArchitecture: amd64\n\n';
  const { why, text } = await follow(
    `dpkg-query -W -f='\${Version} \${db:Status-Want} \${Status}\\n' base > /etc/out; dpkg-query -f '\${Version}' -W gone || echo $? >> /etc/out`,
    { files: { 'var/lib/dpkg/status': status } },
  );
  expect(why).toBeNull();
  expect(text('etc/out')).toBe('1.2 install install ok installed\n1\n');
});

test('whose a path is, and how far packages have come', async () => {
  const files = {
    'var/lib/dpkg/status':
      'Package: a\nStatus: install ok installed\nDepends: b\n\nPackage: b\nStatus: install ok installed\n\n',
    'var/lib/dpkg/info/a.list': '/.\n/etc\n/etc/init.d/a\n',
    'var/lib/dpkg/info/b:amd64.list': '/.\n/etc\n/etc/init.d/b\n',
  };
  const { why, text } = await follow(
    "dpkg -S '/etc/init.d/*' > /etc/out; dpkg -S /etc >> /etc/out; dpkg -S /etc/init.d || echo $? >> /etc/out; dpkg -s a gone | grep -E '^Package:|^Status:|^Depends' >> /etc/out; dpkg -s gone || echo $? >> /etc/out",
    { files },
  );
  expect(why).toBeNull();
  expect(text('etc/out')).toBe(
    'a: /etc/init.d/a\nb:amd64: /etc/init.d/b\na, b:amd64: /etc\n1\nPackage: a\nStatus: install ok installed\nDepends: b\n1\n',
  );
});

describe('tmpfiles.d', () => {
  const conf = [
    '# comment',
    'd /run/php 0755 nobody adm - -',
    'd /etc 0700 - - -',
    'd /srv/a/b :0710 :nobody - -',
    'f /var/log/wtmp 0664 root adm - text here',
    'L /var/log/README - - - - ../x',
    'L /etc/there - - - - ../x',
    'z /usr/bin/*awk 0700 - - -',
    'Z /var/gone/%m 0700 - - -',
    'r! /etc/there',
    'f^ /etc/motd - - - - login.motd',
    'a+ /var/log - - - - group:adm:r-x',
    'd %t/late 0755 gone - - -',
  ].join('\n');
  const files = { 'usr/lib/tmpfiles.d/x.conf': conf, 'run/.keep': '', 'srv/.keep': '', 'var/log/.keep': '' };

  test('makes directories, files and links with their owners and modes', async () => {
    const { why, fileSystem, text } = await follow(
      `systemd-tmpfiles \${DPKG_ROOT:+--root="$DPKG_ROOT"} --create x.conf >/dev/null || echo $? > /etc/out`,
      { files },
    );
    expect(why).toBeNull();
    // A user that is not there is an error of one line.
    expect(text('etc/out')).toBe('65\n');
    expect(fileSystem.get('run/php')).toMatchObject({ uid: 65534, gid: 4, mode: 0o755 });
    expect(fileSystem.get('etc')?.mode).toBe(0o700);
    expect(fileSystem.get('srv/a')).toMatchObject({ uid: 0, mode: 0o755 });
    expect(fileSystem.get('srv/a/b')).toMatchObject({ uid: 65534, gid: 0, mode: 0o710 });
    expect(text('var/log/wtmp')).toBe('text here');
    expect(fileSystem.get('var/log/README')?.linkname).toBe('../x');
    expect(fileSystem.get('etc/there')?.type).toBe('file');
    expect(fileSystem.get('usr/bin/mawk')?.mode).toBe(0o700);
    expect(fileSystem.get('etc/motd')).toBeUndefined();
  });

  test.each([
    'p /run/x 0600',
    'c /dev/x 0600 - - - 1:3',
    'd relative',
    'w /etc/there - - - - x',
    'd /run/%m',
    'd "/run/a b"',
    'q= /run/x',
    'd /run/x ~0700',
  ])('%s is not known', async (line) => {
    const one = { ...files, 'usr/lib/tmpfiles.d/x.conf': line };
    expect((await follow('systemd-tmpfiles --create x.conf', { files: one })).why).toContain('tmpfiles.d');
  });

  test('of another directory, and by other options, are not known', async () => {
    for (const args of ['--create ../../etc/there', '--create --prefix=/run x.conf', '--create /etc/x.conf'])
      expect((await follow(`systemd-tmpfiles ${args}`, { files })).why).toContain('systemd-tmpfiles');
  });
});

describe('keys and data that all who run an image would share', () => {
  test('are not made, and told with what makes them', async () => {
    const { why, notMade, fileSystem } = await follow(
      `mkdir /etc/ssh; ssh-keygen -q -f /etc/ssh/k -N '' -t rsa; ssh-keygen -l -f /etc/ssh/k.pub; [ -f /etc/ssh/k ]\n` +
        'umask 077; openssl rand -base64 -out /etc/cookie 42; chmod 0400 /etc/cookie; chown nobody /etc/cookie\n' +
        'make-ssl-cert generate-default-snakeoil; pg_createcluster -u postgres --no-status 15 main; mysql_install_db --user=nobody\n' +
        `[ "$(ls -ln /etc/cookie | awk '{print $3}')" = 0 ]`,
    );
    expect(why).toBeNull();
    expect(notMade.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      'key /etc/ssh/k',
      'key /etc/ssh/k.pub',
      'key /etc/cookie',
      'certificate /etc/ssl/certs/ssl-cert-snakeoil.pem',
      'key /etc/ssl/private/ssl-cert-snakeoil.key',
      'database /etc/postgresql/15/main',
      'database /var/lib/postgresql/15/main',
      'database /var/log/postgresql/postgresql-15-main.log',
      'database /var/lib/mysql',
    ]);
    expect(notMade[0]!.command).toBe("ssh-keygen -q -f /etc/ssh/k -N '' -t rsa");
    expect(fileSystem.get('etc/ssh/k')).toBeUndefined();
  });

  test('would be there: scripts go on as with dpkg, but cannot read them', async () => {
    const lines = `openssl rand -out /etc/cookie 42; [ -e /etc/cookie ] && [ ! -d /etc/cookie ] && ln -s /etc/cookie /etc/link; openssl rand -out /etc/cookie 42\n`;
    const { why, notMade, fileSystem } = await follow(lines);
    expect(why).toBeNull();
    expect(notMade).toHaveLength(1);
    expect(fileSystem.get('etc/link')?.linkname).toBe('/etc/cookie');
    expect((await follow(`${lines}cat /etc/cookie > /etc/x`)).why).toContain(
      '/etc/cookie, which is not made',
    );
    expect((await follow(`${lines}stat -c %a /etc/cookie`)).why).toContain('stat -c');
  });

  test('none is told of a script that is refused', async () => {
    const { why, notMade } = await follow('openssl rand -out /etc/cookie 42; no-such-thing');
    expect(why).toBe('no-such-thing');
    expect(notMade).toEqual([]);
  });

  test.each([
    'ssh-keygen -y -f /etc/there',
    'ssh-keygen -l -f /etc/gone.pub',
    'openssl rand 42',
    'openssl req -new',
    'chmod 600 /etc/gone',
    'mysql_install_db --user=nobody --datadir=/srv',
  ])('%s is not known, or fails', async (line) => {
    expect((await follow(line)).why).not.toBeNull();
  });
});

describe('modules of lighttpd', () => {
  const files = {
    'etc/lighttpd/conf-available/10-fastcgi.conf': '',
    'etc/lighttpd/conf-available/15-php.conf': '# -*- depends: fastcgi -*-\n',
    'etc/lighttpd/conf-available/20-other.conf': '# -*- conflicts: php -*-\n',
    'etc/lighttpd/conf-enabled/.keep': '',
  };

  test('are enabled with what they need, and not with what they conflict with', async () => {
    const { why, fileSystem, text } = await follow(
      'lighty-enable-mod php; lighty-enable-mod php || echo $? > /etc/out; lighty-enable-mod other || echo $? >> /etc/out',
      { files },
    );
    expect(why).toBeNull();
    expect(text('etc/out')).toBe('2\n1\n');
    for (const name of ['15-php.conf', '10-fastcgi.conf'])
      expect(fileSystem.get(`etc/lighttpd/conf-enabled/${name}`)?.linkname).toBe(`../conf-available/${name}`);
    expect(fileSystem.get('etc/lighttpd/conf-enabled/20-other.conf')).toBeUndefined();
  });
});

describe('a pattern of the shell', () => {
  test.each([
    ['a*b*c*d', 'axbxcxd', true],
    ['[]a]', ']', true],
    ['[!a-c]x', 'dx', true],
    ['[[:digit:]]*', '1a', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['[a', '[a', true],
    ['?', '', false],
  ])('%s and %s: %s', (pattern, text, expected) => {
    expect(isMatch(pattern, text)).toBe(expected);
  });

  test('matches as its regular expression, whatever it is', () => {
    const pieces = fc.array(fc.constantFrom('a', 'b', '*', '?', '[ab]', '[!a]'), { maxLength: 8 });
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(pieces, texts, (parts, text) => {
        const meanings = new Map([
          ['*', '.*'],
          ['?', '.'],
          ['[!a]', '[^a]'],
        ]);
        const source = parts.map((part) => meanings.get(part) ?? part).join('');
        expect(isMatch(parts.join(''), text)).toBe(new RegExp(`^(?:${source})$`).test(text));
      }),
    );
  });

  test('that would take long on a long text is given up', () => {
    const pattern = `*${'a'.repeat(100)}b`;
    expect(() => isMatch(pattern, 'a'.repeat(200_000))).toThrow('takes long');
    expect(() => isMatch('*'.repeat(5000), 'a')).toThrow('long pattern');
  });
});
