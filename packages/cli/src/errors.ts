import { defineErrors } from '@pratique/errors';

/** Codes of the command line itself. */
export const cliErrors = defineErrors({
  USAGE: {
    kind: 'usage',
    title: 'The command line could not be understood.',
    remedy: 'Read the help of the command: pratique COMMAND --help.',
  },
  CONFIG_INVALID: {
    kind: 'usage',
    title: 'A configuration file could not be understood.',
    remedy:
      'Correct the file at the place the message names; pratique config shows what is in force and where it comes from.',
  },
  DOWNLOAD_FAILED: {
    kind: 'fault',
    title: 'What a URL names could not be fetched, so nothing was imported.',
    remedy:
      'Check the address and the network, or fetch the file by other means and name it in place of the URL.',
  },
  FILE_UNREADABLE: {
    kind: 'usage',
    title: 'A file named on the command line could not be read.',
    remedy: 'Check the path and its permissions.',
  },
  TLS_FILES_UNUSABLE: {
    kind: 'usage',
    title: 'A file of certificates or of a private key for TLS holds none that can be used.',
    remedy:
      'Give PEM: certificates begin with -----BEGIN CERTIFICATE-----; see what is in one with openssl x509 -in FILE -noout -subject -dates. Keys must not be encrypted.',
  },
  FILE_UNWRITABLE: {
    kind: 'fault',
    title: 'A file could not be written: it is missing, or holds only a part.',
    remedy: 'Check that the directory exists, that you may write there, and free space: ls -ld DIR; df DIR',
  },
  FILE_EXISTS: {
    kind: 'usage',
    title: 'A file that would be overwritten exists already.',
    remedy: 'Move the file away, or name another one with --output-key-prefix.',
  },
  CHECKSUM_MISMATCH: {
    kind: 'fault',
    title: 'A file is not the one that the checksum given with it is of.',
    remedy: 'Do not use the file. Get it, and its checksum, from who publishes it.',
  },
  IMAGE_EXISTS: {
    kind: 'fault',
    title: 'A tag that would be moved names another image already.',
    remedy: 'Copy to another tag, or let this one name the new image with --force.',
  },
  DECLINED: {
    kind: 'fault',
    title: 'What was asked was not agreed to, so nothing was done.',
    remedy: 'Answer y, or give --yes, to agree.',
  },
  PASSWORD_MISSING: {
    kind: 'usage',
    title: 'A password is needed and there is nobody to ask.',
    remedy: 'Set COSIGN_PASSWORD (empty for none), or run the command on a terminal.',
  },
  DEMO_UNEXPECTED: {
    kind: 'fault',
    title: 'The demo made a decision that is not the expected one.',
    remedy:
      'This is a defect of Pratique: please report it with the output of pratique demo -o json and pratique doctor.',
  },
  INTERNAL: {
    kind: 'fault',
    title: 'Something went wrong that Pratique has no better word for.',
    remedy:
      'This is a defect of Pratique: please report it with the message and the output of pratique doctor.',
  },
});
