import { isJsonObject, type JsonObject, parseJson } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import { FieldRefused, own, refuseCaseVariants } from './descriptor.ts';

/** Real configurations are a few kilobytes; some carry a long history. */
export const maxConfigBytes = 8 * 1024 * 1024;

/** Fields that decide what runs and where (image-spec §Config), and those that Docker adds to them. */
const fields = ['architecture', 'os', 'os.version', 'os.features', 'variant', 'config', 'rootfs', 'history'];
const runFields = [
  'User',
  'ExposedPorts',
  'Env',
  'Entrypoint',
  'Cmd',
  'Volumes',
  'WorkingDir',
  'Labels',
  'StopSignal',
  'ArgsEscaped',
  'Healthcheck',
  'OnBuild',
  'Shell',
];
const rootFields = ['type', 'diff_ids'];

/**
 * Reads an image configuration (image-spec §Config) as JSON. Strict where two readers could see two: keys given twice,
 * and fields in another spelling, which Go reads and we do not (`"user": "root"` after `"User": "1000"` runs as root).
 * Values are not looked at.
 *
 * @throws OCI_CONFIG_INVALID
 */
export function parseConfigDocument(bytes: Uint8Array, maxBytes = maxConfigBytes): JsonObject {
  try {
    const document = parseJson(bytes, 'it', { maxBytes });
    if (!isJsonObject(document)) throw new FieldRefused('it is not a JSON object');
    refuseCaseVariants(document, fields, 'it');
    for (const [name, known] of [['config', runFields] as const, ['rootfs', rootFields] as const]) {
      const part = own(document, name);
      if (isJsonObject(part)) refuseCaseVariants(part, known, name);
    }
    return document;
  } catch (error) {
    const refused =
      error instanceof FieldRefused || (error instanceof PratiqueError && error.code === 'ENCODING_INVALID');
    if (!refused) throw error;
    throw ociErrors.error('OCI_CONFIG_INVALID', {
      message: `the image configuration is not valid: ${(error as Error).message}`,
      cause: error,
    });
  }
}
