/** Parses and compiles the policy of a file, once, and prints the milliseconds that took. */
import { readFileSync } from 'node:fs';
import { compile } from '@pratique/rego';

const text = readFileSync(process.argv[2]!, 'utf8');
const started = performance.now();
compile({ modules: { 'long.rego': text }, data: {} }).rule('data.bench.deny');
process.stdout.write(String(performance.now() - started));
