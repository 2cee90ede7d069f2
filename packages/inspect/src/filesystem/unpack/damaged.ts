import { inspectErrors } from '../../errors.ts';

/** The fault for a layer whose compressed bytes are wrong or cut off. */
export function damaged(cause: unknown) {
  return inspectErrors.error('INSPECT_LAYER_UNSAFE', {
    message: 'the layer is not whole gzip or zstd',
    cause,
  });
}
