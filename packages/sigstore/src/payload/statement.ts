import { type HashAlgorithm, type JsonObject, type JsonValue, parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { sigstoreErrors } from '../errors.ts';
import { contentLimits } from '../limits.ts';
import { statementTypes } from '../media-types.ts';
import { member, objectMember, own, stringMember } from './members.ts';

export interface StatementSubject {
  /** Algorithm to hexadecimal digest, as signed. */
  readonly digest: Readonly<Record<string, string>>;
  readonly annotations: JsonObject;
}

/** An in-toto statement, version 0.1 or 1. */
export interface Statement {
  readonly subjects: readonly StatementSubject[];
  readonly predicateType: string;
  readonly predicate: JsonValue;
  /** The whole document. */
  readonly document: JsonObject;
}

/**
 * Reads an in-toto statement (in-toto/attestation `spec/v1/statement.md`). At most 1024 subjects of 32 digests; a null
 * subject is refused, not skipped.
 *
 * @throws PAYLOAD_INVALID, PAYLOAD_TYPE_MISMATCH, ENCODING_INVALID
 */
export function parseStatement(bytes: Uint8Array): Statement {
  const what = 'the signed statement';
  const document = member.object(parseJson(bytes, what, { maxBytes: bytes.byteLength }), what);
  const type = stringMember(document, '_type', what);
  if (!(statementTypes as readonly string[]).includes(type)) {
    throw sigstoreErrors.error('PAYLOAD_TYPE_MISMATCH', {
      message: 'the signed document is not an in-toto statement',
      expected: statementTypes.join(' or '),
      found: printable(type),
    });
  }
  const subjects = member.list(own(document, 'subject'), `subject of ${what}`);
  if (subjects.length === 0 || subjects.length > contentLimits.subjects) {
    throw outOfBounds('subjects', contentLimits.subjects, subjects.length);
  }
  return {
    subjects: subjects.map(parseSubject),
    predicateType: stringMember(document, 'predicateType', what),
    predicate: own(document, 'predicate') ?? null,
    document,
  };
}

function parseSubject(value: JsonValue): StatementSubject {
  const subject = member.object(value, 'a subject of the signed statement');
  const entries = Object.entries(objectMember(subject, 'digest', 'a subject'));
  if (entries.length === 0 || entries.length > contentLimits.subjectDigests) {
    throw outOfBounds('digests of one subject', contentLimits.subjectDigests, entries.length);
  }
  const annotations = own(subject, 'annotations') ?? null;
  return {
    digest: Object.fromEntries(
      entries.map(([name, hex]) => [name, member.string(hex, 'a digest of a subject')]),
    ),
    annotations: annotations === null ? {} : member.object(annotations, 'annotations of a subject'),
  };
}

function outOfBounds(what: string, most: number, found: number) {
  return sigstoreErrors.error('PAYLOAD_INVALID', {
    message: `the signed statement has ${found === 0 ? 'no' : 'too many'} ${what}`,
    expected: `1 to ${most}`,
    found: String(found),
  });
}

/** What `formatStatement` needs. `predicate` must be JSON. */
export interface NewStatement {
  readonly type: (typeof statementTypes)[number];
  readonly digest: `${HashAlgorithm}:${string}`;
  /** Name of the subject; signatures have none. */
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly predicateType: string;
  readonly predicate: unknown;
}

/** The bytes of a statement about one image, members in the order Cosign writes them. */
export function formatStatement(statement: NewStatement): Uint8Array {
  const [algorithm = '', hex = ''] = statement.digest.split(':');
  const annotations = Object.entries(statement.annotations ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const subject = {
    ...(statement.name === undefined ? {} : { name: statement.name }),
    digest: { [algorithm]: hex },
    ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
  };
  const text = JSON.stringify({
    _type: statement.type,
    subject: [subject],
    predicateType: statement.predicateType,
    predicate: statement.predicate,
  });
  return new TextEncoder().encode(text);
}
