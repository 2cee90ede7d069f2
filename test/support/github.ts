/** GitHub's API, as far as secrets of Actions need it: one repository and one organization. cosign uses it with GitHub's own client. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newRecipient } from '../../packages/crypto/src/testing/sealed-box.ts';

export const githubToken = 'ghp_of_the_team';

/** A server with a repository, an organization, and who has `githubToken`. */
export async function startGithub(repository: string, organization: string) {
  const recipient = newRecipient();
  const secrets = new Map<string, string>();
  const places = [`repos/${repository}`, `orgs/${organization}`];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = (status: number, document: object) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
      if (request.headers.authorization !== `Bearer ${githubToken}`)
        return answer(401, { message: 'Bad credentials' });
      const [, place = '', name = ''] =
        /^\/api\/v3\/(.*)\/actions\/secrets\/([\w-]+)$/.exec(request.url!) ?? [];
      if (!places.includes(place)) return answer(404, { message: 'Not Found' });
      if (name === 'public-key')
        return answer(200, { key_id: '568250167242549743', key: recipient.publicKey });
      const secret = `${place.replace(/^[a-z]+\//, '')} ${name}`;
      if (request.method === 'GET')
        return secrets.has(secret) ? answer(200, { name }) : answer(404, { message: 'Not Found' });
      const { encrypted_value: sealed } = JSON.parse(Buffer.concat(chunks).toString()) as {
        readonly encrypted_value: string;
      };
      secrets.set(secret, recipient.open(sealed));
      return answer(201, {});
    });
  });
  await new Promise<void>((resolve) => server.unref().listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, secrets };
}
