import { formatReference } from '@pratique/oci';
import { signImage, tagReferenceWarning } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { loadSigningKey } from '../keys/key-reference.ts';
import type { Run } from '../program/spec.ts';
import { parseAnnotations } from '../registry/annotations.ts';
import { openClient, openImage, pinned } from '../registry/client.ts';
import type { sign } from '../specs/signing.ts';

export const run: Run<typeof sign.flags> = async ({ args, flags, terminal, signal }) => {
  if (flags['tlog-upload'] && flags['use-signing-config']) {
    throw cliErrors.error('USAGE', {
      message: 'no transparency log is configured',
      expected: 'a signature by key only',
      found: '--tlog-upload --use-signing-config',
      remedy: 'Leave the two flags out: a signature by key is complete without a log.',
    });
  }
  const annotations = parseAnnotations(flags.annotations);
  const key = await loadSigningKey(flags.key, terminal, 'sign');
  const client = openClient(flags, terminal);
  try {
    for (const name of args) {
      const image = openImage(client, name, terminal);
      if (image.reference.digest === undefined) {
        terminal.err(
          `WARNING: ${tagReferenceWarning(formatReference({ ...image.reference, tag: image.version }))}`,
        );
      }
      const subject = await image.repository.resolve(image.version, { signal });
      const signed = await signImage(image.repository, subject, key, {
        annotations,
        format: flags.legacy || !flags['new-bundle-format'] ? 'legacy' : 'bundle',
        recursive: flags.recursive,
        dockerReference: `${image.reference.registry}/${image.reference.repository}`,
        signatureRepository: image.signatures,
        signal,
      });
      for (const { subject: digest, format, manifest, existed } of signed) {
        const where = format === 'legacy' ? 'tag-based signature' : 'bundle';
        terminal.err(
          existed
            ? `Already signed by this key: ${pinned(image.reference, digest)}\n`
            : `Signed by ${key.publicKey.fingerprint}; ${where} ${manifest}\n`,
        );
        terminal.out(`${pinned(image.reference, digest)}\n`);
      }
    }
    return 0;
  } finally {
    client.close();
  }
};
