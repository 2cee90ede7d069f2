import { cliErrors } from '../errors.ts';

/**
 * The values in one value of a flag that takes several, as cosign's flags read it: separated by commas, as CSV has it
 * (RFC 4180 §2), so that one with a comma stands in quotation marks.
 *
 * @throws USAGE
 */
export function commaList(text: string): readonly string[] {
  if (text === '') return [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|$)/y;
  const values: string[] = [];
  for (let separator = ','; separator !== ''; ) {
    const found = field.exec(text);
    if (found === null) {
      throw cliErrors.error('USAGE', {
        message: 'a list is not written as CSV has it',
        expected: 'values with commas between them; one with a comma or a quotation mark as "a,b" or "a""b"',
        found: text.slice(0, 200),
      });
    }
    const [, quoted, plain] = found;
    values.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    separator = found[3]!;
  }
  return values;
}
