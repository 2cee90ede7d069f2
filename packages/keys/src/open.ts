import type { PublicKey } from '@pratique/crypto';
import { checked } from './checked.ts';
import { keysErrors } from './errors.ts';
import type { CreatedKey, KeyContext, KeyProvider, ManagedKey } from './managed-key.ts';

/** Schemes of cosign’s that name no key service. */
const notKeys = new Set(['http', 'https', 'file', 'env']);

/** The scheme of a reference to a key that is not a file, or null: then it names a file, or nothing. */
export function keyScheme(reference: string): string | null {
  if (reference.startsWith('pkcs11:')) return 'pkcs11';
  if (reference.startsWith('piv:')) return 'piv';
  const scheme = /^([a-z][a-z0-9-]{0,63}):\/\//.exec(reference)?.[1];
  return scheme === undefined || notKeys.has(scheme) ? null : scheme;
}

/**
 * Opens the private key that a reference names: `pkcs11:…` (RFC 7512), `piv:SLOT`, `k8s://NAMESPACE/SECRET`, `gitlab://PROJECT`,
 * `hashivault://NAME` and `openbao://NAME`, `awskms:///KEY`, `gcpkms://projects/…`, `azurekms://VAULT/KEY`, or `SCHEME://…`
 * of a plugin `sigstore-kms-SCHEME` on the PATH. Every signature it makes is verified before it is returned.
 *
 * @throws KEY_REFERENCE_INVALID, KEY_NOT_FOUND, KEY_AMBIGUOUS, KEY_MECHANISM_UNSUPPORTED, KEY_SERVICE_…, KEY_PLUGIN_…,
 *   PKCS11_…, PIV_…, and KEY_INVALID, KEY_UNSUPPORTED for a public key that cannot be used
 */
export async function openKey(reference: string, context: KeyContext): Promise<ManagedKey> {
  const provider = await providerOf(reference);
  return checked(await provider.open(reference, context));
}

/** The public half of the key that a reference names. Throws what `openKey` throws. */
export async function openPublicKey(reference: string, context: KeyContext): Promise<PublicKey> {
  const provider = await providerOf(reference);
  return await provider.publicKey(reference, context);
}

/**
 * Makes an ECDSA P-256 key where a reference points to; for `k8s://`, `gitlab://` and `github://`, `password` is
 * what its key file is encrypted with.
 *
 * @throws KEY_EXISTS, and what `openKey` throws
 */
export async function createKey(
  reference: string,
  context: KeyContext,
  password: () => Promise<string>,
): Promise<CreatedKey> {
  switch (keyScheme(reference)) {
    case 'pkcs11':
      return (await import('./pkcs11/generate.ts')).generateTokenKey(reference, context);
    case 'piv':
      throw keysErrors.error('KEY_REFERENCE_INVALID', {
        message: 'a key in a PIV token is made with the command for these tokens, which knows their policies',
        expected: 'pratique piv-tool generate-key',
        found: 'piv:',
      });
    case 'k8s':
      return (await import('./kubernetes/secret-key.ts')).createSecretKey(reference, context, password);
    case 'gitlab':
      return (await import('./gitlab/keys.ts')).createGitlabKey(reference, context, password);
    case 'github':
      return (await import('./github/secrets.ts')).createGithubSecrets(reference, context, password);
    case 'hashivault':
    case 'openbao':
      return (await import('./vault/transit.ts')).createTransitKey(reference, context);
    case 'awskms':
      return (await import('./aws/keys.ts')).createAwsKey(reference, context);
    case 'gcpkms':
      return (await import('./gcp/keys.ts')).createGcpKey(reference, context);
    case 'azurekms':
      return (await import('./azure/keys.ts')).createAzureKey(reference, context);
    case null:
      throw notManaged(reference);
    default:
      return (await import('./plugin/plugin.ts')).createPluginKey(reference, context);
  }
}

async function providerOf(reference: string): Promise<KeyProvider> {
  switch (keyScheme(reference)) {
    case 'pkcs11':
      return (await import('./pkcs11/provider.ts')).tokenKeys;
    case 'piv':
      return (await import('./piv/provider.ts')).pivKeys;
    case 'k8s':
      return (await import('./kubernetes/secret-key.ts')).secretKeys;
    case 'gitlab':
      return (await import('./gitlab/keys.ts')).gitlabKeys;
    case 'github':
      return (await import('./github/secrets.ts')).githubSecrets;
    case 'hashivault':
    case 'openbao':
      return (await import('./vault/transit.ts')).transitKeys;
    case 'awskms':
      return (await import('./aws/keys.ts')).awsKeys;
    case 'gcpkms':
      return (await import('./gcp/keys.ts')).gcpKeys;
    case 'azurekms':
      return (await import('./azure/keys.ts')).azureKeys;
    case null:
      throw notManaged(reference);
    default:
      return (await import('./plugin/plugin.ts')).pluginKeys;
  }
}

function notManaged(reference: string) {
  return keysErrors.error('KEY_REFERENCE_INVALID', {
    message: 'this names no token and no key service',
    expected:
      'pkcs11:…, piv:…, k8s://…, gitlab://…, hashivault://…, awskms://…, gcpkms://…, azurekms://… or the scheme of a plugin',
    found: `${/^[a-z0-9+.-]{0,20}:?/i.exec(reference)?.[0] ?? ''}…`,
  });
}
