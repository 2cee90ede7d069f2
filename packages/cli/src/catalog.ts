import type { ErrorCatalog, ErrorEntry } from '@pratique/errors';
import { cliErrors } from './errors.ts';

/** Every code of the product. */
export async function allErrors(): Promise<ReadonlyMap<string, ErrorEntry & { readonly area: string }>> {
  const [oci, crypto, sigstore, sigstoreServer, registry, policy, admission, inspect] = await Promise.all([
    import('@pratique/oci'),
    import('@pratique/crypto'),
    import('@pratique/sigstore'),
    import('@pratique/sigstore-server'),
    import('@pratique/registry'),
    import('@pratique/policy'),
    import('@pratique/admission'),
    import('@pratique/inspect'),
  ]);
  const areas: Readonly<Record<string, ErrorCatalog>> = {
    'command line': cliErrors,
    images: oci.ociErrors,
    keys: crypto.cryptoErrors,
    signatures: sigstore.sigstoreErrors,
    'private Sigstore': sigstoreServer.sigstoreServerErrors,
    registry: registry.registryErrors,
    policy: policy.policyErrors,
    admission: admission.admissionErrors,
    inspection: inspect.inspectErrors,
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
