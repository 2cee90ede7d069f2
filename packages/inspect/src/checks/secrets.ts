/** Words in a name that say that the value is secret. */
const secretName =
  /(?:^|_)(?:PASS(?:WD|WORD|PHRASE)?|SECRET|TOKEN|CREDENTIALS?|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|SECRET_?KEY|AUTH_?KEY)(?:$|_)/i;
/** Names that say where it is, or how it is to be, and do not hold it. */
const about = /(?:_FILE|_PATH|_URL|_DIR|_NAME|_LENGTH|_TTL|_ID|_HEADER|_ALGORITHM|_EXPIR\w*)$/i;

/** Whether a variable's name says that it holds a secret, and it holds something. */
export function hasSecretName(name: string, value: string): boolean {
  return (
    secretName.test(name.slice(0, 256)) &&
    !about.test(name) &&
    value !== '' &&
    // A reference to another variable, a path and a switch are not secrets.
    !/^(?:\$|\/|(?:true|false|yes|no|none|null|\d{1,3})$)/i.test(value)
  );
}

/** Tokens that tell what they are by their form. */
const tokens = [
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{36,}\b/,
  /\bgithub_pat_[A-Za-z0-9_]{50,}\b/,
  /\bglpat-[A-Za-z0-9_-]{20,}\b/,
  /\bnpm_[A-Za-z0-9]{36}\b/,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}\b/,
  /\bsk_live_[A-Za-z0-9]{20,}\b/,
  /\bAIza[A-Za-z0-9_-]{35}\b/,
  /[a-z][a-z0-9+.-]*:\/\/[^\s/:@$]+:[^\s/:@$]{3,}@/i,
];

/** Whether a text holds what by its form is a key, a token, or a URL with a password. */
export function hasSecretValue(text: string): boolean {
  return tokens.some((token) => token.test(text));
}
