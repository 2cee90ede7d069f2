export { Cache } from './client/cache.ts';
export { initializeTuf, type OpenOptions, openTuf, readTargetOnce, type TufClient } from './client/client.ts';
export { type Mirror, type MirrorOptions, openMirror } from './client/mirror.ts';
export { tufErrors } from './errors.ts';
export { type KnownRepository, publicGood, staging } from './public-good/roots.ts';
export { type RootKey, rootKeyOf } from './root/keys.ts';
export { makeRoot, mergeRoots, type NewRoot, type RootDocument, readRoot, signRoot } from './root/root.ts';
