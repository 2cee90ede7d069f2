import { ociErrors } from '../errors.ts';
import { readAll } from '../http/body.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { safeTarget } from '../http/redirect.ts';
import { type RepositoryContext, sendTo } from './context.ts';

/** Pages that are followed, entries that are collected, bytes of one page. */
export const pageLimits = { pages: 1000, entries: 100_000, bytes: 8 * 1024 * 1024 } as const;

/** The `rel="next"` target of a `Link` header (RFC 8288); undefined on the last page. */
export function nextLink(header: string | undefined): string | undefined {
  for (const match of (header ?? '').slice(0, 8192).matchAll(/<([^>]*)>((?:\s*;\s*[^,;<]*)*)/g)) {
    if (/;\s*rel\s*=\s*"?[^";]*\bnext\b/i.test(match[2]!)) return match[1];
  }
  return undefined;
}

/**
 * Walks a paginated list. Links stay on the registry; a page that links to itself or a list without end is a fault.
 *
 * @param first answer to the first request, status 200
 * @param read entries of one page
 */
export async function collectPages<Entry>(
  context: RepositoryContext,
  first: HttpResponse,
  read: (bytes: Uint8Array, response: HttpResponse) => readonly Entry[],
  refused: (response: HttpResponse) => Promise<Error>,
  signal: AbortSignal | undefined,
): Promise<Entry[]> {
  const registry = await context.transport.origin();
  const entries: Entry[] = [];
  const seen = new Set<string>([first.url.href]);
  let response = first;
  for (;;) {
    if (response.status !== 200) throw await refused(response);
    const link = nextLink([response.headers.link].flat()[0]);
    for (const entry of read(await readAll(response, context.limits, pageLimits.bytes, signal), response)) {
      entries.push(entry);
    }
    if (link === undefined) return entries;
    const target = safeTarget(link, response.url, registry);
    const problem =
      target.origin !== registry.origin
        ? 'leads to another host'
        : seen.has(target.href)
          ? 'leads back to itself'
          : seen.size >= pageLimits.pages || entries.length > pageLimits.entries
            ? 'does not end'
            : undefined;
    if (problem !== undefined) {
      throw ociErrors.error('OCI_RESPONSE_INVALID', {
        message: `${context.name}: a list of the registry ${problem}`,
      });
    }
    seen.add(target.href);
    response = await sendTo(context, { method: 'GET', target, action: 'pull', signal });
  }
}
