/** The version fetched when the running Node is too old. */
export const NODE_VERSION: string;
/** $PRATIQUE_CACHE, else $XDG_CACHE_HOME/pratique, else ~/.cache/pratique. */
export function cacheDirectory(): string;
/** The command and leading arguments that start npm. */
export function npmCommand(node?: string): string[];
/** Path of a Node executable of version 24 or newer. */
export function findNode(): string;
/** Runs `node ARGS`; resolves to its exit code. */
export function runNode(args: string[], env?: NodeJS.ProcessEnv): Promise<number>;
