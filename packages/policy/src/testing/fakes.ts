import { createHash } from 'node:crypto';
import { formatPublicKey, generateSigningKey, type SigningKey } from '@pratique/crypto';
import { type Digest, type ManifestContent, ociErrors, type Repository } from '@pratique/oci';
import type { VerifiedSignature } from '@pratique/sigstore';
import type { Findings, PolicyEngine } from '../engine/types.ts';
import { attribute, type Station } from '../gate/stations.ts';
import { parseTrust } from '../trust/parse.ts';
import type { Trust } from '../trust/types.ts';

/** The digest of some text, for images that need be nothing more. */
export function digestOfText(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

const keys = new Map<string, SigningKey>();

/** A signing key by name, made once. */
export function keyNamed(name: string): SigningKey {
  const key = keys.get(name) ?? generateSigningKey();
  keys.set(name, key);
  return key;
}

export function publicPem(name: string): string {
  return formatPublicKey(keyNamed(name).publicKey);
}

/** A trust file's `authorities` for these names, each with the key of that name. */
export function authorities(...names: readonly string[]): string {
  const entries = names.map(
    (name) => `  ${name}:\n    key: |\n${publicPem(name).trim().replace(/^/gm, '      ')}`,
  );
  return `authorities:\n${entries.join('\n')}\n`;
}

/** Trust from the lines below `kind: Trust`; files it names are looked up in `files`. */
export function trustFrom(lines: string, files: Readonly<Record<string, string>> = {}): Trust {
  return parseTrust(`apiVersion: pratique.dev/v1\nkind: Trust\n${lines}`, 'trust.yaml', {
    resolve: (path) => `/etc/${path}`,
    read: (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return new TextEncoder().encode(text);
    },
  });
}

/** A signature as the verifier reports it, by the key of that name. */
export function signatureBy(name: string, annotations: Record<string, string> = {}): VerifiedSignature {
  return {
    format: 'sigstore-bundle',
    source: { format: 'sigstore-bundle', manifest: digestOfText('bundle') },
    signer: { kind: 'key', name, fingerprint: keyNamed(name).publicKey.fingerprint },
    annotations,
    signedAt: null,
    log: null,
    checks: [{ name: 'signature', ok: true, detail: 'by a key' }],
    payload: {},
  };
}

export interface FakeImages {
  /** Tags (`localhost:5000/app:1`) by the content they point to. */
  readonly tags: Record<string, string>;
  /** Signatures by `registry/repository@digest`. */
  readonly signatures: Record<string, readonly VerifiedSignature[]>;
}

/** A registry without a network; `calls` says what was asked of it. */
export function fakeRegistry(images: FakeImages) {
  const calls: string[] = [];
  const openRepository = ({ registry, repository }: { registry: string; repository: string }): Repository => {
    const name = `${registry}/${repository}`;
    const find = (tagOrDigest: string): Digest => {
      if (tagOrDigest.startsWith('sha256:')) return tagOrDigest as Digest;
      const content = images.tags[`${name}:${tagOrDigest}`];
      if (content === undefined)
        throw ociErrors.error('OCI_NOT_FOUND', { message: `${name}:${tagOrDigest} not found` });
      return digestOfText(content);
    };
    const descriptor = (digest: Digest) => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest,
      size: 100,
    });
    return {
      name,
      async resolve(tag: string) {
        calls.push(`resolve ${name}:${tag}`);
        return descriptor(find(tag));
      },
      async getManifest(digest: string): Promise<ManifestContent> {
        calls.push(`manifest ${name}@${digest}`);
        return {
          descriptor: descriptor(find(digest)),
          bytes: new Uint8Array(),
          manifest: {
            kind: 'image',
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOfText('{}'), size: 2 },
            layers: [],
            annotations: {},
          },
        };
      },
    } as unknown as Repository;
  };
  const station: Station = {
    async collect(repository, digest, { trust }) {
      calls.push(`collect ${repository.name}@${digest}`);
      return {
        bytes: 0,
        verify(subject) {
          const signatures = images.signatures[`${repository.name}@${subject.digest}`] ?? [];
          return attribute(trust.authorities.values(), { signatures, attestations: [], rejected: [] });
        },
      };
    },
  };
  return { openRepository, stations: [station], calls };
}

const nothing: Findings = { deny: [], warn: [] };

/** An engine that refuses what no required authority has signed, and whatever else `request` says. */
export function fakeEngine(
  options: {
    digest?: Digest;
    request?: (input: object) => Findings;
    image?: (input: object) => Findings;
  } = {},
): PolicyEngine & { readonly evaluations: { image: number; request: number } } {
  const evaluations = { image: 0, request: 0 };
  return {
    digest: options.digest ?? digestOfText('policies'),
    evaluations,
    evaluate(scope, input) {
      evaluations[scope]++;
      if (scope === 'request') return options.request?.(input) ?? nothing;
      return (options.image ?? signedOnly)(input);
    },
  };
}

function signedOnly(input: object): Findings {
  const { image } = input as {
    image: { authorities: Record<string, { satisfied: boolean }>; requirements: { of: string[] }[] };
  };
  const met = image.requirements.every(({ of }) => of.some((name) => image.authorities[name]?.satisfied));
  if (met) return nothing;
  return { deny: [finding('SIGNATURE_MISSING')], warn: [] };
}

export function finding(
  code: string,
  extra: Partial<Findings['deny'][number]> = {},
): Findings['deny'][number] {
  return {
    policy: 'pratique.image.fake',
    code,
    fault: false,
    message: `refused: ${code}`,
    expected: null,
    found: null,
    remedy: null,
    image: null,
    ...extra,
  };
}
