import { type Command, InvalidArgumentError, type Option } from 'commander';
import { VxmigError } from '../../model/errors.js';

/** What leaves a flag off; anything else that is set switches it on. */
const OFF = new Set(['', '0', 'false', 'no']);

/**
 * Every option can be given as an environment variable too: `--log` as VXMIG_LOG, `migrate --timeout` as VXMIG_MIGRATE_TIMEOUT.
 * The command line is stronger.
 * @throws VxmigError USAGE where a variable has a value that the option does not take
 */
export function readOptionsFromEnvironment(
  command: Command,
  env: NodeJS.ProcessEnv,
  path: readonly string[] = [],
): void {
  for (const option of command.options) {
    const name = variableName(option, path);
    const text = env[name];
    if (text === undefined || text === '' || option.long === '--version') continue;
    const value = option.required
      ? parsed(option, text, name)
      : OFF.has(text.toLowerCase())
        ? undefined
        : !option.negate;
    if (value !== undefined) command.setOptionValueWithSource(option.attributeName(), value, 'env');
  }
  for (const child of command.commands) readOptionsFromEnvironment(child, env, [...path, child.name()]);
}

/** Whether `--json` is asked for by the environment. */
export function jsonFromEnvironment(env: NodeJS.ProcessEnv): boolean {
  return !OFF.has((env.VXMIG_JSON ?? '').toLowerCase());
}

function parsed(option: Option, text: string, name: string): unknown {
  try {
    return option.parseArg === undefined ? text : option.parseArg(text, undefined);
  } catch (cause) {
    if (!(cause instanceof InvalidArgumentError)) throw cause;
    throw new VxmigError('USAGE', `${name}=${text}: ${cause.message}`, { where: name, cause });
  }
}

function variableName(option: Option, path: readonly string[]): string {
  const words = ['vxmig', ...path, (option.long ?? '').replace(/^--/, '')];
  return words.join('_').replaceAll('-', '_').toUpperCase();
}
