import { printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';
import { ask } from './password.ts';

/** Schemes of `--key` that are no tokens and no key services. */
const others = /^(?:env|https?|file):\/\//;

/** Whether a `--key` value names a key in a token or a key service. Does not load what opens those. */
export function isManaged(reference: string): boolean {
  return (
    /^(?:pkcs11|piv):/.test(reference) || (/^[a-z][a-z0-9-]*:\/\//.test(reference) && !others.test(reference))
  );
}

/** What opens keys in tokens and key services, and what it may need to know. Loaded for those only. */
export async function managedKeys(terminal: Terminal, signal?: AbortSignal) {
  const keys = await import('@pratique/keys');
  const context = {
    environment: { ...terminal.env },
    ...(signal === undefined ? {} : { signal }),
    ...(terminal.interactive
      ? { askPin: (token: string) => ask(`Enter PIN for the token ${printable(token, 160)}: `) }
      : {}),
    awaitTouch: (token: string) => void terminal.err(`Touch the token ${printable(token, 160)}\n`),
  };
  return { ...keys, context };
}

/** Cosign's flags for the key in a slot of a PIV token. */
interface SecurityKeyFlags {
  readonly sk: boolean;
  readonly slot: string | undefined;
}

/**
 * What `--key` names, or else what `--sk` and `--slot` stand for: `piv:SLOT`.
 *
 * @throws USAGE
 */
export function namedKey(flags: SecurityKeyFlags & { readonly key: string | undefined }): string | undefined {
  return securityKey(flags, flags.key !== undefined) ?? flags.key;
}

/** The same where several keys may be named. @throws USAGE */
export function namedKeys(flags: SecurityKeyFlags & { readonly key: readonly string[] }): readonly string[] {
  const reference = securityKey(flags, flags.key.length > 0);
  return reference === undefined ? flags.key : [reference];
}

function securityKey({ sk, slot }: SecurityKeyFlags, hasKey: boolean): string | undefined {
  if (sk && !hasKey) return `piv:${slot || 'signature'}`;
  if (!sk && !slot) return undefined;
  throw cliErrors.error('USAGE', {
    message: sk
      ? 'the key is in a token or where --key says'
      : 'a slot is of a PIV token, and --sk, which says that the key is in one, is missing',
    expected: sk ? '--sk or --key' : '--sk --slot NAME',
    found: sk ? 'both' : '--slot without --sk',
  });
}
