import t from 'tap';
import { driftNews } from '../../../lib/plan/drift.js';
import { prometheusText } from '../../../lib/report/prometheus-text.js';
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

t.test('metrics in Prometheus’ text format', async (t) => {
  const state = {
    host: 'host-a',
    connected: true,
    drifts: [{ host: 'host-a', ...DRIFT, kind: 'a "b"\\\n' }],
    repairs: 3,
    failedRepairs: 1,
    look: { atMs: 1_795_284_000_500, durationMs: 120 },
    tunnels: 2,
    vmsRunning: 1,
  };
  const text = prometheusText('two', [state, { ...state, host: 'host-b', connected: false, drifts: [], look: null }]);
  t.match(text, '# TYPE vxmig_repairs_total counter\n');
  t.match(text, 'vxmig_host_connected{topology="two",host="host-b"} 0\n');
  t.match(text, 'vxmig_drifts{topology="two",host="host-a",kind="a \\"b\\"\\\\\\n"} 1\n');
  t.match(text, 'vxmig_observation_timestamp_seconds{topology="two",host="host-a"} 1795284000.5\n');
  for (const line of text.trimEnd().split('\n')) t.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{.+\} -?[\d.]+)$/);
});
