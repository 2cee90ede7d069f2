/** Of every page: nothing is loaded, nothing runs, no other page shows it in a frame. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' http://localhost:* http://127.0.0.1:*",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

const style = `body{font:1.1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
label{display:block;margin-top:1rem;font-weight:600}input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #595959;border-radius:.25rem}
button{font:inherit;margin-top:1.5rem;padding:.5rem 1.5rem;border:0;border-radius:.25rem;color:#fff;background:#0b4f8a}
input:focus,button:focus{outline:3px solid #b35900;outline-offset:2px}[role=alert]{padding:.5rem 1rem;border-left:4px solid #a00000}
code{font-size:1.3rem;word-break:break-all}@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}input{color:inherit;background:#222}button{background:#2b6cb0}}`;

interface LoginPage {
  /** Where the form is sent. */
  readonly action: string;
  /** Who gets the token, said to the user. */
  readonly purpose: string;
  readonly hidden: Readonly<Record<string, string>>;
  /** Asks for the code a device shows; its value so far. */
  readonly userCode?: string;
  /** What was wrong with the last try. */
  readonly problem?: string;
}

/** A page on which somebody says who they are. Works without scripts, styles and a mouse. */
export function loginPage({ action, purpose, hidden, userCode, problem }: LoginPage): string {
  const fields = Object.entries(hidden)
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('');
  const code =
    userCode === undefined
      ? ''
      : `<label for="user_code">Code shown by the device</label>
<input id="user_code" name="user_code" value="${escapeHtml(userCode)}" autocomplete="off" autocapitalize="characters" spellcheck="false" required>`;
  return page(
    'Log in to sign',
    `${problem === undefined ? '' : `<p role="alert">${escapeHtml(problem)}</p>`}
<p>${escapeHtml(purpose)} Go on only if you have just started this yourself.</p>
<form method="post" action="${escapeHtml(action)}">${fields}${code}
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="username" required>
<label for="secret">Secret</label>
<input id="secret" name="secret" type="password" autocomplete="current-password" required>
<button type="submit">Log in</button>
</form>`,
  );
}

/** A page that only says something. */
export function messagePage(title: string, message: string, code?: string): string {
  const shown = code === undefined ? '' : `<p><code>${escapeHtml(code)}</code></p>`;
  return page(title, `<p role="status">${escapeHtml(message)}</p>${shown}`);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${style}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>
${body}
</main></body></html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
