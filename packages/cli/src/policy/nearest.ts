/** Longer names are not compared: the work grows with the square. */
const MAX_LENGTH = 100;

/** The name most like `word`, if one is so like it that it must be meant: a third of it changed at most. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  if (word.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  let least = Math.floor(word.length / 3) + 1;
  for (const name of new Set(names)) {
    if (Math.abs(name.length - word.length) >= least || name === word) continue;
    const changes = distance(word, name);
    if (changes < least) [best, least] = [name, changes];
  }
  return best;
}

/** How many letters have to be put in, taken out or exchanged (Levenshtein). */
function distance(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchanged = before[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(before[j]! + 1, row[j - 1]! + 1, exchanged));
    }
    before = row;
  }
  return before[b.length]!;
}
