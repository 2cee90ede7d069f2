import { equalBytes } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { notaryErrors } from '../errors.ts';
import type { RootPin } from '../root/pin.ts';
import {
  checkCurrent,
  checkSuccessor,
  isPinned,
  readRoot,
  type SignedRoot,
  shownKeys,
  untrusted,
} from '../root/signed-root.ts';
import type { TrustSource } from './source.ts';
import type { Seen } from './state.ts';

interface RootOptions {
  readonly repository: string;
  readonly source: TrustSource;
  readonly pin: RootPin;
  readonly now: Date;
  readonly signal?: AbortSignal | undefined;
}

const maxRootBytes = 256 * 1024;
/** Versions of the root that are fetched at most on the way from a trusted one to the newest. */
const maxSteps = 128;

/**
 * The newest root, reached from one that is trusted (TUF specification §5.3): the one that was seen last, else what the
 * pin says. Where the newest is not signed by pinned keys any more, the newest of the older ones that is.
 *
 * @throws NOTARY_NOT_FOUND, NOTARY_ROOT_UNTRUSTED, NOTARY_ROLLBACK, NOTARY_EXPIRED and what reading throws
 */
export async function updateRoot(options: RootOptions, seen: Seen | undefined): Promise<SignedRoot> {
  const newest = await fetchRoot(options, 'root.json');
  if (newest === undefined) throw missing(options, seen);
  const path = [newest];
  const anchor = knownRoot(options, seen) ?? (await findPinned(options, path));
  if (newest.root.version < anchor.root.version) {
    throw notaryErrors.error('NOTARY_ROLLBACK', {
      message: 'the root is older than one that is trusted',
      expected: `version ${anchor.root.version} or later`,
      found: `version ${newest.root.version}`,
    });
  }
  if (newest.root.version === anchor.root.version && !equalBytes(newest.bytes, anchor.bytes))
    throw untrusted('the root is another one than is trusted', shownKeys(anchor), shownKeys(newest));
  await fetchBetween(options, anchor, path);
  let trusted = anchor;
  for (const next of path) {
    if (next.root.version <= anchor.root.version) continue;
    checkSuccessor(trusted, next);
    trusted = next;
  }
  checkCurrent(trusted, options.now);
  return trusted;
}

function missing({ source, repository }: RootOptions, seen: Seen | undefined) {
  const message = `${source.name} has no trust data of ${repository}`;
  if (seen === undefined) return notaryErrors.error('NOTARY_NOT_FOUND', { message });
  return notaryErrors.error('NOTARY_ROLLBACK', {
    message: `${message} any more`,
    expected: `version ${seen.rootVersion} of its root or later`,
    found: 'none',
  });
}

async function fetchRoot(
  { source, repository, signal }: RootOptions,
  file: string,
): Promise<SignedRoot | undefined> {
  const bytes = await source.fetch(file, maxRootBytes, signal);
  return bytes === undefined ? undefined : readRoot(bytes, repository, file);
}

/** The root that needs no server: what was seen, or the one in the pin. */
function knownRoot({ repository, pin }: RootOptions, seen: Seen | undefined): SignedRoot | undefined {
  if (seen !== undefined) return readRoot(seen.root, repository, 'the root that was seen before');
  if (pin.kind !== 'root') return undefined;
  try {
    return readRoot(pin.bytes, repository, 'the trusted root');
  } catch (cause) {
    if (!(cause instanceof PratiqueError)) throw cause;
    throw notaryErrors.error('NOTARY_ROOT_UNREADABLE', {
      message: `the trusted root is none of ${repository}: ${cause.message}`,
      cause,
    });
  }
}

/** Goes back from the newest root to one that the pin makes trusted; those on the way are put before it in `path`. */
async function findPinned(options: RootOptions, path: SignedRoot[]): Promise<SignedRoot> {
  const [newest] = path as [SignedRoot];
  for (let oldest = newest; ; ) {
    if (isPinned(oldest, options.pin, options.now)) return oldest;
    const version = oldest.root.version - 1;
    const before =
      version === 0 || path.length > maxSteps ? undefined : await fetchRoot(options, `${version}.root.json`);
    if (before === undefined)
      throw untrusted(
        `neither the root of ${options.repository} nor one before it is signed by a key that is trusted`,
        shownPin(options.pin),
        shownKeys(newest),
      );
    if (before.root.version !== version)
      throw untrusted('a root is not the one before', `version ${version}`, `version ${before.root.version}`);
    oldest = before;
    path.unshift(before);
  }
}

function shownPin(pin: RootPin): string {
  return pin.kind === 'keys' ? `root keys ${pin.ids.join(', ')}` : 'a certificate of the authorities';
}

/** Fetches what is missing between a trusted root and the first of `path`, in order. */
async function fetchBetween(options: RootOptions, anchor: SignedRoot, path: SignedRoot[]): Promise<void> {
  const [first] = path as [SignedRoot];
  const missingFrom = anchor.root.version + 1;
  const count = first.root.version - missingFrom;
  if (count > maxSteps)
    throw untrusted('the newest root is too far away', `at most ${maxSteps} versions on`, `${count} on`);
  const between: SignedRoot[] = [];
  for (let version = missingFrom; version < first.root.version; version++) {
    const root = await fetchRoot(options, `${version}.root.json`);
    if (root === undefined)
      throw untrusted('a root between the trusted and the newest is missing', `version ${version}`, 'none');
    between.push(root);
  }
  path.unshift(...between);
}
