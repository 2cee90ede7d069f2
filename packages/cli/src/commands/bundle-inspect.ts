import { isJsonObject, parseJson } from '@pratique/crypto';
import { type Inspected, inspectBundle } from '@pratique/sigstore';
import { parseFile } from '../program/parse-file.ts';
import type { Run } from '../program/spec.ts';
import type { bundleInspect } from '../specs/bundle.ts';

export const run: Run<typeof bundleInspect.flags> = async ({ args, flags, terminal }) => {
  const inspected = parseFile(args[0]!, terminal.cwd, (bytes) => {
    const document = parseJson(bytes, 'the bundle');
    const mediaType = isJsonObject(document) ? String(document.mediaType ?? '') : '';
    return inspectBundle(bytes, mediaType);
  });
  terminal.err('warning: this shows what the bundle says; nothing is verified\n');
  if (flags.output === 'json') {
    terminal.out(`${JSON.stringify({ schemaVersion: 1, bundle: inspected }, null, 2)}\n`);
  } else {
    terminal.out(`${lines(inspected, '').join('\n')}\n`);
  }
  return 0;
};

function lines(parts: readonly Inspected[], indent: string): readonly string[] {
  return parts.flatMap(({ label, value, parts: below }) => [
    `${indent}- ${label}:${value === null ? '' : ` ${value}`}`,
    ...lines(below, `${indent}  `),
  ]);
}
