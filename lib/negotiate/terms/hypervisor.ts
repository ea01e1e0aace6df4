import { shellWord } from '../../model/quote.js';
import type { Term } from '../term.js';
import { compareVersions, machineVersion, ofFamily } from '../version.js';

export const EMULATOR: Term = {
  feature: 'emulator path',
  rule: "The program that the VM's definition names as its emulator is there, and libvirt can start it.",
  judge: ({ vm, emulator, shellDomain, from, to, machine }, { source, destination }) => {
    if (emulator === '') return [];
    if (destination.emulator) {
      const { complaint, machines, kvm, virtualCpu } = destination;
      // Where it is the machine type or KVM that is missing, that is said by its name.
      const isTold = machines.length > 0 && (!machines.includes(machine) || (source.kvm && !kvm));
      if (virtualCpu !== null || source.virtualCpu === null || complaint === '' || isTold) return [];
      return [
        {
          host: to,
          wanted: emulator,
          has: complaint,
          why:
            `${vm} is run by ${emulator}, with which libvirt on ${to} cannot start a VM of the type ${machine}: ` +
            `${complaint}`,
          fix:
            `Mend it there: \`${shellWord(emulator)} --version\` and \`virsh domcapabilities --machine ` +
            `${shellWord(machine)}\` on ${to} must ` +
            'work; what is half-way upgraded `apt-get install --reinstall qemu-system-x86` makes whole again.',
        },
      ];
    }
    return [
      {
        host: to,
        wanted: emulator,
        has: 'no program there',
        why: `${vm} is run by ${emulator}, and ${to} has no program there`,
        fix:
          `Install on ${to} the QEMU that ${from} has, so that ${emulator} is there (Debian: \`apt-get install ` +
          `qemu-system-x86\`); or \`virsh edit ${shellDomain}\` on ${from}: <emulator> with a path that both hosts ` +
          "have, which counts from the VM's next start.",
      },
    ];
  },
};

export const ACCELERATION: Term = {
  feature: 'acceleration',
  rule: 'A VM that runs with KVM finds KVM at the destination; one that is emulated (TCG) can go anywhere.',
  judge: ({ vm, acceleration, to, from }, { destination }) => {
    // Where libvirt lists no machines it has not said anything of KVM either.
    if (acceleration !== 'kvm' || destination.kvm || destination.machines.length === 0) return [];
    return [
      {
        host: to,
        wanted: 'KVM',
        has: 'TCG alone',
        why: `${vm} runs with KVM on ${from}, and libvirt on ${to} has no KVM for it`,
        fix:
          `On ${to}: \`modprobe kvm_intel || modprobe kvm_amd\` (virtualisation may be off in its firmware), then ` +
          '`systemctl restart libvirtd`, which leaves VMs running.',
      },
    ];
  },
};

export const MACHINE: Term = {
  feature: 'machine type',
  rule: "The destination's QEMU has the machine type, in its version, that the VM was started with.",
  judge: ({ vm, machine, shellDomain, from, to }, { source, destination }) => {
    const isTaken = destination.virtualCpu !== null || !destination.emulator || destination.machines.length === 0;
    if (machine === '' || isTaken) return [];
    if (destination.machines.includes(machine)) return [];
    const family = machineVersion(machine)?.family ?? machine;
    const [newest] = ofFamily(destination.machines, family);
    const [common] = ofFamily(
      source.machines.filter((type) => destination.machines.includes(type)),
      family,
    );
    const has = newest === undefined ? `no ${family} at all` : `${newest} as its newest`;
    const qemu = destination.qemuVersion === '' ? '' : ` (QEMU ${destination.qemuVersion})`;
    const edit =
      common === undefined
        ? ''
        : `; or give ${vm} a type that both have: \`virsh edit ${shellDomain}\` on ${from}, machine='${common}', ` +
          "which counts from the VM's next start";
    return [
      {
        host: to,
        wanted: machine,
        has,
        why: `${vm} was started as ${machine}, and ${to}${qemu} has ${has}`,
        fix: `Bring QEMU on ${to} to that of ${from}${versionText(source.qemuVersion)}${edit}.`,
      },
    ];
  },
};

export const QEMU: Term = {
  feature: 'QEMU version',
  rule:
    "The destination's QEMU is as new as the source's. An older one that has the machine type is a doubt: QEMU keeps " +
    'devices of one machine type the same, and where it does not, it refuses and the VM stays. Tried with QEMU 10.0 ' +
    'and 7.2: a VM of the machine type pc-i440fx-7.2 moves both ways; one of 10.0 is refused by its machine type.',
  judge: ({ machine, from, to }, { source, destination }) => {
    if (compareVersions(destination.qemuVersion, source.qemuVersion) >= 0) return [];
    if (machine !== '' && destination.machines.length > 0 && !destination.machines.includes(machine)) return [];
    const [older, newer] = [destination.qemuVersion, source.qemuVersion];
    return [
      {
        why:
          `${to} has QEMU ${older}, which is older than ${newer} of ${from}; it has the VM's machine type, and ` +
          'refuses what it does not know of a newer device',
      },
    ];
  },
};

function versionText(version: string): string {
  return version === '' ? '' : `, ${version}`;
}
