import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { findMachine } from '../../lib/lab/machine.js';
import type { TestLab } from './harness.js';

const HUGE_PAGES = '/proc/sys/vm/nr_hugepages';
const LIBVIRTD_CONF = '/etc/libvirt/libvirtd.conf';
const RESTART = `pkill -x libvirtd; while pgrep -x libvirtd >/dev/null; do sleep 0.1; done
/usr/sbin/libvirtd --daemon
until virsh version >/dev/null 2>&1; do sleep 0.1; done`;

/** Resolves to what takes it back. */
type Taken = () => Promise<unknown>;

/** libvirt on that host takes itself for another one. */
export async function takeUuid(lab: TestLab, host: string, uuid: string): Promise<Taken> {
  const say = (line: string) =>
    lab.on(host, 'sh', '-c', `sed -i "s/^host_uuid.*/$0/" ${LIBVIRTD_CONF}\n${RESTART}`, line);
  const before = (await lab.on(host, 'grep', '^host_uuid', LIBVIRTD_CONF)).trim();
  await say(`host_uuid = "${uuid}"`);
  return async () => await say(before);
}

export async function uuidOf(lab: TestLab, host: string): Promise<string> {
  return /"(.*)"/.exec(await lab.on(host, 'grep', '^host_uuid', LIBVIRTD_CONF))?.[1] ?? '';
}

/**
 * The kernel has one clock for all hosts of a lab: what that host tells of it is false, and nothing else is.
 */
export async function takeClock(lab: TestLab, host: string, aheadSeconds: number): Promise<Taken> {
  const folder = `/proc/${(await findMachine(lab.name, host)).pid}/root/run`;
  await cp('/usr/bin/bash', `${folder}/bash.real`);
  const script = `#!/bin/sh
case $2 in
  'LC_ALL=C; while read -r _; do echo "$EPOCHREALTIME"'*)
    exec /run/bash.real -c 'while read -r _; do now=$EPOCHREALTIME
      echo "$((\${now%.*} + ${aheadSeconds})).\${now#*.}"; done' ;;
esac
exec /run/bash.real "$@"
`;
  await writeFile(`${folder}/bash.other`, script, { mode: 0o755 });
  await lab.on(host, 'mount', '--bind', '/run/bash.other', '/usr/bin/bash');
  return async () => await lab.on(host, 'umount', '/usr/bin/bash');
}

/** That host shows the kernel's Open vSwitch module, whether or not the machine has one. */
export async function takeModule(lab: TestLab, host: string): Promise<Taken> {
  await lab.shell(host, 'mount -t tmpfs tmpfs /sys/module && mkdir /sys/module/openvswitch');
  return async () => await lab.on(host, 'umount', '/sys/module');
}

/** Huge pages are the machine's, and all hosts of a lab take from the same ones. */
export class MachinePages {
  private constructor(private readonly release: Taken) {}

  /** As many as there were are there again when it has ended, however this process ends. */
  static async begin(): Promise<MachinePages> {
    const before = (await readFile(HUGE_PAGES, 'utf8')).trim();
    const guard = spawn('sh', ['-c', `cat >/dev/null; echo "$0" >${HUGE_PAGES}`, before], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const ended = once(guard, 'exit');
    return new MachinePages(async () => {
      guard.stdin.end();
      await ended;
    });
  }

  /** False: the machine's memory is in pieces, or it has none to give. */
  async have(count: number): Promise<boolean> {
    await writeFile(HUGE_PAGES, `${count}`);
    return Number(await readFile(HUGE_PAGES, 'utf8')) === count;
  }

  async end(): Promise<void> {
    await this.release();
  }
}

/** libvirt there finds huge pages where it starts. */
export async function mountPages(lab: TestLab, host: string): Promise<void> {
  await lab.shell(host, `mkdir -p /dev/hugepages && mount -t hugetlbfs hugetlbfs /dev/hugepages\n${RESTART}`);
}
