import { abort } from './abort.js';
import { announced } from './arrival.js';
import { check } from './check.js';
import type { MigrationContext } from './context.js';
import { copy } from './copy.js';
import { redirect, unredirect } from './redirect.js';
import { release } from './release.js';
import { reserve, unreserve } from './reserve.js';
import type { Stage } from './stage.js';
import { switchOver } from './switch-over.js';
import { verify } from './verify.js';

/** A migration, in the order in which it happens. docs/life-of-a-migration.md tells the same as a story. */
export const MIGRATION_STAGES: readonly Stage<MigrationContext>[] = [
  {
    kind: 'check',
    name: 'check',
    purpose: 'Both ends are asked whether it can work; the guest answers.',
    enter: check,
  },
  {
    kind: 'reversible',
    name: 'reserve',
    purpose: 'The destination gets the tap, its port and its flows.',
    enter: reserve,
    rollback: unreserve,
  },
  {
    kind: 'reversible',
    name: 'copy',
    purpose: 'virsh copies the memory while the guest runs, until little is left.',
    enter: copy,
    rollback: abort,
  },
  {
    kind: 'reversible',
    name: 'redirect',
    purpose: 'Frames for the guest are sent ahead to the destination, where they wait; QEMU may pause the guest.',
    enter: redirect,
    rollback: unredirect,
  },
  {
    kind: 'commit',
    name: 'switch over',
    purpose: 'The rest is sent and the guest runs at the destination: no way back from here.',
    enter: switchOver,
  },
  {
    kind: 'finish',
    name: 'announce',
    purpose: 'RARP, gratuitous ARP and neighbour advertisements from the new port.',
    enter: announced,
  },
  {
    kind: 'finish',
    name: 'verify',
    purpose: 'Every FDB points to the new place, and every probe is answered from there.',
    enter: verify,
  },
  {
    kind: 'finish',
    name: 'release',
    purpose: 'The VM runs once; the source gives back tap, port and flows.',
    enter: release,
  },
];
