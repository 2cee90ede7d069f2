import type { ByteSource } from '@pratique/oci';
import type { FileNode, FileSystem, KeepRule } from '../filesystem/types.ts';
import { contentText } from '../packages/cataloger.ts';
import { findSecrets } from '../secrets/find-secrets.ts';
import { secretFiles } from '../secrets/shipped.ts';
import type { Check, CheckSubject, Occurrence } from './check.ts';

const accounts = ['etc/passwd', 'etc/shadow', 'etc/group'];
const maxBytes = 256 * 1024;

/** Files that usually hold a credential, and what in them is one. */
const credentialFiles: readonly (readonly [name: RegExp, holds: RegExp])[] = [
  [
    /(?:^|\/)id_(?:rsa|dsa|ecdsa|ed25519)$|(?:^|\/)etc\/ssh\/ssh_host_[a-z0-9]+_key$|\.(?:pem|key)$/,
    /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/,
  ],
  [/(?:^|\/)\.aws\/credentials$/, /aws_secret_access_key\s*=\s*\S/],
  [/(?:^|\/)\.docker\/config\.json$|(?:^|\/)\.dockercfg$/, /"(?:auth|identitytoken)"\s*:\s*"[^"]/],
  [/(?:^|\/)\.npmrc$/, /_(?:authToken|auth|password)\s*=\s*[^\s$]/],
  [/(?:^|\/)\.netrc$/, /\bpassword\s+\S/],
  [/(?:^|\/)\.git-credentials$/, /:\/\/[^\s:]+:[^\s@]+@/],
  [/(?:^|\/)\.pgpass$/, /^[^#\s].*:[^:]+$/m],
  [/(?:^|\/)\.kube\/config$/, /(?:client-key-data|token|password):\s*\S/],
  [/(?:^|\/)\.env$/, /^\s*(?:export\s+)?\w*(?:PASSWORD|SECRET|TOKEN|API_KEY)\w*\s*=\s*[^\s$]/im],
];

/** What the checks need of an image: give it to `readImage`. Of a credential only is kept that there is one. */
export const checkFiles: KeepRule = {
  id: 'checks-2',
  search: secretFiles.search,
  keep(file, head) {
    const { path, size } = file;
    if (size > maxBytes || secretFiles.keep(file, head) !== undefined) return secretFiles.keep(file, head);
    if (accounts.includes(path)) return 'whole';
    const holds = credentialFiles.find(([name]) => name.test(path))?.[1];
    if (holds === undefined) return undefined;
    const reduce = (content: ByteSource) =>
      holds.test(new TextDecoder().decode(content.read(0, content.size))) ? new Uint8Array(1) : undefined;
    return { name: 'credential', reduce };
  },
};

/** Colon-separated lines of an account file, each split. */
function accountLines(fileSystem: FileSystem, path: string): string[][] {
  const node = fileSystem.resolve(path);
  const lines = node === undefined ? [] : contentText(node).split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(':'));
}

function* nodesThat(
  { fileSystem }: CheckSubject,
  matches: (node: FileNode) => string | boolean,
): Generator<Occurrence> {
  for (const node of fileSystem.nodes()) {
    const found = matches(node);
    if (found === false) continue;
    const layer = fileSystem.layers[node.layer]?.diffId;
    yield { what: typeof found === 'string' ? `${node.path}: ${found}` : node.path, layer };
  }
}

const unnecessary =
  /(?:^|\/)(?:\.git|\.svn|\.hg|\.vscode|\.idea|\.DS_Store|\.dockerignore|Dockerfile|docker-compose\.ya?ml|Vagrantfile|\.npm\/_cacache|\.cache\/pip)$/;

/** Checks of the files in an image. */
export const fileChecks: readonly Check[] = [
  {
    id: 'secret-in-layer',
    severity: 'high',
    title: 'A layer holds a private key or another credential, also where a later layer removed it.',
    remedy:
      'Build without the file ever being in a layer (RUN --mount=type=secret), and change the credential.',
    references: [],
    *find({ fileSystem }) {
      const places = new Set<string>();
      for (const { title, path, line, layer } of findSecrets(fileSystem)) {
        places.add(`${layer} ${path}`);
        yield { what: `${path}${line === null ? '' : `:${line}`}: ${title}`, layer: layer ?? undefined };
      }
      for (const { entries, diffId } of fileSystem.layers)
        for (const { path, reduced } of entries)
          if (reduced === 'credential' && !places.has(`${diffId ?? null} ${path}`))
            yield { what: path, layer: diffId };
    },
  },
  {
    id: 'password-empty',
    severity: 'high',
    title: 'A user has an empty password.',
    remedy: 'Lock the account: passwd -l USER.',
    references: ['DKL-LI-0001'],
    *find({ fileSystem }) {
      for (const path of ['etc/passwd', 'etc/shadow'])
        for (const [name, password] of accountLines(fileSystem, path))
          if (password === '') yield { what: `${path}: the user ${name}` };
    },
  },
  {
    id: 'user-duplicate',
    severity: 'high',
    title: 'Two users, or two groups, have one name or one number.',
    remedy: 'Remove one of them: whoever has the number is both.',
    references: ['DKL-LI-0002'],
    *find({ fileSystem }) {
      for (const path of ['etc/passwd', 'etc/group']) {
        const seen = new Set<string>();
        for (const [name = '', , id = ''] of accountLines(fileSystem, path)) {
          for (const [kind, value] of [
            ['name', name],
            ['number', id],
          ] as const) {
            if (value === '') continue;
            const key = `${kind} ${value}`;
            if (seen.has(key)) yield { what: `${path}: the ${key}` };
            seen.add(key);
          }
        }
      }
    },
  },
  {
    id: 'setuid',
    severity: 'medium',
    title: 'A program runs with the rights of its owner or group, whoever starts it.',
    remedy: 'Clear the bits (chmod a-s), or remove the program: few containers need one.',
    references: ['CIS-DI-0008'],
    *find(subject) {
      yield* nodesThat(subject, ({ type, mode }) => {
        if (type !== 'file' || (mode & 0o6000) === 0) return false;
        return mode & 0o4000 ? 'setuid' : 'setgid';
      });
    },
  },
  {
    id: 'file-capabilities',
    severity: 'medium',
    title: 'A program has capabilities of the kernel, whoever starts it.',
    remedy: 'Remove them (setcap -r), or remove the program.',
    references: [],
    *find(subject) {
      yield* nodesThat(subject, ({ xattrs }) => xattrs?.has('security.capability') ?? false);
    },
  },
  {
    id: 'world-writable',
    severity: 'medium',
    title: 'A file, or a directory without the sticky bit, can be changed by everybody.',
    remedy: 'Take the right away: chmod o-w; directories for temporary files have mode 1777.',
    references: [],
    *find(subject) {
      yield* nodesThat(
        subject,
        ({ type, mode }) =>
          (mode & 0o002) !== 0 && (type === 'file' || (type === 'directory' && (mode & 0o1000) === 0)),
      );
    },
  },
  {
    id: 'sudo-installed',
    severity: 'medium',
    title: 'sudo is installed.',
    remedy: 'Remove it: a container starts as the user it needs.',
    references: [],
    *find(subject) {
      yield* nodesThat(
        subject,
        ({ type, path }) => type === 'file' && /(?:^|\/)(?:s?bin)\/(?:sudo|doas)$/.test(path),
      );
    },
  },
  {
    id: 'package-cache',
    severity: 'low',
    title: 'Lists or archives of a package manager are left.',
    remedy: 'Remove them in the step that made them: rm -rf /var/lib/apt/lists/*, apk add --no-cache.',
    references: ['DKL-DI-0004', 'DKL-DI-0005'],
    *find({ fileSystem }) {
      const caches = [
        'var/lib/apt/lists',
        'var/cache/apt/archives',
        'var/cache/apk',
        'etc/apk/cache',
        'var/cache/dnf',
        'var/cache/yum',
      ];
      for (const path of caches) {
        const files = fileSystem
          .list(path)
          .filter(({ type, path: file }) =>
            type !== 'directory' ? !file.endsWith('/lock') : /dnf|yum/.test(path),
          );
        if (files.length > 0) yield { what: `${path}: ${files.length} files` };
      }
    },
  },
  {
    id: 'file-unnecessary',
    severity: 'low',
    title: 'Files of development are in the image.',
    remedy: 'List them in .dockerignore.',
    references: ['DKL-LI-0003'],
    *find(subject) {
      yield* nodesThat(subject, ({ path }) => unnecessary.test(path) && !path.includes('node_modules/'));
    },
  },
];
