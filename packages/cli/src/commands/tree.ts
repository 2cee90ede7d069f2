import { printable } from '@pratique/errors';
import {
  type Descriptor,
  formatReference,
  isNotFound,
  type ManifestContent,
  type Repository,
} from '@pratique/oci';
import { cosignTag, type TagReadOptions } from '@pratique/sigstore';
import type { Run } from '../program/spec.ts';
import { style } from '../program/style.ts';
import { openClient, openImage, pinned } from '../registry/client.ts';
import { tagPrefixOf } from '../registry/tag-prefix.ts';
import type { tree } from '../specs/images.ts';

/** Something attached to an image, and what is attached to that in turn. */
interface Attachment {
  readonly kind: string;
  readonly digest: string;
  /** Cosign's tag that holds it; null for a referrer. */
  readonly tag: string | null;
  /** For a referrer: its artifact type, or the predicate of its bundle. */
  readonly type: string;
  readonly layers: readonly string[];
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
  const options = { signal, tagPrefix: tagPrefixOf(flags) };
  const client = openClient(flags, terminal);
  try {
    const image = openImage(client, args[0]!, terminal);
    const subject = await image.repository.resolve(image.version, { signal });
    const attached = await attachments(image.signatures, subject, options, 0, { left: maxAttachments });
    const name = pinned(image.reference, subject.digest);
    if (flags.output === 'json') {
      const { digest, mediaType } = subject;
      const document = { schemaVersion: 1, image: name, digest, mediaType, attached: attached.map(toJson) };
      terminal.out(`${JSON.stringify(document, null, 2)}\n`);
      return 0;
    }
    if (flags.output === 'cosign') {
      const { registry, repository } = image.signatures;
      const shown = printable(args[0]!);
      terminal.out(cosignText(shown, formatReference({ registry, repository }), attached));
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
  options: TagReadOptions,
  depth: number,
  budget: { left: number },
): Promise<Attachment[]> {
  if (depth >= maxDepth) return [];
  const found: Attachment[] = [];
  for (const [suffix, kind] of Object.entries(cosignTags)) {
    if (depth > 0) break;
    const tag = cosignTag(subject.digest, suffix as keyof typeof cosignTags, options.tagPrefix);
    const content = await manifestOrNone(repository, tag, options);
    if (content) found.push(describe(kind, content, [], tag));
  }
  for (const descriptor of await repository.referrers(subject.digest, options)) {
    if (budget.left-- <= 0) break;
    const content = await manifestOrNone(repository, descriptor.digest, options);
    if (!content) continue;
    const below = await attachments(repository, content.descriptor, options, depth + 1, budget);
    found.push(describe(kindOf(content, descriptor), content, below));
  }
  return found;
}

async function manifestOrNone(
  repository: Repository,
  version: string,
  options: TagReadOptions,
): Promise<ManifestContent | undefined> {
  try {
    return await repository.getManifest(version, options);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** What a referrer is: the predicate of a bundle where it says so, else its artifact type. */
function kindOf(content: ManifestContent, descriptor: Descriptor): string {
  const predicate = predicateOf(content);
  const type = content.manifest.artifactType ?? descriptor.artifactType ?? typeOfConfig(content.manifest);
  return printable(predicate === undefined ? type : `${type} ${predicate}`);
}

function predicateOf({ manifest }: ManifestContent): string | undefined {
  return manifest.annotations['dev.sigstore.bundle.predicateType'];
}

function typeOfConfig(manifest: ManifestContent['manifest']): string {
  return manifest.kind === 'image' ? manifest.config.mediaType : manifest.mediaType;
}

function describe(
  kind: string,
  content: ManifestContent,
  attached: readonly Attachment[],
  tag: string | null = null,
): Attachment {
  const { descriptor, manifest } = content;
  const layers = manifest.kind === 'image' ? manifest.layers : manifest.manifests;
  const created = manifest.annotations['org.opencontainers.image.created'];
  return {
    kind,
    digest: descriptor.digest,
    tag,
    type: printable(predicateOf(content) ?? manifest.artifactType ?? typeOfConfig(manifest)),
    layers: layers.map(({ digest }) => digest),
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

/** The public form of `-o json`. */
function toJson({ kind, digest, size, created, attached }: Attachment): object {
  return { kind, digest, size, created, attached: attached.map(toJson) };
}

const cosignHeadings: Readonly<Record<string, string>> = {
  [cosignTags.sig]: '🔐 Signatures for an image tag',
  [cosignTags.att]: '💾 Attestations for an image tag',
  [cosignTags.sbom]: '📦 SBOMs for an image tag',
};

/** What `cosign tree` prints, which knows what is attached to the image alone. */
function cosignText(name: string, repository: string, attached: readonly Attachment[]): string {
  const title = `📦 Supply Chain Security Related artifacts for an image: ${name}\n`;
  if (attached.length === 0)
    return `${title}No Supply Chain Security Related Artifacts found for image ${name},\n start creating one with simply running$ cosign sign <img>`;
  const parts = attached.map(({ kind, tag, type, digest, layers }) => {
    const heading =
      tag === null
        ? `🔗 ${type} artifacts via OCI referrer: ${repository}@${digest}`
        : `${cosignHeadings[kind]}: ${repository}:${tag}`;
    return `└── ${heading}\n${layers.map((layer) => `   └── 🍒 ${layer}\n`).join('')}`;
  });
  return `${title}${parts.join('')}`;
}
