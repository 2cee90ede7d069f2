import { printable } from '@pratique/errors';
import * as v from 'valibot';
import { inspectErrors } from '../errors.ts';
import { type PackageUrl, parsePurl } from '../packages/parse-purl.ts';
import type { Finding, Suppression } from './finding.ts';

/** One statement of a VEX document, OpenVEX or CSAF. */
export interface VexStatement {
  readonly vulnerabilities: readonly string[];
  /** Package URLs of the components it is about. */
  readonly products: readonly PackageUrl[];
  readonly status: 'not_affected' | 'affected' | 'fixed' | 'under_investigation';
  readonly reason: string;
}

const text = v.pipe(v.string(), v.maxLength(10_000));
const statuses = ['not_affected', 'affected', 'fixed', 'under_investigation'] as const;

const openVexComponent = v.object({
  '@id': v.optional(text),
  identifiers: v.optional(v.object({ purl: v.optional(text) })),
});
const openVex = v.object({
  '@context': v.pipe(text, v.startsWith('https://openvex.dev/ns')),
  statements: v.array(
    v.object({
      vulnerability: v.union([text, v.object({ name: text, aliases: v.optional(v.array(text)) })]),
      products: v.optional(
        v.array(
          v.union([
            text,
            v.object({ ...openVexComponent.entries, subcomponents: v.optional(v.array(openVexComponent)) }),
          ]),
        ),
      ),
      status: v.picklist(statuses),
      justification: v.optional(text),
      impact_statement: v.optional(text),
    }),
  ),
});

const csafProduct = v.object({
  product_id: text,
  product_identification_helper: v.optional(v.object({ purl: v.optional(text) })),
});
const csaf = v.object({
  document: v.object({ csaf_version: text }),
  product_tree: v.optional(
    v.object({
      branches: v.optional(v.array(v.unknown())),
      full_product_names: v.optional(v.array(csafProduct)),
      relationships: v.optional(
        v.array(v.object({ product_reference: text, full_product_name: v.object({ product_id: text }) })),
      ),
    }),
  ),
  vulnerabilities: v.optional(
    v.array(
      v.object({
        cve: v.optional(text),
        ids: v.optional(v.array(v.object({ text }))),
        product_status: v.optional(v.record(text, v.array(text))),
        flags: v.optional(v.array(v.object({ label: text, product_ids: v.optional(v.array(text)) }))),
        threats: v.optional(
          v.array(v.object({ category: text, details: text, product_ids: v.optional(v.array(text)) })),
        ),
      }),
    ),
  ),
});
const csafBranch = v.object({ product: v.optional(csafProduct), branches: v.optional(v.array(v.unknown())) });

const maxBytes = 64 * 2 ** 20;
const maxDepth = 64;

/**
 * Parses a VEX document: OpenVEX, or CSAF 2.0 of profile VEX. Components are known by their package URLs; statements
 * about products that have none are left out, since nothing could be matched with them.
 *
 * @throws `VEX_INVALID`
 */
export function parseVex(bytes: Uint8Array): readonly VexStatement[] {
  if (bytes.length > maxBytes) throw invalid(`it is larger than ${maxBytes} bytes`);
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid((error as Error).message);
  }
  const open = v.safeParse(openVex, document);
  if (open.success) return fromOpenVex(open.output);
  const parsed = v.safeParse(csaf, document);
  if (parsed.success) return fromCsaf(parsed.output);
  throw invalid('it is neither OpenVEX nor CSAF');
}

function fromOpenVex({ statements }: v.InferOutput<typeof openVex>): readonly VexStatement[] {
  return statements.map(({ vulnerability, products, status, justification, impact_statement: impact }) => ({
    vulnerabilities:
      typeof vulnerability === 'string'
        ? [vulnerability]
        : [vulnerability.name, ...(vulnerability.aliases ?? [])],
    // A product is the package itself, or contains it as a subcomponent.
    products: (products ?? []).flatMap((product) => {
      if (typeof product === 'string') return purls([product]);
      const parts = product.subcomponents ?? [product];
      return purls(parts.flatMap((part) => [part.identifiers?.purl, part['@id']]));
    }),
    status,
    reason: [justification, impact].filter(Boolean).join(': ') || status,
  }));
}

const csafStatuses: Readonly<Record<string, VexStatement['status']>> = {
  known_not_affected: 'not_affected',
  fixed: 'fixed',
  first_fixed: 'fixed',
  known_affected: 'affected',
  under_investigation: 'under_investigation',
};

function fromCsaf(document: v.InferOutput<typeof csaf>): readonly VexStatement[] {
  const tree = document.product_tree;
  const known = new Map<string, string>();
  for (const product of [...(tree?.full_product_names ?? []), ...branches(tree?.branches ?? [], 0)]) {
    const purl = product.product_identification_helper?.purl;
    if (purl !== undefined) known.set(product.product_id, purl);
  }
  // "openssl as a component of Red Hat 9" is matched as openssl.
  for (const { product_reference: component, full_product_name: whole } of tree?.relationships ?? []) {
    const purl = known.get(component);
    if (purl !== undefined) known.set(whole.product_id, purl);
  }
  return (document.vulnerabilities ?? []).flatMap(({ cve, ids, product_status: products, flags, threats }) =>
    Object.entries(products ?? {}).flatMap(([name, productIds]) => {
      const status = Object.hasOwn(csafStatuses, name) ? csafStatuses[name] : undefined;
      if (status === undefined) return [];
      return productIds.map((id): VexStatement => {
        const flag = flags?.find(({ product_ids: about }) => about?.includes(id))?.label;
        const impact = threats?.find(
          (one) => one.category === 'impact' && one.product_ids?.includes(id),
        )?.details;
        return {
          vulnerabilities: [...(cve === undefined ? [] : [cve]), ...(ids ?? []).map((one) => one.text)],
          products: purls([known.get(id)]),
          status,
          reason: [flag, impact].filter(Boolean).join(': ') || status,
        };
      });
    }),
  );
}

function* branches(list: readonly unknown[], depth: number): Generator<v.InferOutput<typeof csafProduct>> {
  if (depth > maxDepth) throw invalid(`branches are nested more than ${maxDepth} deep`);
  for (const item of list) {
    const parsed = v.safeParse(csafBranch, item);
    if (!parsed.success) throw invalid(`a branch: ${parsed.issues[0].message}`);
    if (parsed.output.product !== undefined) yield parsed.output.product;
    yield* branches(parsed.output.branches ?? [], depth + 1);
  }
}

function purls(texts: readonly (string | undefined)[]): readonly PackageUrl[] {
  return texts.flatMap((one) => (one === undefined ? [] : (parsePurl(one) ?? [])));
}

/** What the documents say of a finding: the last statement about it counts; undefined when it stands. */
export function vexOf(statements: readonly VexStatement[], finding: Finding): Suppression | undefined {
  const names = [finding.vulnerability, ...finding.aliases];
  const purl = parsePurl(finding.package.purl);
  const last =
    purl &&
    statements.findLast(
      ({ vulnerabilities, products }) =>
        vulnerabilities.some((name) => names.includes(name)) &&
        products.some((product) => covers(product, purl)),
    );
  if (last === undefined || (last.status !== 'not_affected' && last.status !== 'fixed')) return undefined;
  return { by: 'vex', status: last.status, reason: last.reason };
}

/** What a statement leaves out it says of all: without a version of every version, without a qualifier of every one. */
function covers(product: PackageUrl, installed: PackageUrl): boolean {
  return (
    product.type === installed.type &&
    product.name === installed.name &&
    product.namespace === installed.namespace &&
    (product.version === undefined || product.version === installed.version) &&
    [...product.qualifiers].every(([key, value]) => installed.qualifiers.get(key) === value)
  );
}

function invalid(why: string): Error {
  return inspectErrors.error('VEX_INVALID', {
    message: `the VEX document cannot be read: ${printable(why)}`,
  });
}
