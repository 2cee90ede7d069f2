import { isJsonObject, parseJson } from '@pratique/crypto';
import { alone, type Cataloger, contentText } from './cataloger.ts';
import { formatPurl } from './format-purl.ts';

const maxBytes = 1024 * 1024;

/**
 * Whether a `package.json` is of an installed package: at a package's place below `node_modules`, or of a program
 * outside of one. Those deeper inside packages are parts, templates and test data.
 */
const installed = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/;

/** Node's packages: the `package.json` of each directory below `node_modules`, and of programs. */
export const npmCataloger: Cataloger = {
  keep({ path, size }) {
    if (size > maxBytes || !(path === 'package.json' || path.endsWith('/package.json'))) return undefined;
    return installed.test(path) || !path.includes('node_modules/') ? 'whole' : undefined;
  },

  find({ fileSystem, layerOf, skip }) {
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
        location: { path, layer: layerOf(node) },
      });
    });
  },
};

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An expression, or one of the older forms: `{type}`, `[{type}]`. */
function licensesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(licensesOf);
  return [isJsonObject(value) ? text(value.type) : text(value)].filter((one) => one !== undefined);
}
