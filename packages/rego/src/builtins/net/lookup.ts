/** `net.lookup_ip_addr`: through the host, which decides what may be looked up. */
import { RegoSet } from '../../values/index.ts';
import { stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { BuiltinError, T } from '../types.ts';

registerBuiltin(
  'net.lookup_ip_addr',
  { args: [T.string], result: T.set(T.string), nondeterministic: true },
  (context, name) => {
    const host = stringOperand(name, 1);
    const key = `net.lookup_ip_addr-${host}`;
    const known = context.cache.get(key);
    if (known instanceof RegoSet) return known;
    const { lookupAddresses } = context.host;
    if (lookupAddresses === undefined) {
      throw new BuiltinError('name lookups are switched off: the host of this engine offers none');
    }
    const result = RegoSet.of(lookupAddresses(host));
    context.cache.set(key, result);
    return result;
  },
);
