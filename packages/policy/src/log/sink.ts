/** Somewhere events go, each one line of JSON. */
export interface LogSink {
  /** Rejects when the line is lost. */
  write(line: string): Promise<void>;
  /** An answer must wait until its line is written. */
  readonly waits: boolean;
  /** Writes what waits, for as long as that is reasonable. */
  close(): Promise<void>;
}
