import { printable } from '@pratique/errors';
import { defaultEvidenceLimits, type EvidenceLimits } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';

const variable = 'COSIGN_MAX_ATTACHMENT_SIZE';
/** What is read is in memory. */
const most = 1024 ** 3;
const powers = ['', 'k', 'm', 'g'];

/** How much of what is attached to an image is read: as much of each as cosign's variable says, else 32 MiB. @throws USAGE */
export function evidenceLimits({ env }: Terminal): EvidenceLimits {
  const text = env[variable];
  if (text === undefined || text === '') return defaultEvidenceLimits;
  const maxItemBytes = parseSize(text);
  if (maxItemBytes === undefined || maxItemBytes < 1 || maxItemBytes > most)
    throw cliErrors.error('USAGE', {
      message: `${variable} is not a size`,
      expected: 'a size of at most 1GiB, such as 128MiB or 100MB',
      found: printable(text, 40),
    });
  return {
    ...defaultEvidenceLimits,
    maxItemBytes,
    maxTotalBytes: Math.max(defaultEvidenceLimits.maxTotalBytes, maxItemBytes),
  };
}

/** Bytes, as cosign reads them: kB is 1000 of them, KiB 1024. */
function parseSize(text: string): number | undefined {
  const [, number, unit = '', binary] =
    /^(\d+(?:\.\d+)?)\s*([kmg]?)(i?)b?$/.exec(text.trim().toLowerCase()) ?? [];
  if (number === undefined) return undefined;
  return Math.floor(Number(number) * (binary ? 1024 : 1000) ** powers.indexOf(unit));
}
