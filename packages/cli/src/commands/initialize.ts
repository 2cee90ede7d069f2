import { createHash } from 'node:crypto';
import { PratiqueError } from '@pratique/errors';
import { Cache, initializeTuf, openMirror, publicGood, staging, type TufClient } from '@pratique/tuf';
import { cliErrors } from '../errors.ts';
import { readFile } from '../program/read-file.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { initialize } from '../specs/trust.ts';
import { knownRepository, tufDirectory } from '../trust/sigstore-repository.ts';
import { requireRoot } from '../trust/tuf-root.ts';

const maxRootBytes = 512_000;

export const run: Run<typeof initialize.flags> = async ({ flags, terminal, signal }) => {
  if (flags.staging && (flags.root !== undefined || flags.mirror !== publicGood.mirror)) {
    throw cliErrors.error('USAGE', {
      message: '--staging names a mirror and a root itself',
      expected: '--staging alone',
      found: '--staging with --mirror or --root',
    });
  }
  const url = flags.staging ? staging.mirror : flags.mirror;
  const mirror = openMirror(url, { environment: { ...terminal.env } });
  const root = await readRoot(flags, terminal, signal, url);
  const directory = tufDirectory(terminal);
  const cache = new Cache(directory, (error) => {
    throw error;
  });
  const options = { cache, mirror, root, now: new Date(), signal };
  await keepSigningConfig(await initializeTuf(options, ['trusted_root.json']), terminal);
  terminal.err(`The Sigstore of ${url} is trusted; its roots are kept in ${directory}\n`);
  return 0;
};

async function readRoot(
  flags: { readonly root: string | undefined; readonly 'root-checksum': string | undefined },
  terminal: Terminal,
  signal: AbortSignal,
  mirror: string,
): Promise<Uint8Array> {
  const { root } = flags;
  const checksum = flags['root-checksum'];
  if (root === undefined) {
    if (checksum !== undefined) {
      throw cliErrors.error('USAGE', {
        message: 'a checksum belongs to a root',
        expected: '--root FILE|URL with --root-checksum',
        found: 'no --root',
      });
    }
    return (knownRepository(mirror) ?? publicGood).root;
  }
  const remote = /^https?:\/\//.test(root);
  if (remote && checksum === undefined) {
    terminal.err(
      'warning: whoever can answer for that address decides what you trust; give --root-checksum SHA256 as well\n',
    );
  }
  const bytes = remote ? await fetchRoot(new URL(root), terminal, signal) : readFile(root, terminal.cwd);
  if (checksum !== undefined) requireChecksum(bytes, checksum);
  return requireRoot(bytes, root);
}

async function fetchRoot(url: URL, terminal: Terminal, signal: AbortSignal): Promise<Uint8Array> {
  const mirror = openMirror(new URL('.', url).href, { environment: { ...terminal.env } });
  const name = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1));
  const bytes = await mirror.fetch([name], maxRootBytes, signal);
  if (bytes !== undefined) return bytes;
  throw cliErrors.error('FILE_UNREADABLE', {
    message: `there is no root at ${url.href}`,
    expected: 'a root.json',
    found: 'status 404',
  });
}

function requireChecksum(bytes: Uint8Array, expected: string): void {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found === expected.toLowerCase().replace(/^sha256:/, '')) return;
  throw cliErrors.error('CHECKSUM_MISMATCH', {
    message: 'the root is another than the checksum is of',
    expected,
    found,
  });
}

/** Signing needs it, verification does not: a repository without one is no reason to stop. */
async function keepSigningConfig(repository: TufClient, terminal: Terminal): Promise<void> {
  try {
    await repository.read('signing_config.v0.2.json');
  } catch (error) {
    if (!(error instanceof PratiqueError) || error.code !== 'TUF_TARGET_NOT_FOUND') throw error;
    terminal.err(
      'warning: the repository has no signing_config.v0.2.json, so that signing needs --signing-config\n',
    );
  }
}
