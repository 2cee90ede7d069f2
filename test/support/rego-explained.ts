/** Policies of every kind, with queries whose evaluation is compared step by step. */
export interface Explained {
  readonly name: string;
  readonly policy: string;
  readonly data?: object;
  readonly input?: object;
  readonly queries: readonly string[];
}

const ROLES = `package p

import rego.v1

default allow := false

allow if {
	some role in data.roles[input.user]
	grant := data.grants[role][_]
	grant.action == input.action
	trace(sprintf("granted %v", [grant]))
	not denied
}

denied if input.user == "eve"

names contains n if some n, _ in data.roles

f(x) := y if {
	y := x + 1
}

obj[k] := v if {
	some k, v in {"a": 1, "b": 2}
	f(v) > 1
}

q if {
	every x in [1, 2, 3] {
		x > 0
	}
	count([y | y := names[_]; y != "eve"]) > 0
	obj.a == 1
}

els := "a" if {
	input.user == "nobody"
} else := "b" if {
	input.user == "alice"
} else := "c"
`;

const KINDS = `package p
import rego.v1
xs := [1, 2, 3, 3]
g[x] contains y if { some x in xs; some y in xs; y > x }
sum := s if { s := sum_all([n | n := xs[_]]) }
sum_all(ns) := sum2 if { sum2 := ns[0] + ns[1] }
default dflt(_) := 7
dflt(x) := y if { x > 10; y := x }
deep.a[k].b := v if some k, v in {"q": 1, "r": 2}
deep.z := 3
p if { deep.a.q.b == 1; g[1][_]; dflt(3) == 7; dflt(12) == 12 }
r if { input.x with input.x as 7; data.p.xs[0] == 1 with data.p.xs as [1] }
mock if { sum_all([1,2]) == 9 with sum_all as 9; count([1]) == 3 with count as 3 }
mock2 if { sum_all([1,2]) == 9 with sum_all as fake }
fake(_) := 9
t contains x if { x := xs[_]; x != 2 }
s contains {"m": x} if { some x in t }
u if { {"m": 1} in s; s[{"m": 3}] }
w := [k | some k; walk({"a": {"b": 1}}, [k, _])]
n if not input.missing
teams := {x: ys | some x in xs; ys := [y | some y in xs; y == x]}
sets := {y | some x in [1,2]; y := x*2}
glob1 if glob.match("a:*:c", [":"], input.g)
glob1 if glob.match("b:*:c", [":"], input.g)
mem if input.g in {"a:b:c", "z"}
mem if input.g in {"zz"}
str := $"hello {xs[0]}"
`;

const INDEXED = `package p

import rego.v1

allow if {
	input.method == "GET"
	input.path = ["pets", _]
}

allow if {
	input.method in {"PUT", "POST"}
	"writer" in input.roles
}

allow if {
	glob.match("/public/*", ["/"], input.url)
	print("public")
}

limit(kind) := 10 if kind == "small"

limit(kind) := 100 if kind == "large"

limit(_) := 1 if input.none

deny contains msg if {
	some i, c in input.containers
	not startswith(c.image, "registry.example/")
	msg := sprintf("container %d: %s", [i, c.image])
}

deny contains "too many" if count(input.containers) > limit(input.size)

total := sum([n | some c in input.containers; n := c.cpu; n > 0])
`;

export const EXPLAINED: readonly Explained[] = [
  {
    name: 'roles: iteration, notes, negation, functions, every, else',
    policy: ROLES,
    data: {
      roles: { alice: ['dev', 'ops'], bob: ['dev'], eve: ['ops'] },
      grants: { dev: [{ action: 'read' }], ops: [{ action: 'write' }, { action: 'read' }] },
    },
    input: { user: 'alice', action: 'write' },
    queries: [
      'data.p',
      'data.p.allow',
      'not data.p.allow',
      'x = data.p.obj[y]',
      'data.p.names[_]',
      'data.p.els; data.p.f(2)',
    ],
  },
  {
    name: 'rules of every kind, with, comprehensions, indexes, templates',
    policy: KINDS,
    input: { g: 'a:b:c', x: 1 },
    queries: [
      'data.p',
      'x = data.p.g[y]',
      'data.p.g[1][_]; data.p.mem',
      'data.p.deep[k]',
      'every x in [1] { x > 2 }',
      '[x | x = data.p.xs[_]; x > 1]',
      'some i; data.p.xs[i] > 2',
      'data.p.deep.a[x].b',
      'data.p.teams; data.p.u',
    ],
  },
  {
    name: 'rules that the index leaves out',
    policy: INDEXED,
    input: {
      method: 'PUT',
      path: ['pets', 'rex'],
      roles: ['reader', 'writer'],
      url: '/public/a',
      size: 'small',
      containers: [
        { image: 'registry.example/a', cpu: 1 },
        { image: 'b', cpu: 2 },
      ],
    },
    queries: ['data.p', 'data.p.allow', 'data.p.deny[x]', 'data.p.limit("large")'],
  },
  {
    name: 'comprehensions that are kept for one frame and not for another',
    policy: `package p

import rego.v1

types := {"a", "b", "c"}

resources[k] := all if {
	some k in types
	all := [n | some n in input.changes; n.type == k]
}

num[k] := n if {
	some k in types
	n := count(resources[k])
}

pair := [x, y] if {
	input.changes with input.other as 1
	x := resources.a
	y := resources.b
}
`,
    input: { changes: [{ type: 'a' }, { type: 'b' }] },
    queries: ['data.p', 'data.p.resources', 'data.p.num', 'data.p.pair'],
  },
];
