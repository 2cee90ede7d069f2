import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { admissionErrors, type ManifestSource, reviewManifests } from '@pratique/admission';
import { printable } from '@pratique/errors';
import type { Decision, DecisionLog } from '@pratique/policy';
import { cliErrors } from '../errors.ts';
import { openLog } from '../gate/decision-log.ts';
import { openGate } from '../gate/open-gate.ts';
import { decisionText } from '../gate/print-decision.ts';
import { milliseconds } from '../policy/duration.ts';
import { exit } from '../program/exit.ts';
import { readFile } from '../program/read-file.ts';
import type { Run } from '../program/spec.ts';
import { style } from '../program/style.ts';
import type { Terminal } from '../program/terminal.ts';
import { notaryAccess, openClient } from '../registry/client.ts';
import type { admit } from '../specs/gates.ts';

export const run: Run<typeof admit.flags> = async ({ args, flags, terminal, signal }) => {
  if (args.length === 0 && flags.filename.length === 0) {
    throw cliErrors.error('USAGE', {
      message: 'nothing to decide about',
      expected: 'an IMAGE, or -f FILE',
      found: 'neither',
      remedy: 'pratique admit --help',
    });
  }
  const deadlineMs = milliseconds('timeout', flags.timeout.replace(/^\d+$/, '$&s'));
  const client = openClient(flags, terminal);
  let log: DecisionLog | undefined;
  try {
    const gate = await openGate(flags, client, terminal, notaryAccess(flags, terminal));
    log = openLog(gate.trust, terminal);
    const options = { ...(deadlineMs === undefined ? {} : { deadlineMs }), signal };
    const results: { title: string; source: object; decision: Decision }[] = [];
    for (const image of args) {
      const decision = await gate.checkImage(image, options);
      await log?.log(decision);
      results.push({ title: image, source: { image }, decision });
    }
    const sources = flags.filename.flatMap((name) => readManifests(name, terminal));
    const reviews = await reviewManifests(sources, gate, { ...options, namespace: flags.namespace });
    // A template that came out empty must not pass for one that is allowed.
    if (sources.length > 0 && reviews.length === 0) {
      throw admissionErrors.error('MANIFEST_INVALID', {
        message: `no Kubernetes object is in ${flags.filename.map((name) => printable(name)).join(', ')}`,
        expected: 'at least one',
        found: 'none',
        remedy: 'Check what makes the manifests: an object that is not there cannot be decided about.',
      });
    }
    for (const { decision, ...source } of reviews) {
      const title = `${source.kind} ${source.namespace}/${source.name ?? '(no name)'}  ${source.file}:${source.line}`;
      await log?.log(decision, { request: { operation: 'CREATE', file: source.file, line: source.line } });
      results.push({ title, source, decision });
    }
    if (signal.aborted) return exit.interrupted;
    const denied = results.filter(({ decision }) => !decision.allowed);
    if (flags.output === 'json') {
      terminal.out(
        `${JSON.stringify(
          results.map(({ source, decision }) => ({ ...source, decision })),
          null,
          2,
        )}\n`,
      );
    } else {
      const c = style(terminal.colour.out);
      for (const { title, decision } of results) terminal.out(decisionText(decision, title, c));
      terminal.out(`${results.length - denied.length} allowed, ${denied.length} denied\n`);
    }
    return denied.length === 0 ? exit.ok : exit.denied;
  } finally {
    await log?.close();
    client.close();
  }
};

/** The manifests of `-f`: standard input, a file, or every YAML and JSON file below a directory. */
function readManifests(name: string, terminal: Terminal): ManifestSource[] {
  if (name === '-') return [{ name, text: manifestText(terminal.stdin(), name) }];
  const path = resolve(terminal.cwd, name);
  if (!statSync(path).isDirectory())
    return [{ name, text: manifestText(readFile(name, terminal.cwd), name) }];
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ya?ml|json)$/.test(file))
    .sort();
  if (files.length === 0) {
    throw cliErrors.error('FILE_UNREADABLE', {
      message: `no manifests below ${name}`,
      expected: '*.yaml, *.yml or *.json',
      found: 'none',
    });
  }
  return files
    .map((file) => join(name, file))
    .map((file) => ({ name: file, text: manifestText(readFile(file, terminal.cwd), file) }));
}

function manifestText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw admissionErrors.error('MANIFEST_INVALID', {
      message: `${printable(name)} is not text in UTF-8`,
      expected: 'Kubernetes manifests, YAML or JSON',
      cause,
    });
  }
}
