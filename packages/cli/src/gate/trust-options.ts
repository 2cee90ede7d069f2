import type { LoadOptions } from '@pratique/policy';
import type { Mirror } from '@pratique/tuf';
import { loadPublicKey } from '../keys/key-reference.ts';
import type { Terminal } from '../program/terminal.ts';

/** TrustRoots in repositories elsewhere are kept where `pratique initialize` keeps its own. */
export function trustOptions(terminal: Terminal): LoadOptions {
  return {
    // Loaded where a policy is elsewhere only.
    fetchPolicy: async (url, ...rest) =>
      (await import('./remote-policy.ts')).policyFetcher(terminal.env)(url, ...rest),
    openPublicKey: (reference) => loadPublicKey(reference, terminal),
    // Loaded where there is such a TrustRoot only.
    openRemote: async (mirror, root, targets) => {
      const { openMirror, openTuf } = await import('@pratique/tuf');
      const { sigstoreCache, warnOfStale } = await import('../trust/sigstore-repository.ts');
      const options = { bootstrap: root, offline: false, now: new Date(), onStale: warnOfStale(terminal) };
      const remote = withTargets(openMirror(mirror, { environment: { ...terminal.env } }), targets);
      return await openTuf({ ...options, cache: sigstoreCache(terminal), mirror: remote });
    },
  };
}

/** A mirror whose targets are in a folder of another name. */
function withTargets(mirror: Mirror, targets: string): Mirror {
  if (targets === 'targets') return mirror;
  return {
    url: mirror.url,
    fetch: ([first, ...rest], ...more) =>
      mirror.fetch(
        first === 'targets' && rest.length > 0 ? [...targets.split('/'), ...rest] : [first!, ...rest],
        ...more,
      ),
  };
}
