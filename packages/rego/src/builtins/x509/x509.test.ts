import { createPrivateKey, generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fromJson, type RegoArray, type RegoObject, toJson } from '../../values/index.ts';
import { call, callAll, outcome, testContext, testTime } from '../test-calls.ts';

/** Just enough DER to make certificates that are wrong in one thing. */
const length = (size: number): number[] =>
  size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
const der = (tag: number, ...parts: (Uint8Array | number[])[]): Buffer => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([tag, ...length(content.length)]), content]);
};
const oid = (text: string): Buffer => {
  const [first, second, ...rest] = text.split('.').map(Number) as [number, number, ...number[]];
  return der(0x06, [
    first * 40 + second,
    ...rest.flatMap((arc) => (arc < 128 ? [arc] : [0x80 | (arc >> 7), arc & 127])),
  ]);
};
const name = (common: string): Buffer =>
  der(0x30, der(0x31, der(0x30, oid('2.5.4.3'), der(0x0c, Buffer.from(common)))));
const time = (year: number): Buffer =>
  der(0x17, Buffer.from(`${String(year % 100).padStart(2, '0')}0101000000Z`));
const algorithm = der(0x30, oid('1.2.840.10045.4.3.2'));

interface Wanted {
  readonly subject: string;
  readonly issuer?: string;
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly keyUsage?: number;
  readonly until?: number;
  readonly critical?: string;
  readonly dns?: string;
  readonly extendedUsage?: string;
  readonly permittedDns?: string;
}

interface Party {
  readonly pem: string;
  readonly key: ReturnType<typeof createPrivateKey>;
}

function issue(wanted: Wanted, signer?: Party): Party {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extension = (id: string, critical: boolean, value: Buffer) =>
    der(0x30, oid(id), ...(critical ? [der(0x01, [0xff])] : []), der(0x04, value));
  const extensions = [
    ...(wanted.ca === undefined
      ? []
      : [
          extension(
            '2.5.29.19',
            true,
            der(
              0x30,
              ...(wanted.ca ? [der(0x01, [0xff])] : []),
              ...(wanted.pathLength === undefined ? [] : [der(0x02, [wanted.pathLength])]),
            ),
          ),
        ]),
    ...(wanted.keyUsage === undefined ? [] : [extension('2.5.29.15', true, der(0x03, [0, wanted.keyUsage]))]),
    ...(wanted.dns === undefined
      ? []
      : [extension('2.5.29.17', false, der(0x30, der(0x82, Buffer.from(wanted.dns))))]),
    ...(wanted.extendedUsage === undefined
      ? []
      : [extension('2.5.29.37', false, der(0x30, oid(wanted.extendedUsage)))]),
    ...(wanted.permittedDns === undefined
      ? []
      : [
          extension(
            '2.5.29.30',
            true,
            der(0x30, der(0xa0, der(0x30, der(0x82, Buffer.from(wanted.permittedDns))))),
          ),
        ]),
    ...(wanted.critical === undefined ? [] : [extension(wanted.critical, true, Buffer.from([5, 0]))]),
  ];
  const body = der(
    0x30,
    der(0xa0, der(0x02, [2])),
    der(0x02, [1]),
    algorithm,
    name(wanted.issuer ?? wanted.subject),
    der(0x30, time(2020), time(wanted.until ?? 2040)),
    name(wanted.subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [der(0xa3, der(0x30, ...extensions))]),
  );
  const signature = sign('sha256', body, signer?.key ?? privateKey);
  const bytes = der(0x30, body, algorithm, der(0x03, [0], signature));
  return { pem: new X509Certificate(bytes).toString(), key: privateKey };
}

const root = issue({ subject: 'root', ca: true, keyUsage: 0x04 });
const middle = issue({ subject: 'middle', issuer: 'root', ca: true, pathLength: 0 }, root);
const leafOf = (signer: Party, wanted: Partial<Wanted> = {}) =>
  issue({ subject: 'leaf', issuer: 'middle', dns: 'app.example.com', ...wanted }, signer);

function chain(parties: readonly Party[], options?: object): { verified: boolean; subjects: string[] } {
  const pem = parties.map((party) => party.pem).join('');
  const suffix = options === undefined ? '' : '_with_options';
  const operands = options === undefined ? [pem] : [pem, fromJson(options)];
  const [result] = callAll(`crypto.x509.parse_and_verify_certificates${suffix}`, operands, testContext());
  const [verified, list] = (result as RegoArray).items as [boolean, RegoArray];
  return {
    verified,
    subjects: list.items.map(
      (item) => (toJson(item) as { Subject: { CommonName: string } }).Subject.CommonName,
    ),
  };
}

describe('a chain is accepted only when every link holds', () => {
  test('root, intermediate and leaf; the answer begins with the leaf', () => {
    expect(chain([root, middle, leafOf(middle)])).toEqual({
      verified: true,
      subjects: ['leaf', 'middle', 'root'],
    });
  });

  test.each<[string, () => readonly Party[], object?]>([
    [
      'signed by a stranger of the same name',
      () => [root, middle, leafOf(issue({ subject: 'middle', ca: true }))],
    ],
    ['under a root nobody trusts', () => [issue({ subject: 'root', ca: true }), middle, leafOf(middle)]],
    ['with a leaf that has expired', () => [root, middle, leafOf(middle, { until: 2021 })]],
    [
      'with an intermediate that has expired',
      () => {
        const expired = issue({ subject: 'middle', issuer: 'root', ca: true, until: 2021 }, root);
        return [root, expired, leafOf(expired)];
      },
    ],
    [
      'with an intermediate that is no authority',
      () => {
        const plain = issue({ subject: 'middle', issuer: 'root' }, root);
        return [root, plain, leafOf(plain)];
      },
    ],
    [
      'with an intermediate that may not sign certificates',
      () => {
        const limited = issue({ subject: 'middle', issuer: 'root', ca: true, keyUsage: 0x80 }, root);
        return [root, limited, leafOf(limited)];
      },
    ],
    [
      'longer than an intermediate allows',
      () => {
        const second = issue({ subject: 'second', issuer: 'middle', ca: true }, middle);
        return [root, middle, second, leafOf(second, { issuer: 'second' })];
      },
    ],
    [
      'with a critical extension nobody understands',
      () => [root, middle, leafOf(middle, { critical: '1.2.3.4' })],
    ],
    [
      'with a name outside the constraints of an authority',
      () => {
        const limited = issue(
          { subject: 'middle', issuer: 'root', ca: true, permittedDns: 'other.com' },
          root,
        );
        return [root, limited, leafOf(limited)];
      },
    ],
    ['for another purpose', () => [root, middle, leafOf(middle, { extendedUsage: '1.3.6.1.5.5.7.3.3' })]],
    ['for another host', () => [root, middle, leafOf(middle)], { DNSName: 'evil.com' }],
    ['before its time', () => [root, middle, leafOf(middle)], { CurrentTime: 1 }],
    ['of a leaf alone', () => [leafOf(middle)]],
  ])('not %s', (_name, parties, options) => {
    expect(chain(parties(), options)).toEqual({ verified: false, subjects: [] });
  });

  test('with options: a code-signing certificate is accepted when code signing is asked for', () => {
    const parties = [root, middle, leafOf(middle, { extendedUsage: '1.3.6.1.5.5.7.3.3' })];
    const options = {
      KeyUsages: ['KeyUsageCodeSigning'],
      DNSName: 'app.example.com',
      CurrentTime: Number(testTime),
    };
    expect(chain(parties, options).verified).toBe(true);
  });
});

describe('reading', () => {
  test('a certificate cut short anywhere is an error, never a certificate', () => {
    const bytes = Buffer.from(leafOf(middle).pem.replace(/-----[^-]*-----|\n/g, ''), 'base64');
    for (let size = 1; size < bytes.length; size += 7) {
      expect(
        outcome('crypto.x509.parse_certificates', bytes.subarray(0, size).toString('base64')),
      ).toHaveProperty('error');
    }
  });

  test('a key pair whose key is not that of the certificate is refused', () => {
    const { pem } = leafOf(middle);
    const other = middle.key.export({ type: 'pkcs8', format: 'pem' }) as string;
    expect(outcome('crypto.x509.parse_keypair', pem, other)).toEqual({
      error: 'eval_builtin_error: crypto.x509.parse_keypair: tls: private key does not match public key',
    });
  });

  test('a private key becomes the JWK of the same key', () => {
    const pem = middle.key.export({ type: 'pkcs8', format: 'pem' }) as string;
    const jwk = toJson(call('crypto.x509.parse_rsa_private_key', pem) as RegoObject);
    expect(jwk).toEqual(createPrivateKey(pem).export({ format: 'jwk' }));
  });
});
