#!/usr/bin/env node
// The `pratique` command on any Node >= 18: runs in this process where it can, else under a Node that can.
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const main = new URL('../src/main.ts', import.meta.url);
if (Number(process.versions.node.split('.')[0]) >= 24) {
  nodeModule.enableCompileCache?.();
  await import(main.href);
} else {
  const { runNode } = await import('./node24.mjs');
  try {
    process.exitCode = await runNode([fileURLToPath(new URL(import.meta.url)), ...process.argv.slice(2)]);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
