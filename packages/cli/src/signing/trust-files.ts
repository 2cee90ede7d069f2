import type { TufClient } from '@pratique/tuf';
import { readFile } from '../program/read-file.ts';
import type { Terminal } from '../program/terminal.ts';
import type { SigningFlags } from './open-signer.ts';

/** The two files signing needs: from the flags, else as the Sigstore in use publishes them. */
export interface TrustFiles {
  signingConfig(): Promise<Uint8Array>;
  trustedRoot(): Promise<Uint8Array>;
}

export function openTrustFiles(flags: SigningFlags, terminal: Terminal, signal: AbortSignal): TrustFiles {
  let repository: Promise<TufClient> | undefined;
  // Loaded and asked when a file is needed that no flag names, and once.
  const published = async (target: string): Promise<Uint8Array> => {
    repository ??= import('../trust/sigstore-repository.ts').then(({ openSigstoreRepository }) =>
      openSigstoreRepository(terminal, { offline: false, signal }),
    );
    return (await repository).read(target);
  };
  const read = (file: string | undefined, target: string) =>
    file === undefined ? published(target) : Promise.resolve(readFile(file, terminal.cwd));
  return {
    signingConfig: () => read(flags['signing-config'], 'signing_config.v0.2.json'),
    trustedRoot: () => read(flags['trusted-root'], 'trusted_root.json'),
  };
}
