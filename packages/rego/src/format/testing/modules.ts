import fc from 'fast-check';

type Text = fc.Arbitrary<string>;

/** Where a module may be broken into lines: within terms, at comments between expressions, or both and everywhere. */
export type Breaks = 'terms' | 'comments' | 'both';

/** The parts in order. */
function concat(...parts: (Text | string)[]): Text {
  const all = parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part));
  return fc.tuple(...all).map((texts) => texts.join(''));
}

function oneOf(...texts: string[]): Text {
  return fc.constantFrom(...texts);
}

/** Items, each followed by what separates it from the next. */
function joined(item: Text, separator: Text, minLength: number, maxLength: number): Text {
  return fc
    .array(fc.tuple(item, separator), { minLength, maxLength })
    .map((all) => all.map(([text, after], i) => (i === all.length - 1 ? text : text + after)).join(''));
}

const space = oneOf(' ', ' ', '  ', '\t');
const name = oneOf('a', 'b', 'xs', 'item', 'input.x', 'input["y z"].w', 'data.lib.list', 'p[0]', 'q[x]');
/** No `true`, which may be left out of a head, and no minus: on a line of its own it would subtract from the line above. */
const scalar = fc.oneof(
  oneOf('0', '1', '2', '3.50', '1e3', 'false', 'null'),
  oneOf('""', '"text"', '"\\u0041\\n"', '`raw "text"`', '"ü🙂"', '"{x}"'),
);
const value = oneOf('0', '"text"', '[1]', 'null');
const operator = oneOf('==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%');

/** Ordinary v1 modules in all sorts of layout. Names and types mean nothing: they only have to parse. */
export function modules(breaks: Breaks): Text {
  const comma = {
    terms: oneOf(', ', ', ', ',', ' , ', ',\n', ',\n\t\t'),
    comments: oneOf(', ', ',', ' , '),
    both: oneOf(', ', ',', ',\n', ',\n\t\t', ', # note\n'),
  }[breaks];
  const open = breaks === 'comments' ? oneOf('', ' ') : oneOf('', '', ' ', '\n', '\n\t\t');
  const within = {
    terms: oneOf('; ', '\n', '\n\n', '\n\t'),
    comments: oneOf('; '),
    both: oneOf('; ', '\n', ' # why\n', '\n# above\n'),
  }[breaks];
  const between =
    breaks === 'terms' ? oneOf('\n', '\n\n\n', ';\n') : oneOf('\n', ';\n', ' # why\n', '\n    # above\n');

  // OPA puts a comment beside a template string into its braces, and then breaks the lines around it.
  const template = breaks === 'comments' ? oneOf('$"a b"', '$`c`') : concat('$"a {', name, '} b"');
  const list = (before: string, after: string, item: Text, minLength = 0): Text =>
    concat(before, open, joined(item, comma, minLength, 4), open, after);

  const { term, expression } = fc.letrec<{ term: string; expression: string; body: string }>((tie) => {
    const inner = tie('term');
    const body = tie('body');
    const collections = [
      list('[', ']', inner),
      list('{', '}', inner, 1),
      list('count(', ')', inner, 1),
    ] as const;
    // OPA drops the parentheses of an operand that is an infix call itself, meaning or no meaning.
    const operand = fc.oneof({ depthSize: 'small' }, scalar, name, ...collections);
    return {
      term: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        scalar,
        name,
        ...collections,
        list('{', '}', concat(oneOf('"k": ', '"l":', 'a: ', '1 : '), inner)),
        list('data.lib.f(', ')', inner, 1),
        concat('(', operand, space, operator, space, operand, ')'),
        concat('(', operand, ' | ', operand, ')'),
        concat('[', name, ' | ', body, ']'),
        concat('{', name, ' |', space, body, '}'),
        concat('{', name, ': ', operand, ' | ', body, '}'),
        template,
        oneOf('set()', '{}', '[]'),
      ),
      expression: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        concat(name, space, oneOf('==', ':=', '=', '<'), space, operand),
        concat(operand, space, operator, space, operand),
        name,
        concat('not ', name),
        concat('x in ', operand),
        concat('some x in ', operand),
        concat('some k, v in ', name),
        concat('every x in ', name, ' { ', body, ' }'),
        concat(name, ' with input.x as ', operand),
        concat(name, ' with input.x as 1 with data.y as ', name),
      ),
      body: joined(tie('expression'), within, 1, 3),
    };
  });

  const block = concat('{\n', joined(concat('  ', expression), between, 1, 4), oneOf('\n', '\n\n'), '}');
  const ruleName = oneOf('r', 's', 't.u', 't.v.w');
  const rule = fc.oneof(
    concat(ruleName, space, ':=', space, fc.oneof(name, value)),
    concat(ruleName, ' := ', term, ' if ', block),
    concat('default r :=', space, value),
    concat(ruleName, ' if ', block),
    concat(ruleName, space, 'if ', name),
    concat(oneOf('m', 'deny'), space, 'contains ', name, ' if ', block),
    concat('m contains ', scalar),
    concat('o[', oneOf('x', '"k"'), '] := ', name, ' if ', block),
    concat('f(', oneOf('x', 'x, y', '[x, y], "z"'), ') := ', name, ' if ', block),
    concat('g(x) if ', block, ' else := ', value, ' if ', block, ' else := 0'),
  );

  const quiet = breaks === 'terms';
  const lead = quiet
    ? oneOf('', '\n\n')
    : oneOf('', '', '# A comment.\n', '# METADATA\n# title: t\n', '# one\n\n# two\n');
  const end = quiet ? oneOf('\n', '\n\n') : oneOf('\n', '\n\n', ' # end\n');
  return concat(
    oneOf('package a\n\n', 'package a.b\n\n', 'package a["b-c"]\n'),
    oneOf('', 'import data.z\nimport data.lib\n\n', 'import input.foo as bar\n\nimport data.lib\n'),
    fc.array(concat(lead, rule, end), { minLength: 1, maxLength: 5 }).map((rules) => rules.join('')),
  );
}
