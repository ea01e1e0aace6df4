import { readdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import SSHConfig, { type Line, LineType } from 'ssh-config';
import { VxmigError } from '../model/errors.js';
import { shellWord } from '../model/quote.js';
import { patternMatches } from './known-hosts.js';

/** One line that says something, with what it is in: `Include` is resolved, and sections are kept as such. */
export type ConfigLine =
  | { readonly kind: 'setting'; readonly key: string; readonly values: readonly string[]; readonly file: string }
  | {
      readonly kind: 'host' | 'match';
      /** Patterns of `Host`; of `Match` the criteria with what they are held against, a negated one with its `!`. */
      readonly criteria: readonly (readonly [name: string, values: readonly string[]])[];
      readonly lines: readonly ConfigLine[];
      readonly file: string;
    };

/** ssh_config(5): so deep may files include each other. */
const MOST_INCLUDES = 16;

/**
 * The user's file and then the machine's, as ssh(1) reads them: the first value counts.
 * @throws VxmigError SSH_CONNECT where somebody else may write the user's file, by which ssh refuses it too
 */
export async function readSshConfig(home: string = homedir(), system = '/etc/ssh'): Promise<readonly ConfigLine[]> {
  const own = await readFileLines(join(home, '.ssh', 'config'), {
    home,
    base: join(home, '.ssh'),
    isOwn: true,
    depth: 0,
  });
  const theirs = await readFileLines(join(system, 'ssh_config'), { home, base: system, isOwn: false, depth: 0 });
  return [...own, ...theirs];
}

interface Reading {
  readonly home: string;
  /** What a relative `Include` starts from. */
  readonly base: string;
  readonly isOwn: boolean;
  readonly depth: number;
}

async function readFileLines(file: string, reading: Reading): Promise<ConfigLine[]> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null || reading.depth > MOST_INCLUDES) return [];
  if (reading.isOwn) await refuseWritable(file);
  let lines: readonly Line[];
  try {
    lines = SSHConfig.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new VxmigError('SSH_CONNECT', `${file} cannot be read as a configuration of ssh: ${why}`, {
      where: file,
      hint: `\`ssh -G -F ${shellWord(file)} localhost\` says what ssh makes of it.`,
      cause,
    });
  }
  return await readLines(lines, file, reading);
}

/** ssh(1), "FILES": it must not be writable by others. */
async function refuseWritable(file: string): Promise<void> {
  const { uid, mode } = await stat(file);
  if ((uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0) return;
  throw new VxmigError('SSH_CONNECT', `others may write ${file}, so that neither ssh nor vxmig follows it`, {
    where: file,
    hint: `\`chmod go-w ${shellWord(file)}\`, and it must be yours.`,
  });
}

async function readLines(lines: readonly Line[], file: string, reading: Reading): Promise<ConfigLine[]> {
  const read: ConfigLine[] = [];
  for (const line of lines) {
    if (line.type !== LineType.DIRECTIVE) continue;
    const key = line.param.toLowerCase();
    const values = valuesOf(line.value);
    if (key === 'include') {
      for (const path of values) read.push(...(await readIncluded(path, reading)));
    } else if ('config' in line) {
      const criteria =
        'criteria' in line
          ? Object.entries(line.criteria).map(
              ([name, value]) => [name.toLowerCase(), valuesOf(value).flatMap((text) => text.split(','))] as const,
            )
          : [['host', values] as const];
      const within = await readLines(line.config, file, reading);
      read.push({ kind: key === 'match' ? 'match' : 'host', criteria, lines: within, file });
    } else {
      read.push({ kind: 'setting', key, values, file });
    }
  }
  return read;
}

function valuesOf(value: string | readonly { readonly val: string }[]): string[] {
  return typeof value === 'string' ? [value] : value.map(({ val }) => val);
}

async function readIncluded(pattern: string, reading: Reading): Promise<ConfigLine[]> {
  const path = pattern.replace(/^~(?=\/)/, reading.home);
  const files = await filesAt(isAbsolute(path) ? path : join(reading.base, path));
  const parts = await Promise.all(files.map((file) => readFileLines(file, { ...reading, depth: reading.depth + 1 })));
  return parts.flat();
}

/** glob(7), as far as `*` and `?` go. */
async function filesAt(pattern: string): Promise<string[]> {
  const name = pattern.slice(pattern.lastIndexOf('/') + 1);
  const directory = dirname(pattern);
  if (pattern === '/' || pattern === '.') return [pattern];
  if (!/[*?]/.test(pattern)) return [pattern];
  const directories = await filesAt(directory);
  const found = await Promise.all(
    directories.map(async (place) => {
      if (!/[*?]/.test(name)) return [join(place, name)];
      const entries = await readdir(place).catch(() => []);
      return entries
        .filter((entry) => patternMatches(name, entry) && (name.startsWith('.') || !entry.startsWith('.')))
        .map((entry) => join(place, entry));
    }),
  );
  return found.flat().sort();
}
