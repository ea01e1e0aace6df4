import type { Test } from 'tap';
import { isMigrated } from './documents.js';
import type { Document, TestLab } from './harness.js';
import { processorUse } from './processor-use.js';

/**
 * A machine is short of CPU where its processors are not idle for a second, so that whoever could run waits for
 * another; or where somebody who sleeps is woken this much too late, twice as long as the guest stands still: the
 * redirect may then come after the pause.
 */
const SHORT_IDLE = 0.05;
const SHORT_MS = 100;
const REPEATS = 2;

interface Move {
  readonly from: string;
  readonly to: string;
}

/** Lost pings of some migrations, and what their certificates say of them. */
export interface Losses {
  readonly lost: number;
  readonly why: readonly string[];
}

export function lossesOf(migrations: readonly Document[]): Losses {
  const pings = migrations.flatMap(({ ping }: Document) => ping);
  return {
    lost: pings.reduce((sum: number, ping: Document) => sum + ping.lost, 0),
    why: migrations.flatMap(({ vm, certificate }: Document) => [
      ...certificate.arming
        .filter(({ inTime }: Document) => !inTime)
        .map(({ atMs, tookMs }: Document) => `${vm}: frames were sent ahead late, at ${atMs} ms, after ${tookMs} ms`),
      ...certificate.frames
        .filter(({ kind }: Document) => kind === 'lost')
        .map(
          ({ count, sentFromMs, sentToMs, confidence, causes }: Document) =>
            `${vm}: ${count} sent at ${sentFromMs} to ${sentToMs} ms, ${confidence}: ` +
            causes.map(({ kind, host }: Document) => `${kind} ${host}`).join(' or '),
        ),
    ]),
  };
}

/**
 * A migration in which no ping is lost. One that loses some on a machine that is measurably short of CPU meanwhile
 * shows nothing of vxmig: it is said, and repeated from the same place, at most twice.
 *
 * @param attempt migrates, asserts what else there is to assert, and resolves to what was lost
 * @param back brings the VM to where it was
 */
export async function losesNothing(
  t: Test,
  attempt: () => Promise<Losses>,
  back: () => Promise<unknown>,
): Promise<void> {
  for (let repeats = 0; ; repeats += 1) {
    const { result, waitedMs, idle } = await processorUse(attempt);
    const { lost, why } = result;
    const short = idle < SHORT_IDLE || waitedMs > SHORT_MS;
    const spare =
      `processors were idle for ${Math.round(idle * 100)} % of their busiest second, and let nobody wait for more ` +
      `than ${Math.round(waitedMs)} ms`;
    const seen = `${lost} pings lost; ${[...why, spare].join('; ')}`;
    t.comment(seen);
    if (lost === 0 || !short || repeats === REPEATS) {
      t.equal(lost, 0, `no ping was lost (${seen}${repeats > 0 ? `; the repeat number ${repeats}` : ''})`);
      return;
    }
    t.comment('the machine was short of CPU: once more');
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
    return lossesOf([document]);
  };
  await losesNothing(t, attempt, () => lab.migrate(vm, from));
  return document;
}
