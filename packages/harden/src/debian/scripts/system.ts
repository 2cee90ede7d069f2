import { updateAlternatives } from './alternatives.ts';
import { programPath } from './programs.ts';
import type { Known } from './shell.ts';
import { NotUnderstood } from './syntax.ts';
import { systemdTmpfiles } from './tmpfiles.ts';

const nothing: Known = () => 0;

/** Where there is no schema there is nothing to compile. */
const compileSchemas: Known = ([directory = ''], { changes }) => {
  if (changes.list(directory).some(({ path }) => path.endsWith('.xml'))) throw new NotUnderstood('');
  return 0;
};

const which: Known = (args, shell, { output }) => {
  const paths = args.filter((arg) => !arg.startsWith('-')).map((name) => programPath(name, shell.changes));
  for (const path of paths) if (path !== undefined) output(`${path}\n`);
  return paths.includes(undefined) ? 1 : 0;
};

/** Services of a machine: none is started or asked while an image is made, as where policy-rc.d says 101. */
const services: Known = (args) => (args.includes('status') || args.includes('is-active') ? 3 : 0);

/** What else scripts ask for, and what an image does without: services, caches, byte code, capabilities, menus. */
export const systemCommands: Readonly<Record<string, Known>> = {
  which,
  'glib-compile-schemas': compileSchemas,
  'update-alternatives': (args, { changes }, { output }) => updateAlternatives(args, changes, output),
  command: ([option, name = ''], shell, streams) => {
    if (option !== '-v') throw new NotUnderstood('');
    return which([name], shell, streams);
  },
  'systemd-tmpfiles': systemdTmpfiles,
  'invoke-rc.d': services,
  service: services,
  systemctl: services,
  'deb-systemd-helper': services,
  'deb-systemd-invoke': services,
  // Nothing listens where nothing runs.
  ss: (_args, _shell, { output }) => {
    output('State\n');
    return 0;
  },
  runlevel: (_args, _shell, { output }) => {
    output('unknown\n');
    return 1;
  },
  // No kernel confines anything here.
  'aa-status': () => 2,
  'aa-enabled': () => 1,
  // There is room, as there is memory.
  df: (args, _shell, { output }) => {
    if (args.some((arg) => arg.startsWith('-') && !/^(-P|-k|--portability)$/.test(arg)))
      throw new NotUnderstood('');
    output('Filesystem 1024-blocks Used Available Capacity Mounted on\nnone 1000000000 0 1000000000 0% /\n');
    return 0;
  },
  uname: (args, _shell, { output }) => {
    if (args.length > 1 || (args[0] ?? '-s') !== '-s') throw new NotUnderstood('');
    output('Linux\n');
    return 0;
  },
  ...Object.fromEntries(
    [
      'ldconfig',
      'update-rc.d',
      'ucfr',
      'py3compile',
      'setcap',
      'getcap',
      'gio-querymodules',
      'mountpoint',
      'mandb',
      'install-info',
      'fc-cache',
      'update-menus',
      'update-binfmts',
      'gtk-update-icon-cache',
      'update-icon-caches',
      'update-desktop-database',
      'update-ca-certificates',
      'logger',
      // The machine's number, of which images have none.
      'dbus-uuidgen',
      'systemd-machine-id-setup',
      'apparmor_parser',
      'helpztags',
      'journalctl',
    ].map((name) => [name, nothing]),
  ),
};
