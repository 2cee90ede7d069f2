import { printable } from '@pratique/errors';
import { type Descriptor, isNotFound, type ManifestContent, type Repository } from '@pratique/oci';
import { cosignTag } from '@pratique/sigstore';
import type { Run } from '../program/spec.ts';
import { style } from '../program/style.ts';
import { openClient, openImage, pinned } from '../registry/client.ts';
import type { tree } from '../specs/images.ts';

/** Something attached to an image, and what is attached to that in turn. */
interface Attachment {
  readonly kind: string;
  readonly digest: string;
  /** Bytes of the layers. */
  readonly size: number;
  readonly created: string | null;
  readonly attached: readonly Attachment[];
}

/** Attachments can have attachments: a signature of an SBOM. Digests cannot form a cycle; depth can be absurd. */
const maxDepth = 8;
const maxAttachments = 1000;

const cosignTags = { sig: 'cosign signatures', att: 'cosign attestations', sbom: 'cosign SBOM' } as const;

export const run: Run<typeof tree.flags> = async ({ args, flags, terminal, signal }) => {
  const client = openClient(flags, terminal);
  try {
    const image = openImage(client, args[0]!, terminal);
    const subject = await image.repository.resolve(image.version, { signal });
    const attached = await attachments(image.signatures, subject, signal, 0, { left: maxAttachments });
    const name = pinned(image.reference, subject.digest);
    if (flags.output === 'json') {
      terminal.out(
        `${JSON.stringify({ schemaVersion: 1, image: name, digest: subject.digest, mediaType: subject.mediaType, attached }, null, 2)}\n`,
      );
      return 0;
    }
    const c = style(terminal.colour.out);
    terminal.out(
      `${c.bold(name)}\n${attached.length === 0 ? '└── nothing attached\n' : lines(attached, '').join('\n')}${attached.length === 0 ? '' : '\n'}`,
    );
    return 0;
  } finally {
    client.close();
  }
};

async function attachments(
  repository: Repository,
  subject: Descriptor,
  signal: AbortSignal,
  depth: number,
  budget: { left: number },
): Promise<Attachment[]> {
  if (depth >= maxDepth) return [];
  const found: Attachment[] = [];
  for (const [suffix, kind] of Object.entries(cosignTags)) {
    if (depth > 0) break;
    const content = await manifestOrNone(
      repository,
      cosignTag(subject.digest, suffix as keyof typeof cosignTags),
      signal,
    );
    if (content) found.push(describe(kind, content, []));
  }
  for (const descriptor of await repository.referrers(subject.digest, { signal })) {
    if (budget.left-- <= 0) break;
    const content = await manifestOrNone(repository, descriptor.digest, signal);
    if (!content) continue;
    const below = await attachments(repository, content.descriptor, signal, depth + 1, budget);
    found.push(describe(kindOf(content, descriptor), content, below));
  }
  return found;
}

async function manifestOrNone(
  repository: Repository,
  version: string,
  signal: AbortSignal,
): Promise<ManifestContent | undefined> {
  try {
    return await repository.getManifest(version, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** What a referrer is: the predicate of a bundle where it says so, else its artifact type. */
function kindOf({ manifest }: ManifestContent, descriptor: Descriptor): string {
  const predicate = manifest.annotations['dev.sigstore.bundle.predicateType'];
  const type =
    manifest.artifactType ??
    descriptor.artifactType ??
    (manifest.kind === 'image' ? manifest.config.mediaType : manifest.mediaType);
  return printable(predicate === undefined ? type : `${type} ${predicate}`);
}

function describe(
  kind: string,
  { descriptor, manifest }: ManifestContent,
  attached: readonly Attachment[],
): Attachment {
  const layers = manifest.kind === 'image' ? manifest.layers : manifest.manifests;
  const created = manifest.annotations['org.opencontainers.image.created'];
  return {
    kind,
    digest: descriptor.digest,
    size: layers.reduce((sum, { size }) => sum + size, 0),
    created: created === undefined ? null : printable(created, 40),
    attached,
  };
}

function lines(attached: readonly Attachment[], indent: string): string[] {
  return attached.flatMap((item, index) => {
    const last = index === attached.length - 1;
    const about = [`${item.size} bytes`, ...(item.created ? [item.created] : [])].join(', ');
    return [
      `${indent}${last ? '└── ' : '├── '}${item.kind}`,
      `${indent}${last ? '    ' : '│   '}${item.digest} (${about})`,
      ...lines(item.attached, `${indent}${last ? '    ' : '│   '}`),
    ];
  });
}
