import { NotUnderstood } from './syntax.ts';

const maxOutput = 1024 * 1024;

/** What commands read: whoever reads takes it away from those after. */
export class Input {
  #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** All that is left. */
  rest(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  /** The next line, without its line feed; undefined where none is left. */
  line(): string | undefined {
    if (this.#text === '') return undefined;
    const feed = this.#text.indexOf('\n');
    const line = feed < 0 ? this.#text : this.#text.slice(0, feed);
    this.#text = feed < 0 ? '' : this.#text.slice(feed + 1);
    return line;
  }
}

/** Where a command reads from and writes to. What goes to its standard error is dropped. */
export interface Streams {
  readonly input: Input;
  readonly output: (text: string) => void;
}

export const noStreams: Streams = { input: new Input(''), output: () => {} };

/** Keeps what is written. */
export class Written {
  text = '';

  readonly output = (more: string): void => {
    this.text += more;
    if (this.text.length > maxOutput) throw new NotUnderstood('it writes too much');
  };
}

/** @throws NotUnderstood where bytes are no text, which would not be the same after it was read and written */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NotUnderstood('it reads bytes that are no text');
  }
}
