import type { Remarks } from '../remarks.js';
import type { Options } from './options.js';

type Reason = readonly [why: string, hint: string];

const STARTED: Reason = ['libvirt starts and watches QEMU itself', 'Nothing to do.'];
const DEBUGGED: Reason = ['it is for who looks into QEMU', 'Nothing to do.'];
const FILES: Reason = [
  'what is in that file is not known: nothing is opened',
  'Import what it says as a command line.',
];
const HAND: Reason = [
  'libvirt has no place for it, or vxmig does not know it',
  'Where the guest needs it, write it into the definition, or as `<qemu:commandline>`.',
];

const BY_NAME: readonly (readonly [names: string, reason: Reason])[] = [
  [
    'daemonize S nodefaults nodefconfig no-user-config pidfile runas chroot run-with sandbox msg only-migratable',
    STARTED,
  ],
  ['no-shutdown enable-fips id iscsi nouserconfig async-teardown compat add-fd', STARTED],
  ['D d trace s gdb dfilter perfmap jitdump seed semihosting semihosting-config qtest', DEBUGGED],
  ['readconfig writeconfig', FILES],
  [
    'incoming',
    ['a VM that waited for its memory from elsewhere; libvirt does so itself when it migrates', 'Nothing to do.'],
  ],
  [
    'loadvm',
    ['the state that it started from is none of the definition’s', 'Shut the guest down before, and start it anew.'],
  ],
  [
    'virtfs fsdev',
    [
      'QEMU cannot move a VM while a directory of the host is mounted in it',
      'Share the directory over the network (NFS), or write `<filesystem>` for a VM that stays where it is.',
    ],
  ],
  ['redir', ['a network of vxmig’s forwards no ports of the host', 'The guest is reached by its own address.']],
  ['tftp bootp smb', ['QEMU’s own network is none of vxmig’s', 'Give the network a server.']],
  ['k', ['the keyboard’s layout is the display’s', 'Write `keymap=` into `<graphics>`.']],
  ['audiodev', ['where sound goes on the host libvirt says itself', 'Write `<audio>` into the definition.']],
  ['watchdog-action', ['there is no watchdog', 'Nothing to do.']],
  ['pcidevice', ['a device of the host does not move with the VM', 'Give the guest a virtual device in its place.']],
];

const REASONS: ReadonlyMap<string, Reason> = new Map(
  BY_NAME.flatMap(([names, reason]) => names.split(' ').map((name) => [name, reason] as const)),
);

/** Whatever is left of a command line is named, each option with its reason. */
export function tellUnsupported(options: Options, remarks: Remarks): void {
  for (const { name, origin } of options.rest()) {
    const [why, hint] = REASONS.get(name) ?? HAND;
    remarks.lost(origin, why, hint);
  }
}
