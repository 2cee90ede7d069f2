export { defaultServer, repositoryName, serverAddress } from './client/name.ts';
export { type NotaryOptions, type NotarySource, openNotary } from './client/server.ts';
export type { TrustSource } from './client/source.ts';
export { directoryState, memoryState, type Seen, type TrustState } from './client/state.ts';
export {
  contentTrustFormat,
  findTag,
  type ReleasedTag,
  releasedTags,
  releaseRoles,
  requireTag,
  signersOf,
} from './client/tags.ts';
export type { KnownRole, TrustedRepository, TrustedRole } from './client/trusted-repository.ts';
export { type UpdateOptions, updateTrust } from './client/update.ts';
export { notaryErrors } from './errors.ts';
export { isDelegatedRole } from './metadata/role-name.ts';
export { pinId, pinOfAuthorities, pinOfKeys, type RootPin } from './root/pin.ts';
