import type { RepairScope } from '../../controller/host-watch.js';
import { Watch } from '../../controller/watch.js';
import { ERRORS } from '../../model/errors.js';
import { prometheusText } from '../../report/prometheus-text.js';
import { watchLine } from '../../report/watch-text.js';
import type { CommandContext } from '../context.js';
import { type ListenAddress, serveMetrics } from './metrics-server.js';
import { reachableTopology } from './topology-file.js';

export interface WatchFlags {
  readonly repair: RepairScope;
  readonly metrics?: ListenAddress;
}

/** Goes on until it is interrupted: that is its ordinary end, and no failure to tell of. */
export async function watchCommand(
  { output, emit, signal }: CommandContext,
  file: string,
  { repair, metrics }: WatchFlags,
): Promise<number> {
  const topology = await reachableTopology(file);
  emit({ kind: 'connecting', hosts: topology.hosts.map((host) => host.name) });
  const { style } = output;
  const watch = await Watch.begin(topology, {
    repair,
    signal,
    tell: (event) => output.line(event, watchLine(event, style)),
  });
  const server =
    metrics === undefined ? null : await serveMetrics(metrics, () => prometheusText(topology.name, watch.state()));
  if (server !== null) emit({ kind: 'note', text: `Metrics at ${server.url}` });
  try {
    await watch.run(signal);
  } finally {
    server?.close();
  }
  return ERRORS.INTERRUPTED.exit;
}
