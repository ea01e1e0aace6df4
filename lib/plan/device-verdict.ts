import type { DomainDefinition } from '../model/domain-definition.js';
import { printable } from '../model/printable.js';
import { attribute, child, children } from '../model/xml-element.js';
import { type Move, type Obstacle, unfit } from './move-obstacle.js';

type Element = ReturnType<DomainDefinition['devices']>[number];

/** What is part of its host, or has its state there, and cannot come along. */
export function judgeDevices(move: Move, definition: DomainDefinition): Obstacle[] {
  const whole = [...hostDevices(definition), ...directories(definition), ...channels(definition)];
  return [
    ...whole.map((what) => stays(move, what)),
    ...secrets(move, definition),
    ...encrypted(move, definition),
    ...drawn(move, definition),
  ];
}

function stays({ vm, shellDomain, from }: Move, what: string): Obstacle {
  return unfit(
    printable(`${vm} has ${what}, which is a part of ${from} and cannot move`),
    `Take it out: \`virsh dumpxml ${shellDomain}\` on ${from} shows it, \`virsh detach-device ${shellDomain} ` +
      'FILE --live --config` takes out what FILE holds of that.',
  );
}

function hostDevices(definition: DomainDefinition): string[] {
  // libvirt takes it out for the move and puts it in again.
  const failover = (element: Element) => attribute(child(element, 'teaming'), 'type') === 'transient';
  const passed = [
    ...definition.devices('hostdev'),
    ...definition.interfaces.flatMap(({ type, element }) => (type === 'hostdev' ? [element] : [])),
  ].filter((element) => !failover(element));
  const inputs = definition
    .devices('input')
    .filter((element) => ['passthrough', 'evdev'].includes(attribute(element, 'type') ?? ''));
  const cards = definition
    .devices('smartcard')
    .filter((element) => ['host', 'host-certificates'].includes(attribute(element, 'mode') ?? ''));
  const modules = definition
    .devices('memory')
    .filter((element) => ['nvdimm', 'virtio-pmem'].includes(attribute(element, 'model') ?? ''));
  return [
    ...passed.map((element) => `a device of the host (${deviceText(element)})`),
    ...inputs.map((element) => `an input device of the host (${inputText(element)})`),
    ...cards.map(() => 'a smart card of the host'),
    ...modules.map(
      (element) => `persistent memory in a file of the host (${sourceText(child(element, 'source'), 'path')})`,
    ),
  ];
}

/** Nobody can tell that the new host has the same directory, and QEMU sends of it names and numbers of files. */
function directories(definition: DomainDefinition): string[] {
  const directory = (element: Element) => {
    const kind = attribute(child(element, 'driver'), 'type') === 'virtiofs' ? 'virtiofs' : '9p';
    const source = child(element, 'source');
    const path = attribute(source, 'dir') ?? attribute(source, 'socket') ?? attribute(source, 'file');
    return path === null ? `a directory of the host (${kind})` : `a directory of the host (${kind}: ${path})`;
  };
  return [
    ...definition.devices('filesystem').map(directory),
    ...definition
      .devices('shmem')
      .filter((element) => attribute(element, 'role') !== 'master')
      .map((element) => `shared memory of the host (${attribute(element, 'name') ?? ''})`),
  ];
}

const CHARACTER_DEVICES = ['serial', 'parallel', 'console', 'channel', 'redirdev'];

function channels(definition: DomainDefinition): string[] {
  const found = CHARACTER_DEVICES.flatMap((name) =>
    definition.devices(name).flatMap((element) => {
      const type = attribute(element, 'type');
      if (type !== 'dev' && type !== 'pipe') return [];
      const path = attribute(child(element, 'source'), 'path') ?? '';
      return [type === 'dev' ? `a port of the host (${name}: ${path})` : `a pipe of the host (${name}: ${path})`];
    }),
  );
  // The first console is the first serial port under another name.
  return [...new Set(found.map((text) => text.replace('(console: ', '(serial: ')))];
}

/** What a TPM has sealed is lost with its state: a guest whose disk it unlocks would not start again. */
function secrets({ vm, shellDomain, from }: Move, definition: DomainDefinition): Obstacle[] {
  return definition.devices('tpm').map((element) => {
    const backend = child(element, 'backend');
    const type = attribute(backend, 'type') ?? '';
    const device = child(backend ?? element, 'device');
    const what =
      type === 'passthrough'
        ? `the TPM of ${from} itself (${attribute(device, 'path') ?? '/dev/tpm0'})`
        : `a TPM (${type}), whose state is on ${from}`;
    return unfit(
      printable(`${vm} has ${what}, and vxmig does not move it`),
      'What a TPM has sealed (the key of an encrypted disk) is lost with its state. If the guest does not need ' +
        `it: shut it down, \`virsh edit ${shellDomain}\` on ${from} without <tpm>, start it. If it does, it stays.`,
    );
  });
}

/** The processor's key for its memory is in that processor. */
function encrypted({ vm, shellDomain, from }: Move, definition: DomainDefinition): Obstacle[] {
  return children(definition.root, 'launchSecurity').map((element) =>
    unfit(
      `${vm} has memory that its processor keeps encrypted (${attribute(element, 'type') ?? 'launchSecurity'}), ` +
        'which QEMU does not send',
      `It can run without: shut it down, \`virsh edit ${shellDomain}\` on ${from} without <launchSecurity>, start it.`,
    ),
  );
}

/** QEMU refuses by itself (`virgl is not yet migratable`), when the VM has been promised its place already. */
function drawn({ vm, shellDomain, from }: Move, definition: DomainDefinition): Obstacle[] {
  const isAccelerated = definition.devices('video').some((element) => {
    const model = child(element, 'model');
    return attribute(child(model ?? element, 'acceleration'), 'accel3d') === 'yes';
  });
  if (!isAccelerated) return [];
  return [
    unfit(
      `${vm} has a display that draws by the graphics card of ${from} (accel3d), which QEMU does not move`,
      `Shut it down, \`virsh edit ${shellDomain}\` on ${from}: <acceleration accel3d='no'/>; start it.`,
    ),
  ];
}

function inputText(element: Element): string {
  return sourceText(child(element, 'source'), 'evdev') || sourceText(child(element, 'source'), 'dev');
}

function sourceText(source: Element | undefined, name: string): string {
  if (source === undefined) return '';
  return attribute(source, name) ?? child(source, name)?.textContent?.trim() ?? '';
}

function deviceText(element: Element): string {
  const kind = attribute(element, 'type') ?? '';
  const source = child(element, 'source');
  const address = source === undefined ? undefined : child(source, 'address');
  const place = ['domain', 'bus', 'slot', 'function', 'uuid'].flatMap((name) => attribute(address, name) ?? []);
  return [kind, ...place].join(' ').trim();
}
