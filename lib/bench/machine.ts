import { execFile } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { Machine } from '../model/bench-result.js';

/** What a bench's figures depend on; what is not installed has an empty version. */
export async function observeMachine(): Promise<Machine> {
  const [libvirt, qemu, ovs, ovn] = await Promise.all([
    versionOf('virsh', ['--version']),
    versionOf('qemu-system-x86_64', ['--version']),
    versionOf('ovs-vswitchd', ['--version']),
    versionOf('ovn-controller', ['--version']),
  ]);
  return {
    cpus: cpus().length,
    cpuModel: cpus()[0]?.model.trim() ?? '',
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    libvirt,
    qemu,
    ovs,
    ovn,
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** The first number of the form 1.2.3 that the program prints; empty where it is missing. */
async function versionOf(program: string, args: readonly string[]): Promise<string> {
  const output = await promisify(execFile)(program, [...args]).then(
    ({ stdout }) => stdout,
    () => '',
  );
  return /\d+(?:\.\d+)+/.exec(output)?.[0] ?? '';
}
