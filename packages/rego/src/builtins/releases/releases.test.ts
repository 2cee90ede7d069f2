import { expect, test } from 'vitest';
import { capabilities } from '../capabilities.ts';
import { ADDED, CHANGED } from './history.ts';
import { RELEASES, releaseCapabilities } from './releases.ts';

interface Shape {
  readonly builtins: readonly { readonly name: string }[];
  readonly future_keywords?: readonly string[];
  readonly features?: readonly string[];
}

const of = (release: string): Shape => releaseCapabilities(release) as unknown as Shape;
const namesOf = ({ builtins }: Shape): string[] => builtins.map(({ name }) => name);

test('the history names known releases only, so that no function is left out by a misspelling', () => {
  const named = [
    ...Object.keys(ADDED),
    ...[...CHANGED.matchAll(/^(v\S+) (v\S+) /gm)].flatMap(([, first, last]) => [first, last]),
  ];
  expect(named.filter((release) => !RELEASES.includes(release as string))).toEqual([]);
  expect(new Set(RELEASES).size).toBe(RELEASES.length);
});

test('a release has every function once, and only what came with it or before', () => {
  for (const release of RELEASES) {
    const names = namesOf(of(release));
    expect(names).toEqual([...new Set(names)].sort());
  }
  expect(namesOf(of('v0.35.0'))).not.toContain('array.reverse');
  expect(namesOf(of('v0.36.0'))).toContain('array.reverse');
  expect([of('v0.33.1').future_keywords, of('v0.34.0').future_keywords]).toEqual([undefined, ['in']]);
  expect([of('v0.70.0').features, of('v1.0.0').features].map((list) => list?.includes('rego_v1'))).toEqual([
    false,
    true,
  ]);
});

test('the last release has what is here', () => {
  const last = of(RELEASES.at(-1)!);
  const here = capabilities() as unknown as Shape;
  expect(namesOf(last).filter((name) => name !== 'internal.test_case')).toEqual(namesOf(here));
  expect([last.features, last.future_keywords]).toEqual([here.features, here.future_keywords]);
  expect(releaseCapabilities('v1.20.99')).toBeUndefined();
});
