import t from 'tap';
import { EventBus } from '../../../lib/events/event-bus.js';
import type { WatchNews } from '../../../lib/model/watch-event.js';
import { driftNews } from '../../../lib/plan/drift.js';
import { WatchMetrics } from '../../../lib/report/watch-metrics.js';
import { watchLine } from '../../../lib/report/watch-text.js';

const PLAIN = { colour: false, width: 80, unicode: false };
const DRIFT = { kind: 'tunnel', name: 'vx-a', action: 'create', why: 'it is missing' } as const;

t.test('an event for people is one line', async (t) => {
  const at = { at: '2026-11-21T18:00:00.000Z', host: 'host-a' };
  t.equal(
    watchLine({ ...at, event: 'drift', ...DRIFT }, PLAIN),
    '2026-11-21T18:00:00.000Z  host-a  drift  + tunnel vx-a  (it is missing)',
  );
  t.match(watchLine({ ...at, event: 'lost', why: 'gone', retryInMs: 1000 }, PLAIN), / lost {2}gone; trying again/);
});

t.test('what is new, what is gone, and what has another reason', async (t) => {
  const one = { host: 'host-a', ...DRIFT };
  const other = { ...one, name: 'vx-b' };
  t.same(driftNews([], [one]), { appeared: [one], gone: [] });
  t.same(driftNews([one], [one]), { appeared: [], gone: [] });
  t.same(driftNews([one], [other]), { appeared: [other], gone: [one] });
  const worse = { ...one, why: 'its bridge is missing, too' };
  t.same(driftNews([one], [worse]), { appeared: [worse], gone: [] }, 'it is not gone');
});

const STATE = {
  host: 'host-a',
  connected: true,
  drifts: [{ host: 'host-a', ...DRIFT, kind: 'a "b"\\\n' }],
  look: { atMs: 1_795_284_000_500, durationMs: 120 },
  tunnels: 2,
  vmsRunning: 1,
};

t.test('metrics in Prometheus’ text format: names, types, labels and values', async (t) => {
  const states = [STATE, { ...STATE, host: 'host-b', connected: false, drifts: [], look: null }];
  const metrics = new WatchMetrics('two', () => states);
  const bus = new EventBus();
  bus.subscribe({ name: 'the metrics', receive: (envelope) => metrics.receive(envelope) });
  const tell = (news: WatchNews) => bus.publish({ kind: 'watch', host: 'host-a', news }, null);
  for (let count = 0; count < 3; count += 1) tell({ event: 'repaired', ...DRIFT });
  tell({ event: 'repair-failed', why: 'x' });
  tell({ event: 'drift', ...DRIFT });
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '');
  for (const line of lines) t.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{.+\} -?[\d.]+)$/);
  const at = (host: string) => `topology="two",host="${host}"`;
  t.same(
    lines.filter((line) => !line.startsWith('# HELP')).sort(),
    [
      '# TYPE vxmig_host_connected gauge',
      `vxmig_host_connected{${at('host-a')}} 1`,
      `vxmig_host_connected{${at('host-b')}} 0`,
      '# TYPE vxmig_drifts gauge',
      `vxmig_drifts{${at('host-a')},kind="a \\"b\\"\\\\\\n"} 1`,
      '# TYPE vxmig_repairs_total counter',
      `vxmig_repairs_total{${at('host-a')},result="done"} 3`,
      `vxmig_repairs_total{${at('host-a')},result="failed"} 1`,
      `vxmig_repairs_total{${at('host-b')},result="done"} 0`,
      `vxmig_repairs_total{${at('host-b')},result="failed"} 0`,
      '# TYPE vxmig_observation_duration_seconds gauge',
      `vxmig_observation_duration_seconds{${at('host-a')}} 0.12`,
      '# TYPE vxmig_observation_timestamp_seconds gauge',
      `vxmig_observation_timestamp_seconds{${at('host-a')}} 1795284000.5`,
      '# TYPE vxmig_tunnels gauge',
      `vxmig_tunnels{${at('host-a')}} 2`,
      `vxmig_tunnels{${at('host-b')}} 2`,
      '# TYPE vxmig_vms_running gauge',
      `vxmig_vms_running{${at('host-a')}} 1`,
      `vxmig_vms_running{${at('host-b')}} 1`,
    ].sort(),
  );
  states.shift();
  t.notMatch(await metrics.text(), /vxmig_(drifts|tunnels)\{.*host-a/, 'what is no more is not told');
});
