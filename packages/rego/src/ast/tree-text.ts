import { RegoError } from '../errors.ts';
import { withinStack } from '../stack.ts';
import { sortedItems, sortedPairs } from './compare.ts';
import { quote } from './print.ts';
import type { Body, Expr, Head, Module, Rule, Term } from './types.ts';

/** A module's tree, one node a line, as `opa parse` prints it (`v1/ast/pretty.go`). */
export function moduleTree(module: Module): string {
  const tree = new TreeText();
  withinStack(() => tree.module(module));
  return tree.text;
}

/** Each line is indented by its depth, so that the text grows with the square of that. */
const MAX_LENGTH = 256 * 1024 * 1024;

class TreeText {
  text = '';
  #depth = 0;

  module({ package: { path }, imports, rules, annotations, comments }: Module): void {
    this.#node('module', () => {
      this.#node('package', () => this.#terms('ref', path));
      for (const { path: imported, alias } of imports) {
        this.#node('import', () => {
          this.#term(imported);
          this.#line(alias ?? '');
        });
      }
      for (const rule of rules) this.#rule(rule);
      for (const _ of annotations) this.#line('annotations');
      for (const _ of comments) this.#line('comment');
    });
  }

  #rule(rule: Rule): void {
    this.#node('rule', () => {
      this.#head(rule.head);
      this.#body(rule.body);
      if (rule.else !== undefined) this.#rule(rule.else);
    });
  }

  #head({ ref, args, value }: Head): void {
    this.#node('head', () => {
      this.#terms('ref', ref);
      if (args !== undefined && args.length > 0) this.#terms('args', args);
      if (value !== undefined) this.#term(value);
    });
  }

  #body(body: Body): void {
    this.#node('body', () => {
      for (const expr of body) this.#expr(expr);
    });
  }

  #expr({ terms, negated, index, with: modifiers }: Expr): void {
    this.#node(`expr ${negated ? 'negated ' : ''}index=${index}`, () => {
      switch (terms.kind) {
        case 'call':
          for (const term of [terms.operator, ...terms.args]) this.#term(term);
          break;
        case 'some':
          this.#terms('somedecl', terms.symbols);
          break;
        case 'every':
          this.#node('every', () => {
            for (const term of [terms.key, terms.value, terms.domain])
              if (term !== undefined) this.#term(term);
            this.#body(terms.body);
          });
          break;
        case 'not':
          this.#node('not', () => this.#body(terms.body));
          break;
        case 'logicalAnd':
        case 'logicalOr':
          this.#node(terms.kind.toLowerCase(), () => {
            this.#body(terms.lhs);
            this.#body(terms.rhs);
          });
          break;
        default:
          this.#term(terms);
      }
      for (const { target, value } of modifiers) this.#terms('with', [target, value]);
    });
  }

  #terms(name: string, terms: readonly Term[]): void {
    this.#node(name, () => {
      for (const term of terms) this.#term(term);
    });
  }

  #term(term: Term): void {
    switch (term.kind) {
      case 'null':
        this.#line('null');
        break;
      case 'boolean':
        this.#line(String(term.value));
        break;
      case 'number':
        this.#line(term.text);
        break;
      case 'string':
        this.#line(quote(term.value));
        break;
      case 'var':
        this.#line(term.name.startsWith('$') ? '_' : term.name);
        break;
      case 'templateString':
        this.#line('templatestring');
        break;
      case 'ref':
        this.#terms('ref', term.terms);
        break;
      case 'call':
        this.#terms('call', [term.operator, ...term.args]);
        break;
      case 'array':
        this.#terms('array', term.items);
        break;
      case 'set':
        this.#terms('set', sortedItems(term));
        break;
      case 'object':
        this.#terms('object', sortedPairs(term).flat());
        break;
      case 'arrayComprehension':
      case 'setComprehension':
        this.#comprehension(term.kind, [term.term], term.body);
        break;
      case 'objectComprehension':
        this.#comprehension(term.kind, [term.key, term.value], term.body);
        break;
    }
  }

  #comprehension(kind: string, terms: readonly Term[], body: Body): void {
    this.#node(kind.toLowerCase(), () => {
      for (const term of terms) this.#term(term);
      this.#body(body);
    });
  }

  #node(name: string, inside: () => void): void {
    this.#line(name);
    this.#depth++;
    inside();
    this.#depth--;
  }

  #line(text: string): void {
    if (this.text.length > MAX_LENGTH) {
      const message = `the tree takes more than ${MAX_LENGTH} characters`;
      throw new RegoError([{ code: 'rego_depth_error', message, location: undefined }]);
    }
    this.text += `${' '.repeat(this.#depth)}${text}\n`;
  }
}
