import type { ErrorCatalog, ErrorEntry } from '@pratique/errors';
import { cliErrors } from './errors.ts';

/** Every code of the product. */
export async function allErrors(): Promise<ReadonlyMap<string, ErrorEntry & { readonly area: string }>> {
  const areas: Readonly<Record<string, ErrorCatalog>> = {
    'command line': cliErrors,
    images: (await import('@pratique/oci')).ociErrors,
    keys: (await import('@pratique/crypto')).cryptoErrors,
    'keys elsewhere': (await import('@pratique/keys')).keysErrors,
    signatures: (await import('@pratique/sigstore')).sigstoreErrors,
    'signatures of the Notary Project': (await import('@pratique/notation')).notationErrors,
    'private Sigstore': (await import('@pratique/sigstore-server')).sigstoreServerErrors,
    'trusted roots': (await import('@pratique/tuf')).tufErrors,
    'Docker Content Trust': (await import('@pratique/notary')).notaryErrors,
    signing: (await import('@pratique/sigstore-client')).sigstoreClientErrors,
    registry: (await import('@pratique/registry')).registryErrors,
    policy: (await import('@pratique/policy')).policyErrors,
    admission: (await import('@pratique/admission')).admissionErrors,
    hardening: (await import('@pratique/harden')).hardenErrors,
    inspection: (await import('@pratique/inspect')).inspectErrors,
  };
  const all = new Map<string, ErrorEntry & { readonly area: string }>();
  for (const [area, catalog] of Object.entries(areas)) {
    for (const [code, entry] of Object.entries(catalog.entries)) {
      if (all.has(code)) throw new Error(`${code} is declared twice`);
      all.set(code, { ...entry, area });
    }
  }
  return all;
}
