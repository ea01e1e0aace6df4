import { buildDebianImage } from '../../lab/debian-image.js';
import { formatBytes } from '../../model/quantities.js';
import type { CommandContext } from '../context.js';

export interface ImageFlags {
  readonly refresh: boolean;
  readonly mirror: string | null;
}

/** @throws VxmigError HOST_UNFIT, COMMAND_FAILED */
export async function imageDebianCommand(
  { output, emit, signal }: CommandContext,
  { refresh, mirror }: ImageFlags,
): Promise<number> {
  const tell = (text: string) => emit({ kind: 'note', text });
  const { path, kernel, fileBytes } = await buildDebianImage({ refresh, mirror, tell, signal });
  const text = `image: debian is ${path} (kernel ${kernel}, ${formatBytes(fileBytes)})`;
  output.result({ ok: true, image: 'debian', path, kernel, fileBytes }, text);
  return 0;
}
