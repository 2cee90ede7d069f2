import { createHash, createPrivateKey, sign } from 'node:crypto';
import {
  certificateExtensions,
  derWriter,
  distinguishedName,
  encodeBase64,
  formatPem,
  generateSigningKey,
  issueCertificate,
  type JsonValue,
  newSerialNumber,
  oids,
  olpcJson,
  parseCertificate,
  type SigningKey,
  signatureAlgorithm,
} from '@pratique/crypto';
import type { TrustSource } from '../client/source.ts';
import { notaryErrors } from '../errors.ts';
import { keyId } from '../metadata/key.ts';

export const now = new Date('2026-06-01T12:00:00Z');
export const future = '2026-07-01T00:00:00.123456789Z';
export const past = '2026-05-31T00:00:00Z';

// biome-ignore lint/suspicious/noExplicitAny: documents are edited into what no type would allow.
export type Document = Record<string, any>;

/** A private key as it stands in metadata: bare, or in a certificate. */
export class TrustKey {
  readonly signing: SigningKey;
  /** `keytype` and `keyval`, as Notary writes them. */
  readonly value: Document;
  readonly method: string;

  /** @param pem the certificate it is in, and those above */
  constructor(signing: SigningKey, pem?: string) {
    this.signing = signing;
    const { algorithm, spki } = signing.publicKey;
    const type = algorithm.replace(/-.*/, '');
    const content = type === 'ed25519' ? spki.subarray(-32) : spki;
    this.value =
      pem === undefined
        ? { keytype: type, keyval: { private: null, public: encodeBase64(content) } }
        : { keytype: `${type}-x509`, keyval: { private: null, public: encodeBase64(encode(pem)) } };
    this.method = { ecdsa: 'ecdsa', ed25519: 'eddsa', rsa: 'rsapss' }[type]!;
  }

  get id(): string {
    return keyId(this.value.keytype, this.value.keyval.public);
  }

  /** Of the public key, as `docker trust inspect` prints it. */
  get canonicalId(): string {
    return new TrustKey(this.signing).id;
  }

  signature(bytes: Uint8Array): Document {
    const key = createPrivateKey({
      key: Buffer.from(this.signing.exportPkcs8()),
      format: 'der',
      type: 'pkcs8',
    });
    const made =
      this.method === 'eddsa'
        ? sign(null, bytes, key)
        : sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363', padding: 6, saltLength: 32 });
    return { keyid: this.id, method: this.method, sig: made.toString('base64') };
  }
}

export function bareKey(algorithm: 'ecdsa-p256' | 'ecdsa-p384' | 'ed25519' | 'rsa' = 'ecdsa-p256'): TrustKey {
  return new TrustKey(generateSigningKey(algorithm));
}

export interface CertificateOptions {
  readonly validFrom?: Date;
  readonly validUntil?: Date;
  readonly authority?: boolean;
  /** Default: itself. */
  readonly issuer?: { readonly name: string; readonly key: SigningKey };
}

/** A certificate as Notary makes it for root keys: self-signed, for signing code, named for the repository. */
export function certificateOf(key: SigningKey, name: string, options: CertificateOptions = {}): string {
  const { issuer = { name, key }, authority = false } = options;
  const der = issueCertificate(
    {
      issuer: distinguishedName(undefined, issuer.name),
      subject: distinguishedName(undefined, name),
      publicKey: key.publicKey,
      validFrom: options.validFrom ?? new Date('2026-01-01T00:00:00Z'),
      validUntil: options.validUntil ?? new Date('2036-01-01T00:00:00Z'),
      serialNumber: newSerialNumber(),
      extensions: authority
        ? [certificateExtensions.authority(1), certificateExtensions.signsCertificates()]
        : [certificateExtensions.signsData(), certificateExtensions.extendedKeyUsage(oids.codeSigning)],
    },
    issuer.key,
  );
  parseCertificate(der);
  return formatPem('CERTIFICATE', der);
}

/** A certificate of version 1, which says nothing but a key, as `openssl x509 -req` makes it. */
export function oldCertificateOf(key: SigningKey, name: string): string {
  const { sequence, unsignedInteger, time, bitString } = derWriter;
  const algorithm = signatureAlgorithm(key);
  const called = distinguishedName(undefined, name);
  const toBeSigned = sequence(
    unsignedInteger(Uint8Array.of(1)),
    algorithm,
    called,
    sequence(time(new Date('2016-01-01T00:00:00Z')), time(new Date('2017-01-01T00:00:00Z'))),
    called,
    key.publicKey.spki,
  );
  return formatPem('CERTIFICATE', sequence(toBeSigned, algorithm, bitString(key.sign(toBeSigned))));
}

export function rootKey(
  repository: string,
  signing = generateSigningKey(),
  options?: CertificateOptions,
): TrustKey {
  return new TrustKey(signing, certificateOf(signing, repository, options));
}

export function roleOf(keys: readonly TrustKey[], threshold = 1): Document {
  return { keyids: keys.map(({ id }) => id), threshold };
}

export function keysOf(keys: readonly TrustKey[]): Document {
  return Object.fromEntries(keys.map(({ id, value }) => [id, value]));
}

export function seal(signed: Document, keys: readonly TrustKey[]): Uint8Array {
  const text = olpcJson(signed as JsonValue);
  return encode(
    `{"signed":${text},"signatures":${JSON.stringify(keys.map((key) => key.signature(encode(text))))}}`,
  );
}

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function info(bytes: Uint8Array): Document {
  const hash = (name: string) => createHash(name).update(bytes).digest('base64');
  return { length: bytes.byteLength, hashes: { sha256: hash('sha256'), sha512: hash('sha512') } };
}

const common = (type: string, version = 1): Document => ({ _type: type, version, expires: future });

/** A moment at which what is made now has not expired by the clock, for programs that look at it. */
export const soon = (): string => new Date(Date.now() + 86_400_000).toISOString();

/**
 * A Notary server with one repository whose every part can be made wrong on its own: documents are edited, `publish`
 * names and signs them with whatever keys stand in `signers`, and `files` can still be changed afterwards.
 */
export class VirtualNotary {
  readonly repository: string;
  readonly signers: Record<string, readonly TrustKey[]>;
  readonly root: Document;
  readonly timestamp: Document = { ...common('Timestamp', 2), meta: {} };
  readonly snapshot: Document = { ...common('Snapshot', 2), meta: {} };
  readonly targets: Document = {
    ...common('Targets', 2),
    targets: {},
    delegations: { keys: {}, roles: [] },
  };
  /** Delegated roles by name; each signs with `signers[name]`. */
  readonly delegated: Record<string, Document> = {};
  readonly files = new Map<string, Uint8Array>();
  /** Every file that was asked for. */
  readonly requests: string[] = [];
  reachable = true;

  readonly expires: string;

  constructor(repository = 'registry.test/team/app', signing = generateSigningKey(), expires = future) {
    this.repository = repository;
    this.expires = expires;
    for (const document of [this.timestamp, this.snapshot, this.targets]) document.expires = expires;
    this.signers = {
      root: [rootKey(repository, signing)],
      targets: [bareKey()],
      snapshot: [bareKey('ed25519')],
      timestamp: [bareKey('ed25519')],
    };
    this.root = { ...common('Root'), expires, consistent_snapshot: false, keys: {}, roles: {} };
    this.nameKeys();
    this.publishRoot();
    this.sign('1.0', 'one');
    this.publish();
  }

  /** Puts the keys that sign into the root. */
  nameKeys(): void {
    const roles = ['root', 'targets', 'snapshot', 'timestamp'];
    this.root.keys = keysOf(roles.flatMap((role) => this.signers[role]!));
    this.root.roles = Object.fromEntries(roles.map((role) => [role, roleOf(this.signers[role]!)]));
  }

  /** Signs the root as it stands. */
  publishRoot(signers = this.signers.root!): void {
    const bytes = seal(this.root, signers);
    this.files.set(`${this.root.version}.root.json`, bytes);
    this.files.set('root.json', bytes);
  }

  /** A new root key, whose root the one before signs as well. */
  rotateRoot(fresh = rootKey(this.repository)): TrustKey {
    const before = this.signers.root!;
    this.signers.root = [fresh];
    this.root.version++;
    this.nameKeys();
    this.publishRoot([...before, fresh]);
    this.publish();
    return fresh;
  }

  /** Signs a tag to be some content, which need not be anywhere. */
  sign(tag: string, content: string | Uint8Array, role: Document = this.targets): string {
    const bytes = typeof content === 'string' ? encode(content) : content;
    role.targets[tag] = info(bytes);
    return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  }

  delegate(
    name: string,
    keys: readonly TrustKey[],
    paths: readonly string[] | null = [''],
    from = this.targets,
  ): Document {
    from.delegations ??= { keys: {}, roles: [] };
    Object.assign(from.delegations.keys, keysOf(keys));
    from.delegations.roles.push({ name, ...roleOf(keys), ...(paths === null ? {} : { paths }) });
    this.signers[name] = keys;
    this.delegated[name] ??= {
      ...common('Targets'),
      expires: this.expires,
      targets: {},
      delegations: { keys: {}, roles: [] },
    };
    return this.delegated[name];
  }

  /** The next version of everything below the root. */
  next(): void {
    for (const document of [this.timestamp, this.snapshot, this.targets, ...Object.values(this.delegated)])
      document.version++;
  }

  publish(): void {
    for (const [name, document] of Object.entries({ targets: this.targets, ...this.delegated }))
      this.#publish(name, document);
    this.snapshot.meta.root = info(this.files.get('root.json')!);
    this.publishSnapshot();
  }

  publishSnapshot(): void {
    const bytes = seal(this.snapshot, this.signers.snapshot!);
    this.#store('snapshot', bytes);
    this.timestamp.meta = { ...this.timestamp.meta, snapshot: info(bytes) };
    this.publishTimestamp();
  }

  publishTimestamp(): void {
    this.files.set('timestamp.json', seal(this.timestamp, this.signers.timestamp!));
  }

  #publish(name: string, document: Document): void {
    const bytes = seal(document, this.signers[name]!);
    this.#store(name, bytes);
    this.snapshot.meta[name] = info(bytes);
  }

  #store(name: string, bytes: Uint8Array): void {
    this.files.set(`${name}.${createHash('sha256').update(bytes).digest('hex')}.json`, bytes);
  }

  /** The name under which the newest file of a role is. */
  fileOf(role: string): string {
    const { sha256 } = (role === 'snapshot' ? this.timestamp : this.snapshot).meta[role].hashes;
    return `${role}.${Buffer.from(sha256, 'base64').toString('hex')}.json`;
  }

  source(): TrustSource {
    return {
      name: 'https://notary.test',
      fetch: async (file, maxBytes) => {
        this.requests.push(file);
        if (!this.reachable)
          throw notaryErrors.error('NOTARY_UNREACHABLE', { message: 'the server is down' });
        const bytes = this.files.get(file);
        if (bytes !== undefined && bytes.byteLength > maxBytes)
          throw notaryErrors.error('NOTARY_SIZE_EXCEEDED', { message: `${file} is too large` });
        return bytes;
      },
    };
  }
}
