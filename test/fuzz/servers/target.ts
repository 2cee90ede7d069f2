import type { Random } from './random.ts';
import type { Request } from './request.ts';
import type { Answer, Endpoint } from './wire.ts';

/** A server that is sent requests, and what it promises. */
export interface Target {
  readonly name: string;
  readonly endpoint: Endpoint;
  /** A request that is right as it is, of any of its routes. */
  request(random: Random): Request | Promise<Request>;
  /**
   * What is wrong with an answer, whatever was asked; undefined is one that was not waited for. Notes what was
   * acknowledged, and what may be gone.
   */
  judge(request: Request, answer: Answer | undefined, damaged: boolean): string | undefined;
  /** Faults that the server told its log since the last call. */
  faults(): readonly unknown[];
  /** Ends the server, and throws where something is missing that was acknowledged. */
  finish(): Promise<void>;
}

/** The JSON of a body; undefined where it is none. */
export function jsonOf({ body }: Answer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** What Node answers by itself to what is no HTTP: a status and nothing else. */
export function isBare({ status, body, headers }: Answer): boolean {
  return (
    [400, 408, 413, 417, 431].includes(status) && body.length === 0 && headers['content-type'] === undefined
  );
}

/** The path as servers take it: without query, dot segments and escapes. */
export function routeOf(path: string): string {
  try {
    return decodeURIComponent(new URL(path, 'http://x').pathname);
  } catch {
    return path;
  }
}
