import { type Command, Option } from 'commander';
import { DEFAULT_LOCK, type LockOptions } from '../../controller/host-locks.js';
import { durationArgument } from './arguments.js';

/** For commands that change hosts. */
export function withLockOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--lock-timeout <duration>',
        'wait so long for another controller on these hosts (default: 10s)',
      ).argParser(durationArgument),
    )
    .option('--steal-lock', 'take the lock from another controller, which then stops');
}

export function lockOptions({ lockTimeout, stealLock }: LockFlags): LockOptions {
  return { timeoutMs: lockTimeout ?? DEFAULT_LOCK.timeoutMs, steal: stealLock ?? DEFAULT_LOCK.steal };
}

export interface LockFlags {
  /** Milliseconds. */
  readonly lockTimeout?: number;
  readonly stealLock?: boolean;
}
