import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Conversion } from '../../import/conversion.js';
import { importVm } from '../../import/import.js';
import { remarkDocument, remarksText, resultText } from '../../import/result-text.js';
import type { SourceKind } from '../../import/source-kind.js';
import { vmText } from '../../import/vm-entry.js';
import { messageOf, VxmigError } from '../../model/errors.js';
import { MistakesError } from '../../model/mistakes-error.js';
import { readText } from '../../topology/read-text.js';
import type { CommandContext } from '../context.js';

export interface ImportFlags {
  readonly from?: SourceKind;
  readonly host: string;
  readonly network?: string;
  /** A directory. */
  readonly output?: string;
  readonly force?: boolean;
}

/** @throws VxmigError IMPORT_INVALID, NOT_FOUND; USAGE where a file is in the way, NOT_WRITTEN */
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

/** Both or, where one is there already, none. */
async function write(directory: string, { vm, domain }: Conversion, force: boolean): Promise<string[]> {
  const contents = [
    [join(directory, `${vm.name}.yaml`), vmText(vm)],
    [join(directory, `${vm.name}.xml`), domain],
  ] as const;
  const written: string[] = [];
  for (const [path, content] of contents) {
    try {
      await mkdir(directory, { recursive: true });
      await writeFile(path, content, { flag: force ? 'w' : 'wx' });
      written.push(path);
    } catch (cause) {
      await removeAll(force ? [] : written);
      throw refusal(path, cause);
    }
  }
  return written;
}

async function removeAll(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true });
}

function refusal(path: string, cause: unknown): VxmigError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'EEXIST')
    return new VxmigError('USAGE', `${path} is there already; nothing was written`, {
      where: path,
      hint: 'Give --output another directory, or say --force to replace it.',
      cause,
    });
  return new VxmigError('USAGE', `cannot write ${path}: ${messageOf(cause)}; nothing was written`, {
    where: path,
    hint: 'Give --output a directory that may be written.',
    cause,
  });
}
