/** Images on the disk that are looked through. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { buildImage, buildLayer, layerFromTar, openLayout, pushImage } from '../../packages/oci/src/index.ts';
import { bookwormBase, serverPackages } from '../../test/support/bases.ts';

const platform = { os: 'linux', architecture: 'amd64' };

export async function emptyLayout(path: string): Promise<string> {
  const layer = await buildLayer([{ type: 'directory', path: 'etc' }], { compression: 'gzip' });
  await pushImage(buildImage({ layers: [layer], platform }), await openLayout(path, { create: true }), {
    tag: 'v1',
  });
  return path;
}

/** Debian 12 as one gzip layer, and `copies` of it below /opt as a layer each. */
export async function baseLayout(copies: number): Promise<string> {
  const base = await bookwormBase();
  return await layoutOf(`bench-${copies}`, (shell, staging) => {
    const files = ['0.tar.gz'];
    shell(`gzip -nc '${base}' > 0.tar.gz`);
    if (copies > 0) {
      mkdirSync(join(staging, 'root'));
      shell(`tar -xf '${base}' -C root --exclude='./dev/*'`);
    }
    for (let at = 1; at <= copies; at++) {
      shell(`tar -cf - --transform 's,^\\.,opt/${at},S' -C root . | gzip -n > ${at}.tar.gz`);
      files.push(`${at}.tar.gz`);
    }
    return files;
  });
}

/** Debian 12 with many servers as one gzip layer. */
export async function serversLayout(): Promise<string> {
  const base = await bookwormBase(serverPackages);
  return await layoutOf('bench-servers', (shell) => {
    shell(`gzip -nc '${base}' > 0.tar.gz`);
    return ['0.tar.gz'];
  });
}

/** A layout of the layers that `make` writes; made once and kept. */
async function layoutOf(
  name: string,
  make: (shell: (script: string) => void, staging: string) => readonly string[],
): Promise<string> {
  const path = join(cacheDirectory(), 'bases', name);
  if (existsSync(path)) return path;
  const staging = mkdtempSync(`${path}.`);
  const shell = (script: string) => {
    const result = spawnSync('sh', ['-ec', script], { cwd: staging, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`${script}: ${result.stderr}`);
  };
  try {
    const files = make(shell, staging);
    const layers = await Promise.all(files.map((file) => layerFromTar({ file: join(staging, file) })));
    const layout = join(staging, 'layout');
    await pushImage(buildImage({ layers, platform }), await openLayout(layout, { create: true }), {
      tag: 'v1',
    });
    renameSync(layout, path);
    return path;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
