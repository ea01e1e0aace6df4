import type { ScriptedShell } from './scripted-shell.js';

/** What two hosts have in common: what one has written beside an image, the other reads where it is the same. */
export interface Storage {
  /** By the name of the file that was written. */
  readonly tokens: Map<string, string>;
  readonly shared: boolean;
}

export interface MovableVm {
  readonly memoryKiB?: number | null;
  /** Inside `<devices>`. */
  readonly devices?: string;
  readonly snapshots?: string;
}

export const DISK = `<disk type='file' device='disk'><driver name='qemu' cache='none'/>
  <source file='/srv/web.raw'/><target dev='vda'/></disk>`;
/** What a host is asked that is to say what it has. */
export const OFFER = / offer .*(?:source|destination) /;
const CPU = 'vendor_id : GenuineIntel\ncpu family : 6\nmodel : 143\nflags : sse4_2 avx2\n';
const PART = `path=/srv/web.raw\nstat=64|77|1024|0|0|0|regular file\ndirectory=64\nmount=nfs4 filer:/srv\n`;

export interface GivenOffer {
  readonly uuid?: string;
  readonly name?: string;
  /** Of the comparison with the VM's. */
  readonly cpu?: string;
  readonly way?: string;
  readonly more?: string;
}

/** As it is printed by a host that has what the VM needs. */
export function offerText({
  uuid = 'one',
  name = 'one',
  cpu = 'superset',
  way = 'full',
  more = '',
}: GivenOffer): string {
  const arch = "<arch name='x86_64'><machine maxCpus='255'>pc-i440fx-9.2</machine><domain type='qemu'/></arch>";
  return [
    `=== way ===\n${way}`,
    '=== libvirt ===\nRunning hypervisor: QEMU 10.0.2',
    `=== hostname ===\n${name}`,
    `=== capabilities ===\n<capabilities><host><uuid>${uuid}</uuid></host><guest>${arch}</guest></capabilities>`,
    '=== domcapabilities ===\n<domainCapabilities><cpu/></domainCapabilities>',
    `=== compare ===\n${cpu}`,
    `=== emulator ===\nyes\n=== cpu ===\n${CPU}`,
    `=== memory ===\nMemAvailable: 4000000 kB\n=== userfaultfd ===\n1\n${more}`,
    `=== devices ===\n${JSON.stringify([{ ifname: 'lo' }])}\n=== end ===\n`,
  ].join('\n');
}

export function definition({ memoryKiB = 1024, devices = '' }: MovableVm = {}): string {
  const memory = memoryKiB === null ? '' : `<memory unit='KiB'>${memoryKiB}</memory>`;
  return `<domain type='qemu'><name>web</name>${memory}<devices>${devices}</devices></domain>`;
}

/** A host that answers all that is asked before a VM moves from it, or to it: nothing is in the way. */
export function movable(shell: ScriptedShell, vm: MovableVm = {}, storage: Storage = onOneServer()): ScriptedShell {
  const mark = '=== vxmig\n';
  const { snapshots = '' } = vm;
  return shell
    .on(/ snapshot-list /, [mark, definition(vm), `\n${mark}`, snapshots, mark, mark].join(''))
    .on(/ blockjob /, `${mark}No current block job for vda\n`)
    .on(OFFER, offerText({ uuid: `uuid-of-${shell.name}`, name: shell.name }))
    .on(/^sh -s -- 3 /, (line) => {
      const items = line.split(' <<< ')[0]?.match(/ (path|server) /g) ?? [];
      const answers = items.map((item) => `=== item\n${item === ' path ' ? PART : 'address=198.18.2.9\n'}`);
      return `=== host\nboot-${shell.name}\n198.18.1.10\n${answers.join('')}=== end\n`;
    })
    .onTalk(/^sh -c .* sh \.vxmig-/s, (said, line) => {
      const [, name = '', content = '', entries = ''] = / (\.vxmig-\w+) (\w+) (.*)$/.exec(line) ?? [];
      storage.tokens.set(name, content);
      return said === '' ? `${'written\n'.repeat(entries.split(':').length - 1)}ready\n` : '';
    })
    .on(/^sh -s -- \.vxmig-/, (line) => {
      const [, name = '', entries = ''] = /(\.vxmig-\w+) (.*?) <<< /.exec(line) ?? [];
      const read = storage.shared ? (storage.tokens.get(name) ?? '') : '';
      return `${`=== token\n${read}\n`.repeat(entries.split(':').length - 1)}=== token\n`;
    })
    .on(/ss -Hltn/, 'taken=49152\n')
    .on(/ exec 3<>"\/dev\/tcp/, { exitCode: 1, stderr: 'bash: connect: Connection refused' });
}

export function onOneServer(): Storage {
  return { tokens: new Map(), shared: true };
}

/** Each host has a disk of its own under that path. */
export function eachItsOwn(): Storage {
  return { tokens: new Map(), shared: false };
}
