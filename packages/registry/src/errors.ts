import { defineErrors } from '@pratique/errors';

/** Codes of the embedded registry itself. What it answers over HTTP are the specification's own codes. */
export const registryErrors = defineErrors({
  REGISTRY_LISTEN_INVALID: {
    kind: 'usage',
    title: 'The address to listen on is not HOST:PORT.',
    remedy: 'Write it as 127.0.0.1:5000, [::1]:5000 or localhost:0 (port 0: any free one).',
  },
  REGISTRY_LISTEN_FAILED: {
    kind: 'fault',
    title: 'The registry could not listen on the address.',
    remedy:
      'Choose another port (0 takes any free one) or an address of this machine, or stop the program that uses it: ss -ltnp. Ports below 1024 need privileges.',
  },
  REGISTRY_DIRECTORY_IN_USE: {
    kind: 'usage',
    title: 'Another registry process is serving the same data directory.',
    remedy: 'Stop the other process first, or give this one its own directory with --data.',
  },
  REGISTRY_DIRECTORY_UNUSABLE: {
    kind: 'fault',
    title: 'The data directory cannot be used.',
    remedy: 'Check that the directory exists, is writable and has free space: ls -ld DIR; df DIR',
  },
  REGISTRY_INDEX_UNREADABLE: {
    kind: 'fault',
    title: 'The index.json of a repository cannot be read.',
    remedy: 'Restore index.json of that repository from a backup; the blobs beside it are untouched.',
  },
  REGISTRY_BLOB_DAMAGED: {
    kind: 'fault',
    title: 'A stored manifest no longer has the digest it is stored under.',
    remedy:
      'The disk or another program changed it. Push the image again, or restore the file from a backup.',
  },
});
