/** Numbers below 2 to the power of this, and sums of two, are whole in a `number`. */
const exactBits = 50;
/** As far as the factors of a step may grow: times a leading part they stay exact. */
const maxFactor = 2 ** 24;

/**
 * 1 / `value` modulo `modulus`, by Lehmer's algorithm (Knuth, The Art of Computer Programming 4.5.2, algorithm L): the
 * steps of Euclid's are worked out on the leading 50 bits and done together. 0 when there is none. For
 * 0 ≤ `value` < `modulus`. Not in constant time.
 */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [larger, smaller] = [modulus, value];
  // `larger` and `smaller` are these times `value`, modulo `modulus`.
  let [ofLarger, ofSmaller] = [0n, 1n];
  while (smaller !== 0n) {
    const factors = leadingSteps(larger, smaller);
    if (factors === null) {
      const quotient = larger / smaller;
      [larger, smaller] = [smaller, larger - quotient * smaller];
      [ofLarger, ofSmaller] = [ofSmaller, ofLarger - quotient * ofSmaller];
    } else {
      const [a, b, c, d] = factors;
      [larger, smaller] = [a * larger + b * smaller, c * larger + d * smaller];
      [ofLarger, ofSmaller] = [a * ofLarger + b * ofSmaller, c * ofLarger + d * ofSmaller];
    }
  }
  const result = ofLarger < 0n ? ofLarger + modulus : ofLarger;
  return (result * value) % modulus === 1n ? result : 0n;
}

type Factors = readonly [a: bigint, b: bigint, c: bigint, d: bigint];

/** What several of Euclid's steps make of both numbers: a · larger + b · smaller and c · larger + d · smaller. */
function leadingSteps(larger: bigint, smaller: bigint): Factors | null {
  const shift = BigInt(Math.max(0, larger.toString(16).length * 4 - exactBits));
  let [x, y] = [Number(larger >> shift), Number(smaller >> shift)];
  let [a, b, c, d] = [1, 0, 0, 1];
  // What was cut off can make the quotient anything between these two.
  while (y + c > 0 && y + d > 0) {
    const quotient = Math.floor((x + a) / (y + c));
    if (quotient !== Math.floor((x + b) / (y + d)) || quotient > maxFactor) break;
    const [nextC, nextD] = [a - quotient * c, b - quotient * d];
    if (Math.abs(nextC) > maxFactor || Math.abs(nextD) > maxFactor) break;
    [a, b, c, d] = [c, d, nextC, nextD];
    [x, y] = [y, x - quotient * y];
  }
  return b === 0 ? null : [BigInt(a), BigInt(b), BigInt(c), BigInt(d)];
}
