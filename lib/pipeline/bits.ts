import { bits, type Subfield } from '../openflow/field.js';
import type { NamedBits, Naming } from '../openflow/naming.js';
import { PIPELINE } from './tables.js';

/** What the pipeline remembers of a frame while it looks at it. Documented in docs/pipeline.md from here. */
const NAMED = {
  fromTunnel: { ...bits('reg0', 0, 0), purpose: 'The frame came in through a tunnel.' },
  toTunnel: { ...bits('reg0', 1, 1), purpose: 'fdb says that its destination is behind a tunnel.' },
  wasHome: { ...bits('reg0', 2, 2), purpose: 'Its destination lived on this host lately.' },
  toVtep: { ...bits('reg0', 3, 3), purpose: 'It is a tunnelled frame for a tunnel endpoint of the underlay.' },
  outPort: { ...bits('reg1', 0, 15), purpose: 'The port that fdb knows for its destination; 0: none.' },
  senderLow: { ...bits('reg2', 0, 31), purpose: 'Its source MAC, read only so that the datapath tells senders apart.' },
  senderHigh: { ...bits('reg3', 0, 15), purpose: 'The first 16 bits of that.' },
} as const;

export const {
  fromTunnel,
  toTunnel,
  wasHome,
  toVtep,
  outPort,
  senderLow,
  senderHigh,
}: Record<keyof typeof NAMED, Subfield> = NAMED;

export const NAMED_BITS: readonly (NamedBits & { readonly purpose: string })[] = Object.entries(NAMED).map(
  ([name, entry]) => ({
    name,
    ...entry,
  }),
);

/** For people's renderings: table and bit names in place of numbers. */
export const PIPELINE_NAMING: Naming = {
  tables: new Map(PIPELINE.map((table) => [table.number, table.name])),
  bits: NAMED_BITS,
};
