import * as v from 'valibot';
import type { LabelRequirement, ObjectSelector } from '../objects.ts';

/*
 * `spec.match` of a ClusterImagePolicy. What policy-controller accepts and could never match, or refuses only when an
 * object comes, is refused when it is read: the policy would look as if it were in force.
 */

/** A qualified name of Kubernetes: `[prefix/]name`. */
const labelKey = v.pipe(
  v.string(),
  v.regex(
    /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/,
    'the key of a label',
  ),
);
const labelValue = v.pipe(
  v.string('text (quote numbers and booleans)'),
  v.regex(/^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/, 'the value of a label'),
);

const expression = v.pipe(
  v.strictObject({
    key: labelKey,
    operator: v.picklist(['In', 'NotIn', 'Exists', 'DoesNotExist'], 'In, NotIn, Exists or DoesNotExist'),
    values: v.optional(v.array(labelValue), []),
  }),
  v.check(
    ({ operator, values }) => operator.endsWith('In') === values.length > 0,
    'values with In and NotIn, none with Exists and DoesNotExist',
  ),
);

export const matchSchema = v.strictObject({
  group: v.optional(v.string(), ''),
  version: v.pipe(v.string(), v.minLength(1, 'a version, or *')),
  resource: v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/, 'a resource in the plural: pods')),
  selector: v.optional(
    v.strictObject({
      matchLabels: v.optional(v.record(labelKey, labelValue), {}),
      matchExpressions: v.optional(v.array(expression), []),
    }),
  ),
});

/** The objects that one of `spec.match` is about. */
export function objectSelector({
  group,
  version,
  resource,
  selector,
}: v.InferOutput<typeof matchSchema>): ObjectSelector {
  const exact = Object.entries(selector?.matchLabels ?? {}).map(
    ([key, value]): LabelRequirement => ({ key, operator: 'In', values: [value] }),
  );
  return { group, version, resource, labels: [...exact, ...(selector?.matchExpressions ?? [])] };
}
