import { type ByteSource, createDigester, type Digest } from '@pratique/oci';
import { alone, type Cataloger, contentText } from './cataloger.ts';
import { checksumOf } from './checksum.ts';
import { elfSections, isElf } from './elf-section.ts';
import { formatPurl } from './format-purl.ts';
import { type GoBuildInfo, parseGoBuildInfo } from './go-build-info.ts';
import type { Package } from './package.ts';
import { parseRustAudit, type RustCrate } from './rust-audit.ts';

const maxSectionBytes = 16 * 1024 * 1024;

/** What is kept of a program: a few hundred bytes for what may be a hundred megabytes. */
interface Summary {
  readonly digest: Digest;
  readonly go?: GoBuildInfo;
  readonly rust?: readonly RustCrate[];
}

/** Programs that carry in them what they were built from: Go's build information, cargo-auditable's list. */
export const programCataloger: Cataloger = {
  keep: ({ mode }, head) =>
    (mode & 0o111) !== 0 && isElf(head) ? { name: 'program', reduce: summarise } : undefined,

  find({ fileSystem, layerOf }) {
    return [...fileSystem.nodes()].flatMap((node) => {
      if (node.reduced !== 'program') return [];
      const { digest, go, rust } = JSON.parse(contentText(node)) as Summary;
      const location = { path: node.path, layer: layerOf(node) };
      const found = ({ type, name, version, isProgram }: Part): Package => ({
        type,
        name,
        version,
        purl: formatPurl({ type, name, version }),
        licenses: [],
        ...(isProgram ? { checksum: checksumOf(digest) } : {}),
        location,
      });
      return [
        ...goModules(go),
        ...(rust ?? []).map(({ name, version, isRoot }) => ({
          type: 'cargo' as const,
          name,
          version,
          isProgram: isRoot,
        })),
      ].map((part) => alone(found(part)));
    });
  },
};

/** What is in a program: the hash of the file is that of the program itself, and of nothing else in it. */
interface Part {
  readonly type: 'golang' | 'cargo';
  readonly name: string;
  readonly version: string;
  readonly isProgram: boolean;
}

/** The standard library, the program's own module where its version is known, and what it uses. */
function goModules(go: GoBuildInfo | undefined): readonly Part[] {
  if (go === undefined) return [];
  const release = /^go(\d+(?:\.\d+)*\S*)$/.exec(go.goVersion)?.[1];
  const modules = [...(go.main === undefined ? [] : [go.main]), ...go.dependencies];
  return [
    ...(release === undefined
      ? []
      : [{ type: 'golang' as const, name: 'stdlib', version: release, isProgram: false }]),
    ...modules
      .filter(({ version }) => version !== '' && version !== '(devel)')
      .map((one) => ({
        type: 'golang' as const,
        name: one.path,
        version: one.version,
        isProgram: one === go.main,
      })),
  ];
}

function summarise(program: ByteSource): Uint8Array | undefined {
  const sections = elfSections(program, ['.go.buildinfo', '.dep-v0'], maxSectionBytes);
  const [goSection, rustSection] = [sections.get('.go.buildinfo'), sections.get('.dep-v0')];
  const go = goSection && parseGoBuildInfo(goSection);
  const rust = rustSection && parseRustAudit(rustSection);
  if (go === undefined && rust === undefined) return undefined;
  const summary: Summary = {
    digest: digest(program),
    ...(go === undefined ? {} : { go }),
    ...(rust === undefined ? {} : { rust }),
  };
  return Buffer.from(JSON.stringify(summary));
}

function digest(program: ByteSource): Digest {
  const digester = createDigester();
  for (let at = 0; at < program.size; at += 1024 * 1024) digester.update(program.read(at, 1024 * 1024));
  return digester.digest();
}
