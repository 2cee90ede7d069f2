/** People log in on the pages of our issuer, from the real cosign and from pratique: in a browser, and on another device. */
import { match, notEqual } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context, Scenario } from '../support/context.ts';
import { alice, bob, identity, initialize, startSigstore } from '../support/private-sigstore.ts';
import { run } from '../support/process.ts';

const browser = fileURLToPath(new URL('../support/login-page.mjs', import.meta.url));

export async function scenarios(context: Context): Promise<Scenario[]> {
  const sigstore = await startSigstore(context, join(context.scratch(), 'sigstore'));
  const cosign2 = { ...sigstore, env: { TUF_ROOT: join(context.scratch(), 'tuf') } };
  await initialize(context, sigstore);
  await initialize(context, cosign2, 'cosign2');
  const people = JSON.parse(readFileSync(join(sigstore.directory, 'people.json'), 'utf8')) as Record<
    string,
    string
  >;
  const person = (secret = people[alice]!) => ({ LOGIN_EMAIL: alice, LOGIN_SECRET: secret });

  /** A directory for PATH with a browser that somebody with our secret uses; cosign waits for the command to end. */
  const bin = context.scratch();
  const opener = join(bin, 'xdg-open');
  writeFileSync(opener, `#!/bin/sh\n'${process.execPath}' '${browser}' "$@" </dev/null >/dev/null 2>&1 &\n`);
  chmodSync(opener, 0o755);
  const path = `${bin}${delimiter}${process.env['PATH']}`;

  const services = ['--signing-config', sigstore.signingConfig, '--trusted-root', sigstore.trustedRoot];
  const programs = [
    { name: 'cosign', env: sigstore.env, flags: [], verify: [] },
    {
      name: 'cosign2',
      env: cosign2.env,
      flags: [
        ...['--fulcio-url', sigstore.url, '--rekor-url', sigstore.url],
        ...['--oidc-issuer', `${sigstore.url}/oidc`, '--new-bundle-format'],
      ],
      verify: ['--new-bundle-format'],
    },
    { name: 'pratique', env: {}, flags: services, verify: ['--trusted-root', sigstore.trustedRoot] },
  ] as const;

  return [
    ...programs.flatMap(({ name, env, flags, verify }): Scenario[] => {
      const prepare = () => {
        const file = join(context.scratch(), 'artifact');
        writeFileSync(file, randomBytes(64));
        const bundle = ['--bundle', `${file}.json`];
        const sign = (flow: string) => [
          'sign-blob',
          '-y',
          ...bundle,
          ...flags,
          '--fulcio-auth-flow',
          flow,
          file,
        ];
        const accepts = async () => {
          const check = (email: string) => [
            'verify-blob',
            ...bundle,
            ...verify,
            ...identity(sigstore, email),
            file,
          ];
          await context.ok(name, check(alice), { env });
          notEqual((await context.run(name, check(bob), { env })).code, 0);
        };
        return { sign, accepts };
      };
      return [
        {
          name: `${name}: somebody logs in with the browser and signs as who they are`,
          run: async () => {
            const { sign, accepts } = prepare();
            await context.ok(name, sign('normal'), { env: { ...env, ...person(), PATH: path } });
            await accepts();
          },
        },
        {
          name: `${name}: somebody logs in on another device and signs as who they are`,
          run: async () => {
            const { sign, accepts } = prepare();
            let device: ReturnType<typeof run> | undefined;
            await context.ok(name, sign('device'), {
              env,
              onOutput: (text) => {
                const [, code] = /verification code (\S+) in your browser/.exec(text) ?? [];
                if (code === undefined) return;
                const page = `${sigstore.url}/oidc/device?user_code=${code}`;
                device ??= run(process.execPath, [browser, page], { env: person() });
              },
            });
            match((await device)?.stdout ?? 'nobody logged in', /Logged in/);
            await accepts();
          },
        },
      ];
    }),
    {
      name: 'whoever types a wrong secret gets no code, and the program that waits no token',
      run: async () => {
        const page = await run(
          process.execPath,
          [browser, `${sigstore.url}/oidc/device?user_code=AAAA-AAAA`],
          { env: person('wrong') },
        );
        notEqual(page.code, 0);
        match(page.stdout, /The address or the secret is wrong/);
        const [file, bundle] = [join(context.scratch(), 'artifact'), join(context.scratch(), 'bundle')];
        writeFileSync(file, 'artifact');
        const flow = ['--fulcio-auth-flow', 'normal', '--timeout', '8s'];
        const args = ['sign-blob', '-y', '--bundle', bundle, ...services, ...flow, file];
        const result = await context.run('pratique', args, { env: { ...person('wrong'), PATH: path } });
        notEqual(result.code, 0, 'signed by nobody');
      },
    },
    { name: 'stops when told to', run: () => sigstore.server.stop() },
  ];
}
