import { printable } from './printable.js';

/** Every way vxmig can fail that is not a bug: code → exit status, what it means, how to mend it. docs/errors.md is generated from it. */
export const ERRORS = {
  USAGE: { exit: 3, meaning: 'The command line is wrong; nothing was touched.', mend: 'See `vxmig --help`.' },
  TOPOLOGY_INVALID: {
    exit: 3,
    meaning: 'The topology file has mistakes; nothing was touched.',
    mend: 'Each line of the output names the place and the mend.',
  },
  RUBRIC_INVALID: {
    exit: 3,
    meaning: 'The rubric has mistakes; nothing was graded.',
    mend: 'Each line of the output names the place and the mend.',
  },
  NOT_FOUND: {
    exit: 3,
    meaning: 'A file, host, VM, lab or run of that name does not exist.',
    mend: 'Check the spelling; the message lists what there is.',
  },
  SSH_CONNECT: {
    exit: 1,
    meaning: 'A host could not be reached or did not let us in over SSH.',
    mend: 'Try the same with `ssh`; for a lab host: `vxmig lab status FILE`.',
  },
  SSH_HOST_KEY: {
    exit: 1,
    meaning: "A host's SSH key is not the one that is known; nothing was sent to it.",
    mend: 'Compare with `ssh-keygen -lf` on the host itself, then set `ssh.hostKey` or mend known_hosts.',
  },
  COMMAND_FAILED: {
    exit: 1,
    meaning: 'A command on a host failed.',
    mend: 'The message holds host, command line, exit status and what it printed.',
  },
  OVSDB: {
    exit: 1,
    meaning: 'The Open vSwitch database refused a transaction or could not be reached.',
    mend: 'Is ovsdb-server running on that host? `vxmig doctor FILE` looks.',
  },
  HOST_UNFIT: {
    exit: 1,
    meaning: 'A host lacks something that the plan needs.',
    mend: '`vxmig doctor FILE` lists what is missing and how to install it.',
  },
  DISK_NOT_SHARED: {
    exit: 1,
    meaning: 'A disk of the VM is not seen by both hosts, and no block copy was asked for; nothing has moved.',
    mend: 'The message names the disk, and how to bring it to storage that both hosts see.',
  },
  CLASH: {
    exit: 1,
    meaning: 'Something that vxmig does not own is in the way; it was not touched.',
    mend: 'Rename one of the two, or remove the foreign one by hand.',
  },
  LAB: {
    exit: 1,
    meaning: 'The lab could not be brought up, or a part of it does not answer.',
    mend: 'Read the named log, then `vxmig lab down NAME` and try again.',
  },
  APPLY_FAILED: {
    exit: 1,
    meaning: 'A change failed half-way.',
    mend: 'Run `vxmig apply` again: it continues from what is there.',
  },
  MIGRATION_ROLLED_BACK: {
    exit: 1,
    meaning: 'The migration failed; the VM runs where it was and nothing is left behind.',
    mend: 'The message names the stage and the cause.',
  },
  MIGRATION_FAILED: {
    exit: 1,
    meaning:
      'The migration failed and was not rolled back: nobody can say that it could be, or the VM has moved all the same.',
    mend: 'The message says where the VM is and what to do.',
  },
  CHECKS_FAILED: {
    exit: 4,
    meaning: 'Checks failed (verify, doctor), or a grade is below `--min-score`.',
    mend: 'Every failed check prints what was expected, what was seen, and a hint.',
  },
  GRADING_FAILED: {
    exit: 1,
    meaning: 'Some checks of a rubric could not be carried out; their points are neither given nor lost.',
    mend: 'Each check in error says why; grade again when that is mended.',
  },
  NOT_WRITTEN: {
    exit: 1,
    meaning: 'What was asked for is done, but a file for it could not be written, and is as it was before.',
    mend: 'Make room or name another file; what the file was for is told on stdout where it cannot be had again.',
  },
  NOT_CONVERGED: {
    exit: 4,
    meaning: 'The VM moved, but not every host sends frames for it to the new place.',
    mend: '`vxmig verify FILE` names the hosts; `vxmig apply FILE` mends their flows.',
  },
  LOCKED: {
    exit: 5,
    meaning: 'Another controller works on one of these hosts.',
    mend: 'Wait for it, or use `--lock-timeout`.',
  },
  INTERRUPTED: { exit: 130, meaning: 'Interrupted; what had been begun was rolled back.', mend: 'Run it again.' },
} as const satisfies Record<string, { exit: number; meaning: string; mend: string }>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetail {
  readonly hint?: string;
  /** The place: `FILE:LINE:COL`, a host, or host and object. */
  readonly where?: string;
  readonly cause?: unknown;
}

/** A failure that the user can do something about. A bug stays a plain Error with a stack. */
export class VxmigError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly where: string | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(printable(message), detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'VxmigError';
    this.code = code;
    this.hint = detail.hint ?? ERRORS[code].mend;
    this.where = detail.where;
  }
}

/** A command on a host that ended with another status than 0. */
export class CommandError extends VxmigError {
  constructor(
    readonly host: string,
    readonly argv: readonly string[],
    readonly exitCode: number | null,
    readonly stderr: string,
    detail: ErrorDetail = {},
  ) {
    const status = exitCode === null ? 'was killed' : `ended with status ${exitCode}`;
    super(
      'COMMAND_FAILED',
      `${argv.join(' ')} ${status} on ${host}: ${lastOf(stderr.trim()) || '(it printed nothing)'}`,
      {
        where: host,
        ...detail,
      },
    );
    this.name = 'CommandError';
  }
}

/** A host may print without end; why it failed is said last. */
function lastOf(text: string): string {
  return text.length <= MOST_SAID ? text : `…${text.slice(-MOST_SAID)}`;
}

const MOST_SAID = 8192;

export function exitCodeOf(error: unknown): number {
  return error instanceof VxmigError ? ERRORS[error.code].exit : 1;
}

/** The one line that people and logs get from anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
