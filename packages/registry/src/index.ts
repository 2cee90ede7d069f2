export { registryErrors } from './errors.ts';
export type {
  AccessDecision,
  AccessLogEntry,
  AccessRequest,
  Authenticator,
  GarbageReport,
  PushEvent,
  Registry,
  RegistryAction,
  RegistryLimits,
  RegistryOptions,
} from './options.ts';
export { basicAuth } from './server/auth.ts';
export { startRegistry } from './server/start.ts';
