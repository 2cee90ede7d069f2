import type { Identities } from './identities.ts';
import type { ImageUser } from './image-user.ts';

/** One command, and the root file system that it is run in. */
export interface SandboxedCommand {
  /** A directory of ours, with the file system in `root`. What else is put there goes with the sandbox. */
  readonly home: string;
  /** Absolute, inside the file system. */
  readonly directory: string;
  readonly identities: Identities;
  /** One of the identities. */
  readonly user: ImageUser;
  /** What it may do beyond its files, `CAP_CHOWN`: all else is denied. */
  readonly capabilities: readonly string[];
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How a command is run. */
export interface Invocation {
  /** A program and its arguments. */
  readonly command: readonly string[];
  /** What the program finds open at 3; whoever starts it closes it. */
  readonly descriptor?: number;
  /** It ends, with all that it runs, when its standard input does. Otherwise that is empty, and it ends when it is killed. */
  readonly hasLifeline?: boolean;
  /** The group that has to reach `root`, where the identities are. */
  readonly group: number;
}

/** A program that runs others with no network, and no files or processes of this machine. */
export interface SandboxRuntime {
  readonly name: 'bubblewrap' | 'crun';
  /** What runs one command, and ends with it and with its exit code. */
  invocation(one: SandboxedCommand): Promise<Invocation>;
}
