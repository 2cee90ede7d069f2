export { compareTerms, sortedItems, sortedPairs } from './compare.ts';
export { formatSourceError, ParseError, type SourceErrorEntry } from './errors.ts';
export { isCallOf, isGround, isWildcard, operatorName } from './nodes.ts';
export { type ParseOptions, parseBody, parseModule, parseTermText } from './parse.ts';
export { bodyText, exprText, quote, refText, termText } from './print.ts';
export type * from './types.ts';
export { eachChild, type Node } from './visit.ts';
