/** What one policy, and one value that it is asked about, may take. */
export const limits = {
  /** Of the text of a policy, in UTF-16 units. */
  text: 256 * 1024,
  /** Of nested expressions and structs in a policy. */
  nesting: 128,
  /** Of nodes below one another, of a value or made by the policy. */
  depth: 128,
  /** Of nested evaluations, one waiting for the other. */
  recursion: 600,
  /** Steps: conjuncts added, expressions evaluated. */
  steps: 2_000_000,
  /** Of what an evaluation makes, in bytes: nodes, texts and lists, about as large as they are. */
  memory: 512 * 1024 * 1024,
  /** Of elements of a list that a function makes. */
  elements: 100_000,
} as const;
