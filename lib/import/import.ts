import { Buffer } from 'node:buffer';
import { type Conversion, convert, type ImportOptions } from './conversion.js';
import { inFile, Mistake } from './mistake.js';
import { readQemu } from './qemu/read-qemu.js';
import { Remarks } from './remarks.js';
import { type SourceKind, sourceKind } from './source-kind.js';
import { TextPlaces } from './text-places.js';
import { readXen } from './xen/read-xen.js';

/** No VM's configuration comes near it. */
const MOST_BYTES = 2 ** 18;

/**
 * The VM that a Xen configuration or a QEMU command line describes. Nothing in it is evaluated, and nothing that it
 * names is opened.
 *
 * @param file what it is called, for messages, and for a VM that has no name
 * @param from null: what it is shows in the text
 * @throws MistakesError IMPORT_INVALID with line and column
 */
export function importVm(
  text: string,
  file: string,
  options: ImportOptions & { readonly from: SourceKind | null },
): Conversion {
  return inFile(file, () => {
    // Editors of Windows begin a file with the mark of its encoding.
    const bare = text.replace(/^\ufeff/, '');
    refuseUnreadable(bare);
    const kind = options.from ?? sourceKind(bare);
    const remarks = new Remarks();
    const guest = kind === 'xen' ? readXen(bare, remarks) : readQemu(bare, remarks);
    return convert({ kind, guest, remarks, file, options });
  });
}

function refuseUnreadable(text: string): void {
  const start = { line: 1, column: 1 };
  if (Buffer.byteLength(text) > MOST_BYTES)
    throw new Mistake(start, `it has more than ${MOST_BYTES / 1024} KiB`, 'give the configuration of one VM alone');
  if (text.trim() === '') throw new Mistake(start, 'it is empty', 'give a Xen configuration or a QEMU command line');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  const control = /[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/.exec(text);
  if (control !== null)
    throw new Mistake(
      new TextPlaces(text).at(control.index),
      'a control character, which no configuration has',
      'take it out',
    );
}
