import { delimiter, dirname, join, resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { readNamedFile } from '@pratique/storage';
import { readYaml } from '@pratique/yaml';
import * as v from 'valibot';
import { keysErrors } from '../errors.ts';

/** How a kubeconfig says the API server is reached, and as whom. */
export interface ClusterAccess {
  /** Address of the API server, without a slash at the end. */
  readonly url: string;
  readonly token: string | undefined;
  /** Authority of the API server, PEM; undefined: the usual ones. */
  readonly ca: string | undefined;
  readonly clientCertificate: { readonly cert: string; readonly key: string } | undefined;
  readonly serverName: string | undefined;
}

const maxBytes = 1024 * 1024;
const text = v.optional(v.nullable(v.string()));
const cluster = v.object({
  server: v.string(),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'tls-server-name': text,
  'insecure-skip-tls-verify': v.optional(v.nullable(v.boolean())),
});
const user = v.object({
  token: text,
  tokenFile: text,
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  username: text,
  exec: v.optional(v.unknown()),
  'auth-provider': v.optional(v.unknown()),
});
const list = <Schema extends v.GenericSchema>(member: string, schema: Schema) =>
  v.optional(v.nullable(v.array(v.looseObject({ name: v.string(), [member]: v.nullable(schema) }))));
const fileSchema = v.object({
  'current-context': text,
  clusters: list('cluster', cluster),
  users: list('user', user),
  contexts: list('context', v.object({ cluster: v.string(), user: v.optional(v.string()) })),
});

type Entry<Kind extends 'cluster' | 'user' | 'context'> = {
  readonly value: Kind extends 'cluster'
    ? v.InferOutput<typeof cluster>
    : Kind extends 'user'
      ? v.InferOutput<typeof user>
      : { cluster: string; user?: string };
  /** Paths in the entry are relative to where it stands. */
  readonly directory: string;
};

/**
 * The current context of the kubeconfig: the files of KUBECONFIG, of which the first that says something counts, or
 * `~/.kube/config`. Undefined where there is none. Programs (`exec`) are not run, and passwords are not sent.
 *
 * @throws KEY_SERVICE_CONFIG
 */
export function readKubeconfig(environment: NodeJS.ProcessEnv): ClusterAccess | undefined {
  const named = environment['KUBECONFIG'];
  const files = named
    ? named.split(delimiter).filter((path) => path !== '')
    : [join(environment['HOME'] ?? '/', '.kube', 'config')];
  const read = files.flatMap((path) => {
    const bytes = readIfThere(path);
    return bytes === undefined
      ? []
      : [{ path, directory: dirname(resolve(path)), file: parseFile(bytes, path) }];
  });
  if (read.length === 0) {
    if (named) throw invalid(named, 'there is no such file');
    return undefined;
  }
  const where = read.map(({ path }) => path).join(delimiter);
  const find = <Kind extends 'cluster' | 'user' | 'context'>(kind: Kind, name: string): Entry<Kind> => {
    for (const { file, directory } of read) {
      const entry = file[`${kind}s`]?.find((one) => one.name === name);
      if (entry?.[kind] != null) return { value: entry[kind] as Entry<Kind>['value'], directory };
    }
    throw invalid(where, `there is no ${kind} ${printable(name, 80)}`);
  };
  const current = read.map(({ file }) => file['current-context']).find(Boolean);
  if (!current) throw invalid(where, 'there is no current-context');
  const context = find('context', current).value;
  return accessOf(
    find('cluster', context.cluster),
    context.user ? find('user', context.user) : undefined,
    where,
  );
}

function accessOf(
  { value: to, directory }: Entry<'cluster'>,
  as: Entry<'user'> | undefined,
  where: string,
): ClusterAccess {
  if (to['insecure-skip-tls-verify'])
    throw invalid(where, 'insecure-skip-tls-verify: a key is not sent to whoever answers');
  const who = as?.value;
  if (who?.exec != null || who?.['auth-provider'] != null || who?.username) {
    throw invalid(where, 'the user logs in with a program or a password', {
      expected: 'token, tokenFile, or client-certificate and client-key',
      remedy:
        'Make a token: kubectl create token SERVICEACCOUNT; and a kubeconfig with it, named by KUBECONFIG.',
    });
  }
  const value = (file: string | null | undefined, data: string | null | undefined, base: string) =>
    data
      ? Buffer.from(data, 'base64').toString('utf8')
      : file
        ? readNamed(resolve(base, file), where)
        : undefined;
  const cert = value(who?.['client-certificate'], who?.['client-certificate-data'], as?.directory ?? '');
  const key = value(who?.['client-key'], who?.['client-key-data'], as?.directory ?? '');
  const tokenFile = who?.tokenFile
    ? readNamed(resolve(as!.directory, who.tokenFile), where).trim()
    : undefined;
  return {
    url: to.server.replace(/\/+$/, ''),
    token: who?.token || tokenFile,
    ca: value(to['certificate-authority'], to['certificate-authority-data'], directory),
    clientCertificate: cert === undefined || key === undefined ? undefined : { cert, key },
    serverName: to['tls-server-name'] || undefined,
  };
}

function parseFile(bytes: Uint8Array, path: string): v.InferOutput<typeof fileSchema> {
  if (bytes.byteLength > maxBytes) throw invalid(path, `it is larger than ${maxBytes} bytes`);
  let document: unknown;
  try {
    document = readYaml(new TextDecoder().decode(bytes));
  } catch {
    // What the parser says quotes the file, which holds tokens.
    throw invalid(path, 'it is not YAML');
  }
  const parsed = v.safeParse(fileSchema, document);
  if (parsed.success) return parsed.output;
  throw invalid(
    path,
    `${printable(v.getDotPath(parsed.issues[0]) ?? 'it')} does not have the form it should`,
  );
}

const maxFileBytes = 4 * 1024 * 1024;

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readNamedFile(path, maxFileBytes);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw invalid(path, 'it cannot be read', { cause });
  }
}

function readNamed(path: string, where: string): string {
  try {
    return new TextDecoder().decode(readNamedFile(path, maxFileBytes));
  } catch (cause) {
    throw invalid(where, `the file ${printable(path)} that it names cannot be read`, { cause });
  }
}

function invalid(
  where: string,
  problem: string,
  more: { readonly expected?: string; readonly remedy?: string; readonly cause?: unknown } = {},
) {
  return keysErrors.error('KEY_SERVICE_CONFIG', {
    message: `the kubeconfig ${printable(where)} cannot be used: ${problem}`,
    ...more,
  });
}
