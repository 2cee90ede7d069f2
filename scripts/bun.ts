/** Brings Bun, which compiles the standalone executable and is its runtime, into the cache with its first use. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDirectory } from '../packages/cli/bin/node24.mjs';
import { withLock } from '../test/tools/lock.ts';
import { unpackNpmTool } from '../test/tools/npm.ts';

const version = '1.4.5';

/** The npm packages that carry it, and their integrity. */
const packages: Readonly<Record<string, readonly [name: string, integrity: string]>> = {
  'linux-x64': [
    '@oven/bun-linux-x64',
    'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
  ],
  'linux-arm64': [
    '@oven/bun-linux-aarch64',
    'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
  ],
  'darwin-x64': [
    '@oven/bun-darwin-x64',
    'sha512-qkLPMGHZM9NI6CeHTWwVezzmlo6cC4Ta7yUAjYIWXS366qQcOlcp75t2uZyiuVRBMPS0h9qE0tCcvCHGaFqjJg==',
  ],
  'darwin-arm64': [
    '@oven/bun-darwin-aarch64',
    'sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==',
  ],
};

/** Path of the `bun` for this machine. @throws where there is none for it */
export async function findBun(): Promise<string> {
  const machine = `${process.platform}-${process.arch}`;
  const found = packages[machine];
  if (found === undefined)
    throw new Error(`No executable can be built on ${machine}. Use the package: npm run build`);
  const [name, integrity] = found;
  const home = join(cacheDirectory(), `bun-${version}-${machine}`);
  const program = join(home, 'bin', 'bun');
  mkdirSync(dirname(home), { recursive: true });
  if (!existsSync(program)) {
    await withLock(`${home}.lock`, async () => {
      if (!existsSync(program))
        unpackNpmTool(home, 'bun', { package: name, version, integrity, path: 'bin/bun' });
    });
  }
  return program;
}
