/** Says what is wrong with JSON text in the words of Go's scanner (`invalid character 'x' looking for beginning of value`). */
import { quoteRune } from '../go/quote.ts';
import { byteString } from '../go/utf8.ts';

interface Finding {
  readonly at: number;
  readonly where: string;
}

/** The message of Go's `json.Decoder`, or undefined where the text is valid. */
export function explainJsonError(text: string): string | undefined {
  const bytes = byteString(text);
  const finding = new Scanner(bytes).run();
  if (finding === undefined) return undefined;
  if (finding.at >= bytes.length) return /^[ \t\r\n]*$/.test(bytes) ? 'EOF' : 'unexpected EOF';
  const code = bytes.charCodeAt(finding.at);
  const extra = finding.where === 'after top-level value' ? 'error: ' : '';
  return `${extra}invalid character ${code === 0x27 ? `'\\''` : code === 0x22 ? `'"'` : quoteRune(code)} ${finding.where}`;
}

class Scanner {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  run(): Finding | undefined {
    const stack: ('object' | 'array')[] = [];
    let expecting: 'value' | 'firstItem' | 'firstKey' | 'key' | 'end' = 'value';
    for (;;) {
      this.space();
      const character = this.text[this.at];
      if (expecting === 'end') {
        const open = stack.at(-1);
        if (open === undefined)
          return character === undefined ? undefined : this.bad('after top-level value');
        if (character === ',') expecting = open === 'object' ? 'key' : 'value';
        else if (character === (open === 'object' ? '}' : ']')) stack.pop();
        else return this.bad(open === 'object' ? 'after object key:value pair' : 'after array element');
        this.at++;
        continue;
      }
      if (expecting === 'firstKey' || expecting === 'key') {
        if (character === '}' && expecting === 'firstKey') {
          stack.pop();
          this.at++;
          expecting = 'end';
          continue;
        }
        if (character !== '"') return this.bad('looking for beginning of object key string');
        const problem = this.string();
        if (problem !== undefined) return problem;
        this.space();
        if (this.text[this.at] !== ':') return this.bad('after object key');
        this.at++;
        expecting = 'value';
        continue;
      }
      if (character === ']' && expecting === 'firstItem') {
        stack.pop();
        this.at++;
        expecting = 'end';
        continue;
      }
      if (character === '{' || character === '[') {
        stack.push(character === '{' ? 'object' : 'array');
        this.at++;
        expecting = character === '{' ? 'firstKey' : 'firstItem';
        continue;
      }
      const problem = this.scalar(character);
      if (problem !== undefined) return problem;
      expecting = 'end';
    }
  }

  private bad(where: string): Finding {
    return { at: this.at, where };
  }

  private space(): void {
    while (/^[ \t\r\n]$/.test(this.text[this.at] ?? '')) this.at++;
  }

  private scalar(character: string | undefined): Finding | undefined {
    if (character === '"') return this.string();
    if (character !== undefined && /[-0-9]/.test(character)) return this.number();
    for (const word of ['true', 'false', 'null']) if (character === word[0]) return this.word(word);
    return this.bad('looking for beginning of value');
  }

  private word(word: string): Finding | undefined {
    for (let i = 0; i < word.length; i++, this.at++) {
      if (this.text[this.at] !== word[i])
        return this.bad(`in literal ${word} (expecting ${quoteRune(word.charCodeAt(i))})`);
    }
    return undefined;
  }

  private number(): Finding | undefined {
    if (this.text[this.at] === '-') this.at++;
    if (this.text[this.at] === '0') this.at++;
    else if (!this.digits()) return this.bad('in numeric literal');
    if (this.text[this.at] === '.') {
      this.at++;
      if (!this.digits()) return this.bad('after decimal point in numeric literal');
    }
    if (/^[eE]$/.test(this.text[this.at] ?? '')) {
      this.at++;
      if (/^[+-]$/.test(this.text[this.at] ?? '')) this.at++;
      if (!this.digits()) return this.bad('in exponent of numeric literal');
    }
    return undefined;
  }

  private digits(): boolean {
    const from = this.at;
    while (/^[0-9]$/.test(this.text[this.at] ?? '')) this.at++;
    return this.at > from;
  }

  private string(): Finding | undefined {
    for (this.at++; ; this.at++) {
      const character = this.text[this.at];
      if (character === undefined || character < ' ') return this.bad('in string literal');
      if (character === '"') {
        this.at++;
        return undefined;
      }
      if (character !== '\\') continue;
      this.at++;
      if (this.text[this.at] === 'u') {
        for (let i = 0; i < 4; i++) {
          this.at++;
          if (!/^[0-9a-fA-F]$/.test(this.text[this.at] ?? ''))
            return this.bad('in \\u hexadecimal character escape');
        }
      } else if (!/^["\\/bfnrt]$/.test(this.text[this.at] ?? '')) return this.bad('in string escape code');
    }
  }
}
