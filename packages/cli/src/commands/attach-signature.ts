import { encodeBase64, isJsonObject, parseJson } from '@pratique/crypto';
import { attachAttestation, attachSignature, creationTime, isBundle } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { readCertificates } from '../keys/named-authorities.ts';
import { naming, parseFile } from '../program/parse-file.ts';
import { maxFileBytes, readFile, readText } from '../program/read-file.ts';
import { readSignature } from '../program/read-reference.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { openClient, openImage, pinned } from '../registry/client.ts';
import { dockerMediaTypes } from '../registry/docker-media-types.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import type { attachSignature as spec } from '../specs/attached.ts';

export const run: Run<typeof spec.flags> = async ({ args, flags, terminal, signal }) => {
  const read = (file: string | undefined) => (file === undefined ? undefined : readFile(file, terminal.cwd));
  const payload = flags.payload === undefined ? undefined : readPayload(flags.payload, terminal);
  const options = { signal, tagPrefix: tagPrefixOf(flags), dockerMediaTypes: dockerMediaTypes(terminal) };
  const client = openClient(flags, terminal);
  try {
    const { reference, repository, signatures, version } = openImage(client, args[0]!, terminal);
    const subject = await repository.resolve(version, { signal });
    const name = `${reference.registry}/${reference.repository}`;
    const isWhole = payload !== undefined && isBundle(payload);
    const signature = isWhole ? '' : await givenSignature(flags.signature, terminal, signal);
    const stored = isWhole
      ? await attachAttestation(signatures, subject, payload, creationTime({ ...terminal.env }), options)
      : await attachSignature(
          signatures,
          name,
          subject,
          {
            signature,
            payload,
            certificate: certificates(flags.certificate, terminal),
            chain: certificates(flags['certificate-chain'], terminal),
            timestamp: read(flags.tsr),
            logEntry: rekorBundle(read(flags['rekor-response'])),
          },
          options,
        );
    terminal.err(`Attached to ${pinned(reference, subject.digest)}; whether it verifies was not checked\n`);
    terminal.out(`${pinned(reference, stored.digest)}\n`);
    return 0;
  } finally {
    client.close();
  }
};

/** The text of a PEM file that holds certificates and nothing else. */
function certificates(file: string | undefined, terminal: Terminal): string | undefined {
  if (file === undefined) return undefined;
  naming(file, () => readCertificates(file, terminal));
  return readText(file, terminal.cwd);
}

/** A payload of simple signing, or a bundle: JSON both. */
function readPayload(file: string, terminal: Terminal): Uint8Array {
  return parseFile(file, terminal.cwd, (bytes) => {
    parseJson(bytes, 'the payload', { maxBytes: maxFileBytes.document });
    return bytes;
  });
}

/** In base64, from standard input, a file or as the text itself. */
async function givenSignature(
  text: string | undefined,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<string> {
  const signature =
    text === undefined
      ? ''
      : text === '-'
        ? new TextDecoder().decode(terminal.stdin()).trim()
        : encodeBase64(await readSignature(text, terminal, signal));
  if (signature !== '') return signature;
  throw cliErrors.error('USAGE', {
    message: 'there is no signature to attach',
    expected: '--signature FILE with a signature in base64, or --payload FILE with a Sigstore bundle',
    found: text === undefined ? 'neither' : 'an empty file',
  });
}

/** Of what `sign-blob --bundle` wrote before there were Sigstore bundles: `{base64Signature, cert, rekorBundle}`. */
function rekorBundle(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const document = parseJson(bytes, 'the file of --rekor-response');
  if (isJsonObject(document) && isJsonObject(document.rekorBundle))
    return JSON.stringify(document.rekorBundle);
  throw cliErrors.error('USAGE', {
    message: 'the file of --rekor-response holds no entry of a log',
    expected: '{"rekorBundle": {"SignedEntryTimestamp": …, "Payload": …}}',
    found: 'something else',
  });
}
