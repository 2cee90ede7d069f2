export { type BudgetShare, ByteBudget } from './byte-budget.ts';
export { boundConnections } from './connections.ts';
export { removeQuietly, replaceDurably, syncDirectory, writeTemporary } from './durable.ts';
export {
  makeDirectories,
  makeDirectorySync,
  readOrCreate,
  replaceFile,
  syncDirectorySync,
} from './durable-sync.ts';
export { endedBySignals, hearSignals } from './ended-by-signals.ts';
export { type HostCheck, hostCheck } from './host-names.ts';
export { listen, parseListen, stop } from './listener.ts';
export { lockDirectory } from './lock.ts';
export { FileRefused, isThere, readDescriptor, readNamedFile } from './named-file.ts';
