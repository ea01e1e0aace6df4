import { type LockOptions, withHostLocks } from '../../../lib/controller/host-locks.js';
import { OvsDatabase } from '../../../lib/network/ovs/ovs-database.js';
import { MemoryOvsdb } from './memory-ovsdb.js';
import { ScriptedShell } from './scripted-shell.js';

export const NAMES = ['host-a', 'host-b', 'host-c'];
const HOLDER = 'vxmig-lock-holder';

/** The databases of three hosts; a controller has a connection of its own to each. */
export class Databases {
  readonly all = new Map(NAMES.map((name) => [name, new MemoryOvsdb()]));

  async controller(names: readonly string[] = NAMES) {
    const open = async (name: string) => {
      const shell = new ScriptedShell(name);
      shell.sockets.set(...this.at(name).socket);
      return { name, ovs: await OvsDatabase.open(shell) };
    };
    const sessions = await Promise.all(names.map(open));
    const notes: string[] = [];
    const lock = async <Result>(
      work: (signal: AbortSignal) => Promise<Result>,
      { signal = new AbortController().signal, ...how }: Partial<LockOptions> & { signal?: AbortSignal } = {},
    ) => {
      const emit = (event: { readonly kind: string; readonly text?: string }) => void notes.push(event.text ?? '');
      const request = { timeoutMs: 0, steal: false, work: 'apply plans', emit, signal, ...how };
      return await withHostLocks(sessions, request, work);
    };
    return { sessions, notes, lock };
  }

  at(name: string): MemoryOvsdb {
    const found = this.all.get(name);
    if (found === undefined) throw new Error(`no host ${name}`);
    return found;
  }

  get holders(): (string | null)[] {
    return [...this.all.values()].map(({ externalIds }) => externalIds.get(HOLDER) ?? null);
  }

  /** Which hosts somebody else could have now. */
  async free(): Promise<string[]> {
    const { sessions } = await this.controller();
    const asked = await Promise.all(
      sessions.map(async ({ name, ovs }) => ({ name, lock: await ovs.askForLock({ steal: false }) })),
    );
    const free = asked.filter(({ lock }) => lock.isHeld).map(({ name }) => name);
    for (const { ovs } of sessions) ovs.close();
    await settled();
    return free;
  }
}

/** What is said over connections in memory has come. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Work that goes on until it is told to end, or its signal aborts. */
export function longWork() {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let begin: (signal: AbortSignal) => void = () => undefined;
  const begun = new Promise<AbortSignal>((resolve) => {
    begin = resolve;
  });
  const work = async (signal: AbortSignal) => {
    begin(signal);
    signal.addEventListener('abort', end);
    await ended;
    signal.throwIfAborted();
  };
  return { work, begun, end };
}
