// The program inside the demo's images: a guestbook over HTTP. `--check` starts it, signs the book once, and ends.
import { createServer } from 'node:http';

const entries = [];
const html = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const server = createServer(async (request, response) => {
  if (request.method === 'POST') {
    let body = '';
    for await (const chunk of request) {
      body += chunk;
      if (body.length > 1000) return response.writeHead(413).end();
    }
    entries.push(body);
    return response.writeHead(201).end();
  }
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<h1>Guestbook</h1><ul>${entries.map((entry) => `<li>${html(entry)}</li>`).join('')}</ul>`);
});

const check = process.argv.includes('--check');
server.listen(check ? 0 : Number(process.env.PORT ?? 8080), check ? '127.0.0.1' : undefined, async () => {
  if (!check) return console.log(`guestbook on port ${server.address().port}`);
  const url = `http://127.0.0.1:${server.address().port}/`;
  await fetch(url, { method: 'POST', body: 'ahoy' });
  const page = await (await fetch(url)).text();
  console.log(
    page.includes('ahoy') ? `guestbook works on Node ${process.versions.node}` : 'guestbook is broken',
  );
  process.exit(page.includes('ahoy') ? 0 : 1);
});
