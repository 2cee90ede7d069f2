import type { Body, Ref, Term } from '../../ast/types.ts';
import { keyOf, type Value } from '../../values/index.ts';
import { constantOf } from '../constants.ts';
import { isScalar } from '../tree.ts';
import { or, select, typeOf, valuesOf } from './algebra.ts';
import {
  ANY,
  arrayType,
  BOOLEAN,
  type Maybe,
  NULL,
  NUMBER,
  objectType,
  STRING,
  setType,
  type Type,
  unwrapped,
} from './type.ts';

const NO_CHILDREN: Map<string, TypeNode> = new Map();

/** Types by path: of variables, built-ins and rules. */
export class TypeNode {
  /** A map of its own once there is something in it: most nodes are variables. */
  children = NO_CHILDREN;
  /** Variables stand at the top of a layer only. */
  variables: Map<string, TypeNode> | undefined;
  readonly key: Value | undefined;
  type: Maybe = undefined;

  constructor(key?: Value) {
    this.key = key;
  }

  child(term: Term): TypeNode | undefined {
    if (term.kind === 'var') return this.variables?.get(term.name);
    if (this.children === NO_CHILDREN) return undefined;
    const value = constantOf(term);
    return value === undefined ? undefined : this.children.get(keyOf(value));
  }

  at(term: Term): TypeNode {
    if (term.kind === 'var') return this.#variable(term.name);
    const value = constantOf(term);
    const key = value === undefined ? '' : keyOf(value);
    let child = this.children.get(key);
    if (child === undefined) {
      child = new TypeNode(value);
      if (this.children === NO_CHILDREN) this.children = new Map();
      this.children.set(key, child);
    }
    return child;
  }

  #variable(name: string): TypeNode {
    this.variables ??= new Map();
    let node = this.variables.get(name);
    if (node === undefined) {
      node = new TypeNode();
      this.variables.set(name, node);
    }
    return node;
  }

  put(path: readonly Term[], type: Maybe): void {
    let node: TypeNode = this;
    for (let index = 0; index < path.length; index++) node = node.at(path[index] as Term);
    node.type = type;
  }
}

/** What is known at one place: its own layer, and those around it. */
export class TypeEnv {
  readonly tree: TypeNode;
  readonly next: TypeEnv | undefined;
  /** Where types of variables go: not in a layer that holds for one expression only. */
  readonly vars: TypeNode;
  /** Types the bodies of comprehensions. */
  readonly check: (env: TypeEnv, body: Body) => TypeEnv | undefined;

  constructor(check: TypeEnv['check'], tree = new TypeNode(), next?: TypeEnv, vars = tree) {
    this.check = check;
    this.tree = tree;
    this.next = next;
    this.vars = vars;
  }

  wrap(): TypeEnv {
    return new TypeEnv(this.check, new TypeNode(), this);
  }

  wrapForExpression(): TypeEnv {
    return new TypeEnv(this.check, new TypeNode(), this, this.vars);
  }

  setVar(term: Term, type: Maybe): void {
    this.vars.at(term).type = type;
  }

  of(term: Term): Maybe {
    switch (term.kind) {
      case 'null':
        return NULL;
      case 'boolean':
        return BOOLEAN;
      case 'number':
        return NUMBER;
      case 'string':
        return STRING;
      case 'templateString':
        return STRING;
      case 'array':
        return arrayType(
          term.items.map((item) => this.of(item)),
          term.items.length === 0 ? ANY : undefined,
        );
      case 'object':
        return this.#object(term);
      case 'set':
        return setType(term.items.map((item) => this.of(item)).reduce<Maybe>(or, undefined) ?? ANY);
      case 'arrayComprehension': {
        const env = this.check(this, term.body);
        return env === undefined ? undefined : arrayType([], env.of(term.term));
      }
      case 'setComprehension': {
        const env = this.check(this, term.body);
        return env === undefined ? undefined : setType(env.of(term.term));
      }
      case 'objectComprehension': {
        const env = this.check(this, term.body);
        return env === undefined ? undefined : objectType([], [env.of(term.key), env.of(term.value)]);
      }
      case 'ref':
        return this.ofRef(term);
      case 'var': {
        const node = this.tree.child(term);
        return node === undefined ? this.next?.of(term) : node.type;
      }
      default:
        return undefined;
    }
  }

  #object(term: Term & { kind: 'object' }): Type {
    const members: (readonly [Value, Maybe])[] = [];
    let rest: readonly [Maybe, Maybe] | undefined;
    for (const [key, value] of term.pairs) {
      const constant = constantOf(key);
      if (constant !== undefined) members.push([constant, this.of(value)]);
      else rest = [this.of(key), this.of(value)];
    }
    return objectType(members, members.length === 0 && rest === undefined ? [ANY, ANY] : rest);
  }

  ofRef(ref: Ref): Maybe {
    const node = this.tree.child(ref.terms[0] as Term);
    return node === undefined ? this.#elsewhere(ref) : this.#within(node, ref, 1);
  }

  #elsewhere(ref: Ref): Maybe {
    if (this.next !== undefined) return this.next.ofRef(ref);
    const head = ref.terms[0];
    return head?.kind === 'var' && (head.name === 'input' || head.name === 'data') ? ANY : undefined;
  }

  #within(node: TypeNode, ref: Ref, at: number): Maybe {
    const term = ref.terms[at];
    if (term === undefined) return extentOf(node);
    if (node.type !== undefined) {
      const child = node.child(term);
      return child === undefined ? selectRef(node.type, ref.terms, at) : this.#within(child, ref, at + 1);
    }
    if (constantOf(term) === undefined) return selectRef(extentOf(node), ref.terms, at);
    const child = node.child(term);
    return child === undefined ? this.#elsewhere(ref) : this.#within(child, ref, at + 1);
  }
}

/** All that is at a node and below; base documents may add any texts. */
export function extentOf(node: TypeNode): Type {
  if (node.type !== undefined) return node.type;
  const members: (readonly [Value, Maybe])[] = [];
  for (const child of node.children.values()) {
    if (child.key !== undefined && child.key !== null && typeof child.key !== 'object') {
      members.push([child.key, extentOf(child)]);
    }
  }
  return objectType(members, [STRING, ANY]);
}

function selectRef(type: Maybe, terms: readonly Term[], at: number): Maybe {
  let found = type;
  for (let index = at; index < terms.length; index++) {
    if (found === undefined) return undefined;
    const term = terms[index] as Term;
    found = isScalar(term) ? select(found, constantOf(term) as Value) : valuesOf(found);
  }
  return found;
}

/** Adds a rule's type at its path: to what other rules say there, and to objects on the way. */
export function insertRule(root: TypeNode, path: readonly Term[], type: Type, env: TypeEnv): void {
  let node = root;
  for (let index = 0; index < path.length; index++) {
    node = node.at(path[index] as Term);
    const outer = unwrapped(node.type);
    if (outer?.kind === 'object' && index + 1 < path.length) {
      const keys = path.slice(index + 1).map((part) => env.of(part));
      node.type = insertTypes(outer, keys, type);
    }
  }
  node.type = mergeTypes(node.type, type);
  if (unwrapped(type)?.kind !== 'object' || node.children.size === 0) return;
  let merged: Maybe = unwrapped(node.type);
  const collect = (inner: TypeNode, keys: readonly Maybe[]): void => {
    const own = [...keys, inner.key === undefined ? ANY : typeOf(inner.key)];
    if (inner.type !== undefined) merged = insertTypes(merged, own, inner.type);
    else for (const child of inner.children.values()) collect(child, own);
  };
  for (const child of node.children.values()) collect(child, []);
  node.type = merged;
}

function insertTypes(object: Maybe, [key, ...rest]: readonly Maybe[], type: Maybe): Maybe {
  if (object?.kind !== 'object') return object;
  const value = rest.length === 0 ? type : insertTypes(objectType([]), rest, type);
  return objectType(object.members, [or(object.rest?.[0], key), or(object.rest?.[1], value)]);
}

function mergeTypes(first: Maybe, second: Maybe): Maybe {
  const a = unwrapped(first);
  const b = unwrapped(second);
  if (a === undefined) return b;
  if (b === undefined) return a;
  if (a.kind === 'object' && b.kind === 'object' && a.members.length === 0 && b.members.length === 0) {
    return objectType([], [or(a.rest?.[0], b.rest?.[0]), mergeTypes(a.rest?.[1], b.rest?.[1])]);
  }
  if (a.kind === 'set' && b.kind === 'set') return setType(or(a.of, b.of));
  return or(a, b);
}
