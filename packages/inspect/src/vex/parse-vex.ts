import * as v from 'valibot';
import { csaf, csafStatements } from './csaf.ts';
import { openVex, openVexStatements } from './open-vex.ts';
import { invalidVex, type VexStatement } from './statement.ts';

const maxBytes = 64 * 2 ** 20;

/**
 * Parses a VEX document: OpenVEX, or CSAF 2.0 of profile VEX. Components are known by their package URLs; statements
 * about products that have none are left out, since nothing could be matched with them.
 *
 * @throws `VEX_INVALID`
 */
export function parseVex(bytes: Uint8Array): readonly VexStatement[] {
  if (bytes.length > maxBytes) throw invalidVex(`it is larger than ${maxBytes} bytes`);
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalidVex((error as Error).message);
  }
  const open = v.safeParse(openVex, document);
  if (open.success) return openVexStatements(open.output);
  const parsed = v.safeParse(csaf, document);
  if (parsed.success) return csafStatements(parsed.output);
  throw invalidVex('it is neither OpenVEX nor CSAF');
}
