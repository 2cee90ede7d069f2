import { printable } from '@pratique/errors';
import { type Catalog, type Distro, endOfLife, toCyclonedxSbom, toSpdxSbom } from '@pratique/inspect';
import { sourceDateEpoch } from '@pratique/oci';
import { readCatalog } from '../inspect/read-catalog.ts';
import type { Run } from '../program/spec.ts';
import { withProgress } from '../program/steps.ts';
import { style, table } from '../program/style.ts';
import type { Terminal } from '../program/terminal.ts';
import { programVersion } from '../program/version.ts';
import type { sbom } from '../specs/inspect.ts';

export const run: Run<typeof sbom.flags> = async ({ args, flags, terminal, signal }) => {
  const { name, image, catalog } = await withProgress(terminal, (steps) =>
    readCatalog(args[0]!, flags, terminal, steps, signal),
  );
  if (flags.output === 'table') {
    terminal.out(packageTable(catalog, name, terminal));
    return 0;
  }
  const input = {
    catalog,
    subject: { name, digest: image?.descriptor.digest },
    created: creationTime(terminal),
    version: programVersion(),
  };
  const document =
    flags.output === 'spdx-json'
      ? toSpdxSbom(input)
      : toCyclonedxSbom(input, flags.output === 'cyclonedx-json@1.7' ? '1.7' : '1.6');
  terminal.out(`${JSON.stringify(document, null, 2)}\n`);
  return 0;
};

/** Now, or `SOURCE_DATE_EPOCH`: then the same image gives the same bytes. */
function creationTime({ env }: Terminal): Date {
  return env['SOURCE_DATE_EPOCH'] ? new Date(sourceDateEpoch(env) * 1000) : new Date();
}

function packageTable({ packages, distro }: Catalog, name: string, terminal: Terminal): string {
  const c = style(terminal.colour.out);
  const rows = packages.map((one) => [
    one.type,
    printable(one.name),
    printable(one.version),
    printable(one.licenses.join(', '), 40) || '-',
    printable(one.location.path),
  ]);
  const system = distro === undefined ? '' : ` (${releaseText(distro)})`;
  const summary = `${c.bold(printable(name))}${system}: ${packages.length} packages\n`;
  return rows.length === 0
    ? summary
    : `${table([['TYPE', 'NAME', 'VERSION', 'LICENCES', 'PATH'], ...rows])}\n\n${summary}`;
}

function releaseText(distro: Distro): string {
  const lastDay = endOfLife(distro);
  return `${printable(distro.prettyName ?? distro.id)}${lastDay === undefined ? '' : `, security updates until ${lastDay}`}`;
}
