import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SandboxedCommand, SandboxRuntime } from './sandbox-runtime.ts';

/** The name of the container: each sandbox has a state directory of its own, and runs one command at a time. */
const container = 'command';

/** https://github.com/containers/crun. It needs cgroups that it can read, also when it is told to make none. */
export const crun: SandboxRuntime = {
  name: 'crun',

  /** Most is known only when a container is started: one without a program, which crun gets as far as looking for. */
  isUsable() {
    const home = mkdtempSync(join(tmpdir(), 'pratique-crun-'));
    try {
      mkdirSync(join(home, 'root'));
      const [program, ...args] = this.invocation({ home, directory: '/', command: ['/none'], env: {} });
      const { stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 10_000 });
      return /\/none.*No such file/.test(stderr ?? '');
    } finally {
      this.stop?.(home);
      rmSync(home, { recursive: true, force: true });
    }
  },

  invocation(one) {
    writeFileSync(join(one.home, 'config.json'), JSON.stringify(runtimeConfig(one)));
    return ['crun', ...globals(one.home), 'run', '--bundle', one.home, container];
  },

  // Killing crun leaves what it runs.
  stop(home) {
    spawnSync('crun', [...globals(home), 'delete', '--force', container], {
      stdio: 'ignore',
      timeout: 10_000,
    });
  },
};

function globals(home: string): readonly string[] {
  return ['--root', join(home, 'state'), '--cgroup-manager', 'disabled'];
}

/**
 * The container of one command (OCI runtime specification 1.0.2, config.md): every namespace of its own, no capability,
 * nothing of the machine but the devices that every container has, and nothing of the kernel that can be written to:
 * the user of the container is the one who started this, who may be root.
 */
export function runtimeConfig({ directory, command, env }: SandboxedCommand): unknown {
  const self = (id: number) => [{ containerID: 0, hostID: id, size: 1 }];
  return {
    ociVersion: '1.0.2',
    root: { path: 'root' },
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      cwd: directory,
      args: command,
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      capabilities: {},
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
      uidMappings: self(process.getuid?.() ?? 0),
      gidMappings: self(process.getgid?.() ?? 0),
    },
  };
}
