import { isJsonObject, type JsonValue } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { notationMediaTypes } from '@pratique/notation';
import { describeSignature, type SignatureJson } from '../notation/describe.ts';
import { openWithSignatures } from '../notation/open.ts';
import { openNotationPlace } from '../notation/place.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { openClient } from '../registry/client.ts';
import type { notationInspect } from '../specs/notation.ts';
import { rejectionText } from './verification-report.ts';

export const run: Run<typeof notationInspect.flags> = async ({ args, flags, terminal, signal }) => {
  const client = openClient(flags, terminal);
  try {
    const image = await openNotationPlace(args[0]!, flags, client, terminal);
    const limit = flags['max-signatures'];
    const { name, subject, evidence } = await openWithSignatures(image, 'inspect', limit, terminal, signal);
    let skipped = evidence.skipped.length;
    for (const one of evidence.skipped) skip(one.source.manifest, rejectionText(one), terminal);
    const signatures = evidence.items.flatMap((item): SignatureJson[] => {
      try {
        return [describeSignature(item)];
      } catch (error) {
        if (!(error instanceof PratiqueError)) throw error;
        skipped++;
        skip(item.source.manifest, error.message, terminal);
        return [];
      }
    });
    if (flags.output === 'json') {
      terminal.out(`${JSON.stringify({ mediaType: subject.mediaType, Signatures: signatures }, null, 4)}\n`);
    } else if (signatures.length === 0) terminal.out(`${name} has no associated signature\n`);
    else terminal.out(`Inspecting all signatures for signed artifact\n${asTree(name, signatures)}`);
    return skipped === 0 ? 0 : 1;
  } finally {
    client.close();
  }
};

/** What is not shown is told, and is a failure: what is shown is not all there is. */
function skip(manifest: string, message: string, terminal: Terminal): void {
  terminal.err(`Warning: Skipping signature ${manifest} because of error: ${printable(message, 1000)}\n`);
}

/** As notation draws it. */
function asTree(name: string, signatures: readonly SignatureJson[]): string {
  const below = Object.fromEntries(
    signatures.map(({ digest, ...rest }) => [digest, rest as unknown as JsonValue]),
  );
  return `${name}\n${branches({ [notationMediaTypes.signature]: below }, '')}`;
}

function branches(value: JsonValue, indent: string): string {
  const entries: [string, JsonValue][] = Array.isArray(value)
    ? value.map((one, at) => [String(at + 1), one])
    : Object.entries(value as Readonly<Record<string, JsonValue>>);
  if (entries.length === 0) return `${indent}└── (empty)\n`;
  return entries
    .map(([key, one], at) => {
      const last = at === entries.length - 1;
      const line = `${indent}${last ? '└──' : '├──'} ${printable(words(key), 300)}`;
      if (Array.isArray(one) || isJsonObject(one))
        return `${line}\n${branches(one, `${indent}${last ? '    ' : '│   '}`)}`;
      return `${line}: ${printable(String(one), 1000)}\n`;
    })
    .join('');
}

/** `signedAttributes` as people read it; what users named is named in other ways. */
function words(key: string): string {
  return /^[a-z]+(?:[A-Z][a-z]+)+$/.test(key)
    ? key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    : key;
}
