import type { HostShell } from '../host/connection.js';
import { digestsOf } from '../host/file-digests.js';
import { observeVolumes } from '../host/volume-sight.js';
import { type CopyVerdict, judgeCopies } from '../plan/disk-copies.js';
import type { Move } from '../plan/move-obstacle.js';
import type { WantedCopy } from '../plan/wanted-copies.js';

interface Ends {
  readonly source: HostShell;
  readonly destination: HostShell;
}

/** Whether disks that only the source has can be copied. Only reads. @throws CommandError, VxmigError SSH_CONNECT */
export async function lookAtCopies(
  move: Move,
  wanted: readonly WantedCopy[],
  { source, destination }: Ends,
): Promise<CopyVerdict> {
  const paths = wanted.map(({ path }) => path);
  const bases = [...new Set(wanted.flatMap((one) => one.bases.map(({ path }) => path)))];
  const formatOf = (place: string) => wanted.find(({ path }) => path === place)?.format ?? '';
  const [here, there, sameBases] = await Promise.all([
    observeVolumes(source, [...paths, ...bases], formatOf),
    observeVolumes(destination, paths, formatOf),
    sameOn({ source, destination }, doubtful(wanted)),
  ]);
  const below = here.slice(paths.length);
  const baseBytes = new Map(
    below.map(({ place, image }) => [place, image.kind === 'there' ? image.allocatedBytes : 0] as const),
  );
  return judgeCopies(move, wanted, { source: here, destination: there, baseBytes, sameBases });
}

/** Of a large base not all was compared. */
function doubtful(wanted: readonly WantedCopy[]): string[] {
  const bases = wanted.flatMap(({ how, bases }) => (how === 'all' ? [] : bases));
  return [...new Set(bases.flatMap(({ path, isProven }) => (isProven ? [] : [path])))];
}

async function sameOn({ source, destination }: Ends, paths: readonly string[]): Promise<Set<string>> {
  if (paths.length === 0) return new Set();
  const [here, there] = await Promise.all([digestsOf(source, paths), digestsOf(destination, paths)]);
  return new Set(paths.filter((_, index) => here[index] !== null && here[index] === there[index]));
}
