import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isJsonObject, parseJson } from '@pratique/crypto';
import { readOrCreate, replaceFile } from '@pratique/storage';
import { loadAuthorities } from '../ca/authorities.ts';
import { CertificateLog } from '../ct/certificate-log.ts';
import { sigstoreServerErrors } from '../errors.ts';
import { Fulcio } from '../fulcio/fulcio.ts';
import type { DurableLog } from '../log/log.ts';
import { OidcIssuer } from '../oidc/issuer.ts';
import { parseIssuers } from '../oidc/issuers.ts';
import { type TrustedIssuers, trustIssuers } from '../oidc/tokens.ts';
import type { SigstoreServerOptions } from '../options.ts';
import { Rekor } from '../rekor/rekor.ts';
import { RekorV2 } from '../rekor-v2/rekor-v2.ts';
import { loadKeys, type ServerKeys } from '../store/keys.ts';
import { TufRepository } from '../tuf/repository.ts';
import { type Trusted, trustTargets } from '../tuf/trust-files.ts';
import { loadPeople } from './people.ts';

/** What was decided at the first start and never changes. */
interface Constants {
  readonly treeId: string;
  /** Name of the logs in their checkpoints. */
  readonly logName: string;
  readonly since: Date;
}

/** Everything behind the routes. */
export interface Services {
  readonly url: string;
  readonly keys: ServerKeys;
  readonly oidc: OidcIssuer;
  readonly issuers: TrustedIssuers;
  readonly certificateLog: CertificateLog;
  readonly fulcio: Fulcio;
  readonly rekor: Rekor;
  readonly rekorV2: RekorV2;
  readonly authorities: ReturnType<typeof loadAuthorities>;
  /** The logs by their names. */
  readonly logs: Readonly<Record<string, DurableLog>>;
  readonly tuf: TufRepository;
  readonly trusted: Trusted;
  readonly peopleFile: string;
  close(): Promise<void>;
}

const renewEveryMs = 3_600_000;

export async function openServices(options: SigstoreServerOptions, url: string): Promise<Services> {
  const inside = (...path: string[]) => join(options.directory, ...path);
  const issuers = parseIssuers(options.issuers ?? []);
  const peopleFile = inside('people.json');
  const people = loadPeople(peopleFile, options.people ?? []);
  const keys = loadKeys(inside('keys'), options.passphrase);
  const constants = loadConstants(inside('constants.json'), new URL(url).hostname);
  const authorities = loadAuthorities(inside('certificates'), keys, constants.since);
  const oidc = await OidcIssuer.create(`${url}/oidc`, keys.oidc, people);
  const certificateLog = new CertificateLog({
    directory: inside('ctlog'),
    key: keys.ctlog,
    name: `${constants.logName}/ctlog`,
    roots: [authorities.fulcio.root.der],
  });
  const rekor = new Rekor({
    directory: inside('rekor'),
    key: keys.rekor,
    treeId: constants.treeId,
    name: constants.logName,
  });
  const rekorV2 = new RekorV2({
    directory: inside('rekor-v2'),
    key: keys['rekor-v2'],
    name: constants.logName,
  });
  const trusted: Trusted = {
    url,
    issuer: oidc.url,
    since: constants.since,
    rekor: keys.rekor.publicKey,
    rekorV2: { key: keys['rekor-v2'].publicKey, name: constants.logName },
    certificateLog: keys.ctlog.publicKey,
    fulcio: [authorities.fulcio.intermediate, authorities.fulcio.root],
    timestamps: [authorities.timestamps.leaf, authorities.timestamps.root],
  };
  const tuf = new TufRepository({
    directory: inside('tuf'),
    rootKey: keys['tuf-root'],
    onlineKey: keys.tuf,
  });
  const targets = trustTargets(trusted);
  tuf.publish(targets);
  // For verifiers that take files.
  for (const name of ['trusted_root.json', 'signing_config.v0.2.json', 'signing_config_rekor_v2.v0.2.json']) {
    replaceFile(inside(name), targets[name]!.content);
  }
  const renewal = setInterval(() => tuf.publish(targets), renewEveryMs).unref();
  return {
    url,
    keys,
    oidc,
    issuers: trustIssuers(oidc.trusted, issuers),
    certificateLog,
    fulcio: new Fulcio({ key: keys.fulcio, ...authorities.fulcio, log: certificateLog }),
    rekor,
    rekorV2,
    authorities,
    logs: { rekor: rekor.log, 'rekor-v2': rekorV2.log, ctlog: certificateLog.log },
    tuf,
    trusted,
    peopleFile,
    close: async () => {
      clearInterval(renewal);
      await Promise.all([rekor.close(), rekorV2.close(), certificateLog.close()]);
    },
  };
}

function loadConstants(path: string, hostname: string): Constants {
  const text = readOrCreate(path, () => {
    const id = randomBytes(8);
    // A tree id is a positive 64-bit number in other software.
    id[0] = (id[0]! & 0x3f) | 0x40;
    const since = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
    return `${JSON.stringify({ treeId: id.toString('hex'), logName: hostname, since }, null, 2)}\n`;
  });
  const stored = parseJson(new TextEncoder().encode(text), 'constants.json');
  const { treeId, logName, since } = isJsonObject(stored) ? stored : {};
  if (
    typeof treeId !== 'string' ||
    !/^[0-9a-f]{16}$/.test(treeId) ||
    typeof logName !== 'string' ||
    typeof since !== 'string'
  ) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_DAMAGED', { message: 'constants.json cannot be read' });
  }
  return { treeId, logName, since: new Date(since) };
}
