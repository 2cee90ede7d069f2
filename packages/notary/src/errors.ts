import { defineErrors } from '@pratique/errors';

const suspicious =
  'Try again in a while. If it stays, do not trust the server: ask whoever signs this repository which root key is theirs, and what version of the root they know.';

/** Codes of Docker Content Trust. All but `NOTARY_TAG_NOT_SIGNED` are faults or mistakes: a server that cannot be believed answers nothing. */
export const notaryErrors = defineErrors({
  NOTARY_METADATA_INVALID: {
    kind: 'fault',
    title: 'Trust data of a Notary server is not well formed.',
    remedy: suspicious,
  },
  NOTARY_THRESHOLD: {
    kind: 'fault',
    title: 'Trust data of a Notary server is not signed by enough of the keys that must sign it.',
    remedy: suspicious,
  },
  NOTARY_ROOT_UNTRUSTED: {
    kind: 'fault',
    title: 'The root of a repository’s trust data is not the one that is trusted, and not reached from it.',
    remedy:
      'Compare the root key with the one its owner names (`docker trust inspect` prints it as Root). If it was replaced on purpose, name the new one: --root-key ID or --root FILE.',
  },
  NOTARY_EXPIRED: {
    kind: 'fault',
    title: 'Trust data of a Notary server has expired, so that nobody vouches for it any more.',
    remedy:
      'Check the clock. A timestamp is renewed by the server, everything else by its owner with `notary publish`; a server that does not renew may hide what is new.',
  },
  NOTARY_ROLLBACK: {
    kind: 'fault',
    title: 'A Notary server offers older trust data than was seen before, or none any more.',
    remedy: suspicious,
  },
  NOTARY_MISMATCH: {
    kind: 'fault',
    title: 'A file of a Notary server is not the one that its trust data names.',
    remedy: suspicious,
  },
  NOTARY_SIZE_EXCEEDED: {
    kind: 'fault',
    title: 'Trust data of a Notary server is larger than it may be.',
    remedy: suspicious,
  },
  NOTARY_NOT_FOUND: {
    kind: 'fault',
    title: 'A Notary server has no trust data of this repository.',
    remedy:
      'Check the name of the repository and the server: --notary-server URL or DOCKER_CONTENT_TRUST_SERVER. Nothing was ever signed there with Docker Content Trust, or it was removed.',
  },
  NOTARY_UNREACHABLE: {
    kind: 'fault',
    title: 'A Notary server could not be reached, or answered with an error.',
    remedy:
      'Check the address, DNS and HTTP(S)_PROXY/NO_PROXY: curl -v SERVER/v2/. Its certificate authority is read from ~/.docker/tls/HOST[:PORT]/ca.crt. notary.docker.io is shut down on 8 December 2026.',
  },
  NOTARY_FORBIDDEN: {
    kind: 'auth',
    title: 'A Notary server wants other credentials than those of the registry.',
    remedy: 'Log in at the registry of the image: pratique login REGISTRY.',
  },
  NOTARY_TAG_NOT_SIGNED: {
    kind: 'denial',
    title: 'No role that is trusted has signed this tag with Docker Content Trust.',
    remedy: '`pratique trust inspect REPOSITORY` lists the tags that are signed, and by whom.',
  },
  NOTARY_ROOT_REQUIRED: {
    kind: 'usage',
    title: 'Nothing says which root of a repository’s trust data is trusted.',
    remedy:
      'Name its root key (--root-key ID, as `docker trust inspect` prints it), a root.json (--root FILE; Docker keeps it in ~/.docker/trust/tuf/REPOSITORY/metadata) or the authority of its certificates (--root-ca FILE); --trust-on-first-use believes the server this one time.',
  },
  NOTARY_DIGEST_NOT_SIGNED: {
    kind: 'denial',
    title: 'The image is not the one that its tag is signed to be with Docker Content Trust.',
    remedy:
      'Do not run it: the tag was moved on the registry, or what it should be was not signed yet. `pratique trust inspect IMAGE` says which digest is signed.',
  },
  NOTARY_SERVER_INVALID: {
    kind: 'usage',
    title: 'The address of a Notary server cannot be used.',
    remedy: 'Write it as https://HOST[:PORT]; http:// is for this machine only.',
  },
  NOTARY_ROOT_UNREADABLE: {
    kind: 'usage',
    title: 'What is named as the trusted root cannot be read as one.',
    remedy:
      'Key ids are 64 hexadecimal digits; a root is the root.json of a Notary server; an authority is a certificate in PEM.',
  },
  NOTARY_STATE_UNREADABLE: {
    kind: 'fault',
    title: 'What was seen of a repository’s trust data before cannot be read or written.',
    remedy:
      'Check the permissions of the directory. Without it older trust data would be believed, so remove the file named in the message only after asking the owner which versions are right.',
  },
});
