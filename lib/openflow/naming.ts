import type { Subfield } from './field.js';

/** Bits of a register that have a name: `{name: 'fromTunnel', field: 'reg0', from: 0, to: 0}`. */
export interface NamedBits extends Subfield {
  readonly name: string;
}

/** Names for people; ovs-ofctl does not read text that was rendered with them. */
export interface Naming {
  /** Table number → name. */
  readonly tables: ReadonlyMap<number, string>;
  readonly bits: readonly NamedBits[];
}

export function tableName(table: number, naming: Naming | undefined): string {
  return naming?.tables.get(table) ?? String(table);
}

export function nameOfBits(subfield: Subfield, naming: Naming | undefined): string | undefined {
  return naming?.bits.find(
    ({ field, from, to }) => field === subfield.field && from === subfield.from && to === subfield.to,
  )?.name;
}
