import { join } from 'node:path';
import type { SandboxedCommand, SandboxRuntime } from './sandbox-runtime.ts';
import { asUser, openUserNamespace } from './user-namespace.ts';

/** https://github.com/containers/bubblewrap */
export const bubblewrap: SandboxRuntime = {
  name: 'bubblewrap',

  async invocation(one) {
    const { identities, user } = one;
    const group = identities.gid + user.gid;
    // What bubblewrap makes itself has one user.
    if (identities.count === 1) {
      const self = ['--unshare-user', '--uid', `${user.uid}`, '--gid', `${user.gid}`];
      return { command: ['bwrap', ...self, ...sandboxArguments(one)], group };
    }
    const descriptor = await openUserNamespace(identities, user);
    const command = [...asUser(identities, user), 'bwrap', '--userns', '3', ...sandboxArguments(one)];
    return { command, descriptor, group };
  },
};

function sandboxArguments({ home, directory, capabilities, command, env }: SandboxedCommand): string[] {
  const namespaces = ['ipc', 'pid', 'net', 'uts', 'cgroup-try'].map((kind) => `--unshare-${kind}`);
  const limits = ['--die-with-parent', '--new-session', '--clearenv', '--cap-drop', 'ALL'];
  const allowed = capabilities.flatMap((name) => ['--cap-add', name]);
  const files = ['--bind', join(home, 'root'), '/', '--dev', '/dev', '--tmpfs', '/tmp'];
  // Root without capabilities is still the owner of settings of the kernel: /proc/sys/kernel/core_pattern.
  const proc = ['--proc', '/proc', '--remount-ro', '/proc'];
  const variables = Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]);
  return [
    ...namespaces,
    ...limits,
    ...allowed,
    ...files,
    ...proc,
    '--chdir',
    directory,
    ...variables,
    '--',
    ...command,
  ];
}
