import { printable } from '@pratique/errors';
import { type DecisionLog, openDecisionLog, type Trust } from '@pratique/policy';
import type { Terminal } from '../program/terminal.ts';

/** Something that went wrong beside the decisions, as a line of JSON for whoever reads the log. */
export function problemLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return `${JSON.stringify({ problem: printable(text, 500) })}\n`;
}

/** The decision log of a trust configuration; undefined where it has none. */
export function openLog({ decisionLog }: Trust, terminal: Pick<Terminal, 'err'>): DecisionLog | undefined {
  if (decisionLog === null) return undefined;
  return openDecisionLog(decisionLog, {
    console: (line) => terminal.err(`${line}\n`),
    onProblem: (error) => terminal.err(problemLine(error)),
  });
}
