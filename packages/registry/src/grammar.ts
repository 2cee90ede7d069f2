const repository = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tag = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const digest = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

export const isRepositoryName = (text: string): boolean => text.length <= 255 && repository.test(text);
export const isTag = (text: string): boolean => tag.test(text);
export const isDigest = (text: string): text is `sha256:${string}` | `sha512:${string}` => digest.test(text);
