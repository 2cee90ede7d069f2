import { printable } from '@pratique/errors';
import { ControlError, type Paragraph, paragraphs } from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';

/** A file below `dists/SUITE/`, as the release names it. */
export interface IndexFile {
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly size: number;
}

/** What a signed release file says of its suite. */
export interface Release {
  readonly origin: string;
  readonly codename: string;
  /** When the suite was last changed. */
  readonly date: Date;
  /** Whether files can be asked for by their hash, so that a mirror may change meanwhile. */
  readonly byHash: boolean;
  readonly files: ReadonlyMap<string, IndexFile>;
}

/** An OpenPGP keyring, binary or armored. */
export interface Keyring {
  /** For messages: its path. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Clocks differ a little; a release from tomorrow is not from today. */
const futureMs = 60 * 60 * 1000;

/**
 * Verifies an `InRelease` file (clear-signed OpenPGP) and reads it. At least one signature must be by a key of the
 * keyrings; the suite must be the one that was asked for, since one key signs many; and it must not have expired.
 *
 * @throws PACKAGES_UNTRUSTED, PACKAGES_INDEX_INVALID
 */
export async function verifyRelease(
  inRelease: Uint8Array,
  suite: string,
  keyrings: readonly Keyring[],
  now: Date,
): Promise<Release> {
  const text = await verifiedText(inRelease, keyrings, now);
  const release = readRelease(text);
  const names = [release.get('suite'), release.get('codename')];
  if (!names.includes(suite)) {
    throw untrusted('the release is signed, but of another suite', suite, names.join(' or '));
  }
  const date = new Date(release.get('date') ?? '');
  const until = release.has('valid-until') ? new Date(release.get('valid-until')!) : null;
  if (Number.isNaN(date.getTime()) || Number.isNaN(until?.getTime() ?? 0))
    throw invalid('has a date that is none');
  if (date.getTime() > now.getTime() + futureMs)
    throw untrusted('the release is from the future', `before ${now.toISOString()}`, date.toISOString());
  if (until !== null && until.getTime() < now.getTime()) {
    throw untrusted(
      'the release has expired: it may hold back security updates',
      `valid at ${now.toISOString()}`,
      `valid until ${until.toISOString()}`,
    );
  }
  return {
    origin: release.get('origin') ?? '',
    codename: release.get('codename') ?? suite,
    date,
    byHash: release.get('acquire-by-hash') === 'yes',
    files: readFiles(release.get('sha256') ?? ''),
  };
}

/** The text under a clear signature, once the signature was verified; nothing around it counts. */
async function verifiedText(inRelease: Uint8Array, keyrings: readonly Keyring[], now: Date): Promise<string> {
  const openpgp = await import('openpgp');
  const keys = [];
  for (const { name, bytes } of keyrings) {
    try {
      const armored = bytes[0] === 0x2d;
      keys.push(
        ...(armored
          ? await openpgp.readKeys({ armoredKeys: new TextDecoder().decode(bytes) })
          : await openpgp.readKeys({ binaryKeys: bytes })),
      );
    } catch (cause) {
      throw hardenErrors.error('PACKAGES_UNTRUSTED', {
        message: `the keyring ${printable(name)} cannot be read`,
        cause,
      });
    }
  }
  let signatures: readonly { readonly verified: Promise<true> }[];
  let text: string;
  try {
    const message = await openpgp.readCleartextMessage({
      cleartextMessage: new TextDecoder('utf-8', { fatal: true }).decode(inRelease),
    });
    const result = await openpgp.verify({ message, verificationKeys: keys, date: now });
    text = result.data;
    signatures = result.signatures;
  } catch (cause) {
    throw untrusted('the release is not clear-signed', 'an InRelease file', 'something else', cause);
  }
  const outcomes = await Promise.allSettled(signatures.map(({ verified }) => verified));
  if (outcomes.some(({ status }) => status === 'fulfilled')) return text;
  const [first] = outcomes;
  throw untrusted(
    'the release is not signed by a key of its keyring',
    keyrings.map(({ name }) => name).join(', ') || 'a keyring',
    first?.status === 'rejected' ? String((first.reason as Error).message) : 'no signature',
  );
}

function readRelease(text: string): Paragraph {
  try {
    const [release, second] = paragraphs(text);
    if (release === undefined || second !== undefined) throw invalid('is not one paragraph');
    return release;
  } catch (cause) {
    if (!(cause instanceof ControlError)) throw cause;
    throw invalid(cause.message);
  }
}

function readFiles(list: string): ReadonlyMap<string, IndexFile> {
  const files = new Map<string, IndexFile>();
  for (const line of list.split('\n')) {
    if (line === '') continue;
    const match = /^([0-9a-f]{64})\s+(\d{1,12})\s+(\S+)$/.exec(line);
    if (match === null) throw invalid(`lists a file badly: ${printable(line, 120)}`);
    files.set(match[3]!, { sha256: match[1]!, size: Number(match[2]), path: match[3]! });
  }
  if (files.size === 0) throw invalid('lists no files with SHA-256');
  return files;
}

function untrusted(message: string, expected: string, found: string, cause?: unknown) {
  return hardenErrors.error('PACKAGES_UNTRUSTED', {
    message,
    expected: printable(expected, 300),
    found: printable(found, 300),
    cause,
  });
}

function invalid(why: string) {
  return hardenErrors.error('PACKAGES_INDEX_INVALID', { message: `the release file ${why}` });
}
