const words =
  /example|sample|dummy|placeholder|changeme|change_me|change-me|your[_-]|redacted|notreal|not-real|(.)\1{6}|0123456789|1234567890|abcdefghij|[*]{3}|\.\.\.|\$\{|<[a-z]/i;

/** Whether it is what people write where a secret is to be put: a word that says so, or what nobody would draw by lot. */
export function isPlaceholder(secret: string): boolean {
  return words.test(secret) || (secret.length >= 20 && new Set(secret).size < 7);
}
