import { addressProblem, dockerHub, type Reference, shownAddress } from '@pratique/oci';
import { notaryErrors } from '../errors.ts';

/** A repository as Docker and Notary name it (its "GUN"): `docker.io/library/alpine`, `registry.example:5000/team/app`. */
export function repositoryName({ registry, repository }: Pick<Reference, 'registry' | 'repository'>): string {
  return `${registry === dockerHub ? 'docker.io' : registry}/${repository}`;
}

/**
 * The server that has a repository's trust data, where Docker looks for it: DOCKER_CONTENT_TRUST_SERVER, Docker's own for
 * Docker Hub, and otherwise the registry's host.
 */
export function defaultServer(
  { registry }: Pick<Reference, 'registry'>,
  environment: NodeJS.ProcessEnv,
): string {
  const { DOCKER_CONTENT_TRUST_SERVER: named } = environment;
  if (named) return named;
  return registry === dockerHub ? 'https://notary.docker.io' : `https://${registry}`;
}

/** @throws NOTARY_SERVER_INVALID */
export function serverAddress(text: string): URL {
  const problem = addressProblem(text);
  if (problem !== undefined) {
    throw notaryErrors.error('NOTARY_SERVER_INVALID', {
      message: `the address of the Notary server ${problem}`,
      expected: 'https://HOST[:PORT]',
      found: shownAddress(text),
    });
  }
  return new URL(text);
}
