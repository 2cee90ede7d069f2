import { Accounts } from './accounts.ts';
import type { Known } from './shell.ts';
import { NotUnderstood } from './syntax.ts';

/**
 * What a script would have made and an image must not have, since all that run it would share it: keys and other secrets,
 * and data that belong to one machine. Whoever starts the image makes them.
 */
export interface NotMade {
  readonly kind: 'key' | 'certificate' | 'database';
  /** Absolute; a directory stands for all in it. */
  readonly path: string;
  /** What makes it: the command of the script. */
  readonly command: string;
}

/** The value of an option, and whether it is there. */
function optionOf(args: readonly string[], ...names: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => names.includes(arg));
  return at < 0 ? undefined : args[at + 1];
}

/** Keys of a server: `ssh-keygen -f FILE -N ''` makes one, `ssh-keygen -l -f FILE` tells which one it is. */
const sshKeygen: Known = (args, { changes }) => {
  const file = optionOf(args, '-f');
  if (file === undefined) throw new NotUnderstood('');
  if (args.includes('-l')) return changes.isNotMade(file) ? 0 : unknown();
  if (optionOf(args, '-N') === undefined || args.some((arg) => /^-[^fNqtb]/.test(arg)))
    throw new NotUnderstood('');
  for (const path of [file, `${file}.pub`])
    changes.leave({ kind: 'key', path, command: `ssh-keygen ${args.map(quoted).join(' ')}` });
  return 0;
};

/** The same of dropbear’s server, which is one file. */
const dropbearkey: Known = (args, { changes }) => {
  const path = optionOf(args, '-f');
  if (path === undefined || args.some((arg) => /^-[^tfs]/.test(arg))) throw new NotUnderstood('');
  changes.leave({ kind: 'key', path, command: `dropbearkey ${args.map(quoted).join(' ')}` });
  return 0;
};

/** A certificate that nobody signed, and its key. */
const makeCertificate: Known = (args, { changes }) => {
  const command = `make-ssl-cert ${args.join(' ')}`;
  const [certificate, key] = [
    '/etc/ssl/certs/ssl-cert-snakeoil.pem',
    '/etc/ssl/private/ssl-cert-snakeoil.key',
  ];
  if (args.join(' ') !== 'generate-default-snakeoil') throw new NotUnderstood('');
  if (changes.follow(certificate) !== undefined && changes.follow(key) !== undefined)
    throw new NotUnderstood('');
  changes.leave({ kind: 'certificate', path: certificate, command });
  changes.leave({ kind: 'key', path: key, command });
  return 0;
};

/** `openssl rand -out FILE`: bytes that nobody else may know. */
const openssl: Known = (args, { changes }) => {
  const path = optionOf(args, '-out');
  if (args[0] !== 'rand' || path === undefined) throw new NotUnderstood('');
  changes.leave({ kind: 'key', path, command: `openssl ${args.join(' ')}` });
  return 0;
};

/** `rndc-confgen -a`: a key with which a name server is told what to do. */
const rndcConfgen: Known = (args, { changes }) => {
  if (args[0] !== '-a' || args.some((arg) => /^-[kstA]/.test(arg))) throw new NotUnderstood('');
  changes.leave({
    kind: 'key',
    path: optionOf(args, '-c') ?? '/etc/bind/rndc.key',
    command: `rndc-confgen ${args.join(' ')}`,
  });
  return 0;
};

const createCluster: Known = (args, { changes }) => {
  const rest = args.filter((arg, at) => !/^-/.test(arg) && !/^(-u|--user)$/.test(args[at - 1] ?? ''));
  const [version = '', name = ''] = rest;
  if (!/^\d[\d.]*$/.test(version) || !/^[\w-]+$/.test(name) || rest.length !== 2) throw new NotUnderstood('');
  const paths = [
    `/etc/postgresql/${version}/${name}`,
    `/var/lib/postgresql/${version}/${name}`,
    `/var/log/postgresql/postgresql-${version}-${name}.log`,
  ];
  for (const path of paths)
    changes.leave({ kind: 'database', path, command: `pg_createcluster ${version} ${name}` });
  return 0;
};

/** The system’s tables of MySQL and MariaDB. */
const installDatabase: Known = (args, { changes }) => {
  const user = args.flatMap((arg) => /^--user=(\w+)$/.exec(arg)?.[1] ?? [])[0] ?? '';
  if (args.some((arg) => /^--(datadir|ldata|basedir|defaults)/.test(arg))) throw new NotUnderstood('');
  if (new Accounts(changes).uid(user) === undefined) throw new NotUnderstood('');
  changes.leave({
    kind: 'database',
    path: '/var/lib/mysql',
    command: `mariadb-install-db ${args.join(' ')}`,
  });
  return 0;
};

function quoted(arg: string): string {
  return /^[\w./@:=-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}

function unknown(): never {
  throw new NotUnderstood('');
}

/** What makes keys and data of one machine: it is not done, and told. */
export const firstStartCommands: Readonly<Record<string, Known>> = {
  'ssh-keygen': sshKeygen,
  dropbearkey,
  'make-ssl-cert': makeCertificate,
  openssl,
  'rndc-confgen': rndcConfgen,
  pg_createcluster: createCluster,
  mysql_install_db: installDatabase,
  'mariadb-install-db': installDatabase,
};
