import type { JsonValue } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryState } from '../client/state.ts';
import { findTag } from '../client/tags.ts';
import { updateTrust } from '../client/update.ts';
import { pinOfKeys } from '../root/pin.ts';
import { bareKey, encode, now, VirtualNotary } from '../testing/virtual-notary.ts';
import { parseEnvelope, verifyThreshold } from './envelope.ts';
import { parseKey } from './key.ts';
import { isDelegatedRole } from './role-name.ts';
import { parseRoot, parseSnapshot, parseTargets, parseTimestamp } from './roles.ts';

const good = new VirtualNotary();
const digest = good.sign('1.0', 'one', good.delegate('targets/releases', [bareKey()]));
good.publish();
const pin = pinOfKeys(good.signers.root!.map(({ id }) => id));

function update(files: ReadonlyMap<string, Uint8Array>) {
  const source = { name: 'https://notary.test', fetch: async (file: string) => files.get(file) };
  return updateTrust({ repository: good.repository, source, pin, state: memoryState(), now });
}

test('no damaged file is accepted, and none causes anything but a refusal', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...good.files.keys()),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
      async (name, changes) => {
        const bytes = Uint8Array.from(good.files.get(name)!);
        for (const [at, change] of changes) bytes[at % bytes.length]! ^= change;
        try {
          const found = findTag(await update(new Map([...good.files, [name, bytes]])), '1.0');
          expect(found?.digest ?? digest).toBe(digest);
        } catch (error) {
          expect(error).toBeInstanceOf(PratiqueError);
        }
      },
    ),
    { numRuns: 200 },
  );
});

/** Everything that reads metadata, one after the other. */
function readAll(bytes: Uint8Array): void {
  const envelope = parseEnvelope(bytes, 'a file');
  for (const parse of [parseRoot, parseTimestamp, parseSnapshot, (s: never) => parseTargets(s, 'targets')]) {
    try {
      parse(envelope.signed as never);
    } catch (error) {
      expect(error).toMatchObject({ code: 'NOTARY_METADATA_INVALID' });
    }
  }
  verifyThreshold(envelope, { keyIds: [], keys: new Map(), threshold: 1 }, 'a file');
}

/** Metadata in which any part may be any value. */
const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(null, '__proto__', 'constructor', 1e308, 2 ** 53, ''),
);
const spoiled = fc
  .tuple(fc.constantFrom(...good.files.values()), fc.nat(), anything)
  .map(([bytes, at, value]) => {
    const document = JSON.parse(new TextDecoder().decode(bytes)) as JsonValue;
    const places: [never, string][] = [];
    const visit = (part: unknown): void => {
      if (typeof part !== 'object' || part === null) return;
      for (const [name, child] of Object.entries(part)) {
        places.push([part as never, name]);
        visit(child);
      }
    };
    visit(document);
    const [owner, name] = places[at % places.length]!;
    Object.assign(owner, { [name]: value });
    return encode(JSON.stringify(document));
  });

test('whatever stands in metadata, it is read or refused', () => {
  fc.assert(
    fc.property(spoiled, (bytes) => {
      try {
        readAll(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^NOTARY_(METADATA_INVALID|THRESHOLD)$/) });
      }
    }),
    { numRuns: 500 },
  );
});

test.each([
  { keytype: 'ecdsa', keyval: { private: null, public: '' } },
  { keytype: 'ecdsa', keyval: { private: null, public: 'AAAA' } },
  { keytype: 'ed25519', keyval: { private: null, public: 'AAAA' } },
  { keytype: 'rsa-x509', keyval: { private: null, public: 'AAAA' } },
  { keytype: 'dilithium', keyval: { private: null, public: 'AAAA' } },
  { keytype: 'toString', keyval: { private: null, public: 'AAAA' } },
])('a key that cannot be used verifies nothing, and is no reason to refuse the rest: %j', async (value) => {
  const { keyId } = await import('./key.ts');
  expect(parseKey(keyId(value.keytype, value.keyval.public), value)).toBeNull();
  expect(() => parseKey('0'.repeat(64), value)).toThrow(
    expect.objectContaining({ code: 'NOTARY_METADATA_INVALID' }),
  );
});

test('a key that is no Unicode is refused', () => {
  const keyval = { private: null, public: '\ud800' };
  expect(() => parseKey('0'.repeat(64), { keytype: 'ecdsa', keyval })).toThrow(
    expect.objectContaining({ code: 'NOTARY_METADATA_INVALID' }),
  );
});

test('a key of one kind in the place of another verifies nothing', () => {
  const { keyval } = bareKey('ecdsa-p256').value;
  for (const keytype of ['rsa', 'ed25519', 'ecdsa-x509']) {
    const id = keyIdOf(keytype, keyval.public);
    expect(parseKey(id, { keytype, keyval })).toBeNull();
  }
});

const keyIdOf = (keytype: string, content: string) => {
  const key = bareKey();
  Object.assign(key.value, { keytype, keyval: { private: null, public: content } });
  return key.id;
};

test('a name of a delegated role never leaves the repository', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^targets[-a-z/.%]+$/)), (name) => {
      if (!isDelegatedRole(name)) return;
      const base = 'https://notary.test/v2/a.b/c/_trust/tuf/targets/';
      expect(new URL(`https://notary.test/v2/a.b/c/_trust/tuf/${name}.json`).href.startsWith(base)).toBe(
        true,
      );
    }),
  );
});
