/** `pratique scan` beside Trivy, on the same images with the same advisories: the same findings, with the same fixes. */
import { deepEqual, ok } from 'node:assert/strict';
import { join } from 'node:path';
import { differences, ourFindings } from '../support/advisories.ts';
import type { Context, Scenario } from '../support/context.ts';
import { scanSubjects } from '../support/scan-subjects.ts';
import { trivyFindings, writeTrivyDatabase } from '../support/trivy.ts';

/** What Trivy leaves out because a version is not of PEP 440: the installed one, and a bound of the advisory. */
const unreadable = ['CVE-2014-3539 rope 0.5m4', 'CVE-2020-13388 jw.util 1.5a3'];

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  return scanSubjects.map(({ id, name, findings, make }) => ({
    name,
    run: async () => {
      const { archive, database } = await make(context);
      const cache = join(context.scratch(), 'trivy');
      await writeTrivyDatabase(context, database, cache);
      const theirs = await trivyFindings(context, archive, cache);
      const scan = ['scan', `docker-archive:${archive}`, '--db', database, '-o', 'json'];
      const ours = ourFindings(await context.ok('pratique', scan));
      const onlyOurs = id === 'python' ? unreadable : [];
      deepEqual(differences(ours, theirs), { onlyOurs, onlyTheirs: [], otherFix: [] });
      ok(ours.size >= findings, `${ours.size} findings, and there are at least ${findings}`);
      process.stdout.write(`       ${ours.size - onlyOurs.length} findings in both\n`);
    },
  }));
}
