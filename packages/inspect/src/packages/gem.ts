import { alone, type Cataloger, contentText } from './cataloger.ts';
import { formatPurl } from './format-purl.ts';

const maxBytes = 1024 * 1024;
const specification = /(?:^|\/)specifications\/(?:default\/)?[^/]+\.gemspec$/;

/** Ruby's installed gems. RubyGems writes a specification as Ruby code, in one form, which is read and not run. */
export const gemCataloger: Cataloger = {
  keep: ({ path, size }) => (specification.test(path) && size <= maxBytes ? 'whole' : undefined),

  find({ fileSystem, layerOf, skip }) {
    return [...fileSystem.nodes()].flatMap((node) => {
      const { path, content } = node;
      if (content === undefined || !specification.test(path)) return [];
      const code = contentText(node);
      const value = (field: string) =>
        new RegExp(`^\\s*\\w+\\.${field}\\s*=\\s*["']([^"'\\n]+)["']`, 'm').exec(code)?.[1];
      const [name, version] = [value('name'), value('version')];
      if (name === undefined || version === undefined) {
        skip(path, 'no name or version');
        return [];
      }
      const licenses = /^\s*\w+\.licenses?\s*=\s*\[?([^\]\n]*)/m.exec(code)?.[1] ?? '';
      return alone({
        type: 'gem',
        name,
        version,
        purl: formatPurl({ type: 'gem', name, version }),
        licenses: [...licenses.matchAll(/["']([^"']+)["']/g)].map(([, license]) => license!),
        location: { path, layer: layerOf(node) },
      });
    });
  },
};
