import { resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { namespaceSecrets, type RegistryClient } from '@pratique/oci';
import {
  createEngine,
  createGate,
  type Gate,
  loadPolicies,
  loadTrust,
  type NotaryAccess,
} from '@pratique/policy';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';
import { chosenEngine, type EngineFlags } from './engine-flags.ts';
import { trustOptions } from './trust-options.ts';

export interface GateFlags extends EngineFlags {
  readonly trust: string | undefined;
  readonly policy: readonly string[];
  readonly 'local-registries': boolean;
}

/**
 * The gate of a trust configuration and policies on disk, over one registry client.
 *
 * @param notary how Notary servers are reached; absent: with Docker's credentials
 */
export async function openGate(
  flags: GateFlags,
  client: RegistryClient,
  terminal: Terminal,
  notary: NotaryAccess = { environment: { ...terminal.env } },
): Promise<Gate> {
  if (flags.trust === undefined) {
    throw cliErrors.error('USAGE', {
      message: 'nothing says whose signatures count',
      expected: '--trust FILE, or trust: FILE in pratique.yaml',
      found: 'no trust configuration',
      remedy: 'Write one as docs/reference/trust.md shows; pratique demo --keep makes an example.',
    });
  }
  const trust = await loadTrust(resolve(terminal.cwd, flags.trust), trustOptions(terminal));
  const own = [...trust.policies, ...flags.policy.map((path) => resolve(terminal.cwd, path))];
  const choice = chosenEngine(flags, terminal) ?? trust.engine;
  const engine = await createEngine(choice, trust, loadPolicies(own));
  return createGate({
    trust,
    engine,
    openRepository: (reference, keychain) => client.repository(reference, keychain),
    notary,
    namespaceSecrets: namespaceSecrets(terminal.env),
    localRegistries: flags['local-registries'] ? 'ask' : 'refuse',
    onInternalError: (error) =>
      terminal.err(
        `internal error: ${printable(error instanceof Error ? (error.stack ?? error.message) : String(error), 2000)}\n`,
      ),
  });
}
