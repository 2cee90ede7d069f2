import { ApiError } from '../api-error.ts';

export interface Page {
  readonly items: readonly string[];
  /** The `Link` header to the next page, when there is one. */
  readonly link: string | undefined;
}

const largestPage = 10_000;

/**
 * Cuts one page out of sorted `items` (distribution-spec "Listing Tags"): what comes after `last`, at most `n` of it.
 * `n=0` is an empty page with no link. Without `n` a page still has an end, so that no answer grows without bound.
 */
export function pageOf(items: readonly string[], query: URLSearchParams, path: string): Page {
  const n = query.get('n');
  if (n !== null && !/^\d{1,15}$/.test(n)) {
    throw new ApiError(400, 'PAGINATION_NUMBER_INVALID', 'n must be a whole number, zero or more');
  }
  const limit = Math.min(n === null ? largestPage : Number(n), largestPage);
  const last = query.get('last');
  const start = last === null || last === '' ? 0 : firstAfter(items, last, (item) => item);
  const page = items.slice(start, start + limit);
  const more = limit > 0 && start + limit < items.length;
  const next = `${path}?n=${limit}&last=${encodeURIComponent(page.at(-1) ?? '')}`;
  return { items: page, link: more ? `<${next}>; rel="next"` : undefined };
}

/** Position of the first of sorted items greater than `text`; it need not be among them (its tag may be gone by now). */
export function firstAfter<Item>(
  items: readonly Item[],
  text: string,
  textOf: (item: Item) => string,
): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (textOf(items[middle]!) <= text) low = middle + 1;
    else high = middle;
  }
  return low;
}
