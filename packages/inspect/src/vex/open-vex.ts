import * as v from 'valibot';
import { type PackageUrl, parsePurl } from '../packages/parse-purl.ts';
import { type VexStatement, vexStatuses, vexText } from './statement.ts';

const component = v.object({
  '@id': v.optional(vexText),
  identifiers: v.optional(v.object({ purl: v.optional(vexText) })),
});

/** What of https://github.com/openvex/spec says which package is, or is not, affected. */
export const openVex = v.object({
  '@context': v.pipe(vexText, v.startsWith('https://openvex.dev/ns')),
  '@id': v.optional(vexText),
  author: v.optional(vexText),
  timestamp: v.optional(vexText),
  statements: v.pipe(
    v.array(
      v.object({
        vulnerability: v.union([vexText, v.object({ name: vexText, aliases: v.optional(v.array(vexText)) })]),
        products: v.optional(
          v.array(
            v.union([
              vexText,
              v.object({ ...component.entries, subcomponents: v.optional(v.array(component)) }),
            ]),
          ),
        ),
        status: v.picklist(vexStatuses),
        justification: v.optional(vexText),
        impact_statement: v.optional(vexText),
      }),
    ),
    v.maxLength(100_000),
  ),
});
export type OpenVex = v.InferOutput<typeof openVex>;

/** Its statements, in its order: those about packages, and those about packages inside of something else. */
export function openVexStatements({ statements }: OpenVex): readonly VexStatement[] {
  return statements.flatMap(
    ({ vulnerability, products = [], status, justification, impact_statement: impact }) => {
      const said = {
        vulnerabilities:
          typeof vulnerability === 'string'
            ? [vulnerability]
            : [vulnerability.name, ...(vulnerability.aliases ?? [])],
        status,
        reason: [justification, impact].filter(Boolean).join(': ') || status,
      };
      const own: PackageUrl[] = [];
      const inside: PackageUrl[] = [];
      for (const product of products) {
        if (typeof product === 'string') own.push(...purls([product]));
        else if (product.subcomponents === undefined)
          own.push(...purls([product.identifiers?.purl, product['@id']]));
        else
          inside.push(
            ...purls(product.subcomponents.flatMap((part) => [part.identifiers?.purl, part['@id']])),
          );
      }
      return [
        ...(own.length === 0 ? [] : [{ ...said, products: own }]),
        ...(inside.length === 0 ? [] : [{ ...said, products: inside, insideProduct: true }]),
      ];
    },
  );
}

function purls(texts: readonly (string | undefined)[]): readonly PackageUrl[] {
  return texts.flatMap((one) => (one === undefined ? [] : (parsePurl(one) ?? [])));
}
