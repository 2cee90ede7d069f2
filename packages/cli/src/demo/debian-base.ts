import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PratiqueError } from '@pratique/errors';
import { createFetcher, harden, machineKeyrings, parseAptSources, parseSettings } from '@pratique/harden';
import {
  buildImage,
  buildLayer,
  type Descriptor,
  type LayerEntry,
  machinePlatform,
  pushImage,
  type RegistryRepository,
} from '@pratique/oci';

/** One answer of a mirror, and all of them together: who has no network should not wait for it. */
const answerMs = 10_000;
const allMs = 60_000;

/** A Debian that runs Perl and has a shell. */
const packages = ['base-files', 'base-passwd', 'coreutils', 'dash', 'perl-base'];

/**
 * Their scripts, and those of what they depend on, link old names to new ones, choose between alternatives, and restart
 * services. What is left, accounts and the links of a merged /usr, is in the empty system.
 */
const scriptsNotNeeded = [
  ...packages,
  'bash',
  'debianutils',
  'dpkg',
  'gawk',
  'libc-bin',
  'libc6',
  'mawk',
  'readline-common',
  'tar',
];

/** `base`: a Debian was put together and pushed; else why it was not. */
export type DebianBase = { readonly base: Descriptor } | { readonly why: string };

/**
 * Puts a small Debian (or Ubuntu) together from the apt repositories this machine is configured with, by our own reader
 * of packages, and pushes it. No program of the distribution is run. `root` is this machine's root directory.
 */
export async function pushDebian(
  target: RegistryRepository,
  tag: string,
  cache: string,
  signal: AbortSignal,
  root = '/',
): Promise<DebianBase> {
  const empty = emptySystem(root);
  if (empty === null) return { why: 'this is no Debian or Ubuntu with apt sources' };
  const limited = AbortSignal.any([signal, AbortSignal.timeout(allMs)]);
  try {
    const nothing = buildImage({
      layers: [await buildLayer(empty)],
      platform: machinePlatform(),
      run: { entrypoint: ['/usr/bin/perl'] },
    });
    const { digest } = await pushImage(nothing, target, { tag: 'empty', signal });
    const built = await harden({
      name: target.name,
      repository: target,
      version: digest,
      settings: parseSettings(
        JSON.stringify({
          strip: false,
          add: { packages, scriptsNotNeeded },
          run: { user: 'root' },
          compression: 'none',
        }),
        'demo',
      ),
      path: (path) => path,
      openImage: () => Promise.reject(new Error('nothing is added')),
      tests: [],
      repositories: {
        fetcher: createFetcher({ cache, timeoutMs: answerMs, signal: limited }),
        keyrings: machineKeyrings,
        alpineKey: () => {
          throw new TypeError('there is nothing of Alpine here');
        },
        now: new Date(),
      },
      scan: null,
      signal: limited,
    });
    try {
      return { base: await pushImage(built.image!, target, { tag, signal }) };
    } finally {
      built.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (limited.aborted) return { why: `the apt repositories took longer than ${allMs / 1000} s` };
    if (error instanceof PratiqueError)
      return { why: `no Debian from the apt repositories of this machine (${error.code}: ${error.message})` };
    throw error;
  }
}

/** What is there before the first package: who it is, where packages come from, accounts. Null where that is not known. */
function emptySystem(root: string): readonly LayerEntry[] | null {
  const release = join(root, 'etc/os-release');
  if (!existsSync(release)) return null;
  const text = readFileSync(release, 'utf8');
  if (!/^ID="?(debian|ubuntu)"?$/m.test(text)) return null;
  const sources = aptSources(root);
  if (sources.length === 0) return null;
  const file = (path: string, content: string): LayerEntry => ({
    type: 'file',
    path,
    content: new TextEncoder().encode(content),
  });
  return [
    ...['bin', 'lib', 'lib64', 'sbin'].flatMap((name): LayerEntry[] => [
      { type: 'directory', path: `usr/${name}` },
      { type: 'symlink', path: name, target: `usr/${name}` },
    ]),
    file('etc/os-release', text),
    file(
      'etc/passwd',
      'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
    ),
    file('etc/group', 'root:x:0:\nnogroup:x:65534:\n'),
    file('var/lib/dpkg/arch', `${debianArchitecture()}\n`),
    file('var/lib/dpkg/status', ''),
    ...sources.map(([path, content]) => file(path, content)),
  ];
}

/** The distribution's own sources: not those of other publishers, whose packages would be their say. */
function aptSources(root: string): readonly (readonly [string, string])[] {
  const own = [
    'etc/apt/sources.list',
    'etc/apt/sources.list.d/debian.sources',
    'etc/apt/sources.list.d/ubuntu.sources',
  ];
  return own.flatMap((path) => {
    const whole = join(root, path);
    if (!existsSync(whole)) return [];
    const content = readFileSync(whole, 'utf8');
    return parseAptSources(content, path).length === 0 ? [] : [[path, content] as const];
  });
}

/** Debian's name for what this machine runs. */
function debianArchitecture(): string {
  const { architecture } = machinePlatform();
  return { '386': 'i386', arm: 'armhf', ppc64le: 'ppc64el' }[architecture] ?? architecture;
}
