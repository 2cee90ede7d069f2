import { dockerHub } from '@pratique/oci';
import { canonicalRegistry } from './registry-name.ts';

/** A pattern over image names (`registry/repository`), compiled once. Grammar: `docs/reference/trust.md`. */
export interface ImageGlob {
  /** As written. */
  readonly pattern: string;
  /** With Docker Hub's defaults filled in, as `parseReference` fills them in for images. */
  readonly canonical: string;
  /**
   * @param name `registry/repository`, without tag and digest
   * @param reference the name with the digest that is written after it, else with the tag
   */
  matches(name: string, reference: string): boolean;
}

const maxPatternLength = 512;

/** What is wrong with a pattern, or undefined when nothing is. */
export function globProblem(pattern: string): string | undefined {
  if (pattern === '') return 'it is empty';
  if (pattern.length > maxPatternLength) return `it is longer than ${maxPatternLength} characters`;
  if (!/^[A-Za-z0-9._:/[\]*?-]+$/.test(pattern)) return 'it holds a character no image name has';
  if (pattern === '*')
    return 'a lone * matches nothing, since every name has a slash: write ** for every image';
  if (/\*{3,}/.test(pattern)) return '*** has no meaning';
  if (pattern.startsWith('/') || pattern.endsWith('/') || pattern.includes('//')) {
    return 'it has an empty path segment';
  }
  if (pattern.lastIndexOf(':') > pattern.indexOf('/') && pattern.includes('/')) {
    return 'patterns match image names without tag or digest';
  }
  return undefined;
}

/**
 * Compiles a pattern that `globProblem` has nothing against. `*` matches any run of characters but `/`, `**` any run
 * with `/`, `?` one character but `/`. The whole name must match.
 */
export function compileGlob(pattern: string): ImageGlob {
  const canonical = canonicalPattern(pattern);
  const parts = canonical.split(/(\*\*|\*|\?)/).filter((part) => part !== '');
  const [first = ''] = parts;
  const literal = /[*?]/.test(first) ? '' : first;
  if (literal === canonical) return { pattern, canonical, matches: (name) => name === canonical };
  const rest = literal === '' ? parts : parts.slice(1);
  return {
    pattern,
    canonical,
    matches: (name) => name.startsWith(literal) && matchesFrom(rest, name, literal.length),
  };
}

/** True for a pattern that asks for a tag or a digest as well: one of policy-controller's, which are over references. */
export function asksForVersion(pattern: string): boolean {
  return pattern.includes('@') || pattern.lastIndexOf(':') > pattern.indexOf('/');
}

/** What is wrong with a pattern over references, or undefined when nothing is. */
export function referenceGlobProblem(pattern: string): string | undefined {
  if (pattern.length > maxPatternLength) return `it is longer than ${maxPatternLength} characters`;
  if (!/^[A-Za-z0-9._:/@*-]+$/.test(pattern)) return 'it holds a character no reference has';
  return undefined;
}

/**
 * Compiles a pattern over whole references that `referenceGlobProblem` has nothing against, as policy-controller does
 * (`pkg/apis/glob`): no defaults are filled in, `*` is any run of characters but `/`, `**` any run.
 */
export function compileReferenceGlob(pattern: string): ImageGlob {
  const parts = pattern.split(/(\*\*|\*)/).filter((part) => part !== '');
  return { pattern, canonical: pattern, matches: (_, reference) => matchesFrom(parts, reference, 0) };
}

/**
 * Follows every way to match at once, so that time grows with the product of the lengths and no faster: a regular
 * expression would try them one after the other, and whoever names an image could make that take for ever.
 */
function matchesFrom(parts: readonly string[], name: string, start: number): boolean {
  let ends = new Set([start]);
  for (const part of parts) {
    const next = new Set<number>();
    for (const end of ends) {
      if (part === '**' || part === '*') {
        for (let at = end; at <= name.length && !next.has(at); at++) {
          next.add(at);
          if (part === '*' && name[at] === '/') break;
        }
      } else if (part === '?') {
        if (end < name.length && name[end] !== '/') next.add(end + 1);
      } else if (name.startsWith(part, end)) next.add(end + part.length);
    }
    ends = next;
  }
  return ends.has(name.length);
}

/** `alpine` → `index.docker.io/library/alpine`, `acme/*` → `index.docker.io/acme/*`; a pattern in the first segment stands for a registry. */
function canonicalPattern(pattern: string): string {
  const slash = pattern.indexOf('/');
  if (slash < 0) return pattern.includes('**') ? pattern : `${dockerHub}/library/${pattern}`;
  const first = pattern.slice(0, slash);
  const isRegistry = first.toLowerCase() === 'localhost' || /[.:*?[]/.test(first);
  return isRegistry ? `${canonicalRegistry(first)}${pattern.slice(slash)}` : `${dockerHub}/${pattern}`;
}
