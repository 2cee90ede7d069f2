import { isJsonObject, type JsonValue, type PublicKey } from '@pratique/crypto';

/** Looks up the public half of a key in a token or a key service: `pkcs11:…`, `piv:…`, `k8s://…`, `hashivault://…`, `awskms://…` and so on. */
export type OpenPublicKey = (reference: string) => Promise<PublicKey>;

/** Public keys by the references that name them. */
export type ManagedKeys = ReadonlyMap<string, PublicKey>;

/** As many keys elsewhere as are looked up; each may be a request. */
const maxKeys = 100;

/** Whether a key of an authority is named instead of written down. */
export function isKeyReference(text: string): boolean {
  return /^(?:pkcs11:|piv:|[a-z][a-z0-9-]*:\/\/)/.test(text);
}

/** References of the keys that authorities of a trust configuration name. */
export function referencesInTrust(document: JsonValue): readonly string[] {
  const authorities = isJsonObject(document) ? document['authorities'] : undefined;
  const named = isJsonObject(authorities) ? Object.values(authorities) : [];
  return named.flatMap((authority) => {
    if (!isJsonObject(authority)) return [];
    const { key, keys } = authority;
    return [key, ...(Array.isArray(keys) ? keys : [])].filter(isReference);
  });
}

const isReference = (one: JsonValue | undefined): one is string =>
  typeof one === 'string' && isKeyReference(one);

/**
 * Looks up every key that a configuration names, once. Whatever else is wrong with the configuration is said when it is
 * parsed. Throws what `open` throws: a key that cannot be had is no key that nobody signed with.
 */
export async function openManagedKeys(
  references: readonly string[],
  open: OpenPublicKey,
): Promise<ManagedKeys> {
  const found = new Map<string, PublicKey>();
  // One after the other: a token may ask a person.
  for (const reference of [...new Set(references)].slice(0, maxKeys))
    found.set(reference, await open(reference));
  return found;
}
