import { encodeBase64, oids } from '@pratique/crypto';
import { describe, expect, test } from 'vitest';
import { bytesOf, flip } from '../testing/forge.ts';
import { artifact, otherArtifact } from '../testing/keyless/row.ts';
import { extension, extensions, makeAuthority, names } from '../testing/virtual/certificates.ts';
import {
  authority,
  authorityOptions,
  issuer,
  type KeylessBundleJson,
  keys,
  leafOptions,
  makeLeaf,
  signingTime,
  signMessage,
  subject,
  trust,
} from '../testing/virtual-sigstore.ts';
import { exactly } from '../trust/identity.ts';
import type { Trust } from '../trust/trust.ts';
import { verifyBundle } from './bundle.ts';

/**
 * The forge, second part: genuine bundles mixed with each other, put in another order, doubled, and genuine
 * certificates that say something under another name.
 */
function outcome(json: unknown, believed: Trust = trust, about: Uint8Array = artifact): string {
  const result = verifyBundle(bytesOf(json), { bytes: about }, believed, signingTime);
  return result.ok ? 'ACCEPTED' : result.rejection.code;
}

type Part = (into: KeylessBundleJson, from: KeylessBundleJson) => void;

/** What a bundle consists of: each can be taken from another one. */
const bundleParts: Readonly<Record<string, Part>> = {
  certificate: (into, from) => {
    into.verificationMaterial.certificate = from.verificationMaterial.certificate;
  },
  entries: (into, from) => {
    into.verificationMaterial.tlogEntries = from.verificationMaterial.tlogEntries;
  },
  timestamps: (into, from) => {
    into.verificationMaterial.timestampVerificationData = from.verificationMaterial.timestampVerificationData;
  },
  digest: (into, from) => {
    into.messageSignature!.messageDigest = from.messageSignature!.messageDigest;
  },
  signature: (into, from) => {
    into.messageSignature!.signature = from.messageSignature!.signature;
  },
};

const impostor = makeAuthority({
  ...authorityOptions,
  rootKey: keys.stranger,
  intermediateKey: keys.stranger,
});
const withIdentity = (email: string, from: string) =>
  makeLeaf({
    extensions: [
      ...leafOptions().extensions.slice(0, 3),
      extensions.names(names.email(email)),
      extensions.fulcioRaw(1, from),
      extensions.fulcio(8, from),
    ],
  });

/** Bundles that are genuine, but of something or somebody else; the first is even good for the same file. */
const donors: Readonly<Record<string, () => KeylessBundleJson>> = {
  'the same signer’s second signature of the file': () => signMessage(artifact),
  'the same signer’s signature of another file': () => signMessage(otherArtifact),
  'another identity’s': () =>
    signMessage(artifact, { certificate: withIdentity('eve@example.test', issuer) }),
  'another issuer’s': () =>
    signMessage(artifact, { certificate: withIdentity(subject, 'https://evil.test') }),
  'another Sigstore’s': () => signMessage(artifact, { certificate: makeLeaf({ issuer: impostor.issuer }) }),
  'a bare key’s': () =>
    signMessage(artifact, { key: keys.stranger, certificate: makeLeaf({ key: keys.stranger.publicKey }) }),
};

describe('of two bundles no mixture is accepted', () => {
  for (const rekor of [1, 2] as const) {
    test.each(Object.entries(donors))(`in Rekor v${rekor}: %s`, (_title, make) => {
      const names = Object.keys(bundleParts);
      let forged = 0;
      for (let mask = 1; mask < 2 ** names.length - 1; mask++) {
        const [own, donor] = [signMessage(artifact, { rekor }), make()];
        const taken = names.filter((_name, bit) => (mask & (1 << bit)) !== 0);
        // Digests of one file are one digest: nothing is forged by taking that alone, or all but that.
        const same =
          JSON.stringify(own.messageSignature!.messageDigest) ===
          JSON.stringify(donor.messageSignature!.messageDigest);
        if (
          same &&
          [1, names.length - 1].includes(taken.length) &&
          taken.includes('digest') === (taken.length === 1)
        )
          continue;
        for (const name of taken) bundleParts[name]!(own, donor);
        const strict = { ...trust, thresholds: { timestamps: 1 } };
        for (const about of [artifact, otherArtifact]) {
          expect(`${taken.join(', ')}: ${outcome(own, strict, about)}`).not.toContain('ACCEPTED');
          forged++;
        }
      }
      expect(forged).toBeGreaterThan(50);
    });
  }
});

test('the bundle that is mixed is genuine', () => {
  for (const rekor of [1, 2] as const) expect(outcome(signMessage(artifact, { rekor }))).toBe('ACCEPTED');
});

test('what is asked for of a certificate beside its subject is not left out (CVE-2026-48815)', () => {
  const asking = (sha: string) => {
    const [identity] = trust.identities;
    return { ...trust, identities: [{ ...identity!, extensions: { githubWorkflowSha: exactly(sha) } }] };
  };
  const built = signMessage(artifact, {
    certificate: makeLeaf({ extensions: [...leafOptions().extensions, extensions.fulcioRaw(3, 'abc')] }),
  });
  expect(outcome(built, asking('abc'))).toBe('ACCEPTED');
  expect(outcome(built, asking('abd'))).toBe('IDENTITY_MISMATCH');
  expect(outcome(signMessage(artifact), asking('abc'))).toBe('IDENTITY_MISMATCH');
});

describe('a chain from before v0.3 in another order is refused', () => {
  const { certificate, ...material } = signMessage(artifact).verificationMaterial;
  const leaf = Uint8Array.from(Buffer.from(certificate.rawBytes, 'base64'));
  const { intermediate } = authority;
  const other = makeLeaf();
  test.each([
    ['the intermediate first', [intermediate, leaf]],
    ['the intermediate alone', [intermediate]],
    ['the root first', [authority.root, intermediate, leaf]],
    ['another leaf first', [other, leaf, intermediate]],
    ['nothing', []],
  ])('%s', (_title, chain) => {
    const json = {
      ...signMessage(artifact),
      mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.2',
      verificationMaterial: {
        ...material,
        x509CertificateChain: { certificates: chain.map((der) => ({ rawBytes: encodeBase64(der) })) },
      },
    };
    expect(outcome(json)).not.toBe('ACCEPTED');
  });
});

describe('what is given twice counts once or not at all', () => {
  const doubled = (change: (json: KeylessBundleJson) => void) => {
    const json = signMessage(artifact);
    change(json);
    return json;
  };
  const entryTwice = doubled(({ verificationMaterial: material }) => {
    material.tlogEntries = [...material.tlogEntries, ...structuredClone(material.tlogEntries)];
  });
  const stampTwice = doubled(({ verificationMaterial: { timestampVerificationData: data } }) => {
    data.rfc3161Timestamps = [...data.rfc3161Timestamps, ...structuredClone(data.rfc3161Timestamps)];
  });
  test('an entry', () => expect(outcome(entryTwice)).toBe('LOG_ENTRY_DUPLICATE'));
  test('a timestamp, where two are asked for', () => {
    expect(outcome(stampTwice, { ...trust, thresholds: { timestamps: 2 } })).toBe('TIMESTAMP_REQUIRED');
  });
  test('an identity that is trusted twice is one signer', () => {
    const twice = { ...trust, identities: [...trust.identities, ...trust.identities] };
    expect(outcome(signMessage(artifact), twice)).toBe('ACCEPTED');
    expect(outcome(signMessage(artifact), { ...twice, thresholds: { logs: 2 } })).toBe('LOG_THRESHOLD');
  });
});

describe('what a certificate says under a wrong object identifier is not said', () => {
  const rest = leafOptions().extensions;
  const said = (...changed: readonly Uint8Array[]) =>
    signMessage(artifact, { certificate: makeLeaf({ extensions: changed }) });
  const email = names.email(subject);

  test.each(['2.5.29.18', '2.5.29.16', '2.5.29.170', '1.2.840.113549.1.9.1'])('the names under %s', (oid) => {
    const value = Buffer.from(extensions.names(email)).subarray(-subject.length - 4);
    const changed = [...rest.slice(0, 3), extension(oid, value, false), ...rest.slice(4)];
    expect(outcome(said(...changed))).toBe('IDENTITY_MISMATCH');
  });

  test.each([2, 3, 7, 9, 12, 20, 24, 25, 80, 136])('the issuer under .%i', (number) => {
    const issuerAs = [extensions.fulcioRaw, extensions.fulcio].map((write) =>
      said(...rest.slice(0, 4), write(number, issuer)),
    );
    for (const json of issuerAs) expect(outcome(json)).not.toBe('ACCEPTED');
  });

  test.each([
    oids.serverAuth,
    oids.timeStamping,
    '1.3.6.1.5.5.7.3.2',
    '1.3.6.1.5.5.7.3.4',
    '1.3.6.1.5.5.7.3.9',
    '1.3.6.1.5.5.7.3.36',
    '2.5.29.37.0',
  ])('the purpose %s instead of code signing', (purpose) => {
    const changed = [rest[0]!, extensions.purposes(false, purpose), ...rest.slice(2)];
    expect(outcome(said(...changed))).toBe('CERTIFICATE_PATH_INVALID');
  });
});

test('a certificate with any byte changed is refused, every third one of them', () => {
  const good = signMessage(artifact);
  const der = Uint8Array.from(Buffer.from(good.verificationMaterial.certificate.rawBytes, 'base64'));
  let forged = 0;
  for (let index = 0; index < der.length; index += 3) {
    const json = structuredClone(good);
    json.verificationMaterial.certificate = { rawBytes: encodeBase64(flip(der, index)) };
    expect(`byte ${index}: ${outcome(json)}`).not.toContain('ACCEPTED');
    forged++;
  }
  expect(forged).toBeGreaterThan(150);
});
