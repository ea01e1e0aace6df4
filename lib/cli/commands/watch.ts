import { Watch } from '../../controller/watch.js';
import type { RepairScope } from '../../controller/watch-options.js';
import type { EventBus } from '../../events/event-bus.js';
import { ERRORS } from '../../model/errors.js';
import { watchLine } from '../../report/watch-text.js';
import type { CommandContext } from '../context.js';
import type { Output } from '../terminal/output.js';
import { type ListenAddress, type MetricsServer, serveMetrics } from './metrics-server.js';
import { reachableTopology } from './topology-file.js';

export interface WatchFlags {
  readonly repair: RepairScope;
  readonly metrics?: ListenAddress;
}

/** Goes on until it is interrupted: that is its ordinary end, and no failure to tell of. */
export async function watchCommand(
  { output, emit, bus, signal }: CommandContext,
  file: string,
  { repair, metrics }: WatchFlags,
): Promise<number> {
  const topology = await reachableTopology(file);
  emit({ kind: 'connecting', hosts: topology.hosts.map((host) => host.name) });
  printNews(bus, output);
  const watch = await Watch.begin(topology, { repair, signal, emit });
  const server = metrics === undefined ? null : await metricsOf(watch, { topology: topology.name, bus, metrics });
  if (server !== null) emit({ kind: 'note', text: `Metrics at ${server.url}` });
  try {
    await watch.run(signal);
  } finally {
    server?.close();
  }
  return ERRORS.INTERRUPTED.exit;
}

/** What is news of a host is the command's result, a line each. */
function printNews(bus: EventBus, output: Output): void {
  const { style } = output;
  bus.subscribe({
    name: 'the output',
    receive: ({ at, event }) => {
      if (event.kind !== 'watch') return;
      const told = { at: new Date(at).toISOString(), host: event.host, ...event.news };
      output.line(told, watchLine(told, style));
    },
  });
}

/** Loaded only here: a watch that nobody asks for metrics need not wait for the library. */
async function metricsOf(
  watch: Watch,
  { topology, bus, metrics }: { readonly topology: string; readonly bus: EventBus; readonly metrics: ListenAddress },
): Promise<MetricsServer> {
  const { WatchMetrics } = await import('../../report/watch-metrics.js');
  const counted = new WatchMetrics(topology, () => watch.state());
  bus.subscribe({ name: 'the metrics', receive: (envelope) => counted.receive(envelope) });
  return await serveMetrics(metrics, () => counted.text());
}
