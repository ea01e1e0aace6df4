import type { WatchedState } from '../model/watch-state.js';

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: (state: WatchedState) => readonly (readonly [Labels, number])[];
}

const one = (value: (state: WatchedState) => number): Metric['samples'] => {
  return (state) => [[{}, value(state)]];
};

const METRICS: readonly Metric[] = [
  {
    name: 'vxmig_host_connected',
    type: 'gauge',
    help: '1 where the host is watched now, 0 where it cannot be reached.',
    samples: one(({ connected }) => (connected ? 1 : 0)),
  },
  {
    name: 'vxmig_drifts',
    type: 'gauge',
    help: 'Things on the host that differ from the topology file, by kind.',
    samples: ({ drifts }) =>
      [...new Set(drifts.map(({ kind }) => kind))].map((kind) => [
        { kind },
        drifts.filter((drift) => drift.kind === kind).length,
      ]),
  },
  {
    name: 'vxmig_repairs_total',
    type: 'counter',
    help: 'Drifts that were fixed, and attempts that failed.',
    samples: ({ repairs, failedRepairs }) => [
      [{ result: 'done' }, repairs],
      [{ result: 'failed' }, failedRepairs],
    ],
  },
  {
    name: 'vxmig_observation_duration_seconds',
    type: 'gauge',
    help: 'How long the last look at the host took.',
    samples: ({ look }) => (look === null ? [] : [[{}, look.durationMs / 1000]]),
  },
  {
    name: 'vxmig_observation_timestamp_seconds',
    type: 'gauge',
    help: 'When the last look at the host ended, as Unix time.',
    samples: ({ look }) => (look === null ? [] : [[{}, look.atMs / 1000]]),
  },
  {
    name: 'vxmig_tunnels',
    type: 'gauge',
    help: "Tunnel ports in the topology's bridges on the host.",
    samples: one(({ tunnels }) => tunnels),
  },
  {
    name: 'vxmig_vms_running',
    type: 'gauge',
    help: 'Running domains on the host that vxmig has defined for the topology.',
    samples: one(({ vmsRunning }) => vmsRunning),
  },
];

/** Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
export function prometheusText(topology: string, states: readonly WatchedState[]): string {
  const lines = METRICS.flatMap(({ name, type, help, samples }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...states.flatMap((state) =>
      samples(state).map(([labels, value]) => `${name}${braces({ topology, host: state.host, ...labels })} ${value}`),
    ),
  ]);
  return `${lines.join('\n')}\n`;
}

function braces(labels: Labels): string {
  return `{${Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
