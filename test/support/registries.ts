/** Fresh registries on loopback, each in its own process with an empty directory. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pratique } from './pratique.ts';
import { startServer } from './process.ts';

export interface TestRegistry {
  readonly name: 'pratique' | 'docker-registry';
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Where it keeps its data. */
  readonly directory: string;
  stop(): Promise<void>;
}

/** An image on a registry. */
export interface TestImage {
  readonly registry: TestRegistry;
  readonly repository: string;
  readonly digest: string;
  /** `127.0.0.1:PORT/repository:v1` */
  readonly tagged: string;
  /** `127.0.0.1:PORT/repository@sha256:…` */
  readonly pinned: string;
}

/** Our registry, started as a user starts it, with `flags` of `pratique registry serve`. */
export async function startOurRegistry(
  directory: string,
  flags: readonly string[] = [],
): Promise<TestRegistry> {
  mkdirSync(directory, { recursive: true });
  const [command, ...prefix] = pratique;
  const server = await startServer(
    command,
    [...prefix, 'registry', 'serve', '--listen', '127.0.0.1:0', '--data', directory, ...flags, '-o', 'json'],
    /"ready":\s*true.*?https?:\/\/(127\.0\.0\.1:\d+)/s,
  );
  return { name: 'pratique', host: server.match[1]!, directory, stop: server.stop };
}

/**
 * Docker's registry, which has no referrers API: clients fall back to the tag schema on it. `more` goes to the top of
 * its configuration.
 */
export async function startDockerRegistry(
  program: string,
  directory: string,
  more: object = {},
): Promise<TestRegistry> {
  mkdirSync(join(directory, 'data'), { recursive: true });
  const config = join(directory, 'config.json');
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'info', accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: join(directory, 'data') },
        delete: { enabled: true },
        maintenance: { uploadpurging: { enabled: false } },
      },
      http: { addr: '127.0.0.1:0' },
      ...more,
    }),
  );
  const server = await startServer(program, ['serve', config], /listening on (127\.0\.0\.1:\d+)/);
  return { name: 'docker-registry', host: server.match[1]!, directory, stop: server.stop };
}
