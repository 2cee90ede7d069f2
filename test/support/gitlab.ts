/** GitLab's API, as far as keys need it: projects and groups with CI/CD variables. cosign uses it with GitLab's own client. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Variable {
  readonly key: string;
  readonly value: string;
}

export const gitlabToken = 'glpat-of-the-team';

/** A server with one project, one group, and who has `gitlabToken`. */
export async function startGitlab(project: string, group: string) {
  const variables = new Map<string, Variable>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = (status: number, document: object) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
      if (request.headers['private-token'] !== gitlabToken)
        return answer(401, { message: '401 Unauthorized' });
      const [, kind, encoded, list, name] =
        /^\/api\/v4\/(projects|groups)\/([^/?]+)(\/variables(?:\/(\w+))?)?(?:\?.*)?$/.exec(request.url!) ??
        [];
      const owner = decodeURIComponent(encoded ?? '');
      if (owner !== (kind === 'projects' ? project : group)) return answer(404, { message: '404 Not Found' });
      if (list === undefined) return answer(200, { id: 1, path: owner });
      if (request.method === 'POST') {
        const variable = JSON.parse(Buffer.concat(chunks).toString()) as Variable;
        const id = `${owner} ${variable.key}`;
        if (variables.has(id))
          return answer(400, { message: { key: [`(${variable.key}) has already been taken`] } });
        variables.set(id, variable);
        return answer(201, variable);
      }
      const variable = variables.get(`${owner} ${name}`);
      return variable === undefined
        ? answer(404, { message: '404 Variable Not Found' })
        : answer(200, variable);
    });
  });
  await new Promise<void>((resolve) => server.unref().listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
