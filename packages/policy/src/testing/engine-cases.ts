import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { PratiqueError } from '@pratique/errors';
import { loadPolicies, type PolicySource } from '../engine/sources.ts';
import type { Findings, PolicyEngine } from '../engine/types.ts';
import { digestOfText, trustFrom } from './fakes.ts';

/** The policies every engine runs in the suite, beside the ones that come with Pratique. */
export const casePolicies: readonly PolicySource[] = loadPolicies([
  fileURLToPath(new URL('./engine', import.meta.url)),
]).map(({ path, text }) => ({ path: path.slice(path.lastIndexOf('/') + 1), text }));

/** The trust configuration that goes with them. */
export const caseTrust = trustFrom(`data: { team: { size: 3 } }
parameters: { registries: ["c.d/**"], forbiddenTags: [latest] }
`);

/** Where engines may differ, since what is behind them does. */
export interface EngineTraits {
  /** Errors of built-in functions are faults; a wasm module has no such mode. */
  readonly strictBuiltins: boolean;
}

/** One thing that must hold whichever engine evaluates. Fails by throwing. */
export interface EngineCase {
  readonly name: string;
  readonly run: (engine: PolicyEngine) => Promise<void>;
}

const request = (name: string, extra: object = {}): object => ({
  request: { case: name, namespace: 'web', ...extra },
  images: [],
});

const image = (requirements: readonly object[]): object => ({
  image: {
    schemaVersion: 1,
    reference: `a.b/team/app:1@${digestOfText('app')}`,
    registry: 'a.b',
    repository: 'team/app',
    tag: '1',
    digest: digestOfText('app'),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    platforms: ['linux/amd64'],
    config: null,
    signatures: [],
    attestations: [],
    authorities: { team: { satisfied: false, attestations: [], by: [], wanted: ['sha256:team'] } },
    requirements,
    sbom: null,
    vulnerabilities: null,
    rejected: [],
  },
});

const byTeam = {
  entry: 'images[0]',
  match: '**',
  mode: 'enforce',
  atLeast: 1,
  of: ['team'],
  refusal: null,
  annotations: {},
};

async function said(engine: PolicyEngine, name: string, extra: object = {}): Promise<Findings> {
  return await engine.evaluate('request', request(name, extra));
}

/** Codes of what stands in `deny`, or of the fault the engine rejected with. */
async function refusal(
  engine: PolicyEngine,
  name: string,
  extra: object = {},
): Promise<readonly { code: string; fault: boolean }[]> {
  try {
    const { deny } = await said(engine, name, extra);
    return deny.map(({ code, fault }) => ({ code, fault }));
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    return [{ code: error.code, fault: error.kind === 'fault' || error.kind === 'auth' }];
  }
}

const invalidResults = [
  'a number',
  'an object without a message',
  'a message that is no text',
  'a code that is no text',
  'a warning that is no message',
  'true instead of a set',
];

/** The behavioural suite: runs on policies `casePolicies` under `caseTrust`. */
export function engineCases({ strictBuiltins }: EngineTraits): readonly EngineCase[] {
  return [
    {
      name: 'a request nobody objects to brings no findings',
      run: async (engine) => deepEqual(await said(engine, 'none'), { deny: [], warn: [] }),
    },
    {
      name: 'an unsigned image is refused by the policies that come with Pratique, with their parameters',
      run: async (engine) => {
        const { deny } = await engine.evaluate('image', image([byTeam]));
        deepEqual(deny.map(({ code, policy }) => `${policy} ${code}`).sort(), [
          'pratique.image.registry REGISTRY_NOT_ALLOWED',
          'pratique.image.signed SIGNATURE_MISSING',
        ]);
        const missing = deny.find(({ code }) => code === 'SIGNATURE_MISSING');
        equal(missing?.expected, 'a signature by team (sha256:team)');
        match(missing?.remedy ?? '', /^pratique sign --key KEY a\.b\/team\/app@sha256:/);
      },
    },
    {
      name: 'a requirement in warn mode is reported as a warning and refuses nothing more',
      run: async (engine) => {
        const { deny, warn } = await engine.evaluate('image', image([{ ...byTeam, mode: 'warn' }]));
        deepEqual(
          [deny.map(({ code }) => code), warn.map(({ code }) => code)],
          [['REGISTRY_NOT_ALLOWED'], ['SIGNATURE_MISSING']],
        );
      },
    },
    {
      name: 'parameters of the request policies are in force',
      run: async (engine) => {
        const tagged = { reference: 'a.b/c', tag: 'latest', pinned: false, exempt: false, facts: null };
        const { deny } = await engine.evaluate('request', { request: {}, images: [tagged] });
        deepEqual(
          deny.map(({ code, image: about }) => [code, about]),
          [['TAG_FORBIDDEN', 'a.b/c']],
        );
      },
    },
    {
      name: 'a policy may say a string',
      run: async (engine) => {
        const { deny } = await said(engine, 'string');
        deepEqual(
          deny.map(({ policy, code, message, fault }) => ({ policy, code, message, fault })),
          [{ policy: 'pratique.request.cases', code: 'POLICY_DENIED', message: 'no', fault: false }],
        );
      },
    },
    {
      name: 'a policy may say an object with a code, what was expected and found, and what to do',
      run: async (engine) => {
        const { deny } = await said(engine, 'object');
        deepEqual(deny, [
          {
            policy: 'pratique.request.cases',
            code: 'SITE_RULE',
            fault: false,
            message: 'never',
            expected: '1',
            found: '["a"]',
            remedy: 'ask',
            image: 'x',
          },
        ]);
      },
    },
    {
      name: 'a warning is no refusal',
      run: async (engine) => {
        const { deny, warn } = await said(engine, 'warning');
        deepEqual([deny.length, warn.map(({ message }) => message)], [0, ['hm']]);
      },
    },
    {
      name: 'a code of the error registry brings its remedy',
      run: async (engine) =>
        match((await said(engine, 'known code')).deny[0]?.remedy ?? '', /pratique resolve/),
    },
    {
      name: 'policies see the data of the trust configuration, and libraries',
      run: async (engine) => {
        equal((await said(engine, 'data')).deny[0]?.message, '3');
        equal((await said(engine, 'library', { word: 'no' })).deny[0]?.message, 'NO');
      },
    },
    {
      name: 'words with any characters come back as they were',
      run: async (engine) => {
        const { deny } = await said(engine, 'library', { word: 'é日本🙂"\\</script>\u0001' });
        equal(deny[0]?.message, 'É日本🙂"\\</SCRIPT>\\u{1}');
      },
    },
    {
      name: 'an endless number of reasons is cut',
      run: async (engine) => {
        const { deny } = await said(engine, 'many');
        ok(deny.length > 0 && deny.length <= 50, String(deny.length));
      },
    },
    ...invalidResults.map((name) => ({
      name: `${name} refuses as a broken policy instead of being ignored`,
      run: async (engine: PolicyEngine) =>
        deepEqual(await refusal(engine, name), [{ code: 'POLICY_RESULT_INVALID', fault: true }]),
    })),
    {
      name: 'a conflict refuses as a fault that says where, and does not hide what other policies say',
      run: async (engine) => {
        const { deny } = await said(engine, 'conflict');
        deepEqual(deny.map(({ policy, code, fault }) => `${policy} ${code} ${fault}`).sort(), [
          'pratique.request.broken POLICY_EVALUATION_FAILED true',
          'pratique.request.cases POLICY_DENIED false',
        ]);
        const broken = deny.find(({ fault }) => fault);
        match(broken?.message ?? '', /broken\.rego:\d+:\d+: /);
      },
    },
    strictBuiltins
      ? {
          name: 'a condition that fails to evaluate refuses, where plain OPA would let it pass',
          run: async (engine) => {
            const { deny } = await said(engine, 'built-in error', { word: 'soon' });
            deepEqual(
              deny.filter(({ fault }) => fault).map(({ policy, code }) => [policy, code]),
              [['pratique.request.broken', 'POLICY_EVALUATION_FAILED']],
            );
          },
        }
      : {
          name: 'a condition that fails to evaluate is not met, as the documentation of this engine says',
          run: async (engine) => {
            const { deny } = await said(engine, 'built-in error', { word: 'soon' });
            deepEqual(
              deny.map(({ policy }) => policy),
              ['pratique.request.cases'],
            );
          },
        },
    {
      name: 'a policy that runs away is stopped and refuses as a fault, and the next request is answered',
      run: async (engine) => {
        const found = await refusal(engine, 'endless');
        ok(found.length > 0 && found.every(({ fault }) => fault), JSON.stringify(found));
        equal((await said(engine, 'string')).deny.length, 1);
      },
    },
    {
      name: 'many requests at once get their own answers',
      run: async (engine) => {
        const words = Array.from({ length: 30 }, (_, index) => `word${index}`);
        const answers = await Promise.all(words.map((word) => said(engine, 'library', { word })));
        deepEqual(
          answers.map(({ deny }) => deny[0]?.message),
          words.map((word) => word.toUpperCase()),
        );
      },
    },
    {
      name: 'keys that JavaScript gives a meaning are data',
      run: async (engine) => {
        const input = JSON.parse('{"request":{"case":"string","__proto__":{"case":"none"}},"images":[]}');
        equal((await engine.evaluate('request', input)).deny.length, 1);
      },
    },
    {
      name: 'the digest is one, and stays',
      run: async (engine) => {
        const { digest } = engine;
        match(digest, /^sha256:[0-9a-f]{64}$/);
        await said(engine, 'none');
        equal(engine.digest, digest);
      },
    },
  ];
}
