import type { PublicKey } from '@pratique/crypto';
import type { KeyContext, KeyProvider, ManagedKey } from '../managed-key.ts';
import { reopening } from '../reopen.ts';
import { openModule } from './module.ts';
import { findPrivateKey, named } from './objects.ts';
import { publicKeyOfToken, visiblePublicKey } from './public-key.ts';

import { signInToken } from './sign.ts';
import { type Access, findToken, openSession, type Session } from './token.ts';
import { parseTokenUri, type TokenUri } from './uri.ts';

/** Keys in PKCS#11 tokens: hardware security modules, smart cards, softhsm2. */
export const tokenKeys: KeyProvider = {
  async open(reference, context) {
    const uri = parseTokenUri(reference, context.environment);
    return reopening(() => openTokenKey(uri, context));
  },

  /** Without a PIN where the token shows the public key to everybody. */
  async publicKey(reference, context): Promise<PublicKey> {
    const uri = parseTokenUri(reference, context.environment);
    const session = await openTokenSession(uri, 'public', context);
    try {
      const visible = visiblePublicKey(session, named(uri));
      if (visible !== undefined) return visible;
    } finally {
      session.close();
    }
    const key = await tokenKeys.open(reference, context);
    key.close();
    return key.publicKey;
  },
};

/** The private key of a URI, in a session of its own. */
async function openTokenKey(uri: TokenUri, context: KeyContext): Promise<ManagedKey> {
  const session = await openTokenSession(uri, 'private', context);
  try {
    const key = findPrivateKey(session, uri);
    const publicKey = publicKeyOfToken(session, key);
    return {
      publicKey,
      close: session.close,
      sign: (data) => signInToken(session, key, publicKey, data),
    };
  } catch (error) {
    session.close();
    throw error;
  }
}

/** A session with the token of a URI; its module goes with it. */
export async function openTokenSession(uri: TokenUri, access: Access, context: KeyContext): Promise<Session> {
  const module = openModule(uri.modulePath);
  try {
    const session = await openSession(module, findToken(module, uri), access, uri.pin, context);
    const close = () => {
      session.close();
      module.close();
    };
    return { ...session, close };
  } catch (error) {
    module.close();
    throw error;
  }
}
