import { defineErrors } from '@pratique/errors';

/** Everything `@pratique/inspect` throws. */
export const inspectErrors = defineErrors({
  INSPECT_LAYER_UNSAFE: {
    kind: 'fault',
    title: 'A layer holds what no honest tool writes, or what no container runtime could apply.',
    remedy: 'Do not use the image; ask whoever made it, and build it again with a current tool.',
  },
  INSPECT_LIMIT: {
    kind: 'fault',
    title: 'The image is larger than what can be inspected.',
    remedy: 'Check that the image is the one meant; split it, or ask whoever made it why it is that large.',
  },
  INSPECT_DIFF_ID_MISMATCH: {
    kind: 'fault',
    title: 'An uncompressed layer is not the one the image configuration names.',
    remedy: 'Do not use the image: a runtime would refuse it. Build or push it again.',
  },
  INSPECT_CONFIG_INVALID: {
    kind: 'fault',
    title: 'The image configuration does not follow the OCI image specification.',
    remedy:
      'Build the image again with a current tool; `pratique inspect --config IMAGE` shows what is stored.',
  },
  INSPECT_NOT_AN_IMAGE: {
    kind: 'fault',
    title: 'The manifest is not one of a container image with a root file system.',
    remedy: 'Name an image; `pratique inspect IMAGE` shows what is stored under this name.',
  },
  INSPECT_PLATFORM_INVALID: {
    kind: 'usage',
    title: 'The name of a platform could not be understood.',
    remedy: 'Write it as in `linux/amd64` or `linux/arm64/v8`.',
  },
  INSPECT_PLATFORM_MISSING: {
    kind: 'usage',
    title: 'The image index has no image, or several, for the platform.',
    remedy: 'Name one of its platforms, or the digest of one of its images.',
  },
  INSPECT_DIRECTORY_UNREADABLE: {
    kind: 'fault',
    title: 'The directory with the root file system could not be read whole.',
    remedy: 'Check that it exists and is not being changed, and that you may read everything in it.',
  },
  INSPECT_PACKAGE_DATABASE_UNREADABLE: {
    kind: 'fault',
    title: 'The image has a database of its packages that cannot be read.',
    remedy:
      'Check the image, and build it again; `rpm --rebuilddb`, `dpkg --audit` or `apk audit` in a container of it may help.',
  },
  STRUCTURE_TEST_INVALID: {
    kind: 'usage',
    title: 'A file of container-structure-test could not be understood.',
    remedy: 'Correct it at the place the message names; schemaVersion must be 2.0.0.',
  },
  INSPECT_SPOOL_FAILED: {
    kind: 'fault',
    title: 'Contents of the image could not be kept in a temporary file.',
    remedy: 'Free disk space there, or set TMPDIR to a directory that has more.',
  },
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
      'Give OSV records, CSAF or OpenVEX documents, the Debian tracker, DSA or DLA lists, an Alpine secdb, NVD, KEV or EPSS: a file, a directory or a zip.',
  },
  ADVISORIES_TOO_LARGE: {
    kind: 'fault',
    title: 'A file of advisories is larger than is ever read, or unpacks to more.',
    remedy: 'Check where it comes from. A publisher whose files are that large splits them by ecosystem.',
  },
  ADVISORY_DATABASE_MISSING: {
    kind: 'fault',
    title: 'There is no advisory database, so nothing can be said about vulnerabilities.',
    remedy: 'Make one: `pratique db import FILE…`, or fetch one: `pratique db update IMAGE`.',
  },
  ADVISORY_DATABASE_INVALID: {
    kind: 'fault',
    title: 'The file is no advisory database of this version.',
    remedy: 'Move it away, then import or update again: `pratique db import FILE…`.',
  },
  ADVISORY_DATABASE_OLDER: {
    kind: 'denial',
    title:
      'The advisory database that was fetched is older than the one in place, which is how an attacker hides what is new.',
    remedy:
      'Fetch from a place that is up to date; to go back on purpose, move the present database away first.',
  },
  ADVISORY_DATABASE_STALE: {
    kind: 'fault',
    title: 'The advisory database is older than allowed, so what it does not say proves nothing.',
    remedy:
      'Get a fresh one: `pratique db update IMAGE` or `pratique db import FILE…`; or allow the age: --max-db-age 0.',
  },
  SBOM_INVALID: {
    kind: 'usage',
    title: 'The file is no bill of materials that is understood.',
    remedy: 'Give CycloneDX 1.x or SPDX 2.x in JSON.',
  },
  VEX_INVALID: {
    kind: 'usage',
    title: 'The file is no VEX document that is understood.',
    remedy: 'Give OpenVEX, or CSAF 2.0 of profile VEX, in JSON.',
  },
  IGNORE_FILE_INVALID: {
    kind: 'usage',
    title: 'The ignore file is not valid.',
    remedy: 'Give each entry an id, a reason and the day it expires: `expires: 2027-01-31`.',
  },
});
