import { defineErrors } from '@pratique/errors';

/** Everything `@pratique/inspect` throws. */
export const inspectErrors = defineErrors({});
