import { alone, type Cataloger, contentText } from './cataloger.ts';
import { parseFields } from './fields.ts';
import { formatPurl } from './format-purl.ts';

const maxBytes = 4 * 1024 * 1024;
const metadata = /\.dist-info\/METADATA$|\.egg-info\/PKG-INFO$|\.egg-info$|\/EGG-INFO\/PKG-INFO$/;

/** Python's packages: `METADATA` of wheels, `PKG-INFO` of eggs (PyPA core metadata). */
export const pythonCataloger: Cataloger = {
  keep: ({ path, size }) => (metadata.test(path) && size <= maxBytes ? 'whole' : undefined),

  find({ fileSystem, layerOf, skip }) {
    return [...fileSystem.nodes()].flatMap((node) => {
      const { path, content } = node;
      if (content === undefined || !metadata.test(path)) return [];
      // The description after the first empty line is prose.
      const head = contentText(node).replaceAll('\r\n', '\n').split('\n\n', 1)[0]!;
      const fields = parseFields(head);
      const [name, version] = [fields.get('name'), fields.get('version')];
      if (!name || !version) {
        skip(path, 'no name or version');
        return [];
      }
      return alone({
        type: 'pypi',
        name,
        version,
        purl: formatPurl({ type: 'pypi', name, version }),
        licenses: licensesOf(fields, head),
        supplier: fields.get('author') || fields.get('author-email') || undefined,
        location: { path, layer: layerOf(node) },
      });
    });
  },
};

/** The expression, else the short text, else what the classifiers say. */
function licensesOf(fields: ReadonlyMap<string, string>, head: string): string[] {
  const expression = fields.get('license-expression');
  if (expression) return [expression];
  const classifiers = [...head.matchAll(/^Classifier: License :: (?:OSI Approved :: )?(.+)$/gm)].map(
    ([, name]) => name!,
  );
  const text = fields.get('license');
  if (text && text !== 'UNKNOWN' && text.length <= 100 && !text.includes('\n')) return [text];
  return classifiers.filter((name) => name !== 'OSI Approved');
}
