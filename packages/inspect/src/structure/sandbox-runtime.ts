/** One command, and the root file system that it is run in. */
export interface SandboxedCommand {
  /** A directory of ours, with the file system in `root`. What else is put there goes with the sandbox. */
  readonly home: string;
  /** Absolute, inside the file system. */
  readonly directory: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A program that runs others with no network, no files or processes of this machine, and no capabilities. */
export interface SandboxRuntime {
  readonly name: 'bubblewrap' | 'crun';
  /** Whether it is there and may do that here. */
  isUsable(): boolean;
  /** The command line that runs one command, and ends with it and with its exit code. */
  invocation(one: SandboxedCommand): readonly [program: string, ...args: string[]];
  /** Ends a command that goes on when what was invoked is killed. */
  stop?(home: string): void;
}
