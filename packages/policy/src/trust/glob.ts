/** A pattern over image names (`registry/repository`), compiled once. Grammar: `docs/reference/trust.md`. */
export interface ImageGlob {
  /** As written. */
  readonly pattern: string;
  /** With Docker Hub's defaults filled in, as `parseReference` fills them in for images. */
  readonly canonical: string;
  /** `name` is `registry/repository`, without tag and digest. */
  matches(name: string): boolean;
}

const dockerHub = 'index.docker.io';
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
  let source = '';
  for (const part of canonical.split(/(\*\*|\*|\?)/)) {
    if (part === '**') source += '.*';
    else if (part === '*') source += '[^/]*';
    else if (part === '?') source += '[^/]';
    else source += part.replace(/[.[\]]/g, '\\$&');
  }
  const expression = new RegExp(`^${source}$`);
  return { pattern, canonical, matches: (name) => expression.test(name) };
}

/** `alpine` → `index.docker.io/library/alpine`, `acme/*` → `index.docker.io/acme/*`; a pattern in the first segment stands for a registry. */
function canonicalPattern(pattern: string): string {
  const slash = pattern.indexOf('/');
  if (slash < 0) return pattern.includes('**') ? pattern : `${dockerHub}/library/${pattern}`;
  const first = pattern.slice(0, slash);
  if (first === 'docker.io') return `${dockerHub}${pattern.slice(slash)}`;
  return first === 'localhost' || /[.:*?[]/.test(first) ? pattern : `${dockerHub}/${pattern}`;
}
