import { defineErrors } from '@pratique/errors';

const suspicious =
  'Try again in a while, since a mirror may be half updated. If it stays, do not trust the mirror: compare its root.json with the one its operator publishes elsewhere.';

/** Codes of the TUF client, which are faults (a repository that cannot be believed answers nothing), and of making roots. */
export const tufErrors = defineErrors({
  TUF_METADATA_INVALID: {
    kind: 'fault',
    title: 'Metadata of a TUF repository is not well formed.',
    remedy: suspicious,
  },
  TUF_THRESHOLD: {
    kind: 'fault',
    title: 'Metadata of a TUF repository is not signed by enough of the keys that must sign it.',
    remedy: suspicious,
  },
  TUF_ROOT_INVALID: {
    kind: 'usage',
    title: 'A TUF root cannot be made, signed or taken back like this.',
    remedy:
      'Prepare it with pratique sigstore prepare-root, hand the same file to all who sign, and give all their copies to publish-root.',
  },
  TUF_EXPIRED: {
    kind: 'fault',
    title: 'Metadata of a TUF repository has expired, so that nobody vouches for it any more.',
    remedy:
      'Go online and run pratique initialize again, check the clock, or name the trusted root yourself: --trusted-root FILE.',
  },
  TUF_ROLLBACK: {
    kind: 'fault',
    title: 'A TUF repository offers older metadata than was seen before.',
    remedy: suspicious,
  },
  TUF_MISMATCH: {
    kind: 'fault',
    title: 'A file of a TUF repository is not the one that its metadata names.',
    remedy: suspicious,
  },
  TUF_SIZE_EXCEEDED: {
    kind: 'fault',
    title: 'A file of a TUF repository is larger than it may be.',
    remedy: suspicious,
  },
  TUF_TARGET_NOT_FOUND: {
    kind: 'fault',
    title: 'A TUF repository has no such target.',
    remedy: 'Check the mirror: a Sigstore repository has trusted_root.json and signing_config.v0.2.json.',
  },
  TUF_UNREACHABLE: {
    kind: 'fault',
    title: 'A TUF repository could not be reached, or answered with an error.',
    remedy:
      'Check the address, DNS and HTTP(S)_PROXY/NO_PROXY: curl -v MIRROR/timestamp.json. Another Sigstore is named with `pratique initialize --mirror URL --root FILE`, a trusted root in a file with `--trusted-root`.',
  },
  TUF_NOT_INITIALIZED: {
    kind: 'fault',
    title: 'Trusted files are needed that are not on this machine, and no repository may be asked.',
    remedy: 'Run pratique initialize once while online, or name the trusted root: --trusted-root FILE.',
  },
});
