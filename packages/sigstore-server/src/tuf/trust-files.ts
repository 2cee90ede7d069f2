import { type Certificate, formatPem, formatPublicKey, type JsonObject } from '@pratique/crypto';
import { formatTrustedRoot } from '@pratique/sigstore';
import type { FulcioAuthority, TimestampAuthority } from '../ca/authorities.ts';
import { certificateLifetimeMs } from '../fulcio/fulcio.ts';
import type { Generation, KeySuccession, Succession } from '../store/generations.ts';
import type { Target } from './repository.ts';

/** Everything a client has to believe, and where it finds it. */
export interface Trusted {
  /** Of the whole server: `https://sigstore.example.com`. */
  readonly url: string;
  readonly issuer: string;
  /** From when on the services are there. */
  readonly since: Date;
  readonly rekor: KeySuccession;
  /** Its checkpoints bear `name`, which clients take from the host of the log’s URL. */
  readonly rekorV2: { readonly keys: KeySuccession; readonly name: string };
  readonly certificateLog: KeySuccession;
  readonly fulcio: Succession<Generation & FulcioAuthority>;
  readonly timestamps: Succession<Generation & TimestampAuthority>;
}

/** The targets of the TUF repository: `trusted_root.json`, the signing configuration, and what old clients look for. */
export function trustTargets(trusted: Trusted, now: Date): Record<string, Target> {
  const text = (value: JsonObject) => ({ content: `${JSON.stringify(value, null, 2)}\n` });
  return {
    'trusted_root.json': { content: trustedRoot(trusted) },
    'signing_config.v0.2.json': text(signingConfig(trusted, 1)),
    'signing_config_rekor_v2.v0.2.json': text(signingConfig(trusted, 2)),
    ...legacyTargets(trusted, now),
  };
}

/** Every generation with the time in which it counts: what an old one made keeps verifying, and nothing newer by it. */
function trustedRoot({ url, rekor, rekorV2, certificateLog, fulcio, timestamps }: Trusted): string {
  const log = (baseUrl: string, { key, since, until }: KeySuccession['all'][number]) => ({
    url: baseUrl,
    key: key.publicKey,
    ...period(since, until),
  });
  const tiles = new URL(url);
  tiles.hostname = rekorV2.name;
  const tilesUrl = tiles.href.replace(/\/$/, '');
  const bytes = formatTrustedRoot({
    logs: [
      ...rekor.all.map((one) => log(url, one)),
      ...rekorV2.keys.all.map((one) => ({ ...log(tilesUrl, one), origin: rekorV2.name })),
    ],
    certificateLogs: certificateLog.all.map((one) => log(`${url}/ct/v1`, one)),
    authorities: fulcio.all.map(({ intermediate, root, since, until }) => ({
      url,
      chain: [intermediate, root],
      // Its last certificate is good for as long as any.
      ...period(since, until && new Date(until.getTime() + certificateLifetimeMs)),
    })),
    timestampAuthorities: timestamps.all.map(({ leaf, root, since, until }) => ({
      url: `${url}/api/v1/timestamp`,
      chain: [leaf, root],
      ...period(since, until),
    })),
  });
  return `${JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)), null, 2)}\n`;
}

function period(validFrom: Date, validUntil: Date | undefined) {
  return { validFrom, ...(validUntil === undefined ? {} : { validUntil }) };
}

/**
 * Keys and certificates one by one, for clients that know no trusted root: those in use and those before them. Such
 * clients know no end of validity, so that a key that was taken out of service early is not among them; and they take
 * one timestamp authority only.
 */
function legacyTargets(trusted: Trusted, now: Date): Record<string, Target> {
  const { url, rekor, certificateLog, fulcio, timestamps } = trusted;
  const targets: Record<string, Target> = {};
  const add = (name: string, usage: string, uri: string, status: string, content: string) => {
    targets[name] = { content, custom: { sigstore: { usage, status, uri } } };
  };
  const each = <T extends Generation>(succession: Succession<T>, put: (one: T, status: string) => void) => {
    const current = succession.at(now);
    for (const [index, one] of succession.all.entries()) {
      const next = succession.all[index + 1];
      if (one.number > current.number || (next !== undefined && one.until! < next.since)) continue;
      put(one, one === current ? 'Active' : 'Expired');
    }
  };
  each(fulcio, ({ number, root, intermediate }, status) => {
    add(`fulcio${suffix(number)}_v1.crt.pem`, 'Fulcio', url, status, pem(root));
    add(`fulcio${suffix(number)}_intermediate_v1.crt.pem`, 'Fulcio', url, status, pem(intermediate));
  });
  each(certificateLog, ({ number, key }, status) =>
    add(`ctfe${suffix(number)}.pub`, 'CTFE', url, status, formatPublicKey(key.publicKey)),
  );
  each(rekor, ({ number, key }, status) =>
    add(`rekor${suffix(number)}.pub`, 'Rekor', url, status, formatPublicKey(key.publicKey)),
  );
  const { leaf, root } = timestamps.at(now);
  add('tsa_leaf.crt.pem', 'TSA', `${url}/api/v1/timestamp`, 'Active', pem(leaf));
  add('tsa_root.crt.pem', 'TSA', `${url}/api/v1/timestamp`, 'Active', pem(root));
  return targets;
}

function suffix(number: number): string {
  return number === 1 ? '' : `_${number}`;
}

function pem({ der }: Certificate): string {
  return formatPem('CERTIFICATE', der);
}

/** SigningConfig of Sigstore's protobuf-specs, version 0.2, for one version of Rekor: clients take the newest they see. */
function signingConfig({ url, issuer, since }: Trusted, rekorVersion: 1 | 2): JsonObject {
  const service = (address: string, majorApiVersion: 1 | 2 = 1) => ({
    url: address,
    majorApiVersion,
    validFor: { start: `${since.toISOString().slice(0, 19)}Z` },
    operator: 'pratique',
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [service(url)],
    oidcUrls: [service(issuer)],
    rekorTlogUrls: [service(url, rekorVersion)],
    rekorTlogConfig: { selector: 'ANY' },
    tsaUrls: [service(`${url}/api/v1/timestamp`)],
    tsaConfig: { selector: 'ANY' },
  };
}
