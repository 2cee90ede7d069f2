/** What the system's word for a refusal means to whoever named the file. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'it is in use',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'it exists already',
  EFBIG: 'it would be too large for its file system',
  EIO: 'the device failed',
  EISDIR: 'it is a directory',
  ELOOP: 'too many symbolic links',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'there is no such file or directory',
  ENOSPC: 'no space is left on the device',
  ENOTDIR: 'a part of the path is not a directory',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
};

/** The reason for which a file could not be read or written, in words; undefined where that is not what was thrown. */
export function fileProblem(thrown: unknown): string | undefined {
  const { code, syscall } = (thrown ?? {}) as NodeJS.ErrnoException;
  if (code === 'EEXIST' && syscall === 'mkdir') return 'there is a file of that name, which is no directory';
  const isSocket = syscall !== undefined && ['bind', 'connect', 'listen'].includes(syscall);
  return code === undefined || isSocket || !Object.hasOwn(reasons, code) ? undefined : reasons[code];
}

const writingCalls = [
  'chmod',
  'copyfile',
  'fsync',
  'ftruncate',
  'link',
  'mkdir',
  'mkdtemp',
  'rename',
  'rm',
  'unlink',
  'write',
];

/** Whether it was refused to write, as far as the error tells: opening a file is either. */
export function isWriteProblem(thrown: unknown): boolean {
  const { code, syscall } = (thrown ?? {}) as NodeJS.ErrnoException;
  return ['EDQUOT', 'ENOSPC', 'EROFS'].includes(code ?? '') || writingCalls.includes(syscall ?? '');
}
