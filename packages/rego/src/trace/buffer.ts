import type { TraceEvent, Tracer } from '../topdown/events.ts';

/** Which steps an explanation shows: all, all but comparisons, or those that led to a note, to a failure, or to either. */
export type ExplainMode = 'debug' | 'full' | 'notes' | 'fails' | 'notes and fails';

/** Keeps all events, to be explained afterwards. */
export class TraceBuffer implements Tracer {
  readonly events: TraceEvent[] = [];
  readonly wantsLocals = true;
  readonly wantsUnify: boolean;

  constructor(mode: ExplainMode) {
    this.wantsUnify = mode === 'debug';
  }

  trace(event: TraceEvent): void {
    this.events.push(event);
  }
}

/** The events that an explanation shows, as OPA's `lineage` package chooses them. */
export function explained(events: readonly TraceEvent[], mode: ExplainMode): readonly TraceEvent[] {
  switch (mode) {
    case 'debug':
      return events;
    case 'full':
      return events.filter(({ operation }) => operation !== 'Unify');
    case 'notes':
      return withPaths(events, ({ operation }) => operation === 'Note');
    case 'notes and fails':
      return withPaths(events, ({ operation }) => operation === 'Note' || operation === 'Fail');
    case 'fails':
      return withPaths(events, ({ operation }) => operation === 'Fail');
  }
}

/** The events wanted, each after the rules and bodies that led to it and have not been shown. */
function withPaths(
  events: readonly TraceEvent[],
  isWanted: (event: TraceEvent) => boolean,
): readonly TraceEvent[] {
  const shown: TraceEvent[] = [];
  let entered = new Map<number, TraceEvent>();
  for (const event of events) {
    if (isWanted(event)) {
      const path = [event];
      let previous: TraceEvent | undefined;
      let current = entered.get(event.queryId);
      while (current !== undefined && current !== previous) {
        path.push(current);
        previous = current;
        current = entered.get(current.parentId);
      }
      shown.push(...path.reverse());
      entered = new Map();
    }
    const { operation, node } = event;
    if ((operation === 'Enter' || operation === 'Redo') && (node?.kind === 'rule' || node?.kind === 'body')) {
      entered.set(event.queryId, event);
    }
  }
  return shown;
}
