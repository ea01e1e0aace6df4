import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import { messageOf, VxmigError } from '../model/errors.js';
import type { RunRecord } from '../model/run-record.js';
import { formatRun, parseRun } from './run-format.js';

const EXTENSION = '.json';

/** `$XDG_STATE_HOME/vxmig/runs`; relative values are ignored, as the XDG Base Directory Specification asks. */
export function runsDirectory(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const state = env.XDG_STATE_HOME;
  return join(state && isAbsolute(state) ? state : join(homedir(), '.local', 'state'), 'vxmig', 'runs');
}

/** `20261121T030000.000Z-two-subnets-web`: sorts by time, and is what `vxmig report` takes. */
export function runName(run: RunRecord): string {
  if (run.id !== undefined) return run.id;
  const stamp = new Date(run.startedAt).toISOString().replaceAll(/[-:]/g, '');
  return `${stamp}-${run.topology}-${run.result.vm}`;
}

/**
 * Keeps a run, whole or not at all, readable by its owner only: it tells the addresses of hosts. Resolves to the file's
 * path.
 */
export async function writeRun(run: RunRecord, directory = runsDirectory()): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, runName(run) + EXTENSION);
  const draft = `${file}.${process.pid}.draft`;
  try {
    const handle = await open(draft, 'w', 0o600);
    try {
      await handle.writeFile(formatRun(run));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return file;
}

/** @throws VxmigError NOT_FOUND, or USAGE with the place of the mistake if the file is no run */
export async function readRun(file: string): Promise<RunRecord> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (cause) {
    throw new VxmigError('NOT_FOUND', `the run ${file} cannot be read: ${messageOf(cause)}`, { where: file, cause });
  }
  return parseRun(content, file);
}

export interface RunListing {
  /** What `vxmig report` takes. */
  readonly name: string;
  readonly file: string;
}

/** The newest first; empty where none was ever kept. */
export async function listRuns(directory = runsDirectory()): Promise<RunListing[]> {
  const files = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return files
    .filter((file) => file.endsWith(EXTENSION))
    .sort()
    .reverse()
    .map((file) => ({ name: basename(file, EXTENSION), file: join(directory, file) }));
}

/**
 * The file behind what a user typed: a path, `latest`, or the beginning of a run's name.
 * @throws VxmigError NOT_FOUND if there is none or more than one, with those there are
 */
export async function findRun(text: string, directory = runsDirectory()): Promise<string> {
  if (text.includes('/') || text.endsWith(EXTENSION)) return text;
  const runs = await listRuns(directory);
  const matches = text === 'latest' ? runs.slice(0, 1) : runs.filter(({ name }) => name.startsWith(text));
  const exact = matches.find(({ name }) => name === text) ?? (matches.length === 1 ? matches[0] : undefined);
  if (exact) return exact.file;
  const some = (matches.length > 0 ? matches : runs).slice(0, 10).map(({ name }) => `\n  ${name}`);
  const what = matches.length > 0 ? `more than one run begins with “${text}”:` : `no run is called “${text}”.`;
  const known =
    runs.length === 0 ? ` None is kept in ${directory}.` : `${matches.length > 0 ? '' : ' There are:'}${some.join('')}`;
  throw new VxmigError('NOT_FOUND', what + known, { hint: 'Name one of them, `latest`, or a file.' });
}
