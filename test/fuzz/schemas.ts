/** JSON Schemas of the members that the type checker reads, right and wrong, small and of many references. */
import fc from 'fast-check';

const types = ['string', 'number', 'integer', 'boolean', 'null', 'array', 'object'];
/** Members that the generated queries read of their input, and one that they do not. */
const names = ['n', 's', 'list', 'object', 'a', 'b', '__proto__', 'nobody'];
const definitions = ['d0', 'd1', 'd2'];

const { node } = fc.letrec<{ node: unknown }>((tie) => {
  const schema = tie('node');
  const members = fc.dictionary(fc.constantFrom(...names), schema, { maxKeys: 4, noNullPrototype: true });
  const some = fc.array(schema, { minLength: 1, maxLength: 3 });
  return {
    node: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      fc.constantFrom(...types).map((type) => ({ type })),
      fc.boolean(),
      fc.constantFrom(...definitions, 'none').map((name) => ({ $ref: `#/definitions/${name}` })),
      fc.constantFrom({ $ref: '#' }, { $ref: 'https://example.com/schema.json' }, { $ref: 1 }),
      members.map((properties) => ({ type: 'object', properties })),
      members.map((properties) => ({ properties, additionalProperties: false })),
      fc.oneof(schema, some).map((items) => ({ type: 'array', items })),
      some.map((anyOf) => ({ anyOf })),
      some.map((allOf) => ({ allOf })),
      fc.tuple(members, some).map(([properties, anyOf]) => ({ type: 'object', properties, anyOf })),
      fc.tuple(members, some).map(([properties, allOf]) => ({ type: 'object', properties, allOf })),
      fc.jsonValue({ maxDepth: 2 }),
    ),
  };
});

/** A schema with definitions, which may refer to each other and to the whole. */
export const schema: fc.Arbitrary<unknown> = fc
  .tuple(node, fc.tuple(node, node, node))
  .map(([root, [d0, d1, d2]]) =>
    typeof root === 'object' && root !== null && !Array.isArray(root)
      ? { definitions: { d0, d1, d2 }, ...root }
      : root,
  );
