/** Identifiers of the SPDX licence list that packages carry most; one that is not here is passed on as the text it is. */
const identifiers: ReadonlySet<string> = new Set(
  `0BSD AFL-2.1 AGPL-3.0-only AGPL-3.0-or-later Apache-1.1 Apache-2.0 Artistic-1.0 Artistic-2.0 BlueOak-1.0.0
  BSD-1-Clause BSD-2-Clause BSD-3-Clause BSD-4-Clause BSL-1.0 bzip2-1.0.6 CC-BY-3.0 CC-BY-4.0 CC0-1.0 CDDL-1.0 CDDL-1.1
  CPL-1.0 curl ECL-2.0 EPL-1.0 EPL-2.0 GFDL-1.2-only GFDL-1.3-only GPL-1.0-only GPL-1.0-or-later GPL-2.0-only
  GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later HPND ICU ISC JSON LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1-only
  LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later Libpng MIT MIT-0 MPL-1.1 MPL-2.0 MS-PL NCSA OFL-1.1 OpenSSL
  PHP-3.01 PostgreSQL PSF-2.0 Python-2.0 Ruby SISSL Unicode-3.0 Unicode-DFS-2016 Unlicense UPL-1.0 Vim W3C WTFPL X11
  Zlib ZPL-2.1 zlib-acknowledgement`.split(/\s+/),
);

/** Whether `text` is an identifier of the SPDX licence list, as far as we know it. */
export function isSpdxIdentifier(text: string): boolean {
  return identifiers.has(text);
}

/** Whether `text` is an expression of known identifiers (SPDX 2.3, annex D, without `WITH`). */
export function isSpdxExpression(text: string): boolean {
  // Terms in brackets, from the inside out, are terms; in the end there must be one chain of them.
  const chain = /^\s*\S+(?:\s+(?:AND|OR)\s+\S+)*\s*$/;
  let rest = text.slice(0, 500);
  for (;;) {
    const inner = /\(([^()]*)\)/.exec(rest);
    const part = inner === null ? rest : inner[1]!;
    const terms = part.split(/\s+/).filter((word) => word !== '' && word !== 'AND' && word !== 'OR');
    if (!chain.test(part) || !terms.every((term) => identifiers.has(term))) return false;
    if (inner === null) return true;
    rest = `${rest.slice(0, inner.index)} MIT ${rest.slice(inner.index + inner[0].length)}`;
  }
}
