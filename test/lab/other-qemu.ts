import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Test } from 'tap';
import { findMachine } from '../../lib/lab/machine.js';
import type { TestLab } from './harness.js';

export const QEMU_PATH = '/usr/bin/qemu-system-x86_64';
/** Debian 12's own, beside the one from its backports. */
const OLD = '7.2';
const DOWNLOAD_TIMEOUT_MS = 60_000;
const MODULES = 'usr/lib/x86_64-linux-gnu/qemu';

/**
 * Gives a host another program under QEMU's path, as a shell script that has the real one as $REAL; resolves to what
 * takes it away again.
 */
export async function otherQemu(lab: TestLab, host: string, script: string): Promise<() => Promise<void>> {
  const folder = `/proc/${(await findMachine(lab.name, host)).pid}/root/run`;
  await cp(QEMU_PATH, `${folder}/qemu.real`);
  await writeFile(`${folder}/qemu.other`, `#!/bin/sh\nREAL=/run/qemu.real\n${script}\n`, { mode: 0o755 });
  await lab.on(host, 'mount', '--bind', '/run/qemu.other', QEMU_PATH);
  return async () => void (await lab.on(host, 'umount', QEMU_PATH));
}

/** An older QEMU that Debian has, unpacked into a folder and not installed; null: it cannot be had here. */
export async function fetchOldQemu(t: Test): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'vxmig-old-qemu-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const run = { cwd: folder, reject: false, timeout: DOWNLOAD_TIMEOUT_MS } as const;
  for (const name of ['qemu-system-x86', 'qemu-system-common']) {
    const versions = (await execa('apt-cache', ['madison', name], run)).stdout?.split('\n') ?? [];
    const version = versions.map((line) => line.split('|')[1]?.trim() ?? '').find((one) => one.includes(`:${OLD}`));
    if (version === undefined) return null;
    if ((await execa('apt-get', ['download', `${name}=${version}`], run)).exitCode !== 0) return null;
    if ((await execa('sh', ['-c', 'dpkg-deb -x "$0"_*.deb .', name], run)).exitCode !== 0) return null;
  }
  return folder;
}

/** The script that starts it there, with its own modules, and the BIOS and ROMs that the machine has. */
export async function bringOldQemu(lab: TestLab, host: string, folder: string): Promise<string> {
  const inside = `/proc/${(await findMachine(lab.name, host)).pid}/root/run/old-qemu`;
  await mkdir(inside);
  await cp(`${folder}${QEMU_PATH}`, `${inside}/qemu`);
  await cp(`${folder}/${MODULES}/accel-tcg-x86_64.so`, `${inside}/accel-tcg-x86_64.so`);
  const roms = ['/usr/share/seabios', '/usr/share/qemu', '/usr/lib/ipxe/qemu'].map((path) => `-L ${path}`).join(' ');
  return `QEMU_MODULE_DIR=/run/old-qemu exec /run/old-qemu/qemu ${roms} "$@"`;
}
