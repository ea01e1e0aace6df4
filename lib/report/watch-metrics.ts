import { Counter, Gauge, Registry } from 'prom-client';
import type { Envelope } from '../model/event.js';
import type { WatchedState } from '../model/watch-state.js';

type Labels = Readonly<Record<string, string>>;

interface GaugeOf {
  readonly name: string;
  readonly help: string;
  /** Of its own, besides topology and host. */
  readonly labels?: readonly string[];
  readonly samples: (state: WatchedState) => readonly (readonly [Labels, number])[];
}

const one = (value: (state: WatchedState) => number): GaugeOf['samples'] => {
  return (state) => [[{}, value(state)]];
};

const GAUGES: readonly GaugeOf[] = [
  {
    name: 'vxmig_host_connected',
    help: '1 where the host is watched now, 0 where it cannot be reached.',
    samples: one(({ connected }) => (connected ? 1 : 0)),
  },
  {
    name: 'vxmig_drifts',
    help: 'Things on the host that differ from the topology file, by kind.',
    labels: ['kind'],
    samples: ({ drifts }) =>
      [...new Set(drifts.map(({ kind }) => kind))].map((kind) => [
        { kind },
        drifts.filter((drift) => drift.kind === kind).length,
      ]),
  },
  {
    name: 'vxmig_observation_duration_seconds',
    help: 'How long the last look at the host took.',
    samples: ({ look }) => (look === null ? [] : [[{}, look.durationMs / 1000]]),
  },
  {
    name: 'vxmig_observation_timestamp_seconds',
    help: 'When the last look at the host ended, as Unix time.',
    samples: ({ look }) => (look === null ? [] : [[{}, look.atMs / 1000]]),
  },
  {
    name: 'vxmig_tunnels',
    help: "Tunnel ports in the topology's bridges on the host.",
    samples: one(({ tunnels }) => tunnels),
  },
  {
    name: 'vxmig_vms_running',
    help: 'Running domains on the host that vxmig has defined for the topology.',
    samples: one(({ vmsRunning }) => vmsRunning),
  },
];

const PLACE = ['topology', 'host'] as const;

/**
 * What Prometheus asks a watch for: gauges of how the hosts are now, and counters of what it has told since this was
 * made.
 */
export class WatchMetrics {
  readonly #registry = new Registry();
  readonly #repairs: Counter<string>;

  constructor(
    private readonly topology: string,
    private readonly states: () => readonly WatchedState[],
  ) {
    for (const gauge of GAUGES) this.#gauge(gauge);
    this.#repairs = new Counter({
      name: 'vxmig_repairs_total',
      help: 'Drifts that were mended, and attempts that failed.',
      labelNames: [...PLACE, 'result'],
      registers: [this.#registry],
    });
    // A counter is there from its beginning on.
    for (const { host } of states()) for (const result of ['done', 'failed'] as const) this.#count(host, result, 0);
  }

  receive({ event }: Envelope): void {
    if (event.kind !== 'watch') return;
    if (event.news.event === 'repaired') this.#count(event.host, 'done', 1);
    if (event.news.event === 'repair-failed') this.#count(event.host, 'failed', 1);
  }

  /** Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
  async text(): Promise<string> {
    return await this.#registry.metrics();
  }

  #count(host: string, result: 'done' | 'failed', by: number): void {
    this.#repairs.inc({ topology: this.topology, host, result }, by);
  }

  #gauge({ name, help, labels = [], samples }: GaugeOf): void {
    const { topology, states } = this;
    new Gauge({
      name,
      help,
      labelNames: [...PLACE, ...labels],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const state of states()) {
          for (const [own, value] of samples(state)) this.set({ topology, host: state.host, ...own }, value);
        }
      },
    });
  }
}
