import { createHash } from 'node:crypto';
import {
  basicConstraints,
  type Certificate,
  decodeBase64,
  parseCertificate,
  parsePem,
  parsePublicKey,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import {
  type CertificateAuthority,
  parseTrustedRoot,
  type TimestampAuthority,
  type TransparencyLog,
  type TrustedRoot,
} from '@pratique/sigstore';
import { invalid, type Path } from '../problems.ts';
import type { Placed } from './objects.ts';
import type { TrustRoot } from './schema.ts';

type Keys = NonNullable<TrustRoot['spec']['sigstoreKeys']>;

/**
 * The keys and certificates of a TrustRoot: those it brings itself (`sigstoreKeys`), which have no window of validity in
 * this format and count until they are taken out; or those that were read from its TUF repository.
 *
 * @param fetched the `trusted_root.json` of its repository
 * @throws TRUST_INVALID
 */
export function trustedRootOf(root: Placed<TrustRoot>, fetched: Uint8Array | undefined): TrustedRoot {
  const { sigstoreKeys } = root.value.spec;
  const at: Path = [...root.at, 'spec'];
  if (fetched !== undefined) {
    try {
      return parseTrustedRoot(fetched);
    } catch (cause) {
      if (!(cause instanceof PratiqueError)) throw cause;
      throw invalid(root.source, at, cause.message, { cause });
    }
  }
  if (sigstoreKeys === undefined) {
    throw invalid(root.source, at, 'nothing was read of a TrustRoot from a TUF repository', {
      expected: 'sigstoreKeys, remote or repository',
      found: Object.keys(root.value.spec).join(', ') || 'nothing',
    });
  }
  const each = <T, R>(member: keyof Keys, values: readonly T[], read: (value: T) => R): readonly R[] =>
    values.map((value, index) => {
      const place: Path = [...at, 'sigstoreKeys', member, index];
      try {
        return read(value);
      } catch (cause) {
        if (!(cause instanceof PratiqueError)) throw cause;
        throw invalid(root.source, place, cause.message, { cause });
      }
    });
  return {
    logs: each('tLogs', sigstoreKeys.tLogs, readLog),
    certificateLogs: each('ctLogs', sigstoreKeys.ctLogs, readLog),
    authorities: each('certificateAuthorities', sigstoreKeys.certificateAuthorities, readAuthority),
    timestampAuthorities: each(
      'timestampAuthorities',
      sigstoreKeys.timestampAuthorities,
      readTimestampAuthority,
    ),
  };
}

/** Kubernetes writes bytes in base64; the bytes here are PEM. */
function pemOf(base64: string, what: string): string {
  return new TextDecoder().decode(decodeBase64(base64, what));
}

function readLog({ baseURL, publicKey }: Keys['tLogs'][number]): TransparencyLog {
  const key = parsePublicKey(pemOf(publicKey, 'publicKey'));
  const id = createHash('sha256').update(key.spki).digest('hex');
  return { id, key, baseUrl: baseURL, validFrom: new Date(0) };
}

function chainOf(certChain: string): readonly [Certificate, ...Certificate[]] {
  const [first, ...rest] = parsePem(pemOf(certChain, 'certChain'), 'certChain');
  return [parseCertificate(first.bytes), ...rest.map(({ bytes }) => parseCertificate(bytes))];
}

function readAuthority({ uri, certChain }: Keys['certificateAuthorities'][number]): CertificateAuthority {
  const chain = chainOf(certChain);
  return { uri, anchors: chain.slice(-1), intermediates: chain.slice(0, -1) };
}

function readTimestampAuthority({
  uri,
  certChain,
}: Keys['timestampAuthorities'][number]): TimestampAuthority {
  const chain = chainOf(certChain);
  const leaf = basicConstraints(chain[0]).ca ? null : chain[0];
  const rest = leaf === null ? chain : chain.slice(1);
  return { uri, leaf, anchors: rest.slice(-1), intermediates: rest.slice(0, -1) };
}
