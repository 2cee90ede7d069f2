import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ContentSigner, parseTrustedRoot, type TrustedRoot } from '@pratique/sigstore';
import { keylessSigner, openServices, parseIdentityToken, type Services } from '@pratique/sigstore-client';
import { type SigstoreServer, startSigstoreServer } from '@pratique/sigstore-server';

export const people = {
  alice: 'alice@example.com',
  bob: 'bob@example.com',
  mallory: 'mallory@example.com',
  /** What an unanchored pattern for Alice's address would match. */
  lookalike: 'alice@example.com.evil.example',
} as const;

/** The Sigstore of the demo, and one elsewhere that nobody here trusts. */
export interface DemoSigstore {
  readonly server: SigstoreServer;
  readonly directory: string;
  readonly elsewhere: SigstoreServer;
  readonly services: Services;
  readonly root: TrustedRoot;
  close(): Promise<void>;
}

/**
 * Starts both. Ours gives certificates for identities that the other's issuer vouches for, as a shared Sigstore does:
 * whose identities count is not for the authority to say, but for whoever verifies.
 */
export async function startDemoSigstore(directory: string): Promise<DemoSigstore> {
  const listen = '127.0.0.1:0';
  const elsewhere = await startSigstoreServer({ listen, directory: join(directory, 'elsewhere') });
  const own = join(directory, 'sigstore');
  const issuers = [{ url: elsewhere.issuer, type: 'email' }] as const;
  const server = await startSigstoreServer({ listen, directory: own, issuers }).catch(async (error) => {
    await elsewhere.close();
    throw error;
  });
  const services = openServices({});
  const close = async (): Promise<void> => {
    services.close();
    await Promise.all([server.close(), elsewhere.close()]);
  };
  const root = parseTrustedRoot(readFileSync(server.trustedRootFile));
  return { server, directory: own, elsewhere, services, root, close };
}

/** How a signer of the demo differs from one that does everything right. */
export interface Oddity {
  /** Who says who the signer is. */
  readonly issuer?: SigstoreServer;
  /** Whose log holds the signature. */
  readonly log?: SigstoreServer;
}

/** Signs without a key, as somebody whom an issuer knows under `email`. */
export function signerFor(
  { server, services, root }: DemoSigstore,
  email: string,
  { issuer = server, log = server }: Oddity = {},
): ContentSigner {
  const logs = log === server ? root.logs : parseTrustedRoot(readFileSync(log.trustedRootFile)).logs;
  return keylessSigner(services, {
    token: async () => parseIdentityToken(await issuer.issueToken(email)),
    fulcio: server.url,
    witnesses: {
      logs: [{ url: log.url, version: 1 }],
      timestampAuthorities: [`${server.url}/api/v1/timestamp`],
    },
    root: { ...root, logs },
  });
}
