import { randomBytes } from 'node:crypto';
import { derWriter } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import type { CreatedKey, KeyContext } from '../managed-key.ts';
import { attribute, ck, mechanism } from './constants.ts';
import { bool, findObjects, named, template, ulong } from './objects.ts';
import { openTokenSession } from './provider.ts';
import { publicKeyOfToken } from './public-key.ts';
import type { Session } from './token.ts';
import { parseTokenUri } from './uri.ts';

const p256 = '1.2.840.10045.3.1.7';

/**
 * Makes a key pair on P-256 inside a token, which never shows the private half, with the label and id of the URI.
 *
 * @throws KEY_EXISTS where an object has that label or id, and what opening a key throws
 */
export async function generateTokenKey(reference: string, context: KeyContext): Promise<CreatedKey> {
  const uri = parseTokenUri(reference, context.environment);
  const session = await openTokenSession(uri, 'write', context);
  try {
    const { object } = uri;
    const id = uri.id ?? Uint8Array.from(randomBytes(8));
    refuseExisting(session, object, uri.id);
    const names = named({ object, id });
    const pair = {
      public: [
        [attribute.class, ulong(ck.publicKey)],
        [attribute.token, bool(true)],
        [attribute.private, bool(false)],
        [attribute.verify, bool(true)],
        [attribute.ecParameters, derWriter.objectIdentifier(p256)],
        ...names,
      ] as const,
      private: [
        [attribute.class, ulong(ck.privateKey)],
        [attribute.token, bool(true)],
        [attribute.private, bool(true)],
        [attribute.sensitive, bool(true)],
        [attribute.sign, bool(true)],
        ...names,
      ] as const,
    };
    const [publicHandle, privateHandle] = [[0], [0]];
    session.module.must(
      'C_GenerateKeyPair',
      session.handle,
      { mechanism: mechanism.ecKeyPair, pParameter: null, ulParameterLen: 0 },
      template(pair.public),
      pair.public.length,
      template(pair.private),
      pair.private.length,
      publicHandle,
      privateHandle,
    );
    return {
      publicKey: publicKeyOfToken(session, Number(privateHandle[0])),
      place: `token ${session.token.label}, id ${Buffer.from(id).toString('hex')}`,
    };
  } finally {
    session.close();
  }
}

/** Two keys of one name could not be told apart by it. */
function refuseExisting(session: Session, object: string | undefined, id: Uint8Array | undefined): void {
  for (const names of [named({ object, id: undefined }), named({ object: undefined, id })]) {
    if (names.length === 0) continue;
    const kinds = [ck.privateKey, ck.publicKey];
    if (kinds.every((kind) => findObjects(session, [[attribute.class, ulong(kind)], ...names]).length === 0))
      continue;
    throw keysErrors.error('KEY_EXISTS', {
      message: `the token ${printable(session.token.label)} has a key of this label or id already`,
    });
  }
}
