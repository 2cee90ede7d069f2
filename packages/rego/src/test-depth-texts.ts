const repeat = (before: string, middle: string, after: string) => (n: number) =>
  `r := ${before.repeat(n)}${middle}${after.repeat(n)}`;

/** Rules `r` of which something nests `n` deep, by what that is; for tests. */
export const DEEP_RULES: Readonly<Record<string, (n: number) => string>> = {
  arrays: repeat('[', '1', ']'),
  sets: repeat('{', '1', '}'),
  objects: repeat('{"a": ', '1', '}'),
  parentheses: repeat('(', '1', ')'),
  operators: repeat('input.x + ', '1', ''),
  'operators in parentheses': repeat('input.x + (', '1', ')'),
  calls: repeat('abs(', '1', ')'),
  references: repeat('input[', 'input', ']'),
  comprehensions: repeat('[x | x := ', '1', ']'),
  membership: repeat('1 in ', '[]', ''),
  'template strings': repeat('$"{', '1', '}"'),
  else: (n) => `r := 0 if input.x\n${'else := 1 if input.y\n'.repeat(n)}`,
  every: (n) => `r if { ${'every x in [1] { x; '.repeat(n)}true${' }'.repeat(n)} }`,
  not: (n) => `import future.keywords.not\nr if { ${'not { '.repeat(n)}input.x${' }'.repeat(n)} }`,
  'a body': (n) => `r if {\n${'input.x == 1\n'.repeat(n)}}`,
  'a long reference': (n) => `r := input${'.a'.repeat(n)}`,
  rules: (n) =>
    `r := r0\nr${n} := 1\n${Array.from({ length: n }, (_, i) => `r${i} := r${i + 1}\n`).join('')}`,
};
