import { isJsonObject, type JsonObject, parseJson } from '@pratique/crypto';
import type { FileSystem } from '../filesystem/types.ts';
import { alone, type Cataloger, contentText } from './cataloger.ts';
import { checksumOfBase64 } from './checksum.ts';
import { formatPurl } from './format-purl.ts';
import type { Checksum } from './package.ts';

const maxBytes = 1024 * 1024;
const maxLockBytes = 16 * 1024 * 1024;
const hiddenLock = /^(?:.*?\/)??node_modules\/\.package-lock\.json$/;

/**
 * Whether a `package.json` is of an installed package: at a package's place below `node_modules`, or of a program
 * outside of one. Those deeper inside packages are parts, templates and test data.
 */
const installed = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/;

/** Node's packages: the `package.json` of each directory below `node_modules`, and of programs. */
export const npmCataloger: Cataloger = {
  keep({ path, size }) {
    if (hiddenLock.test(path)) return size <= maxLockBytes ? 'whole' : undefined;
    if (size > maxBytes || !(path === 'package.json' || path.endsWith('/package.json'))) return undefined;
    return installed.test(path) || !path.includes('node_modules/') ? 'whole' : undefined;
  },

  find({ fileSystem, layerOf, skip }) {
    const locks = new Map<string, JsonObject>();
    const lockOf = (path: string) => {
      const root = rootOf(path);
      if (!locks.has(root)) locks.set(root, readHiddenLock(fileSystem, root));
      return locks.get(root)!;
    };
    return [...fileSystem.nodes()].flatMap((node) => {
      const { path, content } = node;
      if (content === undefined || !/(?:^|\/)package\.json$/.test(path)) return [];
      let document: unknown;
      try {
        document = parseJson(Buffer.from(contentText(node).replace(/^\ufeff/, '')), 'package.json', {
          maxBytes,
        });
      } catch {
        skip(path, 'not well-formed JSON');
        return [];
      }
      if (!isJsonObject(document)) return [];
      const { name, version, author } = document;
      if (typeof name !== 'string' || typeof version !== 'string' || name === '' || version === '') return [];
      return alone({
        type: 'npm',
        name,
        version,
        purl: formatPurl({ type: 'npm', name, version }),
        licenses: licensesOf(document.license ?? document.licenses),
        supplier: isJsonObject(author) && typeof author.name === 'string' ? author.name : text(author),
        checksum: checksumIn(lockOf(path), path.slice(rootOf(path).length), version),
        location: { path, layer: layerOf(node) },
      });
    });
  },
};

/** What is above the first `node_modules` on the way to a package: with the slash, or empty. */
function rootOf(path: string): string {
  return /^(?:.*?\/)??(?=node_modules\/)/.exec(path)?.[0] ?? '';
}

/** What npm wrote down about all that it installed below `root`; empty where it did not, or not so that it can be read. */
function readHiddenLock(fileSystem: FileSystem, root: string): JsonObject {
  const node = fileSystem.get(`${root}node_modules/.package-lock.json`);
  if (node?.content === undefined) return {};
  try {
    const lock = parseJson(Buffer.from(contentText(node)), 'package-lock.json', { maxBytes: maxLockBytes });
    return isJsonObject(lock) && isJsonObject(lock.packages) ? lock.packages : {};
  } catch {
    return {};
  }
}

/** Of the archive that the package came in; none where another version lies there by now. */
function checksumIn(lock: JsonObject, path: string, version: string): Checksum | undefined {
  const place = path.replace(/\/package\.json$/, '');
  const entry = Object.hasOwn(lock, place) ? lock[place] : undefined;
  if (!isJsonObject(entry) || entry.version !== version || typeof entry.integrity !== 'string')
    return undefined;
  const hash = /(?:^|\s)sha512-([A-Za-z0-9+/=]+)(?=[?\s]|$)/.exec(entry.integrity)?.[1];
  return hash === undefined ? undefined : checksumOfBase64('SHA-512', hash);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An expression, or one of the older forms: `{type}`, `[{type}]`. */
function licensesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(licensesOf);
  return [isJsonObject(value) ? text(value.type) : text(value)].filter((one) => one !== undefined);
}
