/** A Go module in a program: what replaces it where it was replaced. */
export interface GoModule {
  readonly path: string;
  readonly version: string;
}

/** What a Go program says it was built from (Go's debug/buildinfo). */
export interface GoBuildInfo {
  /** `go1.22.1` */
  readonly goVersion: string;
  /** The module of the program; version `(devel)` where it was built from a working copy. */
  readonly main: GoModule | undefined;
  readonly dependencies: readonly GoModule[];
}

const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const maxModules = 100_000;

/**
 * Reads the section `.go.buildinfo` as Go writes it since 1.18, with the texts in the section itself; undefined for
 * anything else.
 */
export function parseGoBuildInfo(section: Uint8Array): GoBuildInfo | undefined {
  const bytes = Buffer.from(section.buffer, section.byteOffset, section.byteLength);
  if (!bytes.subarray(0, magic.length).equals(magic) || (bytes[15]! & 2) === 0) return undefined;
  const version = textAt(bytes, 32);
  const modules = version && textAt(bytes, version.end);
  if (version === undefined || modules === undefined || !version.text.startsWith('go')) return undefined;
  // Marks of 16 bytes stand around the list.
  const { text } = modules;
  const list = text.length >= 33 && text.at(-17) === '\n' ? text.slice(16, -16) : '';
  let main: GoModule | undefined;
  const dependencies: GoModule[] = [];
  for (const line of Buffer.from(list, 'latin1').toString('utf8').split('\n').slice(0, maxModules)) {
    const [kind, path = '', moduleVersion = ''] = line.split('\t');
    if (kind === 'mod') main = { path, version: moduleVersion };
    else if (kind === 'dep' && path !== '') dependencies.push({ path, version: moduleVersion });
    else if (kind === '=>' && dependencies.length > 0)
      dependencies[dependencies.length - 1] = { path, version: moduleVersion };
  }
  return { goVersion: version.text.split(' ')[0]!, main, dependencies };
}

/** A length as a varint, and as many bytes. */
function textAt(bytes: Buffer, at: number): { text: string; end: number } | undefined {
  let length = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) {
      if (at + length > bytes.length) return undefined;
      return { text: bytes.toString('latin1', at, at + length), end: at + length };
    }
  }
  return undefined;
}
