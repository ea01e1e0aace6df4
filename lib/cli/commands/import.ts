import { join } from 'node:path';
import type { Conversion } from '../../import/conversion.js';
import { importVm } from '../../import/import.js';
import { remarkDocument, remarksText, resultText } from '../../import/result-text.js';
import type { SourceKind } from '../../import/source-kind.js';
import { vmText } from '../../import/vm-entry.js';
import { MistakesError } from '../../model/mistakes-error.js';
import { readText } from '../../topology/read-text.js';
import type { CommandContext } from '../context.js';
import { writeAll } from './write-all.js';

export interface ImportFlags {
  readonly from?: SourceKind;
  readonly host: string;
  readonly network?: string;
  /** A directory. */
  readonly output?: string;
  readonly force?: boolean;
}

/** @throws VxmigError IMPORT_INVALID, NOT_FOUND; USAGE where a file is in the way or cannot be written */
export async function importCommand({ output }: CommandContext, file: string, flags: ImportFlags): Promise<number> {
  const { text, problem } = await readText(file, 'configuration');
  if (problem !== null) throw new MistakesError('IMPORT_INVALID', [problem]);
  const { from = null, host, network = null } = flags;
  const result = importVm(text, file, { from, host, network });
  const files = flags.output === undefined ? null : await write(flags.output, result, flags.force ?? false);
  const { source, vm, domain, changed, notCarried } = result;
  const document = {
    ok: true,
    source,
    vm,
    yaml: vmText(vm),
    domain,
    changed: changed.map((remark) => remarkDocument(remark, file)),
    notCarried: notCarried.map((remark) => remarkDocument(remark, file)),
    ...(files === null ? {} : { files }),
  };
  const told =
    files === null
      ? resultText(result, file)
      : [`Wrote ${files.join(' and ')}\n`, ...remarksText(result, file)].join('\n');
  output.result(document, told);
  return 0;
}

async function write(directory: string, { vm, domain }: Conversion, force: boolean): Promise<string[]> {
  const contents = new Map([
    [join(directory, `${vm.name}.yaml`), vmText(vm)],
    [join(directory, `${vm.name}.xml`), domain],
  ]);
  await writeAll(contents, force);
  return [...contents.keys()];
}
