import * as v from 'valibot';
import { cpeDistro } from '../advisories/distributions.ts';
import { type PackageUrl, parsePurl } from '../packages/parse-purl.ts';
import { invalidVex, type VexStatement, vexText } from './statement.ts';

const ids = v.pipe(v.array(vexText), v.maxLength(200_000));
const product = v.object({
  name: v.optional(vexText),
  product_id: vexText,
  product_identification_helper: v.optional(
    v.object({ purl: v.optional(vexText), cpe: v.optional(vexText) }),
  ),
});
type Product = v.InferOutput<typeof product>;
const branch = v.object({
  category: v.optional(vexText),
  name: v.optional(vexText),
  product: v.optional(product),
  branches: v.optional(v.array(v.unknown())),
});

/** What of CSAF 2.0 (profiles VEX and security advisory) says which package is affected, fixed, or not affected. */
export const csaf = v.object({
  document: v.object({
    csaf_version: v.picklist(['2.0', '2.1']),
    title: v.optional(vexText),
    aggregate_severity: v.optional(v.object({ text: vexText })),
    publisher: v.optional(v.object({ name: vexText })),
    tracking: v.optional(
      v.object({
        id: vexText,
        initial_release_date: v.optional(vexText),
        current_release_date: v.optional(vexText),
      }),
    ),
  }),
  product_tree: v.optional(
    v.object({
      branches: v.optional(v.array(v.unknown())),
      full_product_names: v.optional(v.array(product)),
      relationships: v.optional(
        v.pipe(
          v.array(
            v.object({
              product_reference: vexText,
              relates_to_product_reference: v.optional(vexText),
              full_product_name: v.object({ product_id: vexText }),
            }),
          ),
          v.maxLength(500_000),
        ),
      ),
    }),
  ),
  vulnerabilities: v.optional(
    v.pipe(
      v.array(
        v.object({
          cve: v.optional(vexText),
          title: v.optional(vexText),
          ids: v.optional(v.array(v.object({ text: vexText }))),
          product_status: v.optional(v.record(vexText, ids)),
          flags: v.optional(v.array(v.object({ label: vexText, product_ids: v.optional(ids) }))),
          threats: v.optional(
            v.array(v.object({ category: vexText, details: vexText, product_ids: v.optional(ids) })),
          ),
          remediations: v.optional(
            v.array(v.object({ category: vexText, url: v.optional(vexText), product_ids: v.optional(ids) })),
          ),
          scores: v.optional(
            v.array(
              v.object({
                cvss_v3: v.optional(
                  v.object({
                    vectorString: vexText,
                    baseScore: v.pipe(v.number(), v.minValue(0), v.maxValue(10)),
                  }),
                ),
                products: v.optional(ids),
              }),
            ),
          ),
        }),
      ),
      v.maxLength(10_000),
    ),
  ),
});
export type Csaf = v.InferOutput<typeof csaf>;
export type CsafVulnerability = NonNullable<Csaf['vulnerabilities']>[number];

/** What a product ID of the document stands for, as far as packages go. */
export interface CsafComponent {
  readonly purl: PackageUrl;
  /** `vers:…` (https://github.com/package-url/vers-spec), where the product is a range of versions. */
  readonly range?: string | undefined;
  /** The release of a distribution that it is a component of. */
  readonly distro?: string | undefined;
  /** It is a component of something that is no distribution known here. */
  readonly insideProduct?: boolean | undefined;
}

const maxDepth = 64;

/**
 * The packages of the product tree (CSAF 2.0 §3.2.2) by their product IDs. "openssl as a component of Red Hat Enterprise
 * Linux 9" is openssl, of that release.
 *
 * @throws `VEX_INVALID` where it is nested too deep
 */
export function csafComponents({ product_tree: tree }: Csaf): ReadonlyMap<string, CsafComponent> {
  const components = new Map<string, CsafComponent>();
  const platforms = new Map<string, string>();
  const names = new Map<string, string>();
  const add = ({ product_id: id, name, product_identification_helper: helper }: Product, range?: string) => {
    const distro = helper?.cpe === undefined ? undefined : cpeDistro(helper.cpe);
    if (distro !== undefined) platforms.set(id, distro);
    const purl = helper?.purl === undefined ? undefined : parsePurl(helper.purl);
    if (purl !== undefined) components.set(id, { purl, ...(range === undefined ? {} : { range }) });
    else names.set(id, name ?? id);
  };
  for (const one of tree?.full_product_names ?? []) add(one);
  for (const { category, name, product: one } of branches(tree?.branches ?? [], 0)) {
    if (one !== undefined) add(one, category === 'product_version_range' ? name : undefined);
  }
  for (const {
    product_reference: part,
    relates_to_product_reference: whole,
    full_product_name,
  } of tree?.relationships ?? []) {
    const distro = whole === undefined ? undefined : platforms.get(whole);
    const known = components.get(part) ?? (distro === undefined ? undefined : rpmOf(names.get(part) ?? part));
    if (known !== undefined)
      components.set(full_product_name.product_id, { ...known, distro, insideProduct: distro === undefined });
  }
  return components;
}

/** Publishers without package URLs write the file name of the package: `glibc-2.31-150300.63.1.x86_64`. */
function rpmOf(name: string): CsafComponent | undefined {
  const [, packageName, epoch, version, arch] =
    /^([A-Za-z0-9._+-]+)-(?:([0-9]+):)?([^-:]+-[^-:]+)\.([a-z0-9_]+)$/.exec(name) ?? [];
  if (packageName === undefined || arch === undefined) return undefined;
  const qualifiers = new Map([['arch', arch], ...(epoch === undefined ? [] : [['epoch', epoch] as const])]);
  return { purl: { type: 'rpm', namespace: '', name: packageName, version, qualifiers } };
}

function* branches(list: readonly unknown[], depth: number): Generator<v.InferOutput<typeof branch>> {
  if (depth > maxDepth) throw invalidVex(`branches are nested more than ${maxDepth} deep`);
  for (const item of list) {
    const parsed = v.safeParse(branch, item);
    if (!parsed.success) throw invalidVex(`a branch: ${parsed.issues[0].message}`);
    yield parsed.output;
    yield* branches(parsed.output.branches ?? [], depth + 1);
  }
}

/** The names of a vulnerability: its CVE first. */
export function csafNames({ cve, ids: others = [] }: CsafVulnerability): readonly string[] {
  return [...(cve === undefined ? [] : [cve]), ...others.map(({ text }) => text)];
}

const statuses: Readonly<Record<string, VexStatement['status']>> = {
  known_not_affected: 'not_affected',
  fixed: 'fixed',
  first_fixed: 'fixed',
  recommended: 'fixed',
  known_affected: 'affected',
  first_affected: 'affected',
  last_affected: 'affected',
  under_investigation: 'under_investigation',
};

/** Every product with a status of a vulnerability, and why where it says why (flags, and threats of kind impact). */
export function* csafStatuses(
  vulnerability: CsafVulnerability,
  components: ReadonlyMap<string, CsafComponent>,
): Generator<{
  /** The name of the list it stands in: `first_fixed`. */
  readonly group: string;
  readonly status: VexStatement['status'];
  readonly component: CsafComponent;
  readonly reason: string;
}> {
  const { flags = [], threats = [] } = vulnerability;
  const reasons = new Map<string, string[]>();
  const because = (list: readonly string[] | undefined, why: string) => {
    for (const id of list ?? []) reasons.set(id, [...(reasons.get(id) ?? []), why]);
  };
  for (const { product_ids: list, label } of flags) because(list, label);
  for (const { product_ids: list, category, details } of threats)
    if (category === 'impact') because(list, details);
  for (const [group, list] of Object.entries(vulnerability.product_status ?? {})) {
    const status = Object.hasOwn(statuses, group) ? statuses[group] : undefined;
    if (status === undefined) continue;
    for (const id of list) {
      const component = components.get(id);
      if (component !== undefined)
        yield { group, status, component, reason: reasons.get(id)?.join(': ') ?? status };
    }
  }
}

/** Its statements, one for each product. */
export function csafStatements(document: Csaf): readonly VexStatement[] {
  const components = csafComponents(document);
  return (document.vulnerabilities ?? []).flatMap((vulnerability) =>
    [...csafStatuses(vulnerability, components)].map(({ component, status, reason }) => ({
      vulnerabilities: csafNames(vulnerability),
      products: [component.purl],
      distro: component.distro,
      insideProduct: component.insideProduct,
      status,
      reason,
    })),
  );
}
