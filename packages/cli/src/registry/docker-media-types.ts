import type { Terminal } from '../program/terminal.ts';

/** Whether COSIGN_DOCKER_MEDIA_TYPES asks for images of Docker's media types. What is no boolean of Go's says no, as in cosign. */
export function dockerMediaTypes({ env }: Terminal): boolean {
  return /^(?:1|t|T|true|TRUE|True)$/.test(env['COSIGN_DOCKER_MEDIA_TYPES'] ?? '');
}
