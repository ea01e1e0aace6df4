import { chmod, chown, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, VxmigError } from '../../model/errors.js';
import { withVmHost } from '../../topology/edit.js';

/** A change of one VM's `host:` in a topology file, which is known to be possible before anything moves. */
export interface HostEdit {
  /** @throws {VxmigError} NOT_WRITTEN where it is not possible any more; the file is as it was before */
  write(): Promise<void>;
}

/**
 * Makes sure that `--write` can be done, by doing all of it but the last step: to find out after the move would leave hosts and file apart.
 * @param source the file's text, as it was read
 * @throws {TopologyError} with the place where `host:` does not stand for this VM alone
 * @throws {VxmigError} USAGE where the file cannot be written, or is none (a pipe)
 */
export async function prepareHostEdit(
  file: string,
  source: string,
  place: { readonly vm: string; readonly host: string },
): Promise<HostEdit> {
  const edited = withVmHost(source, file, place);
  const target = await realpath(file).catch((cause: unknown) => refuse(file, messageOf(cause)));
  if (!(await stat(target)).isFile()) refuse(file, 'it is no file, so that nothing would keep the change');
  try {
    await (await open(target, 'r+')).close();
    await rm(await draftOf(target, edited));
  } catch (cause) {
    refuse(file, messageOf(cause));
  }
  return {
    write: async () => {
      try {
        if ((await readFile(target, 'utf8')) !== source) throw new Error('somebody has changed it meanwhile');
        await rename(await draftOf(target, edited), target);
      } catch (cause) {
        throw new VxmigError('NOT_WRITTEN', `${file} is as before: ${messageOf(cause)}`, {
          where: file,
          hint: `${place.vm} runs on ${place.host} now: write \`host: ${place.host}\` there by hand, or the next apply moves it back.`,
          cause,
        });
      }
    },
  };
}

function refuse(file: string, why: string): never {
  throw new VxmigError('USAGE', `--write cannot change ${file}: ${why}`, {
    where: file,
    hint: 'Give a file that may be written, in a directory that may be written, or leave --write out and change `host:` by hand after the move.',
  });
}

/** The new text in a file beside the old one, with its owner and mode: what is renamed is there whole or not at all. */
async function draftOf(target: string, text: string): Promise<string> {
  const { mode, uid, gid } = await stat(target);
  const draft = join(dirname(target), `.${basename(target)}.${process.pid}.draft`);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await chown(draft, uid, gid);
    await chmod(draft, mode & 0o7777);
    return draft;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
