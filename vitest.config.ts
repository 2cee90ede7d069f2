import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    // One less, as by default, is one on a machine with two processors.
    maxWorkers: '100%',
    // On a busy machine a server may take longer than the default second to see what a client did.
    expect: { poll: { timeout: 20_000 } },
    // Colours and terminals of the machine that runs the tests must not change what they see.
    env: { NO_COLOR: '1' },
  },
});
