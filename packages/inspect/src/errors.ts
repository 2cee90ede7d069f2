import { defineErrors } from '@pratique/errors';

/** Everything `@pratique/inspect` throws. */
export const inspectErrors = defineErrors({
  INSPECT_VERSION_INVALID: {
    kind: 'fault',
    title: 'A version is empty or too long to be one.',
    remedy: 'Repair the package or advisory that carries it.',
  },
});
