import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { SandboxRuntime } from './sandbox-runtime.ts';

/** https://github.com/containers/bubblewrap */
export const bubblewrap: SandboxRuntime = {
  name: 'bubblewrap',

  isUsable() {
    const probe = ['--unshare-all', '--ro-bind', '/', '/', '--', 'bwrap', '--version'];
    return spawnSync('bwrap', probe, { stdio: 'ignore', timeout: 10_000 }).status === 0;
  },

  invocation({ home, directory, command, env }) {
    const namespaces = [
      '--unshare-all',
      '--die-with-parent',
      '--new-session',
      '--clearenv',
      '--cap-drop',
      'ALL',
    ];
    const files = ['--bind', join(home, 'root'), '/', '--dev', '/dev', '--tmpfs', '/tmp'];
    // Root without capabilities is still the owner of settings of the kernel: /proc/sys/kernel/core_pattern.
    const proc = ['--proc', '/proc', '--remount-ro', '/proc'];
    const variables = Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]);
    return ['bwrap', ...namespaces, ...files, ...proc, '--chdir', directory, ...variables, '--', ...command];
  },
};
