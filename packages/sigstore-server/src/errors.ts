import { defineErrors } from '@pratique/errors';

/** Codes of the server itself. What it answers over HTTP has the form of the API that was called. */
export const sigstoreServerErrors = defineErrors({
  SIGSTORE_SERVER_LISTEN_INVALID: {
    kind: 'usage',
    title: 'The address to listen on is not HOST:PORT.',
    remedy: 'Write it as 127.0.0.1:5080, [::1]:5080 or localhost:0 (port 0: any free one).',
  },
  SIGSTORE_SERVER_LISTEN_FAILED: {
    kind: 'fault',
    title: 'The private Sigstore could not listen on the address.',
    remedy:
      'Choose another port (0 takes any free one) or an address of this machine, or stop the program that uses it: ss -ltnp. Ports below 1024 need privileges.',
  },
  SIGSTORE_SERVER_OPTION_INVALID: {
    kind: 'usage',
    title: 'An option of the private Sigstore cannot be used.',
    remedy:
      'Correct what the message names; the help of the command describes every option: pratique COMMAND --help.',
  },
  SIGSTORE_SERVER_DIRECTORY_IN_USE: {
    kind: 'usage',
    title: 'Another process is serving the same data directory.',
    remedy: 'Stop the other process first, or give this one its own directory with --data.',
  },
  SIGSTORE_SERVER_DAMAGED: {
    kind: 'fault',
    title: 'The data directory does not hold what this server once signed.',
    remedy:
      'Restore the whole directory from a backup. Starting without what was published would fork the log, so it is refused.',
  },
  SIGSTORE_SERVER_LOG_STOPPED: {
    kind: 'fault',
    title: 'A log could not write to its disk and takes no more entries.',
    remedy: 'Free space on the disk or repair it (df DIR), then start the server again.',
  },
  SIGSTORE_LOG_UNREACHABLE: {
    kind: 'fault',
    title: 'A log that is audited could not be read, so that nothing is said about it.',
    remedy:
      'Check the address and the network: curl -v URL/tiles/rekor/checkpoint. It is the URL that the server was started with.',
  },
});
