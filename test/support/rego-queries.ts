/**
 * Random Rego queries: mostly well typed, so that most of them have a result to compare. Each binds `x`. What
 * `rego-differences.ts` lists is left out.
 */
import fc from 'fast-check';

/** What `input` is for every query. */
export const queryInput = {
  n: 7,
  f: -2.5,
  big: 9007199254740991,
  s: 'Hello, Grüße',
  path: 'registry.example/team/app:v1',
  yes: true,
  nothing: null,
  list: [3, 1, 2, 1],
  words: ['b', 'a', 'ab', ''],
  mixed: [1, 'a', null, [2], { k: 'v' }, true],
  object: { a: 1, b: 'two', c: [3], 'd e': null },
  nested: { list: [{ id: 1, tags: ['x', 'y'] }, { id: 2, tags: [] }, { id: 3 }] },
};

type Text = fc.Arbitrary<string>;

/** `template` with each `$` replaced by one of the parts' texts, in order. */
function form(template: string, ...parts: Text[]): Text {
  return fc.tuple(...parts).map((texts) => {
    let next = 0;
    return template.replaceAll('$', () => texts[next++]!);
  });
}

function leaves(...texts: string[]): Text {
  return fc.constantFrom(...texts);
}

interface Grammar {
  number: string;
  string: string;
  boolean: string;
  array: string;
  numbers: string;
  strings: string;
  set: string;
  object: string;
  any: string;
}

const depth = fc.createDepthIdentifier();

const grammar = fc.letrec<Grammar>((tie) => {
  const of = (name: keyof Grammar) => tie(name) as Text;
  const [number, string, boolean, any] = [of('number'), of('string'), of('boolean'), of('any')];
  const [array, numbers, strings] = [of('array'), of('numbers'), of('strings')];
  const [set, object] = [of('set'), of('object')];
  const collection = fc.oneof(array, set, object);
  const small = leaves('0', '1', '2', '3', '-1');
  const either = (...options: Text[]) =>
    fc.oneof(
      { maxDepth: 4, depthIdentifier: depth, withCrossShrink: true },
      ...(options as [Text, ...Text[]]),
    );
  return {
    number: either(
      leaves('0', '1', '2', '-1', '3.5', '0.1', '10', '1000000007', '123456789012345678901234567890'),
      leaves('input.n', 'input.f', 'input.list[0]', 'input.list[2]', 'input.object.a', 'input.big'),
      form('($ + $)', number, number),
      form('($ - $)', number, number),
      form('($ * $)', number, number),
      form('($ / $)', number, number),
      form('($ % $)', number, number),
      form('count($)', fc.oneof(collection, string)),
      form('sum($)', numbers),
      form('product($)', numbers),
      form('max($)', numbers),
      form('min($)', numbers),
      form('abs($)', number),
      form('ceil(abs($))', number),
      form('floor(abs($))', number),
      form('round($)', number),
      form('to_number($)', fc.oneof(number, leaves('"12"', '"-1.5e2"', '"x"', 'null', 'true'))),
      form('indexof($, $)', string, string),
      form('bits.and($, $)', small, small),
    ),
    string: either(
      leaves('""', '"a"', '"ab"', '"a/b/c"', '"Grün"', '"日本語"', '"\\"q\\"\\n"', '`raw\\n`', '" x "'),
      leaves('input.s', 'input.path', 'input.object.b', 'input.words[1]'),
      form('concat($, $)', string, strings),
      form('lower($)', string),
      form('upper($)', string),
      form('trim_space($)', string),
      form('trim($, $)', string, string),
      form('trim_left($, $)', string, string),
      form('trim_prefix($, $)', string, string),
      form('trim_suffix($, $)', string, string),
      form('replace($, $, $)', string, leaves('"a"', '"/"', '"rü"', '"本"', '"zz"'), string),
      form('substring($, $, $)', string, small, small),
      form('strings.reverse($)', string),
      form('sprintf("%v|%s", [$, $])', any, string),
      form('sprintf("%d", [$])', leaves('1', '-20', 'input.n', '0')),
      form('format_int($, $)', number, leaves('2', '8', '10', '16')),
      form('json.marshal($)', any),
      form('type_name($)', any),
      form('base64.encode($)', string),
      form('base64url.encode_no_pad($)', string),
      form('hex.encode($)', string),
      form('urlquery.encode($)', string),
      form('crypto.sha256($)', string),
    ),
    boolean: either(
      leaves('true', 'false', 'input.yes'),
      form('($ == $)', number, number),
      form('($ != $)', string, string),
      form('($ < $)', number, number),
      form('($ >= $)', string, string),
      form('($ <= $)', array, array),
      form('($ > $)', set, set),
      form('startswith($, $)', string, string),
      form('endswith($, $)', string, string),
      form('contains($, $)', string, string),
      form('($ in $)', any, collection),
      form('is_string($)', any),
      form('is_array($)', any),
      form(
        'regex.match($, $)',
        leaves('"^[a-z]+$"', '`\\d+`', '"(?i)HELLO"', '"^$"', '"[[:upper:]]"'),
        string,
      ),
      form(
        'glob.match($, $, $)',
        leaves('"*"', '"**"', '"a*"', '"registry.*/**"', '"{a,b}*"'),
        leaves('["/"]', '[]', 'null'),
        string,
      ),
      form('strings.any_prefix_match($, $)', string, strings),
      form('object.subset($, $)', object, object),
    ),
    numbers: either(
      leaves('[]', '[1, 2, 3]', '[0.5, -1]', 'input.list', '{3, 1, 2}'),
      form('[$, $]', number, number),
      form('numbers.range($, $)', small, small),
      form('sort([y | some y in $; is_number(y)])', collection),
      form('{$, $}', number, number),
    ),
    strings: either(
      leaves('[]', '["x", "y"]', 'input.words', '{"b", "a"}'),
      form('[$, $]', string, string),
      form('split($, $)', string, string),
      form('sort([y | some y in $; is_string(y)])', collection),
      form('{$, $}', string, string),
    ),
    array: either(
      leaves('[]', 'input.mixed', 'input.nested.list'),
      form('[$, $]', number, number),
      form('[$, $, $]', any, any, any),
      form('array.concat($, $)', array, array),
      form('array.slice($, $, $)', array, small, small),
      form('array.reverse($)', array),
      form('sort($)', fc.oneof(array, set)),
      form('sort([y | some y in $])', collection),
      form('sort([[i, y] | some i, y in $; $])', collection, boolean),
      form('split($, "/")', string),
      form('regex.split($, $)', leaves('"[,/]"', '` +`'), string),
      form('regex.find_n($, $, -1)', leaves('"[a-z]+"', '"."'), string),
    ),
    set: either(
      leaves('set()', '{1, 2}', '{"a", null}'),
      form('{$, $, $}', any, any, any),
      form('($ | $)', set, set),
      form('($ & $)', set, set),
      form('($ - $)', set, set),
      form('{y | some y in $}', collection),
      form('{type_name(y) | some y in $; $}', collection, boolean),
      form('object.keys($)', object),
      form('union({$, $})', set, set),
      form('intersection({$, $})', set, set),
    ),
    object: either(
      leaves('{}', 'input.object', 'input.nested.list[1]', '{1: "one", [2]: {3}}'),
      form('{"own": $, $: $}', any, string, any),
      form('object.union($, $)', object, object),
      form('object.remove($, $)', object, leaves('["a"]', '{"a", "b"}', '{"a": 1}')),
      form('object.filter($, $)', object, leaves('["a"]', '{"a", "b"}', '{}')),
      form('{y: i | some i, y in $}', collection),
      form('{i: y | some i, y in $; $}', collection, boolean),
      form('json.unmarshal(json.marshal($))', object),
      form('json.filter($, ["a", "list/0"])', object),
      form('json.patch($, [{"op": "add", "path": "/z", "value": $}])', object, any),
    ),
    any: either(
      leaves('null', 'input.nothing', 'input.missing', 'input.missing.deeper', 'input["d e"]'),
      leaves('input.list[_]', 'input.object[_]', 'input.nested.list[_].tags[_]', 'input.nested.list[_].id'),
      number,
      string,
      boolean,
      array,
      set,
      object,
      form('$[_]', fc.oneof(leaves('input.mixed', 'input.words'))),
      form('object.get($, $, $)', object, string, any),
    ),
  };
});

/** Families of queries, so that a failure says where to look. */
export const queries: Readonly<Record<string, fc.Arbitrary<string>>> = {
  numbers: form('x := $', grammar.number),
  strings: form('x := $', grammar.string),
  conditions: form('x := $', grammar.boolean),
  arrays: form('x := $', grammar.array),
  sets: form('x := $', grammar.set),
  objects: form('x := $', grammar.object),
  statements: fc.oneof(
    form('some x in $', fc.oneof(grammar.array, grammar.set, grammar.object)),
    form('some i, y in $; x := [i, y]', fc.oneof(grammar.array, grammar.set, grammar.object)),
    form('not $; x := $', grammar.boolean, grammar.any),
    form('$; x := $', grammar.boolean, grammar.any),
    form('every y in $ { type_name(y) != "null" }; x := $', grammar.array, grammar.number),
    form('x := $; $', grammar.any, grammar.boolean),
    form('[x, _] = [$, 1]', grammar.any),
    form('y := $; x := [y, y]', grammar.any),
    form('x := {"v": y | y := $}', grammar.any),
    form('x := [input.n, input.s] with input.n as $', grammar.any),
    form('x := input.object with input.object.a as $ with input.s as $', grammar.any, grammar.any),
    form('walk($, [p, y]); x := [p, y]', fc.oneof(grammar.array, grammar.object)),
    form('{"a": x, "b": _} = {"a": $, "b": $}', grammar.any, grammar.any),
    form(
      'some k; x := $[k]; not is_object(x)',
      fc.oneof(leaves('input.object', 'input.mixed', 'input.nested')),
    ),
    form('every k, y in $ { k != y }; x := true', fc.oneof(grammar.array, grammar.object)),
  ),
};
