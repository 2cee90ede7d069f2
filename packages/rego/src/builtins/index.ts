/** Loads every built-in function of the language into the registry. */
import './collections/aggregates.ts';
import './collections/arrays.ts';
import './collections/graph.ts';
import './collections/objects.ts';
import './collections/paths.ts';
import './collections/sets.ts';
import './collections/subset.ts';
import './comparison.ts';
import './encoding/binary.ts';
import './encoding/json.ts';
import './encoding/uri.ts';
import './encoding/yaml/builtins.ts';
import './numbers/arithmetic.ts';
import './numbers/bits.ts';
import './numbers/casts.ts';
import './numbers/range.ts';
import './strings/case.ts';
import './strings/cut.ts';
import './strings/replace.ts';
import './strings/search.ts';
import './strings/sprintf.ts';
import './type-tests.ts';

export { builtinTable } from './registry.ts';
