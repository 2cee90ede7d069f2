/**
 * Somebody at a browser: `node login-page.mjs URL` opens a page of an OpenID Connect issuer, fills its form with
 * LOGIN_EMAIL and LOGIN_SECRET, and follows where that leads, as a browser without scripts does. As a program named
 * `xdg-open` it is what others open their browser with.
 */
const url = process.argv.at(-1);
const { LOGIN_EMAIL: email, LOGIN_SECRET: secret } = process.env;

const shown = await fetch(url);
const page = await shown.text();
if (!shown.ok) throw new Error(`${url} answered ${shown.status}: ${page}`);
const form = /<form method="post" action="([^"]+)">/.exec(page);
if (form === null) throw new Error(`there is no form on ${url}`);

const fields = new URLSearchParams();
for (const [input] of page.matchAll(/<input [^>]*>/g)) {
  const attribute = (name) => unescapeHtml(new RegExp(` ${name}="([^"]*)"`).exec(input)?.[1] ?? '');
  fields.set(attribute('name'), attribute('value'));
}
fields.set('email', email);
fields.set('secret', secret);
const answer = await fetch(new URL(unescapeHtml(form[1]), url), { method: 'POST', body: fields });
process.stdout.write(await answer.text());
process.exitCode = answer.ok ? 0 : 1;

function unescapeHtml(text) {
  return text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
}
