import fc from 'fast-check';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { parametersOf, parametersSchema } from '../trust/parameters.ts';
import { readPackages } from './packages.ts';

const rules = (deny: object[], allow: object[] = [], exceptions: object[] = []) =>
  parametersOf(v.parse(parametersSchema, { packages: { deny, allow }, exceptions }));

const bom = {
  bomFormat: 'CycloneDX',
  components: [
    {
      name: 'libssl3',
      purl: 'pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&upstream=openssl&distro=debian-12',
      licenses: [{ expression: 'Apache-2.0 AND (MIT OR GPL-3.0-only WITH GCC-exception-3.1)' }],
      supplier: { name: 'Debian OpenSSL Team' },
    },
    { name: 'left-pad', purl: 'pkg:npm/left-pad@1.10.0' },
  ],
};

/** Names of the packages that the rule selects. */
function selected(rule: object): string[] {
  const { packages } = readPackages(bom, rules([rule]));
  return packages!.filter((one) => one.rules.includes('deny[0]')).map(({ name }) => name);
}

test.each<[object, string[]]>([
  [{ name: 'libssl3' }, ['libssl3']],
  [{ name: 'openssl' }, ['libssl3']],
  [{ name: 'lib*' }, ['libssl3']],
  [{ name: 'ssl' }, []],
  [{ type: 'npm' }, ['left-pad']],
  [{ name: '*' }, ['libssl3', 'left-pad']],
  [{ purl: 'pkg:npm/*@1.*' }, ['left-pad']],
  [{ type: 'deb', version: '<3.0.11-1' }, ['libssl3']],
  [{ type: 'deb', version: '<3.0.11-1~deb12u1' }, []],
  [{ type: 'npm', version: '>=1.9.0, <2' }, ['left-pad']],
  [{ type: 'npm', version: '>1.10.0' }, []],
  [{ type: 'npm', version: '>=1.10.0' }, ['left-pad']],
  [{ type: 'npm', version: '<=1.10.0' }, ['left-pad']],
  [{ type: 'npm', version: '1.10.0' }, ['left-pad']],
  [{ type: 'npm', version: '=1.1' }, []],
  [{ license: 'GPL-*' }, ['libssl3']],
  [{ license: 'MIT' }, ['libssl3']],
  [{ license: 'AND' }, []],
  [{ license: 'BSD-*' }, []],
  [{ supplier: 'Debian*' }, ['libssl3']],
  [{ supplier: '*', name: 'left-pad' }, []],
  [{ name: 'libssl3', type: 'npm' }, []],
])('%o selects %o', (rule, names) => expect(selected(rule)).toEqual(names));

/** Names of the packages of which it is not known whether the rule selects them. */
function undecided(rule: object): string[] {
  const { packages } = readPackages(
    {
      ...bom,
      components: [
        ...bom.components,
        { name: 'telnetd' },
        { name: 'vendored', version: '3', licenses: [{ license: { id: 'MIT' } }] },
        { name: 'curl', purl: 'pkg:generic/curl@8.1?download_url=x' },
        { name: 'plain', purl: 'pkg:npm/plain' },
        {
          name: 'app/package-lock.json',
          type: 'application',
          properties: [{ name: 'aquasecurity:trivy:Class' }],
        },
      ],
    },
    rules([rule]),
  );
  return packages!.filter((one) => one.undecided.includes('deny[0]')).map(({ name }) => name);
}

test.each<[object, string[]]>([
  [{ name: 'telnet*' }, []],
  [{ license: 'AGPL-*' }, ['left-pad', 'telnetd', 'curl', 'plain']],
  [{ license: 'AGPL-*', type: 'npm' }, ['left-pad', 'telnetd', 'plain']],
  [{ supplier: 'Evil*', type: 'deb' }, ['telnetd', 'vendored']],
  [{ type: 'npm', version: '<2' }, ['telnetd', 'vendored', 'plain']],
  [{ type: 'generic', version: '<9' }, ['telnetd', 'vendored', 'curl']],
  [{ name: 'telnetd', version: '<2' }, ['telnetd']],
  [{ purl: 'pkg:npm/*' }, ['telnetd', 'vendored']],
])('%o leaves open %o', (rule, names) => expect(undecided(rule)).toEqual(names));

test('a component without a package URL is selected by what is known of it', () => {
  const components = [{ name: 'telnetd' }, ...bom.components];
  const { packages } = readPackages({ ...bom, components }, rules([{ name: 'telnet*' }], [{ name: 'a' }]));
  expect(packages).toContainEqual({
    type: null,
    name: 'telnetd',
    version: null,
    purl: null,
    licenses: [],
    supplier: null,
    rules: ['deny[0]'],
    undecided: [],
  });
});

test('exceptions about packages, and not those about a finding in one', () => {
  const date = { reason: 'r', owner: 'o', expires: '2026-01-01' };
  const { packages } = readPackages(
    bom,
    rules(
      [],
      [],
      [
        { ...date, package: 'left-*' },
        { ...date, package: 'left-*', vulnerability: 'CVE-1' },
      ],
    ),
  );
  expect(packages!.map((one) => one.rules)).toEqual([[], ['exceptions[0]']]);
});

test.each<[string, unknown]>([
  ['nothing', null],
  ['text, as cosign stores SPDX in tag-value form', { Data: 'SPDXVersion: SPDX-2.3' }],
  ['another document', { packages: [] }],
  ['packages without package URLs', { bomFormat: 'CycloneDX', components: [{ name: 'a' }] }],
  ['a component that is none', { bomFormat: 'CycloneDX', components: [7] }],
])('%s has a problem, and not no packages', (_, document) => {
  const read = readPackages(document, rules([]));
  expect(read.packages).toBeNull();
  expect(read.problem).toMatch(/./);
});

test('an empty bill of materials is one', () => {
  expect(readPackages({ bomFormat: 'CycloneDX', components: [] }, rules([]))).toEqual({
    packages: [],
    problem: null,
  });
});

test('whatever the document is, there is an answer', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const document = {
        bomFormat: 'CycloneDX',
        components: [{ name: 'a', purl: 'pkg:npm/a@1', licenses: value }],
      };
      const { packages, problem } = readPackages(document, rules([{ license: '*' }]));
      expect((packages === null) !== (problem === null)).toBe(true);
    }),
  );
});
