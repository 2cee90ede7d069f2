import { describe, test } from 'vitest';
import { casePolicies, caseTrust, engineCases } from '../testing/engine-cases.ts';
import { createRegoEngine } from './rego.ts';

describe('embedded', () => {
  const engine = createRegoEngine({ trust: caseTrust, policies: casePolicies });
  test.each(engineCases({ strictBuiltins: true }))('$name', ({ run }) => run(engine));
});
