import { printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import type { Digest, Reference } from '../types.ts';
import { isDigest } from './digest.ts';

// The grammar of distribution/reference (package documentation, "Grammar"), one constant a production.
const domainComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const ipv6 = '\\[[a-fA-F0-9:]+\\]';
const host = `(?:${domainComponent}(?:\\.${domainComponent})*|${ipv6})`;
const pathComponent = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const path = `${pathComponent}(?:/${pathComponent})*`;
const tag = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';

const registryPattern = new RegExp(`^${host}(?::[0-9]+)?$`);
const repositoryPattern = new RegExp(`^${path}$`);
const tagPattern = new RegExp(`^${tag}$`);

/** The registry Docker Hub's images are kept in; `docker.io` is another name for it. */
export const dockerHub = 'index.docker.io';

/** Longest repository path (distribution/reference `RepositoryNameTotalLengthMax`). */
const maxRepositoryLength = 255;
/** Longest host name by DNS (255), a port, and brackets. */
const maxRegistryLength = 263;
/** Registry, repository, tag and the longest digest: nothing longer can be a reference. */
const maxReferenceLength = maxRegistryLength + 1 + maxRepositoryLength + 1 + 128 + 1 + 135;

function invalid(text: string, why: string, remedy?: string) {
  return ociErrors.error('OCI_REFERENCE_INVALID', {
    message: `"${printable(text)}" is not an image reference: ${why}`,
    found: printable(text),
    remedy,
  });
}

/** Whether `text` is a tag. */
export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** Whether `text` is a repository path without its registry, such as `library/alpine`. */
export function isRepositoryName(text: string): boolean {
  return text.length <= maxRepositoryLength && repositoryPattern.test(text);
}

/**
 * Whether `text` is a registry host with optional port. An IPv6 address stands in brackets, a port is 1 to 65535.
 */
export function isRegistryHost(text: string): boolean {
  if (text.length > maxRegistryLength || !registryPattern.test(text)) return false;
  const port = /:([0-9]+)$/.exec(text.replace(/^\[[^\]]*\]/, ''))?.[1];
  if (port !== undefined && (port.length > 5 || Number(port) < 1 || Number(port) > 65535)) return false;
  return !text.startsWith('[') || URL.canParse(`http://${text}/`);
}

/**
 * Splits a familiar name like Docker does (distribution/reference `splitDockerDomain`): the part before the first
 * slash is a host if it is `localhost`, holds a dot or a colon, or holds upper case (which no path may).
 */
function splitRegistry(name: string): { registry: string; remainder: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = first === 'localhost' || /[.:[]/.test(first) || first.toLowerCase() !== first;
  const registry = isHost ? first : dockerHub;
  const remainder = isHost ? name.slice(slash + 1) : name;
  if (registry !== dockerHub && registry !== 'docker.io') return { registry, remainder };
  return { registry: dockerHub, remainder: remainder.includes('/') ? remainder : `library/${remainder}` };
}

/**
 * Parses an image reference by the grammar of distribution/reference, with Docker Hub's defaults filled in:
 * `alpine` is `index.docker.io/library/alpine`. A missing tag stays missing. Tag and digest may stand together; the
 * digest then decides and the tag is only for people.
 *
 * @throws OCI_REFERENCE_INVALID
 */
export function parseReference(text: string): Reference {
  if (text.length === 0) throw invalid(text, 'it is empty');
  if (text.length > maxReferenceLength) throw invalid(text, 'it is too long');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw invalid(text, 'leave out the scheme, such as https://');
  // A node looks for an image with this ID first, wherever it came from, and asks no registry.
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(text)) throw invalid(text, 'it could be an image ID');

  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) {
    throw invalid(text, 'what follows "@" is not sha256:<64 hex> or sha512:<128 hex> in lower case');
  }
  const { registry, remainder } = splitRegistry(at < 0 ? text : text.slice(0, at));
  const colon = remainder.indexOf(':');
  const repository = colon < 0 ? remainder : remainder.slice(0, colon);
  const tagText = colon < 0 ? undefined : remainder.slice(colon + 1);

  if (!isRegistryHost(registry))
    throw invalid(text, `"${printable(registry)}" is not a host name with optional port`);
  if (repository.length > maxRepositoryLength) {
    throw invalid(text, `the repository name is longer than ${maxRepositoryLength} characters`);
  }
  if (!repositoryPattern.test(repository)) {
    throw repositoryPattern.test(repository.toLowerCase())
      ? invalid(
          text,
          'the repository name must be lower case',
          `Write it in lower case: \`${printable(withLowerCase(text, repository))}\`.`,
        )
      : invalid(text, `"${printable(repository)}" is not a repository name`);
  }
  if (tagText !== undefined && !tagPattern.test(tagText))
    throw invalid(text, `"${printable(tagText)}" is not a tag`);
  return {
    registry,
    repository,
    ...(tagText === undefined ? {} : { tag: tagText }),
    ...(digest === undefined ? {} : { digest: digest as Digest }),
  };
}

/** The canonical form: registry always spelled out, `index.docker.io/library/alpine:3@sha256:…`. `parseReference` reads it back. */
export function formatReference(reference: Reference): string {
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/**
 * The form people type: Docker Hub's registry and `library/` left out, `alpine:3`. Only as short as
 * `parseReference` still reads back to the same reference.
 */
export function familiarReference(reference: Reference): string {
  const canonical = formatReference(reference);
  if (reference.registry !== dockerHub) return canonical;
  const path = canonical.slice(dockerHub.length + 1);
  const candidates = [path.replace(/^library\//, ''), path, `docker.io/${path}`];
  return candidates.find((candidate) => readsBackTo(candidate, canonical)) ?? canonical;
}

function readsBackTo(text: string, canonical: string): boolean {
  try {
    return formatReference(parseReference(text)) === canonical;
  } catch {
    return false;
  }
}

/** What was written, with its repository in lower case; Docker Hub's `library/` is not written. */
function withLowerCase(text: string, repository: string): string {
  const written = repository.replace(/^library\//, '');
  return text.replace(written, () => written.toLowerCase());
}
