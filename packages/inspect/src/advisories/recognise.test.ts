import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSbom } from '../sbom/read.ts';
import { parseVex } from '../vex/parse-vex.ts';
import { parseIgnoreFile } from '../vulnerabilities/ignore.ts';
import { recognise } from './recognise.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Documents that begin as the formats do, so that the parsers behind are reached. */
const words = [
  ...[
    'id',
    'affected',
    'package',
    'ecosystem',
    'name',
    'npm',
    'PyPI',
    'Debian:12',
    'ranges',
    'events',
    'introduced',
  ],
  ...[
    'fixed',
    'versions',
    'releases',
    'status',
    'resolved',
    'reponame',
    'packages',
    'pkg',
    'secfixes',
    'bookworm',
  ],
  ...[
    'catalogVersion',
    'vulnerabilities',
    'cveID',
    'CVE-2024-0001',
    '2024-01-01',
    'dateAdded',
    'format',
    'NVD_CVE',
  ],
  ...[
    'bomFormat',
    'CycloneDX',
    'components',
    'purl',
    'pkg:npm/x@1',
    'spdxVersion',
    'SPDX-2.3',
    'externalRefs',
  ],
  ...[
    '@context',
    'https://openvex.dev/ns/v0.2.0',
    'statements',
    'products',
    'document',
    'csaf_version',
    '2.0',
    'tracking',
    'product_tree',
    'branches',
    'product_id',
    'vulnerabilities',
    'product_status',
    'vers:npm/',
    'ignore',
  ],
  ...['__proto__', 'constructor', 'toString', ''],
];
const text = fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 8 }));
const document = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    text,
    fc.constantFrom(null, true, 0, -1, 1e308),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 6 }),
  ),
})).value;

/** Runs `read`; what goes wrong must be one of ours, with its code. */
function onlyOurErrors(read: () => void): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(PratiqueError);
  }
}

test('any document is of a known format, of none, or refused with a code', () => {
  fc.assert(
    fc.property(document, (value) => {
      const json = JSON.stringify(value);
      onlyOurErrors(() => [...(recognise({ path: 'x.json', bytes: bytes(json) })?.items ?? [])]);
      onlyOurErrors(() => readSbom(bytes(json)));
      onlyOurErrors(() => parseVex(bytes(json)));
      onlyOurErrors(() => parseIgnoreFile(json));
    }),
    { numRuns: 500 },
  );
});

test('any text is of a known format, of none, or refused with a code', () => {
  const heads = [
    '',
    'cve,epss,percentile\n',
    '[29 Mar 2023] DSA-5380-1 x - y\n\t{CVE-2023-1}\n\t[bookworm] - x 1\n',
    '- &a [*a]\n',
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...heads),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('x.json', 'x.yaml'),
      (head, tail, path) => {
        onlyOurErrors(() => [...(recognise({ path, bytes: bytes(head + tail) })?.items ?? [])]);
        onlyOurErrors(() => parseIgnoreFile(head + tail));
      },
    ),
    { numRuns: 300 },
  );
});

test('a record is taken by its own properties: one called __proto__ is a name as any other', () => {
  const record = '{"__proto__": {"CVE-2024-0001": {"releases": {"bookworm": {"status": "open"}}}}}';
  const items = [...recognise({ path: 'x.json', bytes: bytes(record) })!.items];
  expect(({} as Record<string, unknown>)['CVE-2024-0001']).toBeUndefined();
  for (const item of items) expect(item).toMatchObject({ kind: 'advisory' });
});
