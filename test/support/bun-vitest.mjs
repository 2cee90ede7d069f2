// What Bun's test runner lacks of vitest's, for our unit tests on the runtime of the standalone executable
// (`bun test --preload`). JavaScript: the types of `bun:test` are not installed.
import { describe, expect, test, vi } from 'bun:test';
import { setTimeout as delay } from 'node:timers/promises';

/** Asks again until the expectation holds. */
expect.poll = (read, { timeout = 20_000 } = {}) => {
  const until = Date.now() + timeout;
  const again =
    (path) =>
    async (...args) => {
      for (;;) {
        try {
          const matcher = path.slice(0, -1).reduce((value, name) => value[name], expect(await read()));
          return matcher[path.at(-1)](...args);
        } catch (error) {
          if (Date.now() > until) throw error;
        }
        await delay(20);
      }
    };
  const matchers = (path) => new Proxy(again(path), { get: (_, name) => matchers([...path, name]) });
  return matchers([]);
};

const stubbed = new Map();
vi.stubEnv = (name, value) => {
  if (!stubbed.has(name)) stubbed.set(name, process.env[name]);
  process.env[name] = value;
};
vi.unstubAllEnvs = () => {
  for (const [name, value] of stubbed) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  stubbed.clear();
};

// A row shorter than the parameters is a row with the rest undefined, not a test that waits for a callback.
for (const subject of [test, describe]) {
  const each = subject.each.bind(subject);
  subject.each =
    (rows) =>
    (name, ...rest) => {
      const run = rest.find((argument) => typeof argument === 'function');
      each(rows)(name, (...row) => run(...row), ...rest.filter((argument) => argument !== run));
    };
}
