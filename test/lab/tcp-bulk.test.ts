import { isMigrated } from './documents.js';
import { onLab } from './harness.js';
import { countedSince, readTcpCounters } from './tcp-counters.js';
import { goodputRecovery } from './tcp-goodput.js';
import { isWhole, openStream } from './tcp-watch.js';

const ADDRESS = '10.9.0.1';
const MOVES = [
  ['host-a', 'host-b'],
  ['host-b', 'host-a'],
  ['host-a', 'host-b'],
] as const;

await onLab('two-subnets', async (t, lab) => {
  await lab.apply();
  const guestCounters = async () =>
    readTcpCounters(await lab.page('host-c', 'blue', `http://${ADDRESS}/cgi-bin/counters`));
  const needless: boolean[] = [];

  for (const [from, to] of MOVES) {
    await t.test(`as much as goes through a TCP connection, while web moves from ${from} to ${to}`, async (t) => {
      const before = await guestCounters();
      const stream = await openStream(t, lab, 'host-c', 'blue', ADDRESS, { pace: 'bulk' });
      await stream.flowed(2);
      const beganAtMs = Date.now();
      const document = await lab.migrate('web', to);
      await stream.flowed(2);
      const seen = await stream.end();
      const inGuest = countedSince(before, await guestCounters());
      isWhole(t, seen, 'TCP');
      isMigrated(t, document, { vm: 'web', from, to });
      needless.push(
        [seen.counted, inGuest].every(({ retransmits, lossProbes, timeouts }) => retransmits <= lossProbes + timeouts),
      );

      const resumedAtMs = Date.parse(document.switchover.resumedAt);
      const { usualBytesPerSecond, recoveredAfterMs, silenceMs } = goodputRecovery(seen.arrivals, {
        beganAtMs,
        resumedAtMs,
      });
      const goodput = `${(usualBytesPerSecond / 1e6).toFixed(1)} MB/s before`;
      const recovery = recoveredAfterMs === null ? 'never' : `${recoveredAfterMs} ms after the resume`;
      t.comment(`${goodput}, 90 % of it ${recovery}, silent for ${Math.round(silenceMs)} ms`);
      t.comment(`the peer: ${JSON.stringify(seen.counted)}, the guest: ${JSON.stringify(inGuest)}`);
    });
  }

  // Where frames wait, all that is sent again are the probes of whoever waits for an answer, or the one segment of a
  // timer that ran out (which it does after 200 ms at the earliest: no assertion). Where they are lost in the pause,
  // whole windows are sent again.
  const without = needless.filter(Boolean).length;
  t.ok(without >= 2, `in ${without} of ${needless.length} migrations no segment was found lost`);
});
