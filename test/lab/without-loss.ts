import type { Test } from 'tap';
import { isMigrated } from './documents.js';
import type { Document, TestLab } from './harness.js';
import { longestProcessorWait } from './processor-wait.js';

/**
 * Who could run and waits longer than this for a processor is on a machine that is short of it: twice as long as the guest stands still,
 * so that the redirect may come after the pause, and switches in userspace leave frames where they are. A free machine of two cores
 * lets nobody wait for more than some milliseconds.
 */
const SHORT_MS = 100;
const REPEATS = 2;

interface Move {
  readonly from: string;
  readonly to: string;
}

/**
 * A migration in which no ping is lost. One that loses some on a machine that is measurably short of CPU meanwhile shows nothing of
 * vxmig: it is said, and repeated from the same place, at most twice.
 *
 * @param attempt migrates, asserts what else there is to assert, and resolves to how many pings were lost
 * @param back brings the VM to where it was
 */
export async function losesNothing(
  t: Test,
  attempt: () => Promise<number>,
  back: () => Promise<unknown>,
): Promise<void> {
  for (let repeats = 0; ; repeats += 1) {
    const { result: lost, waitedMs } = await longestProcessorWait(attempt);
    const seen = `${lost} pings lost, and a program waited for up to ${Math.round(waitedMs)} ms for a processor`;
    t.comment(seen);
    if (lost === 0 || waitedMs <= SHORT_MS || repeats === REPEATS) {
      t.equal(lost, 0, `no ping was lost (${seen}${repeats > 0 ? `; the repeat number ${repeats}` : ''})`);
      return;
    }
    t.comment(`the machine was short of CPU (more than ${SHORT_MS} ms): once more`);
    await back();
  }
}

/** `vxmig migrate`, with none of the file's probes losing a ping or getting one twice; resolves to its document. */
export async function migrateWithoutLoss(t: Test, lab: TestLab, vm: string, { from, to }: Move): Promise<Document> {
  let document: Document;
  const attempt = async () => {
    document = await lab.migrate(vm, to);
    isMigrated(t, document, { vm, from, to });
    for (const ping of document.ping) {
      t.comment(
        `${ping.from} to ${ping.address}: ${ping.lost} of ${ping.sent} lost, the longest wait ${ping.longestWaitMs} ms`,
      );
    }
    return document.ping.reduce((sum: number, ping: Document) => sum + ping.lost, 0);
  };
  await losesNothing(t, attempt, () => lab.migrate(vm, from));
  return document;
}
