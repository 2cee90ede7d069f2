import { keysErrors } from '../errors.ts';
import type { KeyContext } from '../managed-key.ts';
import { attribute, ck } from './constants.ts';
import { openModule } from './module.ts';
import { findObjects, namesOf, ulong } from './objects.ts';
import { openSession, type Token, tokensOf } from './token.ts';
import { formatTokenUri, modulePath } from './uri.ts';

export type TokenInfo = Token;

/** A private key in a token. */
export interface TokenKey {
  readonly label: string;
  readonly id: Uint8Array;
  /** `--key` for it, without a PIN. */
  readonly uri: string;
}

/** The tokens a PKCS#11 module has. @throws KEY_REFERENCE_INVALID, PKCS11_… */
export function listTokens(module: string | undefined, { environment }: KeyContext): readonly TokenInfo[] {
  const opened = openModule(modulePath(module, environment));
  try {
    return tokensOf(opened);
  } finally {
    opened.close();
  }
}

/**
 * The private keys of the token in a slot that have a label or an id.
 *
 * @throws PKCS11_TOKEN_NOT_FOUND, PKCS11_PIN_MISSING, PKCS11_PIN_REFUSED and other PKCS11_…, KEY_REFERENCE_INVALID
 */
export async function listKeys(
  module: string | undefined,
  slotId: number,
  pin: string | undefined,
  context: KeyContext,
): Promise<readonly TokenKey[]> {
  const path = modulePath(module, context.environment);
  const opened = openModule(path);
  try {
    const token = tokensOf(opened).find((one) => one.slotId === slotId);
    if (token === undefined) {
      throw keysErrors.error('PKCS11_TOKEN_NOT_FOUND', { message: `there is no token in slot ${slotId}` });
    }
    const given = pin ? ({ kind: 'value', value: pin } as const) : undefined;
    const session = await openSession(opened, token, 'private', given, context);
    try {
      return findObjects(session, [[attribute.class, ulong(ck.privateKey)]]).flatMap((object) => {
        const { object: label, id } = namesOf(session, object);
        if (label === '' && id.byteLength === 0) return [];
        const uri = formatTokenUri({ modulePath: path, token: token.label, slotId, id, object: label });
        return [{ label, id, uri }];
      });
    } finally {
      session.close();
    }
  } finally {
    opened.close();
  }
}
