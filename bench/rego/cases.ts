/** One policy to evaluate: what people write Rego for, of a size they meet. */
export interface RegoCase {
  readonly what: string;
  readonly modules: Readonly<Record<string, string>>;
  readonly query: string;
  readonly input: unknown;
  readonly data: object;
}

/** The same numbers on every machine and run (Lehmer's generator). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const range = <T>(n: number, make: (index: number) => T): T[] =>
  Array.from({ length: n }, (_, index) => make(index));

/** The role-based access example of OPA's documentation. */
function rbac(): RegoCase {
  const actions = ['read', 'write', 'delete'];
  return {
    what: 'RBAC',
    modules: {
      'rbac.rego': `package bench

default allow := false

allow if user_is_admin

allow if {
	some grant in user_is_granted
	input.action == grant.action
	input.type == grant.type
}

user_is_admin if "admin" in data.user_roles[input.user]

user_is_granted contains grant if {
	some role in data.user_roles[input.user]
	some grant in data.role_grants[role]
}
`,
    },
    query: 'data.bench.allow',
    input: { user: 'user7', action: 'read', object: 'id123', type: 'type19' },
    data: {
      user_roles: Object.fromEntries(
        range(100, (i) => [`user${i}`, [`role${i % 10}`, `role${(i + 3) % 10}`]]),
      ),
      role_grants: Object.fromEntries(
        range(10, (i) => [
          `role${i}`,
          range(20, (j) => ({ action: actions[j % 3], type: `type${(i + j) % 25}` })),
        ]),
      ),
    },
  };
}

/** Kubernetes admission of a Pod with many containers: the usual container rules. */
function admission(): RegoCase {
  return {
    what: 'Kubernetes admission, 40 containers',
    modules: {
      'admission.rego': `package bench

deny contains msg if {
	some container in containers
	not container.resources.limits.memory
	msg := sprintf("container %s has no memory limit", [container.name])
}

deny contains msg if {
	some container in containers
	container.securityContext.privileged
	msg := sprintf("container %s is privileged", [container.name])
}

deny contains msg if {
	some container in containers
	not startswith(container.image, "registry.example/")
	msg := sprintf("container %s has image %s", [container.name, container.image])
}

deny contains msg if {
	some container in containers
	endswith(container.image, ":latest")
	msg := sprintf("container %s uses latest", [container.name])
}

deny contains msg if {
	some label in {"app", "team", "env"}
	not input.request.object.metadata.labels[label]
	msg := sprintf("label %s is missing", [label])
}

containers contains container if some container in input.request.object.spec.containers

containers contains container if some container in input.request.object.spec.initContainers
`,
    },
    query: 'data.bench.deny',
    input: {
      request: {
        kind: { kind: 'Pod', version: 'v1', group: '' },
        operation: 'CREATE',
        object: {
          metadata: { name: 'big', labels: { app: 'x', team: 'y' } },
          spec: {
            initContainers: range(5, (i) => ({
              name: `init${i}`,
              image: `registry.example/init:${i}`,
              resources: { limits: { memory: '1Gi' } },
            })),
            containers: range(40, (i) => ({
              name: `c${i}`,
              image: i % 9 === 0 ? `docker.io/library/c${i}:latest` : `registry.example/team/c${i}:1.${i}`,
              env: range(12, (j) => ({ name: `NAME_${j}`, value: `value ${j}` })),
              resources: i % 7 === 0 ? {} : { limits: { memory: '1Gi', cpu: '1' } },
              securityContext: { privileged: i % 13 === 0 },
              volumeMounts: range(4, (j) => ({ name: `v${j}`, mountPath: `/mnt/${j}` })),
            })),
          },
        },
      },
    },
    data: {},
  };
}

/** Images of a request against a list of 10,000 approved digests. */
function allowList(): RegoCase {
  const next = random(3);
  const digest = (): string => range(64, () => Math.floor(next() * 16).toString(16)).join('');
  const approved = range(10_000, () => `sha256:${digest()}`);
  return {
    what: 'image allow-list of 10,000',
    modules: {
      'allow.rego': `package bench

deny contains msg if {
	some image in input.images
	not data.approved[image.digest]
	msg := sprintf("%s@%s is not approved", [image.name, image.digest])
}
`,
    },
    query: 'data.bench.deny',
    input: {
      images: range(20, (i) => ({
        name: `registry.example/app${i}`,
        digest: i % 10 === 9 ? `sha256:${digest()}` : approved[i * 479],
      })),
    },
    data: { approved: Object.fromEntries(approved.map((key) => [key, { by: 'team' }])) },
  };
}

/** An SBOM of 2,000 packages against a deny-list by name and version. */
function sbom(): RegoCase {
  return {
    what: 'SBOM of 2,000 packages, deny-list',
    modules: {
      'sbom.rego': `package bench

deny contains msg if {
	some package_ in input.packages
	some rule in data.denied[package_.name]
	semver.compare(package_.version, rule.below) < 0
	msg := sprintf("%s %s is denied: %s", [package_.name, package_.version, rule.reason])
}

deny contains msg if {
	some package_ in input.packages
	package_.license in data.licenses
	msg := sprintf("%s has licence %s", [package_.name, package_.license])
}
`,
    },
    query: 'data.bench.deny',
    input: {
      packages: range(2_000, (i) => ({
        name: `package-${i}`,
        version: `${i % 4}.${i % 10}.${i % 7}`,
        license: i % 250 === 0 ? 'AGPL-3.0' : 'MIT',
        purl: `pkg:npm/package-${i}@${i % 4}.${i % 10}.${i % 7}`,
      })),
    },
    data: {
      denied: Object.fromEntries(
        range(300, (i) => [`package-${i * 13}`, [{ below: '2.0.0', reason: `CVE-2026-${i}` }]]),
      ),
      licenses: ['AGPL-3.0', 'SSPL-1.0'],
    },
  };
}

/** Who can reach what, over a graph of 1,000 nodes. */
function reachability(): RegoCase {
  const next = random(5);
  const edges = Object.fromEntries(
    range(1_000, (i) => [`n${i}`, range(3, () => `n${Math.floor(next() * 1_000)}`)]),
  );
  return {
    what: 'graph reachability, 1,000 nodes',
    modules: {
      'graph.rego': `package bench

reached := graph.reachable(data.edges, {input.from})

deny contains node if {
	some node in data.forbidden
	node in reached
}
`,
    },
    query: 'data.bench.deny',
    input: { from: 'n0' },
    data: { edges, forbidden: range(50, (i) => `n${i * 20}`) },
  };
}

function regexes(): RegoCase {
  return {
    what: 'regex, 100 references by 8 patterns',
    modules: {
      'regex.rego': `package bench

allowed contains image if {
	some image in input.images
	some pattern in data.patterns
	regex.match(pattern, image)
}

deny contains image if {
	some image in input.images
	not image in allowed
}
`,
    },
    query: 'data.bench.deny',
    input: { images: range(100, (i) => `registry${i % 5}.example/team-${i % 12}/service-${i}:v1.${i}.0`) },
    data: {
      patterns: range(
        8,
        (i) => `^registry${i % 4}\\.example/team-(${i}|1[0-9])/[a-z][a-z0-9-]*:v[0-9]+\\.[0-9]+\\.[0-9]+$`,
      ),
    },
  };
}

function templates(): RegoCase {
  return {
    what: 'string templates, 200 messages',
    modules: {
      'templates.rego': `package bench

messages contains $"{item.name} in {item.namespace} uses {item.image} ({item.count} times)" if some item in input.items
`,
    },
    query: 'data.bench.messages',
    input: {
      items: range(200, (i) => ({
        name: `app${i}`,
        namespace: `ns${i % 9}`,
        image: `registry.example/app${i}:1`,
        count: i,
      })),
    },
    data: {},
  };
}

function comprehensions(): RegoCase {
  return {
    what: 'comprehensions, grouping 500 findings',
    modules: {
      'group.rego': `package bench

by_package[name] := ids if {
	some name in names
	ids := {finding.id | some finding in input.findings; finding.package == name}
}

names := {finding.package | some finding in input.findings}

worst := {name: max(scores) |
	some name in names
	scores := [finding.score | some finding in input.findings; finding.package == name]
}

summary := {"packages": count(by_package), "critical": count([name | some name, score in worst; score >= 9])}
`,
    },
    query: 'data.bench.summary',
    input: {
      findings: range(500, (i) => ({ id: `CVE-2026-${i}`, package: `p${i % 25}`, score: (i * 7) % 11 })),
    },
    data: {},
  };
}

function partialSets(): RegoCase {
  return {
    what: 'partial sets and objects, 300 bindings',
    modules: {
      'partial.rego': `package bench

admins contains subject if {
	some binding in input.bindings
	binding.role == "cluster-admin"
	some subject in binding.subjects
}

by_namespace[binding.namespace] contains binding.name if some binding in input.bindings

risky contains name if {
	some namespace
	names := by_namespace[namespace]
	count(names) > 5
	some name in names
	name in admin_bindings
}

admin_bindings contains binding.name if {
	some binding in input.bindings
	some subject in binding.subjects
	subject in admins
}
`,
    },
    query: 'data.bench.risky',
    input: {
      bindings: range(300, (i) => ({
        name: `binding${i}`,
        namespace: `ns${i % 20}`,
        role: i % 30 === 0 ? 'cluster-admin' : 'view',
        subjects: [`user${i % 50}`, `user${(i * 3) % 50}`],
      })),
    },
    data: {},
  };
}

function mocks(): RegoCase {
  return {
    what: 'functions and with, 50 calls',
    modules: {
      'with.rego': `package bench

price(item) := item.base * rate

rate := 2 if input.region == "eu"

else := 3

quotes := [quote |
	some region in ["eu", "us"]
	some item in data.items
	quote := price(item) with input.region as region
]

total := sum(quotes)
`,
    },
    query: 'data.bench.total',
    input: { region: 'eu' },
    data: { items: range(25, (i) => ({ name: `item${i}`, base: i + 1 })) },
  };
}

function arithmetic(): RegoCase {
  return {
    what: 'arithmetic over 500 numbers',
    modules: {
      'sum.rego': 'package bench\n\nr := sum([y | some n in input.numbers; n % 2 == 0; y := (n * 3) + 1])\n',
    },
    query: 'data.bench.r',
    input: { numbers: range(500, (i) => i) },
    data: {},
  };
}

function strings(): RegoCase {
  return {
    what: 'string functions, 200 image names',
    modules: {
      'names.rego': `package bench

deny contains sprintf("%s is not from %s", [name, input.registry]) if {
	some name in input.images
	not startswith(name, input.registry)
	parts := split(name, "/")
	count(parts) > 1
}
`,
    },
    query: 'data.bench.deny',
    input: {
      registry: 'ghcr.io/',
      images: range(200, (i) => `${i % 2 === 0 ? 'ghcr.io' : 'docker.io'}/team/app${i}:v${i}`),
    },
    data: {},
  };
}

/** Policies of different character; the input makes each of them work. */
export const cases: readonly RegoCase[] = [
  rbac(),
  admission(),
  allowList(),
  sbom(),
  reachability(),
  regexes(),
  templates(),
  comprehensions(),
  partialSets(),
  mocks(),
  arithmetic(),
  strings(),
];

/** A policy of about `lines` lines, for what parsing and compiling costs. */
export function longPolicy(lines: number): string {
  const rules = range(
    Math.ceil(lines / 6),
    (i) => `deny contains msg if {
	some container in input.request.object.spec.containers
	container.securityContext.runAsUser == ${i}
	not startswith(container.image, "registry${i}.example/")
	msg := sprintf("rule %d: %s", [${i}, container.name])
}
`,
  );
  return `package bench\n\n${rules.join('\n')}`;
}
