/** How many packages are fetched at the same time. */
const concurrency = 4;

/** What `fetch` makes of each one, in their order, some at a time. Ends with the first fault. */
export async function fetchEach<Wanted, Fetched>(
  wanted: readonly Wanted[],
  fetch: (one: Wanted) => Promise<Fetched>,
): Promise<readonly Fetched[]> {
  const fetched: Fetched[] = new Array(wanted.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < wanted.length; at = next++) fetched[at] = await fetch(wanted[at]!);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return fetched;
}
