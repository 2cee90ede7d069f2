import { PratiqueError } from '@pratique/errors';
import {
  contentTrustFormat,
  directoryState,
  findTag,
  memoryState,
  type NotaryOptions,
  notaryErrors,
  openNotary,
  type ReleasedTag,
  repositoryName,
  type TrustedRepository,
  type TrustState,
  updateTrust,
} from '@pratique/notary';
import type { Descriptor, Reference } from '@pratique/oci';
import type { ContentTrust } from '../trust/types.ts';
import { type Attributed, type CollectContext, mergeResults, type Station } from './stations.ts';

/** How Notary servers are reached. */
export type NotaryAccess = Pick<NotaryOptions, 'environment' | 'keychain' | 'ca'>;

const nothing: Attributed = { signatures: [], attestations: [], rejected: [] };

/** What the facts made of one signature take to keep. */
const factBytes = 1024;

/**
 * Tags that are signed with Docker Content Trust, by the roles of the authorities that trust it. What is found is that
 * this digest is what the tag is signed to be; of an image that is named by its digest alone, that some tag is.
 *
 * Trust data is believed step by step while it is fetched, since each file says which is the next. A server that fails, data
 * that has expired, is older than what was seen or is not signed as it must be, are faults.
 */
export function contentTrustStation(access: NotaryAccess): Station {
  const remembered = memoryState();
  return {
    async collect(_repository, _digest, context) {
      const trusting = context.asked.flatMap(({ name, contentTrust }) =>
        contentTrust === undefined ? [] : [{ authority: name, contentTrust }],
      );
      const found = await Promise.all(
        trusting.map(async ({ authority, contentTrust }) => ({
          authority,
          roles: contentTrust.roles,
          trusted: await fetchTrust(contentTrust, context, access, remembered),
        })),
      );
      return {
        bytes: found.length * factBytes,
        verify: (subject) =>
          mergeResults(
            found.map(({ authority, roles, trusted }) =>
              trusted instanceof PratiqueError
                ? refused(trusted)
                : judge(trusted, context.image, subject, roles, authority),
            ),
          ),
      };
    },
  };
}

/** @returns the answer of a server that it has no such repository, which is none of a fault */
async function fetchTrust(
  { server, root, roles, state }: ContentTrust,
  { image, signal, now, reserve }: CollectContext,
  access: NotaryAccess,
  remembered: TrustState,
): Promise<TrustedRepository | PratiqueError> {
  const notary = openNotary(image, { ...access, server: server ?? undefined });
  try {
    return await updateTrust({
      repository: repositoryName(image),
      source: {
        name: notary.name,
        async fetch(file, maxBytes, until) {
          await reserve(maxBytes);
          return await notary.fetch(file, maxBytes, until);
        },
      },
      pin: root,
      state: state === null ? remembered : directoryState(state),
      now,
      roles,
      signal,
    });
  } catch (error) {
    if (error instanceof PratiqueError && error.code === 'NOTARY_NOT_FOUND') return error;
    throw error;
  } finally {
    notary.close();
  }
}

/** @throws the problem of a role that is not believed, and might have signed the tag */
function judge(
  trusted: TrustedRepository,
  image: Reference,
  subject: Descriptor,
  roles: readonly string[],
  authority: string,
): Attributed {
  const tag = image.tag ?? (image.digest === undefined ? 'latest' : undefined);
  const found = tag === undefined ? tagsOf(trusted, roles) : [findTag(trusted, tag, roles)];
  const known = found.filter((one) => one !== undefined);
  const signed = known.find(({ digest, length }) => digest === subject.digest && length === subject.size);
  if (signed !== undefined) return { ...nothing, signatures: [signatureOf(signed, trusted, authority)] };
  const name = `${trusted.repository}${tag === undefined ? '' : `:${tag}`}`;
  const [other] = known;
  if (tag === undefined || other === undefined) {
    return refused(
      notaryErrors.error('NOTARY_TAG_NOT_SIGNED', {
        message: `${name} is not signed with Docker Content Trust`,
        expected: `a tag of this image in ${roles.join(' or ')}`,
        found: 'none',
      }),
    );
  }
  return refused(
    notaryErrors.error('NOTARY_DIGEST_NOT_SIGNED', {
      message: `${name} is signed to be another image`,
      expected: `${other.digest}, ${other.length} bytes`,
      found: `${subject.digest}, ${subject.size} bytes`,
    }),
  );
}

/** Every tag that the roles signed. @throws the problem of one of them: its tags are not known */
function tagsOf(trusted: TrustedRepository, roles: readonly string[]): (ReleasedTag | undefined)[] {
  const problem = roles.map((role) => trusted.problems.get(role)).find((one) => one !== undefined);
  if (problem !== undefined) throw problem.error;
  const names = new Set(roles.flatMap((role) => [...(trusted.roles.get(role)?.tags.keys() ?? [])]));
  return [...names].map((name) => findTag(trusted, name, roles));
}

function signatureOf(
  { tag, role, digest }: ReleasedTag,
  { root, fresh }: TrustedRepository,
  authority: string,
): Attributed['signatures'][number] {
  const [key = ''] = role.signedBy;
  return {
    format: contentTrustFormat,
    source: { format: contentTrustFormat },
    signer: { kind: 'key', name: role.name, fingerprint: key },
    authorities: [authority],
    annotations: { 'docker-content-trust.tag': tag, 'docker-content-trust.role': role.name },
    signedAt: null,
    log: null,
    checks: [
      { name: 'root', ok: true, detail: `version ${root.version}, of root keys ${root.keyIds.join(', ')}` },
      { name: 'freshness', ok: true, detail: `the server vouches for it until ${fresh.toISOString()}` },
      { name: 'tag', ok: true, detail: `${role.name} signed that ${tag} is ${digest}` },
    ],
  };
}

function refused({ code, message, expected, found }: PratiqueError): Attributed {
  const rejection = {
    source: { format: contentTrustFormat },
    code,
    message,
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
  };
  return { ...nothing, rejected: [rejection] };
}
