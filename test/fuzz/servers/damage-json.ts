import { damageBytes, damageDer } from './damage-bytes.ts';
import type { Random } from './random.ts';

/** JSON as it is written, right or wrong. */
class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Value = null | boolean | number | string | Raw | Value[] | { [name: string]: Value };

const strays: readonly Value[] = [
  null,
  true,
  0,
  -1,
  2 ** 53,
  '',
  ' ',
  'sha256',
  'sha512',
  'constructor',
  '../../etc/passwd',
  '\u0000',
  '\u202e\u2066',
  new Raw('1e400'),
  new Raw('-0'),
  new Raw('1'.repeat(400)),
  new Raw('0.1e-999999999999'),
  new Raw('"\\ud800"'),
  new Raw('"\\u0000"'),
  new Raw('{"__proto__":{"kind":"Pod"}}'),
  new Raw('{"a":1,"a":2}'),
  new Raw('NaN'),
  new Raw('01'),
  new Raw('\u0001'),
  [],
  {},
  [[]],
];

/** The value with one thing in it made wrong, as text. */
export function damageJson(value: unknown, random: Random): string {
  const text = write(damaged(value as Value, random));
  if (random.chance(0.9)) return text;
  return random.pick([
    text.slice(0, random.below(text.length + 1)),
    `${text}${text}`,
    `\ufeff${text}`,
    text.replaceAll('"', "'"),
    `${'['.repeat(random.pick([20, 70, 5000, 100_000]))}`,
    Buffer.from(text, 'utf16le').toString('latin1'),
  ]);
}

function damaged(value: Value, random: Random): Value {
  if (Array.isArray(value)) {
    const at = random.below(value.length);
    if (value.length > 0 && random.chance(0.7)) return value.with(at, damaged(value[at]!, random));
    return random.pick<Value>([
      [],
      [...value, ...value],
      Array.from({ length: random.pick([17, 40, 1000]) }, (_, i) => value[i % value.length] ?? null),
      ...strays,
    ]);
  }
  if (value !== null && typeof value === 'object' && !(value instanceof Raw)) {
    const name = random.pick(Object.keys(value));
    if (name !== undefined && random.chance(0.8)) return { ...value, [name]: damaged(value[name]!, random) };
    return damagedMembers(value, name ?? 'name', random);
  }
  return typeof value === 'string' && random.chance(0.75) ? damageText(value, random) : random.pick(strays);
}

function damagedMembers(value: { [name: string]: Value }, name: string, random: Random): Value {
  const { [name]: _, ...others } = value;
  switch (random.below(5)) {
    case 0:
      return others;
    case 1:
      return { ...value, [random.pick(['unknown', 'toString', '', 'keyid', 'policy'])]: random.pick(strays) };
    case 2: {
      // The same name twice, or `__proto__`, which no object here can have as its own.
      const twice = JSON.stringify(random.pick([name, '__proto__']));
      const inside = write(value).slice(1, -1);
      return new Raw(`{${inside}${inside === '' ? '' : ','}${twice}:${write(random.pick(strays))}}`);
    }
    case 3:
      return deep(random.pick([15, 17, 63, 65, 199, 201, 3000]));
    default:
      return random.pick(strays);
  }
}

function deep(depth: number): Raw {
  return new Raw(`${'{"a":['.repeat(depth / 2)}${']}'.repeat(depth / 2)}`);
}

/** What is inside of the text is damaged where something is: JSON, base64, PEM, DER, digits. */
export function damageText(text: string, random: Random): string {
  if (random.chance(0.15))
    return random.pick([
      '',
      'x'.repeat(70_000),
      `${text} `,
      `${text}\n`,
      text.toUpperCase(),
      `${text}${text}`,
    ]);
  if (/^[{[]/.test(text)) {
    try {
      return damageJson(JSON.parse(text), random);
    } catch {
      // Text that only looks so.
    }
  }
  if (/^[0-9a-f]{32,}$/.test(text)) {
    const digit = random.pick([...'0123456789abcdefABCDEFg']);
    const at = random.below(text.length + 1);
    return random.pick([
      `${text}${digit}`,
      text.slice(1),
      text.slice(0, at) + digit + text.slice(at),
      text.slice(0, 2),
    ]);
  }
  const pem = /^(-----BEGIN [A-Z ]+-----\n)([^-]+)(-----END [A-Z ]+-----\n)$/.exec(text);
  if (pem !== null && random.chance(0.8)) {
    const der = damageDer(Buffer.from(pem[2]!, 'base64'), random);
    return `${pem[1]}${Buffer.from(der).toString('base64')}\n${pem[3]}`;
  }
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length >= 6 && bytes.toString('base64') === text && random.chance(0.9)) {
    const inner = bytes.toString('utf8');
    const isText = /^[\n -~]+$/.test(inner);
    const damaged = isText ? Buffer.from(damageText(inner, random)) : damageDer(bytes, random);
    return random.chance(0.9)
      ? Buffer.from(damaged).toString('base64')
      : Buffer.from(damaged).toString('base64url');
  }
  return Buffer.from(damageBytes(Buffer.from(text), random)).toString('utf8');
}

function write(value: Value): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (value !== null && typeof value === 'object')
    return `{${Object.entries(value)
      .map(([name, inner]) => `${JSON.stringify(name)}:${write(inner)}`)
      .join(',')}}`;
  return JSON.stringify(value);
}
