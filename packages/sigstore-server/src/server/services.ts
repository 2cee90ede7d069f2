import { join } from 'node:path';
import { formatVerifierKey } from '@pratique/crypto';
import {
  type AuthorityFiles,
  type FulcioAuthority,
  loadFulcioAuthority,
  loadTimestampAuthority,
  type TimestampAuthority,
} from '../ca/authorities.ts';
import { CertificateLog } from '../ct/certificate-log.ts';
import { Fulcio } from '../fulcio/fulcio.ts';
import type { DurableLog } from '../log/log.ts';
import { OidcIssuer } from '../oidc/issuer.ts';
import { parseIssuers } from '../oidc/issuers.ts';
import { type TrustedIssuers, trustIssuers } from '../oidc/tokens.ts';
import type { LogName, SigstoreServerOptions } from '../options.ts';
import { Rekor } from '../rekor/rekor.ts';
import { RekorV2 } from '../rekor-v2/rekor-v2.ts';
import { loadConstants } from '../store/constants.ts';
import {
  type Generation,
  generationsOf,
  type KeySuccession,
  type Rotatable,
  readRotations,
  type Succession,
} from '../store/generations.ts';
import { loadKey, type Role } from '../store/keys.ts';
import { authorityKeys, logKeys, type OutsideRole } from '../store/outside-keys.ts';
import { Publication } from '../tuf/publication.ts';
import { TufRepository } from '../tuf/repository.ts';
import { type Trusted, trustTargets } from '../tuf/trust-files.ts';
import type { Witnesses } from '../witness/client.ts';
import { loadPeople } from './people.ts';

/** Everything behind the routes. */
export interface Services {
  readonly url: string;
  readonly oidc: OidcIssuer;
  readonly issuers: TrustedIssuers;
  readonly certificateLog: CertificateLog;
  readonly fulcio: Fulcio;
  readonly rekor: Rekor;
  readonly rekorV2: RekorV2;
  readonly authorities: Succession<Generation & FulcioAuthority>;
  readonly timestamps: Succession<Generation & TimestampAuthority>;
  /** The logs by their names. */
  readonly logs: Readonly<Record<LogName, DurableLog>>;
  readonly witnesses: Readonly<Record<LogName, Witnesses>>;
  /** How witnesses are told of each log, with the keys that are in use or will be. */
  readonly verifierKeys: Readonly<Record<LogName, readonly string[]>>;
  readonly tuf: TufRepository;
  readonly publication: Publication;
  readonly peopleFile: string;
  close(): Promise<void>;
}

/** Those that are in use at a time or will be (C2SP `signed-note`). */
function verifierKeys(name: string, keys: KeySuccession, now: Date): readonly string[] {
  return keys.all
    .filter(({ until }) => until === undefined || until > now)
    .map(({ key }) => formatVerifierKey({ name, key: key.publicKey, role: 'log' }));
}

export async function openServices(options: SigstoreServerOptions, url: string): Promise<Services> {
  const inside = (...path: string[]) => join(options.directory, ...path);
  const issuers = parseIssuers(options.issuers ?? []);
  const peopleFile = inside('people.json');
  const people = loadPeople(peopleFile, options.people ?? []);
  const constants = loadConstants(options.directory, new URL(url).hostname);
  const rotations = readRotations(options.directory);
  const key = (role: Role, generation?: number) =>
    loadKey(inside('keys'), role, options.passphrase, generation);
  const generations = (service: Rotatable) => generationsOf(service, constants.since, rotations);
  const now = new Date();
  const keyOptions = <R extends OutsideRole>(role: R, service: Rotatable) => ({
    role,
    generations: generations(service).all,
    keys: inside('keys'),
    passphrase: options.passphrase,
    outside: options.outsideKeys?.[role] ?? [],
    now,
  });
  const ofLog = (service: 'rekor' | 'rekor-v2' | 'ctlog') => {
    const chosen = logKeys(keyOptions(service, service));
    return generations(service).map(({ number }) => ({ key: chosen.get(number)! }));
  };
  const ofTuf = (service: 'tuf-root' | 'tuf') =>
    generations(service).map(({ number }) => ({ key: key(service, number) }));
  const authorityOf = async <T>(service: 'fulcio' | 'tsa', load: (files: AuthorityFiles) => Promise<T>) => {
    const all = generations(service);
    const certificates = inside('certificates');
    const rootKeys = authorityKeys(keyOptions(`${service}-root`, service), certificates);
    const ownKeys = authorityKeys(keyOptions(service, service), certificates);
    const loaded = new Map<number, T>();
    for (const { number, since } of all.all) {
      const keyPair = { rootKey: rootKeys.get(number)!, key: ownKeys.get(number)! };
      loaded.set(number, await load({ directory: certificates, generation: number, ...keyPair, now: since }));
    }
    return all.map(({ number }) => loaded.get(number)!);
  };
  const authorities = await authorityOf('fulcio', loadFulcioAuthority);
  const timestamps = await authorityOf('tsa', loadTimestampAuthority);
  const oidc = await OidcIssuer.create(`${url}/oidc`, key('oidc'), people);
  const [rekorKeys, rekorV2Keys, certificateLogKeys] = [ofLog('rekor'), ofLog('rekor-v2'), ofLog('ctlog')];
  const asked = (options.witnesses?.witnesses ?? []).filter(({ url }) => url !== undefined);
  const witnessesOf = (log: LogName) => ((options.witnessed ?? ['rekor-v2']).includes(log) ? asked : []);
  const certificateLog = new CertificateLog({
    directory: inside('ctlog'),
    keys: certificateLogKeys,
    name: `${constants.logName}/ctlog`,
    roots: authorities.all.map(({ root }) => root.der),
    witnesses: witnessesOf('ctlog'),
  });
  const rekor = new Rekor({
    directory: inside('rekor'),
    keys: rekorKeys,
    treeId: constants.treeId,
    name: constants.logName,
    witnesses: witnessesOf('rekor'),
  });
  const rekorV2 = new RekorV2({
    directory: inside('rekor-v2'),
    keys: rekorV2Keys,
    name: constants.logName,
    witnesses: witnessesOf('rekor-v2'),
  });
  const trusted: Trusted = {
    url,
    issuer: oidc.url,
    since: constants.since,
    rekor: rekorKeys,
    rekorV2: { keys: rekorV2Keys, name: constants.logName },
    certificateLog: certificateLogKeys,
    fulcio: authorities,
    timestamps,
  };
  const tuf = new TufRepository({
    directory: inside('tuf'),
    rootKeys: ofTuf('tuf-root'),
    onlineKeys: ofTuf('tuf'),
  });
  const publication = new Publication(tuf, options.directory, (now) => trustTargets(trusted, now));
  return {
    url,
    oidc,
    issuers: trustIssuers(oidc.trusted, issuers),
    certificateLog,
    fulcio: new Fulcio({ authorities, log: certificateLog }),
    rekor,
    rekorV2,
    authorities,
    timestamps,
    logs: { rekor: rekor.log, 'rekor-v2': rekorV2.log, ctlog: certificateLog.log },
    witnesses: { rekor: rekor.witnesses, 'rekor-v2': rekorV2.witnesses, ctlog: certificateLog.witnesses },
    verifierKeys: {
      rekor: verifierKeys(constants.logName, rekorKeys, now).map((key) => `${rekor.origin} ${key}`),
      'rekor-v2': verifierKeys(constants.logName, rekorV2Keys, now),
      ctlog: verifierKeys(`${constants.logName}/ctlog`, certificateLogKeys, now),
    },
    tuf,
    publication,
    peopleFile,
    close: async () => {
      publication.close();
      await Promise.all([rekor.close(), rekorV2.close(), certificateLog.close()]);
    },
  };
}
