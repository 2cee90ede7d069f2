import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PratiqueError } from '@pratique/errors';
import { exactly, parseTrustedRoot, signBlob, verifyBundle } from '@pratique/sigstore';
import { keylessSigner, openServices, parseIdentityToken, type Services } from '@pratique/sigstore-client';
import { startSigstoreServer } from '@pratique/sigstore-server';
import { damageBytes, damageDer } from './damage-bytes.ts';
import { damageJson } from './damage-json.ts';
import { Random } from './random.ts';

const alice = 'alice@example.test';

/** What signing may end with, where a service does not do what it should. */
const faults = new Set([
  'CERTIFICATE_UNUSABLE',
  'IDENTITY_TOKEN_REFUSED',
  'SIGNATURE_NOT_VERIFIABLE',
  'SIGNING_SERVICE_ANSWER',
  'SIGNING_SERVICE_REFUSED',
]);

type Answer = Awaited<ReturnType<Services['send']>>;

export interface ServicesTally {
  rounds: number;
  /** Signed, as the damage was where nobody looks. */
  signed: number;
  refused: number;
}

/** The answer with its status or one thing in its body made wrong, or one that was given before. */
function damaged(answer: Answer, before: readonly Answer[], random: Random): Answer {
  const choice = random.below(10);
  if (choice === 0)
    return { ...answer, status: random.pick([200, 201, 202, 204, 302, 400, 401, 409, 418, 500]) };
  if (choice <= 2 && before.length > 0) return random.pick(before);
  let body: Uint8Array;
  try {
    body = Buffer.from(damageJson(JSON.parse(new TextDecoder().decode(answer.body)), random));
  } catch {
    body = random.chance(0.8) ? damageDer(answer.body, random) : damageBytes(answer.body, random);
  }
  return { ...answer, body };
}

/**
 * Signs files without a key, with a certificate authority, a log or a timestamp authority that answers wrongly, until
 * `enough` says so: what is signed verifies, and anything else is a fault that names the service.
 *
 * @throws Error with the seed of the round that broke this
 */
export async function fuzzServices(
  seed: number,
  enough: (tally: ServicesTally) => boolean,
): Promise<ServicesTally> {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-fuzz-services-'));
  const sigstore = await startSigstoreServer({ listen: '127.0.0.1:0', directory, people: [alice] });
  const honest = openServices({});
  const random = new Random(seed);
  const tally: ServicesTally = { rounds: 0, signed: 0, refused: 0 };
  try {
    const root = parseTrustedRoot(readFileSync(sigstore.trustedRootFile));
    const identity = { name: alice, subject: exactly(alice), issuer: exactly(sigstore.issuer) };
    const trust = { ...root, keys: [], identities: [identity], thresholds: { timestamps: 1 } };
    const before = new Map<string, Answer[]>();
    while (!enough(tally)) {
      const victim = random.pick(['/api/v2/signingCert', '/log/entries', '/api/v1/timestamp']);
      const shown: string[] = [];
      const services: Services = {
        close: () => {},
        async send(request) {
          const answer = await honest.send(request);
          const { pathname } = request.url;
          if (!pathname.endsWith(victim)) return answer;
          const known = before.get(pathname) ?? [];
          before.set(pathname, [answer, ...known].slice(0, 5));
          const given = damaged(answer, known, random);
          shown.push(
            `${pathname} ${given.status} ${Buffer.from(given.body).toString('latin1').slice(0, 3000)}`,
          );
          return given;
        },
      };
      const signer = keylessSigner(services, {
        token: async () => parseIdentityToken(await sigstore.issueToken(alice)),
        fulcio: sigstore.url,
        witnesses: {
          logs: [{ url: sigstore.url, version: random.pick([1, 2]) }],
          timestampAuthorities: [`${sigstore.url}/api/v1/timestamp`],
        },
        root,
      });
      const bytes = random.bytes(20);
      const outcome = await signBlob(bytes, signer).catch((error: unknown) => error);
      const problem = problemOf(outcome, bytes);
      if (problem !== undefined)
        throw new Error(`seed ${seed}, round ${tally.rounds}: ${problem}\n\n${shown.join('\n')}`, {
          cause: outcome,
        });
      tally.rounds++;
      if (outcome instanceof Error) tally.refused++;
      else tally.signed++;
    }

    function problemOf(outcome: unknown, bytes: Uint8Array): string | undefined {
      if (outcome instanceof PratiqueError)
        return faults.has(outcome.code) ? undefined : `it ended with ${outcome.code}: ${outcome.message}`;
      if (outcome instanceof Error) return `it ended with ${outcome.stack ?? outcome.message}`;
      const { bundle } = outcome as { readonly bundle: Uint8Array };
      const result = verifyBundle(bundle, { bytes }, trust, new Date());
      return result.ok ? undefined : `what was signed does not verify: ${result.rejection.code}`;
    }
    return tally;
  } finally {
    honest.close();
    await sigstore.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
