import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { PratiqueError } from '@pratique/errors';
import { loadTrust } from '@pratique/policy';
import { trustOptions } from '../gate/trust-options.ts';
import { configFiles, settings } from '../program/config.ts';
import { exit } from '../program/exit.ts';
import { readText } from '../program/read-file.ts';
import type { Run } from '../program/spec.ts';
import { style, table } from '../program/style.ts';
import type { Terminal } from '../program/terminal.ts';
import { commands } from '../specs/index.ts';
import type { doctor } from '../specs/tools.ts';

/** One thing that was looked at. `warning` does not make the command fail. */
interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'warning' | 'wrong';
  readonly detail: string;
  readonly remedy?: string;
}

export const run: Run<typeof doctor.flags> = async ({ flags, terminal }) => {
  const findings = [
    runtime(),
    await configuration(terminal),
    await trust(terminal),
    ...credentials(terminal),
    proxies(terminal),
    password(terminal),
  ];
  if (flags.output === 'json') {
    terminal.out(`${JSON.stringify({ schemaVersion: 1, findings }, null, 2)}\n`);
  } else {
    const c = style(terminal.colour.out);
    const paint = { ok: c.green, warning: c.yellow, wrong: c.red };
    terminal.out(
      `${table(findings.map(({ what, state, detail }) => [paint[state](state), what, detail]))}\n`,
    );
    for (const { what, remedy } of findings) if (remedy) terminal.out(`\n${what}: try ${remedy}\n`);
  }
  return findings.some(({ state }) => state === 'wrong') ? exit.operational : exit.ok;
};

function runtime(): Finding {
  const { bun, node, openssl } = process.versions;
  return {
    what: bun === undefined ? 'Node' : 'Bun',
    state: 'ok',
    detail: `${bun ?? node} on ${process.platform}/${process.arch}, ${bun === undefined ? `OpenSSL ${openssl}` : 'BoringSSL'}`,
  };
}

async function configuration(terminal: Terminal): Promise<Finding> {
  const files = configFiles(terminal);
  try {
    for (const command of commands) await settings(command, {}, terminal, commands);
    return {
      what: 'configuration',
      state: 'ok',
      detail: files.join(', ') || 'no pratique.yaml here or above',
    };
  } catch (error) {
    return wrong('configuration', error);
  }
}

async function trust(terminal: Terminal): Promise<Finding> {
  const admit = commands.find(({ name }) => name === 'admit')!;
  let file: unknown;
  try {
    file = (await settings(admit, {}, terminal, commands))['trust']?.value;
  } catch (error) {
    return wrong('trust', error);
  }
  if (typeof file !== 'string')
    return {
      what: 'trust',
      state: 'ok',
      detail: 'no trust configuration named in pratique.yaml or $PRATIQUE_TRUST',
    };
  try {
    const { authorities, images } = await loadTrust(file, trustOptions(terminal));
    return {
      what: 'trust',
      state: 'ok',
      detail: `${file}: ${authorities.size} authorities, ${images.length} image entries`,
    };
  } catch (error) {
    return wrong('trust', error);
  }
}

/** The Docker configuration can be read, and the credential helpers it names can be run. */
function credentials(terminal: Terminal): Finding[] {
  const { env } = terminal;
  const file =
    env['REGISTRY_AUTH_FILE'] ??
    join(env['DOCKER_CONFIG'] ?? join(env['HOME'] ?? homedir(), '.docker'), 'config.json');
  if (!existsSync(file))
    return [
      {
        what: 'credentials',
        state: 'ok',
        detail: `none (${file} does not exist); registries are asked anonymously`,
      },
    ];
  let content: { auths?: object; credsStore?: string; credHelpers?: Record<string, string> };
  try {
    content = JSON.parse(readText(file, terminal.cwd)) as typeof content;
  } catch {
    return [
      {
        what: 'credentials',
        state: 'wrong',
        detail: `${file} is not JSON`,
        remedy: 'docker login HOST, which writes it anew',
      },
    ];
  }
  const helpers = new Set(
    [content.credsStore, ...Object.values(content.credHelpers ?? {})].filter(
      (name) => typeof name === 'string' && name !== '',
    ),
  );
  const found: Finding[] = [
    {
      what: 'credentials',
      state: 'ok',
      detail: `${file}: ${Object.keys(content.auths ?? {}).length} registries`,
    },
  ];
  for (const helper of helpers) {
    const program = `docker-credential-${helper}`;
    if (onPath(program, env)) found.push({ what: 'credential helper', state: 'ok', detail: program });
    else
      found.push({
        what: 'credential helper',
        state: 'wrong',
        detail: `${program} is not on PATH`,
        remedy: `installing ${program}, or taking it out of ${file}`,
      });
  }
  return found;
}

function proxies({ env }: Terminal): Finding {
  const set = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy'].filter(
    (name) => env[name],
  );
  return { what: 'proxy', state: 'ok', detail: set.length === 0 ? 'none' : `by ${set.join(', ')}` };
}

function password({ env }: Terminal): Finding {
  if (env['COSIGN_PASSWORD'] === undefined && env['CI']) {
    return {
      what: 'COSIGN_PASSWORD',
      state: 'warning',
      detail: 'not set; in CI nobody can be asked for the password of a private key',
    };
  }
  return {
    what: 'COSIGN_PASSWORD',
    state: 'ok',
    detail: env['COSIGN_PASSWORD'] === undefined ? 'not set; asked for on a terminal' : 'set',
  };
}

function onPath(program: string, env: Terminal['env']): boolean {
  return (env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return directory !== '';
    } catch {
      return false;
    }
  });
}

function wrong(what: string, error: unknown): Finding {
  if (!(error instanceof PratiqueError)) throw error;
  return { what, state: 'wrong', detail: error.message, remedy: error.remedy };
}
