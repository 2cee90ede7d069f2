import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type Artifact, blobArtifact, type NamedArtifact } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { type FileKind, readFile } from '../program/read-file.ts';
import type { Terminal } from '../program/terminal.ts';

const digestLengths = { sha256: 64, sha384: 96, sha512: 128 } as const;

/** A file's bytes, or, where there is no such file, the digest the argument is. */
export function readArtifact(name: string, terminal: Terminal): Artifact {
  const path = resolve(terminal.cwd, name);
  const [, algorithm, hex = ''] = /^(sha256|sha384|sha512):([0-9a-f]+)$/.exec(name) ?? [];
  if (algorithm !== undefined && !existsSync(path)) {
    const known = algorithm as keyof typeof digestLengths;
    if (hex.length === digestLengths[known])
      return { algorithm: known, digest: Uint8Array.from(Buffer.from(hex, 'hex')) };
    throw cliErrors.error('USAGE', {
      message: 'the digest is not of the length its algorithm has',
      expected: `${digestLengths[known]} hexadecimal digits`,
      found: `${hex.length}`,
    });
  }
  return { bytes: readInput(name, terminal) };
}

/** The same by its digest, with the name a statement calls it by: the file's, or none. */
export function namedArtifact(name: string, terminal: Terminal): NamedArtifact {
  const artifact = readArtifact(name, terminal);
  return 'bytes' in artifact
    ? { name: basename(name), artifact: blobArtifact(artifact.bytes) }
    : { name: '', artifact };
}

/** A file, or standard input for `-`. */
export function readInput(name: string, terminal: Terminal, kind: FileKind = 'artifact'): Uint8Array {
  return name === '-' ? terminal.stdin(kind) : readFile(name, terminal.cwd, kind);
}

/** The path of `--bundle`, which the command cannot do without. */
export function requireBundle(bundle: string | undefined, command: string, what: string): string {
  if (bundle !== undefined) return bundle;
  throw cliErrors.error('USAGE', {
    message: `pratique ${command} needs the bundle ${what}`,
    expected: '--bundle FILE',
    found: 'no --bundle',
  });
}
