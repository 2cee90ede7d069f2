import { printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';
import { ask } from './password.ts';

/** Schemes of `--key` that are no tokens and no key services. */
const others = /^(?:env|https?|file|gitlab|github):\/\//;

/** Whether a `--key` value names a key in a token or a key service. Does not load what opens those. */
export function isManaged(reference: string): boolean {
  return (
    reference.startsWith('pkcs11:') || (/^[a-z][a-z0-9-]*:\/\//.test(reference) && !others.test(reference))
  );
}

/** What opens keys in tokens and key services, and what it may need to know. Loaded for those only. */
export async function managedKeys(terminal: Terminal, signal?: AbortSignal) {
  const keys = await import('@pratique/keys');
  const context = {
    environment: { ...terminal.env },
    ...(signal === undefined ? {} : { signal }),
    ...(terminal.interactive
      ? { askPin: (token: string) => ask(`Enter PIN for the token ${printable(token, 64)}: `) }
      : {}),
  };
  return { ...keys, context };
}

/** Cosign's way to PIV tokens. @throws USAGE */
export function refuseSecurityKey(flags: { readonly sk: boolean; readonly slot: string | undefined }): void {
  if (!flags.sk && flags.slot === undefined) return;
  throw cliErrors.error('USAGE', {
    message: 'PIV tokens are reached through their PKCS#11 module, not with --sk and --slot',
    expected: "--key 'pkcs11:token=LABEL;id=%02?module-path=/usr/lib/x86_64-linux-gnu/libykcs11.so'",
    found: flags.sk ? '--sk' : '--slot',
    remedy:
      'Install the token’s module (for YubiKeys ykcs11); pratique pkcs11-tool list-keys-uris prints the URIs of its keys.',
  });
}
