import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';

test('whatever whoever built the image wrote into its configuration, the facts have their types', () => {
  const names = fc.constantFrom(
    'config',
    'User',
    'Env',
    'Labels',
    'Entrypoint',
    'os',
    'architecture',
    '__proto__',
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      fc.jsonValue(),
      fc.dictionary(names, tie('value') as fc.Arbitrary<unknown>, { noNullPrototype: false }),
    ),
  }));
  fc.assert(
    fc.property(value, (document) => {
      const { config, platforms } = parseConfig(JSON.parse(JSON.stringify(document)));
      expect(typeof config?.user).toBe('string');
      for (const list of [config?.entrypoint, config?.cmd, config?.env, platforms]) {
        expect(list?.every((item) => typeof item === 'string')).toBe(true);
      }
      expect(Object.values(config?.labels ?? {}).every((label) => typeof label === 'string')).toBe(true);
    }),
  );
});

test('an image that does not say who it runs as runs as root, and the facts say nothing else', () => {
  expect(parseConfig({}).config?.user).toBe('');
  expect(parseConfig({ config: { User: 0 } }).config?.user).toBe('');
});
