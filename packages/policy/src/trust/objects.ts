import type { JsonObject } from '@pratique/crypto';

/** The Kubernetes object that a request would admit, as far as it decides which entries of a trust configuration apply. */
export interface AdmittedObject {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Lower-case plural: `pods`. */
  readonly resource: string;
  /** `metadata.labels` of the object itself, not of a template in it. */
  readonly labels: Readonly<Record<string, string>>;
  /** All of it, as sent. */
  readonly content: JsonObject;
}

/** Objects of one resource, with labels that meet every one of these requirements. */
export interface ObjectSelector {
  readonly group: string;
  /** `*` is every version. */
  readonly version: string;
  readonly resource: string;
  readonly labels: readonly LabelRequirement[];
}

/** As in a Kubernetes label selector (`metav1.LabelSelectorRequirement`); `matchLabels` is `In` with one value. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /** None for `Exists` and `DoesNotExist`. */
  readonly values: readonly string[];
}

/** Whether it selects the object. `NotIn` also holds where there is no such label, as in Kubernetes. */
export function selects(
  { group, version, resource, labels }: ObjectSelector,
  object: Omit<AdmittedObject, 'content'>,
): boolean {
  return (
    resource === object.resource &&
    group === object.group &&
    (version === '*' || version === object.version) &&
    labels.every((requirement) => meets(requirement, object.labels))
  );
}

function meets({ key, operator, values }: LabelRequirement, labels: AdmittedObject['labels']): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}
