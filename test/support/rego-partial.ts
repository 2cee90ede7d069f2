/** Policies and queries that are evaluated without their input. */
export interface PartialCase {
  readonly query: string;
  readonly flags?: readonly string[];
}

export const DATA = {
  pets: { rex: { owner: 'ann' }, tom: { owner: 'bob' } },
  roles: { ann: ['dev'], root: ['admin', 'x'] },
  grants: {
    ann: [
      { action: 'read', type: 'cat' },
      { action: 'write', type: 'dog' },
    ],
  },
};

export const POLICIES = {
  'example.rego': `package example

import rego.v1

default allow := false

allow if {
	input.method == "GET"
	input.path = ["pets", name]
	data.pets[name].owner == input.user
}

allow if {
	some role in data.roles[input.user]
	role == "admin"
}

filter contains pet if {
	some pet in input.pets
	pet.owner == input.user
}

deny contains "no user" if not input.user

can(x) if {
	x.level > 3
	not blocked(x)
}

blocked(x) if x.name in {"eve", "mallory"}

ok if can(input.subject)

list if {
	input.x > 1
	input.y != 2
}

els := "a" if {
	input.a
} else := "b" if {
	input.b
}

known if data.roles.ann

each if every x in input.xs { x > 1 }

total := count([x | x := input.xs[_]; x > 2])

row if data.reports[_].owner == input.user

account if {
	input.tenant == data.acc.tenant
	data.acc.salary < 10
}
`,
  'negated.rego': `package negated

import future.keywords.not

twice if {
	not {
		not { input.x }
	}
}

f(x) if {
	not {
		x == input.y
		input.z
	}
}

members contains x if {
	some x in [1, 2]
	not {
		x == input.y
		not input.q
	}
}

all if {
	f(1)
	not {
		not { f(2) }
	}
	count(members) > 1
}
`,
  'more.rego': `package more

import rego.v1

allow if {
	some grant in data.grants[input.user]
	grant.action == input.action
	grant.type == input.type
}

read contains x if {
	x := input.list[_]
	startswith(x, "a")
}

objs[k] := v if {
	some k, v in input.obj
	v > 1
}

w if helper with input.x as 3

helper if input.x == input.y

neg if not any_bad

any_bad if {
	some c in input.containers
	not startswith(c.image, "ok/")
}

fn(x, y) := z if z := x + y

default fd(_) := 1
fd(x) := 2 if x.a

usefn if fn(input.a, 2) > 3
usefd if fd(input.a) == 1

chain if { x := input.a; y := x.b; z := y.c; z == 1; not z == input.d }

deep.x[y] := 1 if some y in input.ys

multi := x if {
	x := input.n
	x > 1
	x < 10
}

r contains "a" if input.q == "a"
r contains "b" if input.q == "b"
s if "a" in r
t if count(r) > 0
u if r == {"a"}
v if { arr := [input.a, 1]; arr[0] == 2 }
now if time.now_ns() > input.t
both if { data.roles.x; input.y }
`,
};

export const CASES: readonly PartialCase[] = [
  { query: 'data.example.allow == true' },
  { query: 'data.example.allow' },
  { query: 'data.example.filter[x]' },
  { query: 'data.example.filter' },
  { query: 'data.example.deny[x]' },
  { query: 'data.example.ok' },
  { query: 'data.example.list' },
  { query: 'not data.example.list' },
  { query: 'data.example.els == "a"' },
  { query: 'data.example.els' },
  { query: 'data.example.known' },
  { query: 'data.example.each' },
  { query: 'data.example.total > 1' },
  { query: 'data.example.row', flags: ['--unknowns', 'data.reports', '--unknowns', 'input'] },
  { query: 'data.example.account', flags: ['--unknowns', 'data.acc'] },
  { query: 'data.example.list', flags: ['--disable-inlining', 'data.example.list'] },
  { query: 'data.example.ok', flags: ['--disable-inlining', 'data.example.can'] },
  { query: 'data.example.ok', flags: ['--shallow-inlining'] },
  { query: 'data.example.allow', flags: ['--shallow-inlining'] },
  { query: 'x := input.a; x > 1' },
  { query: 'input.a == 1; not input.b' },
  { query: 'x = data.example.total' },
  { query: 'data.more.allow = true' },
  { query: 'data.more.read[x]' },
  { query: 'data.more.read' },
  { query: 'data.more.objs[k]' },
  { query: 'data.more.objs.a = 2' },
  { query: 'data.more.objs' },
  { query: 'data.more.w' },
  { query: 'data.more.neg' },
  { query: 'not data.more.any_bad' },
  { query: 'data.more.usefn' },
  { query: 'data.more.usefd' },
  { query: 'data.more.chain' },
  { query: 'data.more.deep.x[q]' },
  { query: 'data.more.multi = 3' },
  { query: 'data.more.multi' },
  { query: 'x = data.more.multi; x > 4' },
  { query: 'data.more.s' },
  { query: 'data.more.t' },
  { query: 'data.more.u' },
  { query: 'data.more.v' },
  { query: 'data.more.now' },
  { query: 'data.more.both' },
  { query: 'data.more' },
  { query: 'data.negated.twice' },
  { query: 'data.negated.all' },
  { query: 'data.negated.members' },
  { query: 'some x in input.xs; x == 1' },
  { query: 'every x in input.xs { x > input.min }' },
  { query: '[x | x = input.xs[_]] = ys' },
];
