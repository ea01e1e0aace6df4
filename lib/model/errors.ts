import { printable } from './printable.js';
import { shellLine } from './quote.js';

/**
 * Every way vxmig can fail that is not a bug: code → exit status, what it means, how to fix it. docs/errors.md is
 * generated from it.
 */
export const ERRORS = {
  USAGE: {
    exit: 3,
    meaning: 'The command line is wrong; nothing was touched.',
    fix: '`vxmig --help` lists the commands, `vxmig COMMAND --help` its options.',
  },
  TOPOLOGY_INVALID: {
    exit: 3,
    meaning: 'The topology file has mistakes; nothing was touched.',
    fix: 'Fix the file at the places that are named, as is said there; `vxmig validate FILE` looks again.',
  },
  RUBRIC_INVALID: {
    exit: 3,
    meaning: 'The rubric has mistakes; nothing was graded.',
    fix: 'Fix the rubric at the places that are named, as is said there, then grade again.',
  },
  IMPORT_INVALID: {
    exit: 3,
    meaning: 'The file is no Xen configuration or QEMU command line that can be read; nothing was written.',
    fix: 'Fix the file at the place that is named, as is said there; `--from` says which of the two it is.',
  },
  NOT_FOUND: {
    exit: 3,
    meaning: 'A file, host, VM, lab or run of that name does not exist.',
    fix: 'Check the spelling. `vxmig lab ls` lists labs, `vxmig report` runs, and the topology file its hosts and VMs.',
  },
  SSH_CONNECT: {
    exit: 1,
    meaning: 'A host could not be reached or did not let us in over SSH.',
    fix:
      'Log in by hand with `ssh` to see why; of a lab `vxmig lab status FILE` tells which hosts are alive. ' +
      'Then try again.',
  },
  SSH_HOST_KEY: {
    exit: 1,
    meaning: "A host's SSH key is not the one that is known; nothing was sent to it.",
    fix: 'Compare with `ssh-keygen -lf` on the host itself, then set `ssh.hostKey` or fix known_hosts.',
  },
  COMMAND_FAILED: {
    exit: 1,
    meaning: 'A command on a host failed.',
    fix: 'Run the command that is named by hand on that host; `vxmig doctor FILE` looks for what is missing there.',
  },
  OVSDB: {
    exit: 1,
    meaning: 'The Open vSwitch database refused a transaction or could not be reached.',
    fix:
      '`vxmig doctor FILE` tells whether ovsdb-server answers there; `ovs-vsctl show` on the host shows ' +
      'what it holds.',
  },
  HOST_UNFIT: {
    exit: 1,
    meaning: 'A host lacks something that the plan needs.',
    fix: '`vxmig doctor FILE` lists what is missing and how to fix it.',
  },
  DISK_NOT_SHARED: {
    exit: 1,
    meaning: 'A disk of the VM is not seen by both hosts, and no block copy was asked for; nothing has moved.',
    fix:
      'Bring the disk that is named to storage that both hosts see, as the hint says; `vxmig doctor ' +
      'FILE` looks again.',
  },
  CLASH: {
    exit: 1,
    meaning: 'Something that vxmig does not own is in the way; it was not touched.',
    fix:
      'Remove the foreign one by hand if nobody needs it, or give the topology (`name:`), network or VM ' +
      'another name.',
  },
  LAB: {
    exit: 1,
    meaning: 'The lab could not be brought up, or a part of it does not answer.',
    fix:
      'Look with `vxmig lab status FILE` what is down (logs: /run/vxmig/labs/NAME/hosts/*/log), then `vxmig lab ' +
      'down NAME` and try again.',
  },
  APPLY_FAILED: {
    exit: 1,
    meaning: 'A change failed half-way.',
    fix: 'Fix what the message names, then run `vxmig apply FILE` again: it goes on from what is there.',
  },
  MIGRATION_ROLLED_BACK: {
    exit: 1,
    meaning: 'The migration failed; the VM runs where it was and nothing is left behind.',
    fix: 'Fix the cause that is named, then run `vxmig migrate` again; the VM needs nothing.',
  },
  MIGRATION_FAILED: {
    exit: 1,
    meaning:
      'The migration failed and was not undone: nobody can say that it could be, or the VM has moved ' +
      'all the same.',
    fix: 'Run `virsh domstate` on both hosts: keep the copy that runs, then `vxmig apply FILE` clears the rest.',
  },
  CHECKS_FAILED: {
    exit: 4,
    meaning: 'Checks failed (verify, doctor), or a grade is below `--min-score`.',
    fix: 'Do what the hints of the failed checks say, then run it again.',
  },
  GRADING_FAILED: {
    exit: 1,
    meaning: 'Some checks of a rubric could not be carried out; their points are neither given nor lost.',
    fix: 'Fix what each check in error names, then grade again.',
  },
  NOT_WRITTEN: {
    exit: 1,
    meaning: 'What was asked for is done, but a file for it could not be written, and is as it was before.',
    fix: 'Make room or name another file; what the file was for is told on stdout where it cannot be had again.',
  },
  NOT_CONVERGED: {
    exit: 4,
    meaning: 'The VM moved, but not every host sends frames for it to the new place.',
    fix: '`vxmig verify FILE` names the hosts; `vxmig apply FILE` fixes their flows.',
  },
  LOCKED: {
    exit: 5,
    meaning: 'Another controller works on one of these hosts.',
    fix: 'Wait until it has ended, by hand or with `--lock-timeout 60s`.',
  },
  INTERRUPTED: {
    exit: 130,
    meaning: 'Interrupted; what had been begun was undone.',
    fix: 'Run it again when you like.',
  },
} as const satisfies Record<string, { exit: number; meaning: string; fix: string }>;

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
    this.hint = detail.hint ?? ERRORS[code].fix;
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
      `${shellLine(argv)} ${status} on ${host}: ${lastOf(stderr.trim()) || '(it printed nothing)'}`,
      {
        where: host,
        hint: commandHint(host, argv, { exitCode, stderr }),
        ...detail,
      },
    );
    this.name = 'CommandError';
  }
}

/** A shell's status for a program that it does not find. */
const NO_PROGRAM = 127;
/** Nobody pastes more. */
const MOST_PASTED = 200;

/** What to do, by how it ended; the command so that it can be pasted. */
function commandHint(
  host: string,
  argv: readonly string[],
  { exitCode, stderr }: { readonly exitCode: number | null; readonly stderr: string },
): string {
  const line = shellLine(argv);
  const byHand =
    line.length > MOST_PASTED || line.includes('\n')
      ? `\`vxmig doctor FILE\` looks for what is missing on ${host}.`
      : `Run it by hand on ${host} to see more: \`${line}\`.`;
  if (exitCode === null)
    return `Is ${host} busy, or does a daemon hang there (\`uptime\`, \`journalctl -n 50\`)? Then try again. ${byHand}`;
  if (exitCode === NO_PROGRAM || /command not found|: not found/.test(stderr))
    return `A program is not installed on ${host}: \`vxmig doctor FILE\` says which, and how to install it.`;
  if (/permission denied|operation not permitted|must be root|are you root/i.test(stderr))
    return (
      `It may not do that on ${host}: log in there as root, and see whether AppArmor or SELinux denies it ` +
      `(\`dmesg | tail\`). ${byHand}`
    );
  return byHand;
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
