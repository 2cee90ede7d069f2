/** `crypto.md5`, `crypto.sha1`, `crypto.sha256`, `crypto.hmac.*`. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { utf8Bytes } from '../go/utf8.ts';
import { chargeText } from '../limits.ts';
import { stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { T } from '../types.ts';

for (const algorithm of ['md5', 'sha1', 'sha256']) {
  registerBuiltin(`crypto.${algorithm}`, { args: [T.string], result: T.string }, (context, text) => {
    const message = stringOperand(text, 1);
    chargeText(context, message.length);
    return createHash(algorithm).update(utf8Bytes(message)).digest('hex');
  });
}

for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
  registerBuiltin(
    `crypto.hmac.${algorithm}`,
    { args: [T.string, T.string], result: T.string },
    (context, text, key) => {
      const message = stringOperand(text, 1);
      chargeText(context, message.length);
      return createHmac(algorithm, utf8Bytes(stringOperand(key, 2)))
        .update(utf8Bytes(message))
        .digest('hex');
    },
  );
}

registerBuiltin('crypto.hmac.equal', { args: [T.string, T.string], result: T.boolean }, (_context, a, b) => {
  const left = utf8Bytes(stringOperand(a, 1));
  const right = utf8Bytes(stringOperand(b, 2));
  return left.length === right.length && timingSafeEqual(left, right);
});
