import { createHash } from 'node:crypto';
import type { JsonObject } from '@pratique/crypto';
import { type Digest, ociErrors, type Repository } from '@pratique/oci';
import { createGate, type Findings, type Gate, type GateOptions, parseTrust } from '@pratique/policy';

export function digestOfText(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

export function trustFrom(lines = ''): ReturnType<typeof parseTrust> {
  return parseTrust(`apiVersion: pratique.dev/v1\nkind: Trust\n${lines}`, 'trust.yaml', {
    resolve: (path) => path,
    read: () => new Uint8Array(),
  });
}

/** Refuses every image whose repository is not called `…signed`. `down.example` is a registry that is down, `slow.example` one that never answers. */
export function fakeGate(options: Partial<GateOptions> = {}): Gate {
  return createGate({
    trust: trustFrom('default: allow'),
    engine: {
      digest: digestOfText('policies'),
      evaluate: (scope, input): Findings => {
        if (scope === 'request') return { deny: [], warn: [] };
        const { repository } = (input as { image: { repository: string } }).image;
        if (repository.endsWith('/signed') || repository === 'signed') return { deny: [], warn: [] };
        return { deny: [refusal(repository)], warn: [] };
      },
    },
    openRepository: ({ registry, repository }) => {
      if (registry === 'down.example')
        throw ociErrors.error('OCI_UNREACHABLE', { message: 'connection refused' });
      if (registry === 'slow.example') return new Promise(() => {});
      const descriptor = { mediaType: 'm', digest: digestOfText(repository), size: 1 };
      return {
        resolve: async () => descriptor,
        getManifest: async () => ({
          descriptor,
          bytes: new Uint8Array(),
          manifest: { kind: 'index', mediaType: 'm', manifests: [], annotations: {} },
        }),
      } as unknown as Repository;
    },
    stations: [
      {
        collect: async () => ({
          bytes: 0,
          verify: () => ({ signatures: [], attestations: [], rejected: [] }),
        }),
      },
    ],
    ...options,
  });
}

function refusal(repository: string): Findings['deny'][number] {
  return {
    policy: 'pratique.image.signed',
    code: 'SIGNATURE_MISSING',
    fault: false,
    message: `${repository} has no signature`,
    expected: 'a signature by team',
    found: 'no signature',
    remedy: `pratique sign --key KEY ${repository}`,
    image: null,
  };
}

/** `request` of an AdmissionReview for creating `object`. */
export function requestFor(object: JsonObject, changes: JsonObject = {}): JsonObject {
  const apiVersion = String(object.apiVersion);
  const slash = apiVersion.indexOf('/');
  const kind = {
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    kind: String(object.kind),
  };
  return {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    kind,
    resource: { group: kind.group, version: kind.version, resource: `${kind.kind.toLowerCase()}s` },
    name: 'front',
    namespace: 'web',
    operation: 'CREATE',
    userInfo: { username: 'admin' },
    object,
    oldObject: null,
    dryRun: false,
    ...changes,
  };
}

export function reviewOf(request: JsonObject): JsonObject {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
}

export function podOf(spec: JsonObject): JsonObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'front' }, spec };
}
