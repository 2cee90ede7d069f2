import { isJsonObject, type JsonValue } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { parseTemplate, type Template, TemplateError } from './template.ts';

/** How the tokens of a CI system become names and extensions (`ci-issuer-metadata` of Fulcio's configuration). */
export interface CiProvider {
  /** Stands for claims that a token lacks; an empty one makes the claim optional. */
  readonly defaults: ReadonlyMap<string, string>;
  readonly subjectAlternativeName: Template;
  /** By number. */
  readonly extensions: readonly (readonly [number, Template])[];
}

/** Fulcio's extensions by their names in its configuration (`docs/oid-info.md`). */
const numbers: Readonly<Record<string, number>> = {
  'github-workflow-trigger': 2,
  'github-workflow-sha': 3,
  'github-workflow-name': 4,
  'github-workflow-repository': 5,
  'github-workflow-ref': 6,
  'build-signer-uri': 9,
  'build-signer-digest': 10,
  'runner-environment': 11,
  'source-repository-uri': 12,
  'source-repository-digest': 13,
  'source-repository-ref': 14,
  'source-repository-identifier': 15,
  'source-repository-owner-uri': 16,
  'source-repository-owner-identifier': 17,
  'build-config-uri': 18,
  'build-config-digest': 19,
  'build-trigger': 20,
  'run-invocation-uri': 21,
  'source-repository-visibility-at-signing': 22,
  'deployment-environment': 23,
};

const members = ['default-template-values', 'extension-templates', 'subject-alternative-name-template'];

/**
 * Reads one entry of `ci-issuer-metadata`.
 *
 * @throws TemplateError
 */
export function parseCiProvider(value: JsonValue | undefined): CiProvider {
  if (!isJsonObject(value)) throw new TemplateError('a CI provider is not an object');
  const unknown = Object.keys(value).find((name) => !members.includes(name));
  if (unknown !== undefined)
    throw new TemplateError(`a CI provider has the unknown member ${printable(unknown, 40)}`);
  const extensions = texts(value['extension-templates'], 'extension-templates').map(([name, template]) => {
    if (!Object.hasOwn(numbers, name))
      throw new TemplateError(`there is no extension ${printable(name, 60)}`);
    return [numbers[name]!, parseTemplate(template)] as const;
  });
  const san = value['subject-alternative-name-template'];
  if (typeof san !== 'string')
    throw new TemplateError('a CI provider has no subject-alternative-name-template');
  return {
    defaults: new Map(texts(value['default-template-values'], 'default-template-values')),
    subjectAlternativeName: parseTemplate(san),
    extensions: extensions.toSorted(([a], [b]) => a - b),
  };
}

function texts(value: JsonValue | undefined, what: string): [string, string][] {
  if (value === undefined) return [];
  if (!isJsonObject(value)) throw new TemplateError(`${what} is not an object`);
  return Object.entries(value).map(([name, text]) => {
    if (typeof text !== 'string') throw new TemplateError(`${what} has a value that is not text`);
    return [name, text];
  });
}

/** The systems whose tokens are known without configuration, by the type of their issuer. */
export const ciProviders: Readonly<Record<string, CiProvider>> = {
  /** Numbers 2–6 are the old names of 20 and 12–14, kept for verifiers that know nothing else. */
  'github-workflow': parseCiProvider({
    'default-template-values': { url: 'https://github.com', environment: '' },
    'subject-alternative-name-template': '{{ .url }}/{{ .job_workflow_ref }}',
    'extension-templates': {
      'github-workflow-trigger': 'event_name',
      'github-workflow-sha': 'sha',
      'github-workflow-name': 'workflow',
      'github-workflow-repository': 'repository',
      'github-workflow-ref': 'ref',
      'build-signer-uri': '{{ .url }}/{{ .job_workflow_ref }}',
      'build-signer-digest': 'job_workflow_sha',
      'runner-environment': 'runner_environment',
      'source-repository-uri': '{{ .url }}/{{ .repository }}',
      'source-repository-digest': 'sha',
      'source-repository-ref': 'ref',
      'source-repository-identifier': 'repository_id',
      'source-repository-owner-uri': '{{ .url }}/{{ .repository_owner }}',
      'source-repository-owner-identifier': 'repository_owner_id',
      'build-config-uri': '{{ .url }}/{{ .workflow_ref }}',
      'build-config-digest': 'workflow_sha',
      'build-trigger': 'event_name',
      'run-invocation-uri':
        '{{ .url }}/{{ .repository }}/actions/runs/{{ .run_id }}/attempts/{{ .run_attempt }}',
      'source-repository-visibility-at-signing': 'repository_visibility',
      'deployment-environment': 'environment',
    },
  }),
  'gitlab-pipeline': parseCiProvider({
    'default-template-values': { url: 'https://gitlab.com', environment: '' },
    'subject-alternative-name-template': 'https://{{ .ci_config_ref_uri }}',
    'extension-templates': {
      'build-signer-uri': 'https://{{ .ci_config_ref_uri }}',
      'build-signer-digest': 'ci_config_sha',
      'runner-environment': 'runner_environment',
      'source-repository-uri': '{{ .url }}/{{ .project_path }}',
      'source-repository-digest': 'sha',
      'source-repository-ref': 'refs/{{ if eq .ref_type "branch" }}heads{{ else }}tags{{ end }}/{{ .ref }}',
      'source-repository-identifier': 'project_id',
      'source-repository-owner-uri': '{{ .url }}/{{ .namespace_path }}',
      'source-repository-owner-identifier': 'namespace_id',
      'build-config-uri': 'https://{{ .ci_config_ref_uri }}',
      'build-config-digest': 'ci_config_sha',
      'build-trigger': 'pipeline_source',
      'run-invocation-uri': '{{ .url }}/{{ .project_path }}/-/jobs/{{ .job_id }}',
      'source-repository-visibility-at-signing': 'project_visibility',
      'deployment-environment': 'environment',
    },
  }),
  'buildkite-job': parseCiProvider({
    'default-template-values': { url: 'https://buildkite.com' },
    'subject-alternative-name-template': '{{ .url }}/{{ .organization_slug }}/{{ .pipeline_slug }}',
    'extension-templates': {
      'run-invocation-uri':
        '{{ .url }}/{{ .organization_slug }}/{{ .pipeline_slug }}/builds/{{ .build_number }}#{{ .job_id }}',
      'runner-environment': 'runner_environment',
      'source-repository-digest': 'build_commit',
      'build-trigger': 'build_source',
    },
  }),
};
