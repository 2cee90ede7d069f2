export {
  defineErrors,
  type ErrorCatalog,
  type ErrorDetail,
  type ErrorEntry,
  type ErrorKind,
  PratiqueError,
} from './catalog.ts';
export { looksLike } from './looks-like.ts';
export { printable } from './printable.ts';
