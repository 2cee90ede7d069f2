import { defineErrors } from '@pratique/errors';

/** Everything `@pratique/inspect` throws. */
export const inspectErrors = defineErrors({
  INSPECT_VERSION_INVALID: {
    kind: 'fault',
    title: 'A version is empty or too long to be one.',
    remedy: 'Repair the package or advisory that carries it.',
  },
  ADVISORIES_INVALID: {
    kind: 'fault',
    title: 'A file of advisories does not follow its format, so nothing of the import was kept.',
    remedy: 'Fetch the file again; if it stays, leave it out and tell its publisher.',
  },
  ADVISORIES_UNRECOGNISED: {
    kind: 'usage',
    title: 'The input holds no advisories of a known format.',
    remedy:
      'Give OSV records, the Debian tracker, DSA or DLA lists, an Alpine secdb, NVD, KEV or EPSS: a file, a directory or a zip.',
  },
  ADVISORIES_TOO_LARGE: {
    kind: 'fault',
    title: 'A file of advisories is larger than is ever read, or unpacks to more.',
    remedy: 'Check where it comes from. A publisher whose files are that large splits them by ecosystem.',
  },
  ADVISORY_DATABASE_MISSING: {
    kind: 'fault',
    title: 'There is no advisory database, so nothing can be said about vulnerabilities.',
    remedy: 'Make one: `pratique db import FILE…`.',
  },
  ADVISORY_DATABASE_INVALID: {
    kind: 'fault',
    title: 'The file is no advisory database of this version.',
    remedy: 'Move it away, then import again: `pratique db import FILE…`.',
  },
});
