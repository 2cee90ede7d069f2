/**
 * Go's `fmt.Sprintf` for the argument types OPA passes: int64, float64, `*big.Int` and string, with all flags, widths,
 * precisions, argument indexes (`%[2]d`) and the `%!verb(type=value)` texts for mistakes.
 */
import { formatFloat } from './float.ts';
import { canBackquote, isPrintable, quote, quoteRune } from './quote.ts';
import { utf8Bytes } from './utf8.ts';

/** An argument with the Go type it would have. */
export type PrintfArgument =
  | { readonly type: 'int64'; readonly value: bigint }
  | { readonly type: '*big.Int'; readonly value: bigint }
  | { readonly type: 'float64'; readonly value: number }
  | { readonly type: 'string'; readonly value: string };

/** Thrown where the result would be longer than the caller allows. */
export class PrintfTooLong extends Error {
  override readonly name = 'PrintfTooLong';
}

interface Spec {
  sharp: boolean;
  zero: boolean;
  plus: boolean;
  minus: boolean;
  space: boolean;
  sharpV: boolean;
  width: number | undefined;
  precision: number | undefined;
}

/** Go reads no further digit of a width or precision that is above this. */
const maxNumber = 1_000_000;

/** Formats `format` with `args`; throws {@link PrintfTooLong} once more than `maxLength` UTF-16 units are produced. */
export function sprintf(format: string, args: readonly PrintfArgument[], maxLength: number): string {
  return new Printer(format, args, maxLength).run();
}

class Printer {
  private out = '';
  private at = 0;
  private next = 0;
  private reordered = false;
  private goodIndex = true;
  private readonly format: string;
  private readonly args: readonly PrintfArgument[];
  private readonly maxLength: number;

  constructor(format: string, args: readonly PrintfArgument[], maxLength: number) {
    this.format = format;
    this.args = args;
    this.maxLength = maxLength;
  }

  run(): string {
    const { format } = this;
    while (this.at < format.length) {
      const percent = format.indexOf('%', this.at);
      this.write(format.slice(this.at, percent < 0 ? format.length : percent));
      if (percent < 0) break;
      this.at = percent + 1;
      this.directive();
    }
    this.extra();
    return this.out;
  }

  private write(text: string): void {
    this.out += text;
    if (this.out.length > this.maxLength) throw new PrintfTooLong();
  }

  private directive(): void {
    const spec = emptySpec();
    this.goodIndex = true;
    this.flags(spec);
    let afterIndex = this.argumentIndex();
    if (this.peek() === '*') {
      this.at++;
      const width = this.starNumber();
      if (width === undefined) this.write('%!(BADWIDTH)');
      else if (width < 0) Object.assign(spec, { minus: true, zero: false });
      spec.width = width === undefined ? undefined : Math.abs(width);
      afterIndex = false;
    } else {
      spec.width = this.number();
      if (afterIndex && spec.width !== undefined) this.goodIndex = false;
    }
    if (this.peek() === '.' && this.at + 1 < this.format.length) {
      this.at++;
      if (afterIndex) this.goodIndex = false;
      afterIndex = this.argumentIndex();
      if (this.peek() === '*') {
        this.at++;
        const precision = this.starNumber();
        spec.precision = precision === undefined || precision < 0 ? undefined : precision;
        if (spec.precision === undefined) this.write('%!(BADPREC)');
        afterIndex = false;
      } else spec.precision = this.number() ?? 0;
    }
    if (!afterIndex) this.argumentIndex();
    const code = this.format.codePointAt(this.at);
    if (code === undefined) {
      this.write('%!(NOVERB)');
      return;
    }
    const verb = String.fromCodePoint(code);
    this.at += verb.length;
    if (verb === '%') this.write('%');
    else if (!this.goodIndex) this.write(`%!${verb}(BADINDEX)`);
    else if (this.next >= this.args.length) this.write(`%!${verb}(MISSING)`);
    else this.write(formatArgument(this.args[this.next++]!, verb, spec));
  }

  private flags(spec: Spec): void {
    for (; this.at < this.format.length; this.at++) {
      const flag = this.format[this.at]!;
      if (flag === '#') spec.sharp = true;
      else if (flag === '0') spec.zero = true;
      else if (flag === '+') spec.plus = true;
      else if (flag === '-') spec.minus = true;
      else if (flag === ' ') spec.space = true;
      else return;
    }
  }

  private peek(): string | undefined {
    return this.format[this.at];
  }

  private number(): number | undefined {
    let value: number | undefined;
    for (; /^[0-9]$/.test(this.peek() ?? ''); this.at++) {
      if (value !== undefined && value > maxNumber) {
        // Go gives up on the whole format here.
        this.at = this.format.length;
        return undefined;
      }
      value = (value ?? 0) * 10 + Number(this.peek());
    }
    return value;
  }

  private starNumber(): number | undefined {
    const argument = this.args[this.next];
    if (this.next < this.args.length) this.next++;
    if (argument?.type !== 'int64') return undefined;
    const value = Number(argument.value);
    return Math.abs(value) > maxNumber ? undefined : value;
  }

  private argumentIndex(): boolean {
    if (this.peek() !== '[') return false;
    this.reordered = true;
    const close = this.format.indexOf(']', this.at + 1);
    if (this.format.length - this.at < 3 || close < 0) {
      this.goodIndex = false;
      this.at++;
      return false;
    }
    const text = this.format.slice(this.at + 1, close);
    this.at = close + 1;
    const valid = /^[0-9]{1,7}$/.test(text);
    const index = valid ? Number(text) - 1 : -1;
    if (index >= 0 && index < this.args.length) {
      this.next = index;
      return true;
    }
    this.goodIndex = false;
    return valid;
  }

  private extra(): void {
    if (this.reordered || this.next >= this.args.length) return;
    const rest = this.args.slice(this.next).map((argument) => {
      return `${argument.type}=${formatArgument(argument, 'v', emptySpec())}`;
    });
    this.write(`%!(EXTRA ${rest.join(', ')})`);
  }
}

function emptySpec(): Spec {
  return {
    sharp: false,
    zero: false,
    plus: false,
    minus: false,
    space: false,
    sharpV: false,
    width: undefined,
    precision: undefined,
  };
}

function formatArgument(argument: PrintfArgument, verb: string, spec: Spec): string {
  if (verb === 'T') return pad(argument.type, spec);
  if (verb === 'p') return badVerb(argument, verb, spec);
  if (verb !== 'v') return formatAs(argument, verb, spec);
  return formatDefault(argument, { ...spec, sharpV: spec.sharp, sharp: false, plus: false });
}

function formatDefault(argument: PrintfArgument, spec: Spec): string {
  return formatAs(argument, 'v', spec);
}

function formatAs(argument: PrintfArgument, verb: string, spec: Spec): string {
  switch (argument.type) {
    case 'string':
      return formatText(argument, verb, spec);
    case 'float64':
      return formatNumber(argument, verb, spec);
    case 'int64':
      return formatInteger(argument, verb, spec);
    default:
      return formatBigInteger(argument, verb, spec);
  }
}

/** The text for a verb that does not fit the argument; Go keeps the flags, but not the special meaning they have for `%v`. */
function badVerb(argument: PrintfArgument, verb: string, spec: Spec): string {
  return `%!${verb}(${argument.type}=${formatDefault(argument, spec)})`;
}

function pad(text: string, spec: Spec, zero = spec.zero): string {
  const missing = (spec.width ?? 0) - [...text].length;
  if (missing <= 0) return text;
  if (spec.minus) return text + ' '.repeat(missing);
  return (zero ? '0' : ' ').repeat(missing) + text;
}

function formatText(argument: PrintfArgument & { type: 'string' }, verb: string, spec: Spec): string {
  const { value } = argument;
  const cut = spec.precision === undefined ? value : [...value].slice(0, spec.precision).join('');
  switch (verb) {
    case 'v':
      return pad(spec.sharpV ? quote(cut) : cut, spec);
    case 's':
      return pad(cut, spec);
    case 'q':
      return pad(spec.sharp && canBackquote(cut) ? `\`${cut}\`` : quote(cut, spec.plus), spec);
    case 'x':
    case 'X':
      return hexText(value, verb, spec);
    default:
      return badVerb(argument, verb, spec);
  }
}

function hexText(value: string, verb: 'x' | 'X', spec: Spec): string {
  const bytes = utf8Bytes(value).subarray(0, spec.precision);
  const prefix = spec.sharp ? `0${verb}` : '';
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  const shown = verb === 'X' ? digits.map((pair) => pair.toUpperCase()) : digits;
  if (shown.length === 0) return pad('', spec);
  return pad(spec.space ? shown.map((pair) => prefix + pair).join(' ') : prefix + shown.join(''), spec);
}

function formatNumber(argument: PrintfArgument & { type: 'float64' }, verb: string, spec: Spec): string {
  const { value } = argument;
  const precision = spec.precision ?? ('feEF'.includes(verb) ? 6 : -1);
  let text: string;
  switch (verb) {
    case 'v':
      text = formatFloat(value, 'g', precision);
      break;
    case 'F':
      text = formatFloat(value, 'f', precision);
      break;
    case 'f':
    case 'e':
    case 'E':
    case 'g':
    case 'G':
    case 'b':
    case 'x':
    case 'X':
      text = formatFloat(value, verb, precision);
      break;
    default:
      return badVerb(argument, verb, spec);
  }
  const finite = Number.isFinite(value);
  const negative = text.startsWith('-');
  let digits = text.replace(/^[+-]/, '');
  if (spec.sharp && finite && verb !== 'b') digits = withPoint(digits, verb, precision);
  const sign = negative ? '-' : spec.plus ? '+' : spec.space ? ' ' : '';
  const shown = !finite && text === '+Inf' && sign === '' ? '+Inf' : sign + digits;
  if (spec.zero && !spec.minus && finite && spec.width !== undefined && sign !== '') {
    return sign + pad(digits, { ...spec, width: spec.width - 1 });
  }
  return pad(shown, spec, spec.zero && finite);
}

/** The `#` flag: always a decimal point, and for `%g` no removal of trailing zeros. */
function withPoint(digits: string, verb: string, precision: number): string {
  const exponentAt = digits.search(verb === 'x' || verb === 'X' ? /p/i : /e/i);
  const tail = exponentAt < 0 ? '' : digits.slice(exponentAt);
  const body = exponentAt < 0 ? digits : digits.slice(0, exponentAt);
  const wanted = 'vgGx'.includes(verb) ? (precision < 0 ? 6 : precision) : 0;
  // Go counts what follows the first character other than `0`, the `x` of a hexadecimal float included.
  const present = body === '0' ? 1 : body.replace('.', '').replace(/^0+/, '').length;
  return `${body}${body.includes('.') ? '' : '.'}${'0'.repeat(Math.max(0, wanted - present))}${tail}`;
}

const radixes: Readonly<Record<string, number>> = { b: 2, o: 8, O: 8, d: 10, v: 10, x: 16, X: 16 };

function formatInteger(argument: PrintfArgument & { type: 'int64' }, verb: string, spec: Spec): string {
  const { value } = argument;
  const radix = radixes[verb];
  if (radix !== undefined) return integerText(value, verb, radix, spec);
  const code = value < 0n || value > 0x10ffffn ? 0xfffd : Number(value);
  switch (verb) {
    case 'c':
      return pad(code >= 0xd800 && code <= 0xdfff ? '\ufffd' : String.fromCodePoint(code), spec);
    case 'q':
      return pad(quoteRune(code, spec.plus), spec);
    case 'U':
      return unicodeText(value, spec);
    default:
      return badVerb(argument, verb, spec);
  }
}

function unicodeText(value: bigint, spec: Spec): string {
  const unsigned = BigInt.asUintN(64, value);
  const digits = unsigned
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(spec.precision ?? 4, 4), '0');
  const valid = unsigned <= 0x10ffffn && !(unsigned >= 0xd800n && unsigned <= 0xdfffn);
  const character = valid ? String.fromCodePoint(Number(unsigned)) : '';
  const shown = spec.sharp && character !== '' && isPrintable(character) ? ` '${character}'` : '';
  return pad(`U+${digits}${shown}`, spec, false);
}

function integerText(value: bigint, verb: string, radix: number, spec: Spec): string {
  const negative = value < 0n;
  let digits = (negative ? -value : value).toString(radix);
  if (verb === 'X') digits = digits.toUpperCase();
  if (spec.precision === 0 && value === 0n) return pad('', spec, false);
  const sign = negative ? '-' : spec.plus ? '+' : spec.space ? ' ' : '';
  if (spec.precision !== undefined) digits = digits.padStart(spec.precision, '0');
  else if (spec.zero && !spec.minus && spec.width !== undefined) {
    digits = digits.padStart(spec.width - sign.length, '0');
  }
  if (spec.sharp) {
    if (verb === 'b') digits = `0b${digits}`;
    else if (radix === 8 && !digits.startsWith('0')) digits = `0${digits}`;
    else if (radix === 16) digits = `0${verb}${digits}`;
  }
  if (verb === 'O') digits = `0o${digits}`;
  return pad(sign + digits, spec, false);
}

function formatBigInteger(argument: PrintfArgument & { type: '*big.Int' }, verb: string, spec: Spec): string {
  const radix = verb === 's' ? 10 : radixes[verb];
  if (radix === undefined) return `%!${verb}(big.Int=${argument.value})`;
  const { value } = argument;
  const negative = value < 0n;
  let digits = (negative ? -value : value).toString(radix);
  if (verb === 'X') digits = digits.toUpperCase();
  const sign = negative ? '-' : spec.plus ? '+' : spec.space ? ' ' : '';
  let prefix = verb === 'O' ? '0o' : '';
  if (spec.sharp) prefix = verb === 'b' ? '0b' : verb === 'o' ? '0' : radix === 16 ? `0${verb}` : prefix;
  if (spec.precision !== undefined) {
    if (spec.precision === 0 && value === 0n) return '';
    digits = digits.padStart(spec.precision, '0');
  } else if (spec.zero && !spec.minus && spec.width !== undefined) {
    digits = digits.padStart(spec.width - sign.length - prefix.length, '0');
  }
  return pad(sign + prefix + digits, spec, false);
}
