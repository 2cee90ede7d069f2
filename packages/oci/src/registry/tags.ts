import { isJsonObject, parseJson } from '@pratique/crypto';
import { ociErrors } from '../errors.ts';
import { isTag } from '../reference/reference.ts';
import { type RepositoryContext, sendTo } from './context.ts';
import { collectPages } from './pages.ts';
import { statusFault } from './status.ts';

/** All tags (distribution-spec §Listing Tags), every page. */
export async function listTags(
  context: RepositoryContext,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const first = await sendTo(context, { method: 'GET', target: 'tags/list', action: 'pull', signal });
  return await collectPages(
    context,
    first,
    (bytes) => tagsOf(bytes, context.name),
    (response) => statusFault(response, `${context.name}: listing tags`, context.limits, signal),
    signal,
  );
}

function tagsOf(bytes: Uint8Array, name: string): string[] {
  let document: unknown;
  try {
    document = parseJson(bytes, 'the list of tags');
  } catch {
    document = undefined;
  }
  const tags = isJsonObject(document) ? (document.tags ?? []) : undefined;
  if (!Array.isArray(tags) || !tags.every((tag): tag is string => typeof tag === 'string' && isTag(tag))) {
    throw ociErrors.error('OCI_RESPONSE_INVALID', { message: `${name}: the list of tags is not one` });
  }
  return tags;
}
