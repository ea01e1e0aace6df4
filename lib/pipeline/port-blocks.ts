/** A range of ports as the fewest values under masks, which is how OpenFlow can match it: `0x1f90/0xfff8`. */
export function portBlocks({ first, last }: { readonly first: number; readonly last: number }): string[] {
  const blocks: string[] = [];
  for (let port = first; port <= last; ) {
    let size = 1;
    while (port % (size * 2) === 0 && port + size * 2 - 1 <= last) size *= 2;
    blocks.push(size === 1 ? String(port) : `0x${port.toString(16)}/0x${(0x10000 - size).toString(16)}`);
    port += size;
  }
  return blocks;
}
