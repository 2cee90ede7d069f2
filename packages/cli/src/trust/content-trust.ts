import { join, resolve } from 'node:path';
import {
  directoryState,
  notaryErrors,
  openNotary,
  pinOfAuthorities,
  pinOfKeys,
  type RootPin,
  repositoryName,
  type TrustedRepository,
  updateTrust,
} from '@pratique/notary';
import type { Reference } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import { readFile, readText } from '../program/read-file.ts';
import type { FlagValues } from '../program/spec.ts';
import { stateDirectory } from '../program/state-directory.ts';
import type { Terminal } from '../program/terminal.ts';
import { notaryAccess, type RegistryFlags } from '../registry/client.ts';
import type { contentTrustFlags } from '../specs/content-trust.ts';

type Flags = FlagValues<typeof contentTrustFlags> & RegistryFlags;

/** What the Notary server says about a repository, verified from the root that the flags name. */
export async function openContentTrust(
  reference: Reference,
  flags: Flags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<TrustedRepository> {
  const repository = repositoryName(reference);
  const pin = pinOf(repository, flags, terminal);
  const directory = flags['trust-state'] ?? join(stateDirectory(terminal.env), 'content-trust');
  const state = directoryState(resolve(terminal.cwd, directory));
  const source = openNotary(reference, {
    ...notaryAccess(flags, terminal),
    server: flags['notary-server'],
  });
  try {
    return await updateTrust({ repository, source, pin, state, now: new Date(), signal });
  } finally {
    source.close();
  }
}

function pinOf(repository: string, flags: Flags, terminal: Terminal): RootPin {
  const named = (['root-key', 'root', 'root-ca', 'trust-on-first-use'] as const).filter((name) => {
    const value = flags[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
  if (named.length > 1) {
    throw cliErrors.error('USAGE', {
      message: 'a root is trusted for one reason',
      expected: 'one of --root-key, --root, --root-ca and --trust-on-first-use',
      found: named.map((name) => `--${name}`).join(', '),
    });
  }
  if (flags['root-key'].length > 0) return pinOfKeys(flags['root-key']);
  if (flags.root !== undefined) return { kind: 'root', bytes: readFile(flags.root, terminal.cwd, 'text') };
  if (flags['root-ca'] !== undefined) return pinOfAuthorities(readText(flags['root-ca'], terminal.cwd));
  if (flags['trust-on-first-use']) return { kind: 'first-use' };
  throw notaryErrors.error('NOTARY_ROOT_REQUIRED', {
    message: `nothing says which root of ${repository} is trusted`,
    expected: '--root-key ID, --root FILE, --root-ca FILE or --trust-on-first-use',
    found: 'none of them',
  });
}
