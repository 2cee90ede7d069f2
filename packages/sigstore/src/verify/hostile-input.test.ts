import { parseCheckpoint } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBundle } from '../bundle/parse.ts';
import { parseSimpleSigning } from '../payload/simple-signing.ts';
import { parseStatement } from '../payload/statement.ts';
import {
  alice,
  attestationLayer,
  bundle,
  bundleJson,
  bytesOf,
  evidence,
  goodDocument,
  goodStatement,
  layer,
  log,
  now,
  trusting,
  trustingLog,
} from '../testing/forge.ts';
import { dsseBody, logAnnotation } from '../testing/transparency-log.ts';
import { parseLogAnnotation } from '../tlog/annotation.ts';

import { parseTrustedRoot } from '../trust/trusted-root.ts';
import { verifyEvidence } from './verify.ts';

/** Any bytes, any JSON, and JSON with members of the names parsers look for. */
const names = fc.constantFrom(
  ...[
    'mediaType',
    'verificationMaterial',
    'publicKey',
    'hint',
    'tlogEntries',
    'dsseEnvelope',
    'payload',
    'signatures',
  ],
  ...[
    'critical',
    'image',
    'identity',
    'type',
    'optional',
    '_type',
    'subject',
    'digest',
    'predicateType',
    '__proto__',
  ],
  ...['Payload', 'SignedEntryTimestamp', 'body', 'tlogs', 'constructor', 'toString'],
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.jsonValue({ maxDepth: 1 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 5 }),
  ),
})).value;
const anything = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.string().map(bytesOf),
  json.map((value) => bytesOf(JSON.stringify(value))),
);

function throwsOnlyOurErrors(parse: (bytes: Uint8Array) => unknown): void {
  fc.assert(
    fc.property(anything, (bytes) => {
      try {
        parse(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(PratiqueError);
      }
    }),
  );
}

describe('a parser answers garbage with an error of ours, never with a crash', () => {
  test.each([
    ['bundle', parseBundle],
    ['simple signing', parseSimpleSigning],
    ['statement', parseStatement],
    ['trusted root', parseTrustedRoot],
    ['checkpoint', (bytes: Uint8Array) => parseCheckpoint(new TextDecoder().decode(bytes))],
    ['log annotation', (bytes: Uint8Array) => parseLogAnnotation(new TextDecoder().decode(bytes))],
  ])('%s', (_name, parse) => throwsOnlyOurErrors(parse));
});

/** Every JSON path of a document, for changing one place at a time. */
function paths(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  const below = Array.isArray(value)
    ? value.flatMap((item, i) => paths(item, [...path, i]))
    : typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, member]) => paths(member, [...path, name]))
      : [];
  return [path, ...below];
}

function replaceAt(document: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [head, ...tail] = path;
  if (head === undefined) return value;
  if (Array.isArray(document))
    return document.map((item, i) => (i === head ? replaceAt(item, tail, value) : item));
  const object = document as Record<string, unknown>;
  return { ...object, [head]: replaceAt(object[head], tail, value) };
}

function loggedBundle() {
  const json = bundleJson();
  const payload = Buffer.from(json.dsseEnvelope.payload, 'base64');
  const body = dsseBody(payload, json.dsseEnvelope.signatures[0]!.sig, alice.publicKey);
  return {
    ...json,
    verificationMaterial: { ...json.verificationMaterial, tlogEntries: [log.entry(body, now)] },
  };
}

describe('a good artefact with one value replaced by another', () => {
  const good = loggedBundle();
  // Unauthenticated by design: the hint, and the key id of an envelope. A promise may be absent beside a proof.
  const harmless = (path: string) => path.endsWith('hint') || path === 'verificationMaterial.publicKey';
  const places = paths(good).filter((path) => !harmless(path.join('.')));

  test('is never accepted: bundle in a log', () => {
    fc.assert(
      fc.property(fc.constantFrom(...places), json, (path, value) => {
        const changed = JSON.stringify(replaceAt(good, path, value));
        fc.pre(changed !== JSON.stringify(good));
        const { signatures, attestations } = verifyEvidence(evidence(bundle(changed)), trustingLog, now);
        const dropped =
          value === null && ['inclusionPromise', 'integratedTime'].includes(String(path.at(-1)));
        expect(attestations).toEqual([]);
        if (!dropped) expect(signatures).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('is never accepted with any single bit flipped: layer', () => {
    const item = layer();
    if (item.kind !== 'simple-signing') throw new Error('a layer');
    fc.assert(
      fc.property(fc.nat(item.payload.length * 8 - 1), (bit) => {
        const payload = Uint8Array.from(item.payload);
        payload[bit >> 3] = payload[bit >> 3]! ^ (1 << (bit & 7));
        expect(verifyEvidence(evidence({ ...item, payload }), trusting(), now).signatures).toEqual([]);
      }),
    );
  });

  test('is never accepted when signed again by the trusted key over another document', () => {
    const statement = goodStatement();
    const document = goodDocument();
    fc.assert(
      fc.property(json, (value) => {
        const result = verifyEvidence(
          evidence(
            layer(bytesOf(JSON.stringify(replaceAt(document, ['critical', 'image'], value)))),
            bundle(bundleJson(bytesOf(JSON.stringify(replaceAt(statement, ['subject'], value))))),
          ),
          trusting(),
          now,
        );
        expect(result.signatures).toEqual([]);
        expect(result.rejected).toHaveLength(2);
      }),
    );
  });
});

test('verification never throws, whatever it is given, and every candidate ends in one list', () => {
  fc.assert(
    fc.property(anything, fc.dictionary(fc.string(), fc.string()), (payload, annotations) => {
      const item = layer();
      const items = [
        { ...item, payload } as typeof item,
        { ...item, annotations } as typeof item,
        { ...attestationLayer({}), payload, annotations } as typeof item,
        { ...bundle(), bytes: payload } as typeof item,
      ];
      const result = verifyEvidence(evidence(...items), trustingLog, now);
      expect(result.signatures).toEqual([]);
      expect(result.rejected).toHaveLength(4);
      expect(result.rejected.filter((rejection) => rejection.code === 'VERIFICATION_FAILED')).toEqual([]);
    }),
  );
});

test('a log annotation survives writing and reading', () => {
  const payload = bytesOf(goodDocument());
  const entry = log.entry(dsseBody(payload, 'AAAA', alice.publicKey), now);
  expect(parseLogAnnotation(logAnnotation(entry))).toMatchObject({ logIndex: 1007n, proof: null });
});
