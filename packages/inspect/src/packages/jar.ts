import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Digest } from '@pratique/oci';
import { type ByteSource, digestOf } from '@pratique/oci';
import { fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl';
import { alone, type Cataloger } from './cataloger.ts';
import { checksumOf } from './checksum.ts';
import { parseFields } from './fields.ts';
import { formatPurl } from './format-purl.ts';

const archive = /\.(?:jar|war|ear|par|hpi|jpi)$/i;
const limits = {
  bytes: 1024 ** 3,
  entries: 200_000,
  depth: 4,
  textBytes: 1024 * 1024,
  nestedBytes: 128 * 1024 ** 2,
};

/** What a jar says it is. */
interface JarIdentity {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  readonly license?: string | undefined;
  readonly digest: Digest;
  /** `app.war!WEB-INF/lib/a.jar` */
  readonly path: string;
}

/** Java's archives, also those inside others: Maven's `pom.properties`, else the manifest and the file's name. */
export const jarCataloger: Cataloger = {
  keep: ({ path, size }) => (archive.test(path) && size <= limits.bytes ? 'whole' : undefined),

  async find({ fileSystem, layerOf, skip }) {
    const found = [];
    for (const node of fileSystem.nodes()) {
      if (node.content === undefined || !archive.test(node.path)) continue;
      for (const jar of await identities(node.content, node.path, 0, skip)) {
        const name = `${jar.group}:${jar.artifact}`;
        found.push(
          alone({
            type: 'maven',
            name,
            version: jar.version,
            purl: formatPurl({ type: 'maven', name, version: jar.version }),
            licenses: jar.license === undefined ? [] : [jar.license],
            checksum: checksumOf(jar.digest),
            location: { path: jar.path, layer: layerOf(node) },
          }),
        );
      }
    }
    return found;
  },
};

class SourceReader extends RandomAccessReader {
  private readonly source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const { source } = this;
    return Readable.from(
      (function* () {
        for (let at = start; at < end; at += 65_536) yield source.read(at, Math.min(65_536, end - at));
      })(),
    );
  }
}

/** A jar and the jars in it. What is damaged is told to `skip`. */
async function identities(
  source: ByteSource,
  path: string,
  depth: number,
  skip: (path: string, why: string) => void,
): Promise<JarIdentity[]> {
  const poms: ReadonlyMap<string, string>[] = [];
  const nested: JarIdentity[] = [];
  let manifest: ReadonlyMap<string, string> = new Map();
  try {
    const zip = await fromRandomAccessReaderPromise(new SourceReader(source), source.size, {
      lazyEntries: true,
      autoClose: false,
    });
    if (zip.entryCount > limits.entries) throw new Error(`more than ${limits.entries} entries`);
    for await (const entry of zip.eachEntry()) {
      const read = async (max: number) => {
        if (entry.uncompressedSize > max) throw new Error(`${entry.fileName} is larger than ${max} bytes`);
        return await buffer(await zip.openReadStreamPromise(entry));
      };
      const text = async () => (await read(limits.textBytes)).toString('utf8').replaceAll('\r\n', '\n');
      if (/^META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/.test(entry.fileName))
        poms.push(properties(await text()));
      else if (/^META-INF\/MANIFEST\.MF$/i.test(entry.fileName)) manifest = manifestFields(await text());
      else if (archive.test(entry.fileName) && depth < limits.depth) {
        const bytes = await read(limits.nestedBytes);
        const inner: ByteSource = {
          name: entry.fileName,
          size: bytes.length,
          read: (at, length) => bytes.subarray(at, at + length),
        };
        nested.push(...(await identities(inner, `${path}!${entry.fileName}`, depth + 1, skip)));
      }
    }
  } catch (error) {
    skip(path, (error as Error).message);
    return nested;
  }
  const digest = digestOf(source.read(0, source.size));
  const own = poms.flatMap((pom): JarIdentity[] => {
    const [group, artifact, version] = [pom.get('groupId'), pom.get('artifactId'), pom.get('version')];
    return group && artifact && version ? [{ group, artifact, version, digest, path }] : [];
  });
  const license = manifest.get('bundle-license')?.split(',')[0];
  if (own.length > 0) return [...own.map((jar) => ({ ...jar, license })), ...nested];
  const named = fromManifest(manifest, path);
  return [...(named === undefined ? [] : [{ ...named, license, digest, path }]), ...nested];
}

/** `name=value` lines (java.util.Properties, without its escapes, which Maven does not need). */
function properties(text: string): Map<string, string> {
  return new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const match = /^\s*([^#!\s=:]+)\s*[=:]\s*(.*?)\s*$/.exec(line);
      return match === null ? [] : [[match[1]!, match[2]!]];
    }),
  );
}

/** The manifest's first section; a line that begins with a space goes on from the one before (JAR specification). */
function manifestFields(text: string): Map<string, string> {
  return parseFields(text.replaceAll('\n ', '').split('\n\n', 1)[0]!);
}

/** Without Maven's own words: name and version of the file, else what the manifest says; the group is a guess then. */
function fromManifest(
  manifest: ReadonlyMap<string, string>,
  path: string,
): Pick<JarIdentity, 'group' | 'artifact' | 'version'> | undefined {
  const file = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('!')) + 1).replace(archive, '');
  const [, fileName = file, fileVersion] = /^(.+?)-(\d[\w.+-]*)$/.exec(file) ?? [];
  const version =
    fileVersion ??
    ['implementation-version', 'bundle-version', 'specification-version']
      .map((key) => manifest.get(key))
      .find(Boolean);
  if (version === undefined) return undefined;
  const symbolic = manifest.get('bundle-symbolicname')?.split(';')[0];
  const group =
    manifest.get('implementation-vendor-id') ||
    (symbolic?.includes('.') ? symbolic.slice(0, symbolic.lastIndexOf('.')) : undefined);
  return { group: group ?? fileName, artifact: fileName, version };
}
