import type { PublicKey } from '@pratique/crypto';
import type { KeyContext, KeyProvider } from './managed-key.ts';

/** What differs between services that hold keys and sign with them. */
interface KeyHolder<Key, Service extends { close(): void }, Read extends { readonly publicKey: PublicKey }> {
  parse(reference: string): Key;
  connect(key: Key, context: KeyContext): Service;
  /** What was read is what signs, whatever the name leads to later. */
  read(service: Service, key: Key): Promise<Read>;
  sign(service: Service, read: Read, data: Uint8Array): Promise<Uint8Array>;
}

/** Keys in a service: a connection stays open as long as its key does. */
export function serviceKeys<
  Key,
  Service extends { close(): void },
  Read extends { readonly publicKey: PublicKey },
>({ parse, connect, read, sign }: KeyHolder<Key, Service, Read>): KeyProvider {
  return {
    async open(reference, context) {
      const key = parse(reference);
      const service = connect(key, context);
      try {
        const known = await read(service, key);
        return {
          publicKey: known.publicKey,
          close: () => service.close(),
          sign: (data) => sign(service, known, data),
        };
      } catch (error) {
        service.close();
        throw error;
      }
    },

    async publicKey(reference, context) {
      const key = parse(reference);
      const service = connect(key, context);
      try {
        return (await read(service, key)).publicKey;
      } finally {
        service.close();
      }
    },
  };
}
