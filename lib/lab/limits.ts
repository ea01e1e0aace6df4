/**
 * What one machine of a lab may take of the machine that it runs on, at most. The memory of its processes and guests is
 * not bounded.
 */
export interface MachineLimits {
  /** Of all its files, which are in memory. */
  readonly filesBytes: number;
  readonly files: number;
  /** Of /var/log, also in memory, and seen outside. */
  readonly logBytes: number;
  /** With their threads; null: it cannot be bounded here. */
  readonly processes: number | null;
}

const MIB = 2 ** 20;
const MOST_FILES_BYTES = 4096 * MIB;
/** A host's own files are 20 MiB: a copy of /etc, sockets, libvirt's caches. */
const LEAST_FILES_BYTES = 64 * MIB;
/** All machines of a lab together, of the memory that there is. */
const SHARE = 0.5;
/** For each file the kernel keeps about 1 KiB that no size counts. */
const BYTES_PER_FILE = 16 * 1024;

const LOG_BYTES = 64 * MIB;
/** A host with libvirt and a guest has 60. */
const PROCESSES = 2048;

/** @param machines of the lab, the router among them */
export function limitsFor(
  machines: number,
  { memoryBytes, canBoundProcesses }: { readonly memoryBytes: number; readonly canBoundProcesses: boolean },
): MachineLimits {
  const share = Math.floor((memoryBytes * SHARE) / machines / MIB) * MIB;
  const filesBytes = Math.max(LEAST_FILES_BYTES, Math.min(MOST_FILES_BYTES, share));
  return {
    filesBytes,
    files: filesBytes / BYTES_PER_FILE,
    logBytes: LOG_BYTES,
    processes: canBoundProcesses ? PROCESSES : null,
  };
}
