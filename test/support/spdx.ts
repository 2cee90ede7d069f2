/** What SPDX's own tools have to say of a document. */
import { installPythonPackages } from '../tools/python.ts';
import { describe, run } from './process.ts';

/** Throws where a document is not valid: the command ends with 0 whatever it finds. */
export async function validSpdx(path: string): Promise<void> {
  const args = ['-m', 'spdx_tools.spdx.clitools.pyspdxtools', '-i', path];
  const result = await run('python3', args, { env: { PYTHONPATH: await installPythonPackages() } });
  if (result.code !== 0 || `${result.stdout}${result.stderr}`.trim() !== '')
    throw new Error(describe('python3', args, result));
}
