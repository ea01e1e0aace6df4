import type { Term } from '../term.js';

export const DATAPATH: Term = {
  feature: 'datapath',
  rule:
    "Where the source's Open vSwitch is in the kernel (`system`) and the destination's in userspace (`netdev`), no " +
    'NIC of the VM leaves checksums to the host: userspace makes none. The other way round fits, and so do two of a ' +
    'kind.',
  judge: ({ vm, offloadingNics, offloadFix, from, to }, { source, destination }) => {
    if (source.datapath !== 'system' || destination.datapath !== 'netdev' || offloadingNics.length === 0) return [];
    return [
      {
        host: to,
        wanted: `system, for the NIC offloads of ${offloadingNics.join(', ')}`,
        has: 'netdev',
        why:
          `${vm} leaves checksums to the host (${offloadingNics.join(', ')}), which Open vSwitch in the kernel of ` +
          `${from} makes, and that of ${to}, in userspace, does not: it would have ping and no TCP`,
        fix: `${offloadFix}; or \`modprobe openvswitch\` on ${to}, and apply again.`,
      },
    ];
  },
};

export const MTU: Term = {
  feature: 'MTU',
  rule:
    "Between the two VTEPs, both ways, packets pass unfragmented that hold a full frame of the VM's widest network " +
    'with what its tunnel adds. Who answers no ping at all is a doubt.',
  judge: ({ path, from, to }, { source, destination }) => {
    if (path.bytes === 0) return [];
    return [
      { offer: source, far: to },
      { offer: destination, far: from },
    ].flatMap(({ offer, far }) => {
      if (offer.way === 'silent')
        return [{ why: `${far} answers no ping of ${offer.host}: the way between them has not shown its MTU` }];
      if (offer.way !== 'small') return [];
      return [
        {
          host: offer.host,
          wanted: `${path.bytes} bytes, for ${path.network}`,
          has: 'less',
          why:
            `a full frame of ${path.network} needs packets of ${path.bytes} bytes between the VTEPs, and ` +
            `${offer.host} gets small ones through to ${far} and none of that size`,
          fix:
            `Find where it is less with \`tracepath -n\` from ${offer.host} to ${far}, and raise the MTU there; or ` +
            `give ${path.network} a smaller \`mtu:\` in the file, and apply.`,
        },
      ];
    });
  },
};

export const TAP_OFFLOADS: Term = {
  feature: 'virtio-net offloads',
  rule:
    "What the guest's virtio NICs have turned on of the source's taps (checksums, TSO, USO), the destination's " +
    'kernel gives its taps too: QEMU there would refuse the device with “Features … unsupported”.',
  judge: ({ vm, from, to }, { source, destination }) => {
    const given = destination.tapOffloads;
    if (given === null) return [];
    const used = [...new Set([...source.usedOffloads.values()].flat())];
    const missing = used.filter((name) => !given.includes(name));
    const lost = (source.tapOffloads ?? []).filter((name) => !given.includes(name) && !missing.includes(name));
    if (missing.length > 0) {
      return [
        {
          host: to,
          wanted: used.join(', '),
          has: given.join(', ') || 'none',
          why:
            `the guest of ${vm} uses ${missing.join(', ')} of its taps on ${from}, which the kernel of ${to} does ` +
            'not give its taps',
          fix:
            `Bring the kernel of ${to} to that of ${from} (\`uname -r\`; USO came with Linux 6.2), or choose another ` +
            'host.',
        },
      ];
    }
    return lost.length === 0 || source.usedOffloads.size === 0
      ? []
      : [
          {
            why:
              `taps of ${from} can do ${lost.join(', ')}, and those of ${to} cannot; the guest does not use it for ` +
              'what it gets',
          },
        ];
  },
};
