import type { Keychain } from '@pratique/oci';
import { expect, test } from 'vitest';
import { cip, imported, keyOf } from '../testing/cluster-image-policies.ts';
import { digestOfText, fakeRegistry, signatureBy } from '../testing/fakes.ts';
import { createGate, type GateOptions } from './gate.ts';

const policy = cip({
  authorities: `    - source: [{ oci: r.io/signatures, signaturePullSecrets: [{ name: one }] }]\n      ${keyOf('team')}`,
});
const secret = `apiVersion: v1
kind: Secret
metadata: { name: one }
type: kubernetes.io/dockerconfigjson
stringData: { .dockerconfigjson: '{"auths":{"r.io":{"username":"from-file","password":"p"}}}' }
`;
const keychainOf = (username: string): Keychain => ({ resolve: async () => ({ username, password: 'p' }) });

/** A gate over one image, and who its repositories were asked as. */
function gateOver(documents: readonly string[], options: Partial<GateOptions> = {}) {
  const digest = digestOfText('app');
  const registry = fakeRegistry({
    tags: { 'r.io/acme/app:1': 'app' },
    signatures: { [`r.io/signatures@${digest}`]: [signatureBy('team')] },
  });
  const asked: string[] = [];
  const gate = createGate({
    trust: imported(...documents),
    ...registry,
    openRepository: async (reference, keychain) => {
      const credentials = await keychain?.resolve(reference.registry, reference.repository);
      asked.push(`${reference.repository} as ${credentials?.username ?? 'usual'}`);
      return registry.openRepository(reference);
    },
    ...options,
  });
  const review = async (namespace: string | null) => {
    const request = { kind: 'Pod', namespace, name: 'front', input: {}, object: null };
    const images = [{ reference: `r.io/acme/app@${digest}`, container: 'c' }];
    const { denials } = await gate.reviewRequest(request, images);
    return denials.map(({ code, fault }) => [code, fault]);
  };
  return { review, asked };
}

test('a pull secret of the namespace is used for the signatures alone, and what it found for no other namespace', async () => {
  const secrets: string[] = [];
  const { review, asked } = gateOver([policy], {
    namespaceSecrets: (namespace, names) => {
      secrets.push(`${namespace}/${names.join()}`);
      if (namespace === 'poor') throw Object.assign(new Error('no such secret'));
      return keychainOf(`of-${namespace}`);
    },
  });
  expect(await review('web')).toEqual([]);
  expect(await review('web')).toEqual([]);
  expect(await review('shop')).toEqual([]);
  expect(await review('poor')).toEqual([['GATE_INTERNAL', true]]);
  expect(secrets).toEqual(['web/one', 'shop/one', 'poor/one']);
  expect(asked.filter((one) => one !== 'acme/app as usual')).toEqual([
    'signatures as of-web',
    'signatures as of-shop',
  ]);
});

test('a pull secret beside the policy is used in every namespace, and without one', async () => {
  const { review, asked } = gateOver([policy, secret]);
  expect(await review('web')).toEqual([]);
  expect(await review(null)).toEqual([]);
  expect(asked).toEqual(['acme/app as usual', 'signatures as from-file']);
});

test('where no namespace is known, or no cluster is asked, it is a fault', async () => {
  const cluster = gateOver([policy], { namespaceSecrets: () => keychainOf('anybody') });
  expect(await cluster.review(null)).toEqual([['PULL_SECRETS_UNKNOWN', true]]);
  expect(await gateOver([policy]).review('web')).toEqual([['PULL_SECRETS_UNKNOWN', true]]);
});
