import type { LogEntry } from '../bundle/bundle.ts';
import type { SignedContent } from '../tlog/signed-content.ts';
import { type Logged, verifyLogEntries } from '../tlog/verify-entries.ts';
import type { Trust } from '../trust/trust.ts';
import type { CheckList } from './check-list.ts';

/**
 * Where the trust names a log, proves that the signature is in it. Where it names none, entries are not even read:
 * nothing in them could be believed, least of all their time.
 */
export function checkLog(
  entries: () => readonly LogEntry[],
  content: SignedContent,
  trust: Trust,
  list: CheckList,
): readonly Logged[] {
  if (trust.logs.length === 0) {
    list.skip('transparency-log', 'no log is trusted, so none is asked for');
    return [];
  }
  return list.run(
    'transparency-log',
    () =>
      verifyLogEntries(entries(), content, trust.logs, {
        threshold: trust.thresholds?.logs ?? 1,
        ...(trust.witnesses === undefined ? {} : { witnesses: trust.witnesses }),
      }),
    (logged) =>
      logged
        .map(({ log, index, witnesses }) => {
          const seen =
            witnesses.length === 0 ? '' : `, witnessed by ${witnesses.map(({ name }) => name).join(', ')}`;
          return `entry ${index} of log ${log.id}${seen}`;
        })
        .join(', '),
  );
}
