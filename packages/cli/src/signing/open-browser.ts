import { spawn } from 'node:child_process';

const programs: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  // `start` is the shell's own; the empty string is the window's title.
  win32: ['cmd', '/c', 'start', ''],
};

/** Opens a page in the person's browser; false when there is no program to do it with. */
export function openBrowser(url: string): Promise<boolean> {
  const [command = 'xdg-open', ...args] = programs[process.platform] ?? ['xdg-open'];
  // The shell of Windows would end the address at an ampersand.
  const address = process.platform === 'win32' ? url.replaceAll('&', '^&') : url;
  return new Promise((resolve) => {
    const child = spawn(command, [...args, address], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
