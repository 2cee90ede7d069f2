import { printable } from '@pratique/errors';
import { dockerHub, isRegistryHost } from '@pratique/oci';
import { cliErrors } from '../errors.ts';

/** The registry an argument names; Docker Hub without one and under its usual name. @throws USAGE */
export function registryHost(text = 'docker.io'): string {
  if (text === 'docker.io') return dockerHub;
  if (isRegistryHost(text)) return text;
  throw cliErrors.error('USAGE', {
    message: 'that is no registry',
    expected: 'a host, with port where it needs one: registry.example:5000',
    found: printable(text, 100),
  });
}
