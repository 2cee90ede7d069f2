import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxedCommand, SandboxRuntime } from './sandbox-runtime.ts';

/** The name of the container: each sandbox has a state directory of its own, and runs one command at a time. */
const container = 'command';

/** https://github.com/containers/crun. It needs cgroups that it can read, also when it is told to make none. */
export const crun: SandboxRuntime = {
  name: 'crun',

  async invocation(one) {
    writeFileSync(join(one.home, 'config.json'), JSON.stringify(runtimeConfig(one)));
    const { entry, gid } = one.identities;
    const command = [...entry, 'sh', '-c', guardian, join(one.home, 'state'), one.home];
    // It is root of the container until it starts the command.
    return { command, group: gid, hasLifeline: true };
  },
};

/**
 * Killing crun leaves what it runs. So this stands between us and it: the shell ends both when the other end of its standard
 * input is closed, which the kernel does for who is killed; and has the exit code of the command.
 */
const guardian = `
bundle=$1
set -- crun --root "$0" --cgroup-manager disabled
exec 4<&0 </dev/null
"$@" run --bundle "$bundle" ${container} 4<&- &
run=$!
{ read -r _ <&4; "$@" delete --force ${container}; kill -9 $run; } >/dev/null 2>&1 &
watch=$!
wait $run
code=$?
kill $watch
"$@" delete --force ${container} >/dev/null 2>&1
exit $code
`;

/**
 * The container of one command (OCI runtime specification 1.0.2, config.md): every namespace of its own, nothing of the
 * machine but the devices that every container has, and nothing of the kernel that can be written to: root of the
 * container may be who started this, who may be root.
 */
export function runtimeConfig(one: SandboxedCommand): unknown {
  const { identities, user, capabilities } = one;
  return {
    ociVersion: '1.0.2',
    root: { path: 'root' },
    process: {
      terminal: false,
      user: {
        uid: user.uid,
        gid: user.gid,
        ...(user.groups.length === 0 ? {} : { additionalGids: user.groups }),
      },
      cwd: one.directory,
      args: one.command,
      env: Object.entries(one.env).map(([name, value]) => `${name}=${value}`),
      capabilities: Object.fromEntries(
        ['bounding', 'effective', 'inheritable', 'permitted', 'ambient'].map((set) => [set, capabilities]),
      ),
      noNewPrivileges: true,
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=1m'] },
      { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'nodev', 'mode=1777'] },
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777'] },
    ],
    linux: {
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'user'].map((type) => ({ type })),
      uidMappings: [{ containerID: 0, hostID: identities.uid, size: identities.count }],
      gidMappings: [{ containerID: 0, hostID: identities.gid, size: identities.count }],
    },
  };
}
