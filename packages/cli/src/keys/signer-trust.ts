import { basename } from 'node:path';
import { parseWitnessPolicy } from '@pratique/crypto';
import {
  type ExtensionName,
  exactly,
  parseTrustedRoot,
  pattern,
  type TextMatcher,
  type Trust,
  type TrustedIdentity,
  type TrustedKey,
  type TrustedRoot,
} from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { shownUrl } from '../program/open-url.ts';
import { parseFile } from '../program/parse-file.ts';
import { readText } from '../program/read-file.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { programFlags, signerFlags } from '../specs/shared.ts';
import type { RepositoryOptions } from '../trust/sigstore-repository.ts';
import { environmentAuthorities } from './environment-authorities.ts';
import { loadVerifierKey } from './key-reference.ts';
import { isManaged, namedKeys } from './managed-key.ts';
import { namedAuthorities } from './named-authorities.ts';
import { schemesOf } from './signature-schemes.ts';

type Flags = Omit<FlagValues<typeof signerFlags>, keyof typeof programFlags> & {
  readonly 'signature-digest-algorithm'?: string | undefined;
};

/** GitHub's extensions by the flags that ask for them. */
const workflowFlags = {
  'certificate-github-workflow-trigger': 'githubWorkflowTrigger',
  'certificate-github-workflow-sha': 'githubWorkflowSha',
  'certificate-github-workflow-name': 'githubWorkflowName',
  'certificate-github-workflow-repository': 'githubWorkflowRepository',
  'certificate-github-workflow-ref': 'githubWorkflowRef',
} as const satisfies Record<string, ExtensionName>;

/**
 * What the flags of `verify` and its relatives say about who is believed: keys, or one identity with the trusted root
 * that vouches for it: a file, or the one that the Sigstore in use publishes.
 */
export async function signerTrust(
  flags: Flags,
  terminal: Terminal,
  command: string,
  signal: AbortSignal,
): Promise<Trust> {
  if (!flags['check-claims']) {
    throw cliErrors.error('USAGE', {
      message: 'a signature that is not about this image proves nothing about it',
      expected: 'no --check-claims=false',
      remedy: 'Leave --check-claims out: claims are always checked.',
    });
  }
  const references = namedKeys(flags);
  const identity = flaggedIdentity(flags, command);
  if (references.length > 0 && identity !== null) {
    throw cliErrors.error('USAGE', {
      message: 'a signature is verified by a key or by an identity',
      expected: '--key, or --certificate-identity with --certificate-oidc-issuer',
      found: 'both',
      remedy: `Run pratique ${command} once for each.`,
    });
  }
  if (references.length === 0 && identity === null) throw nobody(command);
  const keys: TrustedKey[] = [];
  // One after the other: a person may be asked.
  for (const reference of references) {
    const key = await loadVerifierKey(reference, terminal, signal);
    const schemes = schemesOf(key, flags['signature-digest-algorithm']);
    keys.push({ name: nameOf(reference), key, ...(schemes && { schemes }) });
  }
  const file = flags['trusted-root'];
  const named: Partial<TrustedRoot> = {
    ...(file === undefined ? environmentAuthorities(terminal) : {}),
    ...namedAuthorities(flags, terminal),
  };
  const ignoreLog = flags['insecure-ignore-tlog'] || flags['private-infrastructure'];
  const policy = flags['witness-policy'];
  if (policy !== undefined && (ignoreLog || (file === undefined && identity === null))) {
    throw cliErrors.error('USAGE', {
      message: 'witnesses are of a log, and none is asked for',
      expected: '--witness-policy with --trusted-root, and without --insecure-ignore-tlog',
    });
  }
  if (file === undefined && identity === null) {
    const thresholds = { timestamps: flags['use-signed-timestamps'] ? 1 : 0 };
    return { ...named, keys, logs: ignoreLog ? [] : (named.logs ?? []), thresholds };
  }
  // Nothing else of a root is needed where all is named that is asked for.
  const enough =
    named.authorities !== undefined &&
    (ignoreLog || named.logs !== undefined) &&
    (flags['insecure-ignore-sct'] || named.certificateLogs !== undefined);
  const root: TrustedRoot =
    file !== undefined
      ? parseFile(file, terminal.cwd, parseTrustedRoot)
      : enough
        ? nobodyElse
        : parseTrustedRoot(await publishedRoot({ offline: flags.offline, signal }, terminal));
  return {
    ...root,
    ...named,
    keys,
    logs: ignoreLog ? [] : (named.logs ?? root.logs),
    identities: identity === null ? [] : [identity],
    ...(policy === undefined ? {} : { witnesses: parseWitnessPolicy(readText(policy, terminal.cwd)) }),
    thresholds: {
      certificateLogs: flags['insecure-ignore-sct'] ? 0 : 1,
      timestamps: flags['use-signed-timestamps'] ? 1 : 0,
    },
  };
}

const nobodyElse: TrustedRoot = { logs: [], certificateLogs: [], authorities: [], timestampAuthorities: [] };

/** Loaded when it is needed only: most verifications are by a key or with a file. */
async function publishedRoot(options: RepositoryOptions, terminal: Terminal): Promise<Uint8Array> {
  const { openSigstoreRepository } = await import('../trust/sigstore-repository.ts');
  return await (await openSigstoreRepository(terminal, options)).read('trusted_root.json');
}

/** The identity that is asked for; null when no flag names one. */
function flaggedIdentity(flags: Flags, command: string): TrustedIdentity | null {
  const subject = matcher(flags['certificate-identity'], flags['certificate-identity-regexp']);
  const issuer = matcher(flags['certificate-oidc-issuer'], flags['certificate-oidc-issuer-regexp']);
  const extensions: Partial<Record<ExtensionName, TextMatcher>> = {};
  for (const [flag, name] of Object.entries(workflowFlags)) {
    const value = flags[flag as keyof typeof workflowFlags];
    if (value !== undefined && value !== '') extensions[name] = exactly(value);
  }
  if (subject === null && issuer === null && Object.keys(extensions).length === 0) return null;
  if (subject === null || issuer === null) {
    throw cliErrors.error('USAGE', {
      message: 'an identity is a subject and the issuer that vouches for it',
      expected: '--certificate-identity and --certificate-oidc-issuer, or their -regexp forms',
      found: subject === null ? 'no --certificate-identity' : 'no --certificate-oidc-issuer',
      remedy: `pratique ${command} --help shows examples.`,
    });
  }
  return { name: subject.description, subject, issuer, extensions };
}

/** A PKCS#11 URI may hold a PIN, in what stands after the `?`. */
function nameOf(reference: string): string {
  if (reference.startsWith('env://')) return reference.slice('env://'.length);
  if (/^https?:\/\//.test(reference)) return shownUrl(new URL(reference));
  return isManaged(reference) ? reference.split('?', 1)[0]! : basename(reference);
}

function matcher(exact = '', expression = ''): TextMatcher | null {
  if (exact !== '' && expression !== '') {
    throw cliErrors.error('USAGE', {
      message: 'an identity is asked for exactly and by a pattern at once',
      expected: 'one of the two',
      found: `${exact} and ${expression}`.slice(0, 200),
    });
  }
  if (expression !== '') return pattern(expression);
  return exact === '' ? null : exactly(exact);
}

function nobody(command: string) {
  return cliErrors.error('USAGE', {
    message: `pratique ${command} needs a key or an identity`,
    expected: '--key FILE, or --certificate-identity with --certificate-oidc-issuer',
    found: 'neither',
    remedy: `pratique ${command} --help shows examples.`,
  });
}
