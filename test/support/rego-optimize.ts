import { DATA as PARTIAL_DATA, POLICIES } from './rego-partial.ts';

/** Policies, entry points of them, and inputs. */
export interface OptimizeCase {
  readonly name: string;
  readonly modules: Readonly<Record<string, string>>;
  readonly data: object;
  readonly roots?: readonly string[];
  readonly entrypoints: readonly string[];
  /** Documents whose answers are compared, the entry points among them. */
  readonly documents: readonly string[];
  readonly inputs: readonly unknown[];
  /** The bundle that OPA 1.20 makes has other answers than the policies, or does not load. */
  readonly opaDiffers?: boolean;
}

const users = ['ann', 'bob', 'eve', 'root'];

const AUTHZ = `package authz

import data.site.flags

default allow := false

# METADATA
# title: whether a user may do something
# entrypoint: true
allow if {
	some role in data.bindings[input.user]
	grants[role][input.action]
	not denied
}

denied if input.user in data.blocked

denied if {
	some r in input.resources
	not known(r)
}

known(r) if r in data.resources

grants[role] contains action if {
	some role, actions in data.grants
	some action in actions
}

# METADATA
# description: |
#   told to the user
reasons contains msg if {
	not allow
	msg := sprintf("%s may not %s", [input.user, input.action])
}

limit := n if {
	n := data.limits[input.user]
} else := 10 if {
	"root" == input.user
} else := 1

levels[name].at[level] := sprintf("%s-%v", [name, level]) if {
	some name, level in data.limits
	level > input.level
}

every_known if every r in input.resources { known(r) }

flagged if flags[input.flag]

test_allow if allow with data.bindings as {"x": ["admin"]} with input as {"user": "x", "action": "read"}
`;

const AUTHZ_DATA = {
  bindings: { ann: ['admin', 'dev'], bob: ['dev'] },
  grants: { admin: ['read', 'write'], dev: ['read'] },
  blocked: ['eve'],
  resources: ['a', 'b'],
  limits: { ann: 3, bob: 5 },
  site: { flags: { x: true, y: false } },
};

const AUTHZ_INPUTS = users.flatMap((user) =>
  ['read', 'write'].map((action, at) => ({
    user,
    action,
    level: at * 4,
    flag: at === 0 ? 'x' : 'y',
    resources: at === 0 ? ['a'] : user === 'bob' ? ['c'] : [],
  })),
);

const K8S = `package k8s.admission

import data.lib.images

deny contains msg if {
	some c in input.request.object.spec.containers
	not images.allowed(c.image)
	msg := $"image {c.image} is not allowed"
}

deny contains msg if {
	input.request.object.metadata.namespace in data.params.protected
	not input.request.userInfo.username in data.params.operators
	msg := "protected namespace"
}

deny contains {"msg": "no limits", "container": c.name} if {
	some c in input.request.object.spec.containers
	not c.resources.limits
}

count_denied := count(deny)

allowed if count_denied == 0
`;

const IMAGES = `package lib.images

allowed(image) if {
	some prefix in data.params.registries
	startswith(image, prefix)
}

default tag(_) := "latest"

tag(image) := parts[1] if {
	parts := split(image, ":")
	count(parts) == 2
}
`;

const pod = (image: string, namespace: string, username: string, limits: boolean): object => ({
  request: {
    userInfo: { username },
    object: {
      metadata: { namespace },
      spec: { containers: [{ name: 'main', image, resources: limits ? { limits: { cpu: 1 } } : {} }] },
    },
  },
});

export const OPTIMIZE_CASES: readonly OptimizeCase[] = [
  {
    name: 'authorisation',
    opaDiffers: true,
    modules: { 'authz.rego': AUTHZ },
    data: AUTHZ_DATA,
    entrypoints: ['authz/allow', 'authz/reasons', 'authz/limit'],
    documents: [
      'allow',
      'denied',
      'reasons',
      'limit',
      'levels',
      'every_known',
      'flagged',
      'grants',
      'test_allow',
    ].map((name) => `authz/${name}`),
    inputs: [...AUTHZ_INPUTS, {}],
  },
  {
    name: 'objects at paths of variables, and the last of several',
    opaDiffers: true,
    modules: { 'authz.rego': AUTHZ },
    data: AUTHZ_DATA,
    entrypoints: ['authz/levels', 'authz/every_known', 'authz/flagged'],
    documents: ['authz/levels', 'authz/every_known', 'authz/flagged', 'authz/allow'],
    inputs: [...AUTHZ_INPUTS, {}],
  },
  {
    name: 'documents outside of the roots',
    modules: { 'authz.rego': AUTHZ },
    data: { authz: {} },
    roots: ['authz'],
    entrypoints: ['authz/allow', 'authz/reasons'],
    documents: ['authz/allow', 'authz/denied', 'authz/reasons', 'authz/limit'],
    inputs: [...AUTHZ_INPUTS, {}],
  },
  {
    name: 'admission with a library',
    opaDiffers: true,
    modules: { 'admission.rego': K8S, 'images.rego': IMAGES },
    data: {
      params: { registries: ['ghcr.io/a/', 'docker.io/'], protected: ['kube-system'], operators: ['op'] },
    },
    entrypoints: ['k8s/admission/deny', 'k8s/admission/allowed'],
    documents: ['k8s/admission/deny', 'k8s/admission/allowed', 'k8s/admission/count_denied'],
    inputs: ['ghcr.io/a/b', 'evil/x', 'docker.io/y:1'].flatMap((image) =>
      ['kube-system', 'default'].flatMap((namespace) =>
        ['op', 'al'].map((user) => pod(image, namespace, user, image !== 'evil/x')),
      ),
    ),
  },
  ...['allow', 'filter', 'deny', 'ok', 'list', 'els', 'each', 'total'].map((name) => ({
    name: `example.${name}`,
    modules: POLICIES,
    data: PARTIAL_DATA,
    entrypoints: [`example/${name}`],
    documents: ['allow', 'filter', 'deny', 'ok', 'list', 'els', 'each', 'total', 'known'].map(
      (other) => `example/${other}`,
    ),
    inputs: [
      ...users.map((user) => ({
        method: 'GET',
        path: ['pets', 'rex'],
        user,
        x: 2,
        y: 3,
        xs: [2, 3],
        a: true,
      })),
      { subject: { level: 5, name: 'ann' }, pets: [{ owner: 'x' }], b: 1, user: 'x', xs: [1, 4] },
      { subject: { level: 5, name: 'eve' }, x: 1, xs: [] },
      {},
    ],
  })),
];
