import type { Tracer } from '../topdown/events.ts';

/** Tracers as one, which is given what any of them wants. */
export function several(tracers: readonly Tracer[]): Tracer {
  return {
    wantsLocals: tracers.some(({ wantsLocals }) => wantsLocals),
    wantsUnify: tracers.some(({ wantsUnify }) => wantsUnify),
    trace: (event) => {
      for (const tracer of tracers) tracer.trace(event);
    },
  };
}
