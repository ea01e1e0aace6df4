import type { Offer } from '../offer.js';
import type { Term } from '../term.js';

type Ends = { readonly from: string; readonly to: string };

/** libvirt takes hosts of one UUID for one host. */
export const HOST_UUID: Term = eachItsOwn({
  feature: 'libvirt host UUID',
  rule: 'libvirt has another UUID at each end: it refuses a migration “to the same host”.',
  of: ({ hostUuid }) => hostUuid,
  text: sameUuidText,
  fix: sameUuidFix,
});

export const HOST_NAME: Term = eachItsOwn({
  feature: 'host name',
  rule:
    'The two hosts have different names, as libvirt tells them (`virsh hostname`), and neither is `localhost`: it ' +
    'knows its own cookie by the name, and refuses a migration “to the same host”.',
  of: ({ hostName }) => hostName,
  text: sameNameText,
  fix: sameNameFix,
});

interface Identity extends Pick<Term, 'feature' | 'rule'> {
  /** Empty: not told. */
  readonly of: (offer: Offer) => string;
  readonly text: (ends: Ends, value: string) => string;
  readonly fix: (host: string) => string;
}

/** What must not be the same at both ends. */
function eachItsOwn({ feature, rule, of, text, fix }: Identity): Term {
  return {
    feature,
    rule,
    judge: ({ from, to }, { source, destination }) => {
      const has = of(source);
      if (has === '' || has !== of(destination)) return [];
      return [{ host: to, wanted: `another than that of ${from}`, has, why: text({ from, to }, has), fix: fix(to) }];
    },
  };
}

export const HOST_ADDRESS: Term = {
  feature: 'host name',
  rule:
    "The name by which the source's libvirt is to reach the destination's does not lead back to the source " +
    '(127.0.0.0/8, ::1), as the usual line `127.0.1.1 NAME` of /etc/hosts does.',
  judge: ({ from, to }, { source }) => {
    const loop = source.farAddresses.find(isLoopback);
    if (loop === undefined) return [];
    return [
      {
        host: from,
        wanted: `an address of ${to}`,
        has: loop,
        why: `on ${from} the name of ${to} leads to ${loop}, which is ${from} itself`,
        fix:
          `Fix /etc/hosts on ${from} (\`getent ahosts NAME\` asks again), or write ${to}'s address in place of its ` +
          'name as `ssh.address` in the file.',
      },
    ];
  },
};

export function isLoopback(address: string): boolean {
  return /^127\./.test(address) || address === '::1' || /^::ffff:127\./.test(address);
}

export function sameUuidText({ from, to }: Ends, uuid: string): string {
  return `libvirt on ${from} and on ${to} has the same host UUID ${uuid}, and refuses a migration “to the same host”`;
}

export function sameUuidFix(host: string): string {
  const conf = '/etc/libvirt/libvirtd.conf';
  return (
    `On ${host}: \`sed -i '/^ *host_uuid *=/d' ${conf}; echo "host_uuid = \\"$(cat ` +
    `/proc/sys/kernel/random/uuid)\\"" >>${conf}; systemctl restart libvirtd\` ` +
    '(with modular daemons: virtqemud.conf and virtqemud). VMs run on meanwhile.'
  );
}

export function sameNameText({ from, to }: Ends, name: string): string {
  return `${from} and ${to} are both called ${name}, and libvirt refuses a migration “to the same host”`;
}

export function sameNameFix(host: string): string {
  return (
    `On ${host}: \`hostnamectl set-hostname NAME\` with a name of its own, and that name in its /etc/hosts; then ` +
    '`systemctl restart libvirtd`. VMs run on meanwhile.'
  );
}
