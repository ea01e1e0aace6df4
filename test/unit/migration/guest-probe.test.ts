import t from 'tap';
import type { Observer } from '../../../lib/measure/observer.js';
import { PingStream } from '../../../lib/measure/ping-stream.js';
import { startGuestProbe } from '../../../lib/migration/guest-probe.js';
import type { RunningProbe } from '../../../lib/migration/running-probe.js';
import type { ClockOffset } from '../../../lib/model/clock-offset.js';
import { partsOf, runOf } from './run.js';

/** Where the host's clock is ahead of the controller's; the guest's is told against the host's. */
const HOST_AHEAD_MS = 500;
const PAUSED_AT_MS = 200_000;

const line = (atSeconds: number, index: number, rttMs: number) =>
  `[${atSeconds.toFixed(5)}] 10.9.0.2 : [${index}], 64 bytes, ${rttMs} ms (1 avg, 0% loss)\n`;

/** A guest that pings, its clock before and after the run, and what it prints. */
function setUp(guest: { clocks: ClockOffset[]; log: string; moves: boolean; dies?: boolean }) {
  const asked: string[] = [];
  let read = 0;
  const stream = new PingStream();
  const observer: Partial<Observer> = {
    guestPing: async () => {
      asked.push('start');
      return {
        read: async () => {
          asked.push(`log ${read}`);
          const text = guest.log.slice(read);
          read = guest.log.length;
          return stream.push(text);
        },
        stop: async () => void asked.push('stop'),
      };
    },
    guestClock: async () => {
      asked.push('clock');
      if (guest.dies && guest.clocks.length < 2) throw new Error('no answer');
      return (guest.clocks.length > 1 ? guest.clocks.shift() : guest.clocks[0]) as ClockOffset;
    },
  };
  const { run, told, warnings } = runOf();
  const probe: RunningProbe = {
    from: 'web',
    to: 'peer',
    host: partsOf('host-a', { observer }),
    network: 'blue',
    address: '10.9.0.2',
    intervalMs: 10,
    guest: { vm: guest.moves ? 'web' : 'peer', address: '10.9.0.1' },
    events: [],
    clockErrorMs: 0,
  };
  run.clocks.set('host-a', { offsetMs: HOST_AHEAD_MS, errorMs: 0.1 });
  run.switchover.apply({ kind: 'stopped', atMs: PAUSED_AT_MS });
  return { probe, run, asked, told, warnings };
}

t.test('a guest that moves: its clock stood still while it was paused', async (t) => {
  // The guest is 1000 ms behind the host, and 1060 after the pause; so 199.5 is the controller's 200.0.
  const log = line(199, 0, 2) + line(199.51, 1, 20) + line(199.6, 2, 2);
  const clocks = [
    { offsetMs: -1000, errorMs: 0.4 },
    { offsetMs: -1060, errorMs: 0.4 },
  ];
  const { probe, run, asked, told } = setUp({ clocks, log, moves: true });
  const started = await startGuestProbe(run, probe);
  t.same(asked, ['start', 'clock'], 'while the VM moves nothing more is asked');
  await started.catchUp();
  await started.catchUp();
  t.same(asked.slice(2), ['clock', 'log 0', `log ${log.length}`], 'what has been read is not read again');
  t.same(
    probe.events.map((event) => (event.kind === 'reply' ? [event.repliedAtMs, Math.round(event.rttMs)] : event)),
    [
      [199_500, 2],
      [200_070, 80],
      [200_160, 2],
    ],
  );
  await started.stop();
  await started.stop();
  t.equal(asked.filter((what) => what === 'stop').length, 1);
  t.match(told, [{ host: 'host-a', text: /clock of web .* -1060\.0 ms \(±0\.4\), before the run by -1000\.0/ }]);
});

t.test('the clock of one that stays is the same before and after', async (t) => {
  const clocks = [
    { offsetMs: -1000, errorMs: 0.4 },
    { offsetMs: -1000.3, errorMs: 0.4 },
  ];
  const { probe, run } = setUp({ clocks, log: line(199.51, 0, 20), moves: false });
  await (await startGuestProbe(run, probe)).catchUp();
  t.match(probe.events, [{ kind: 'reply', repliedAtMs: 200_010 }]);
  const [event] = probe.events;
  t.equal(event?.kind === 'reply' && Math.round(event.rttMs), 20);
});

t.test('a guest that has died is told of, not failed for', async (t) => {
  const clocks = [
    { offsetMs: 0, errorMs: 0 },
    { offsetMs: 0, errorMs: 0 },
  ];
  const { probe, run, warnings } = setUp({ clocks, log: '', moves: true, dies: true });
  const started = await startGuestProbe(run, probe);
  await started.catchUp();
  await started.stop();
  t.match(warnings(), [/web saw of 10\.9\.0\.2 cannot be read: no answer/, /no answer/]);
  t.same(probe.events, []);
});
