import type { HostShell } from '../../host/connection.js';
import { FlowMonitorParser, type FlowReport, MONITOR_OPTIONS } from '../../openflow/flow-monitor.js';
import { Nudger } from '../../openflow/nudge.js';

/**
 * How often the switch is made to report what it holds back; a change is seen at most this much late. In milliseconds.
 */
const NUDGE_INTERVAL_MS = 10;
/** How late the switch reports by itself (see nudge.ts). */
const UNHURRIED_LATE_MS = 500;

/** A change, and how much earlier than its `atMs` it can have been. */
export type TimedFlowReport = FlowReport & { readonly lateMs: number };

export interface FlowWatch {
  /**
   * From now on changes are reported within NUDGE_INTERVAL_MS; before, a switch with little to do takes up to 500 ms.
   */
  hurry(): void;
  /** Why changes may be missing so far; null where all have been reported. */
  gap(): string | null;
  stop(): Promise<void>;
}

/**
 * Follows the changes of one table in a bridge, by `ovs-ofctl monitor` on the host. `macs`: only of entries for these
 * destinations; null: of all.
 */
export async function watchFlows(
  shell: HostShell,
  bridge: string,
  what: { readonly table: number; readonly macs: readonly string[] | null },
  onReport: (report: TimedFlowReport) => void,
): Promise<FlowWatch> {
  const all = `watch:table=${what.table}`;
  const watches = what.macs === null ? [all] : what.macs.map((mac) => `${all},dl_dst=${mac}`);
  const command = await shell.follow(['ovs-ofctl', ...MONITOR_OPTIONS, 'monitor', bridge, ...watches], 'TERM');
  const read = (line: string, parser: FlowMonitorParser) => {
    for (const report of parser.push(`${line}\n`)) {
      if (report.kind === 'flow') onReport({ ...report, lateMs: report.atMs === null ? 0 : lateMs() });
      else if (report.kind !== 'packet-in') gap = 'the switch left out reports because they were not read in time';
    }
  };
  let gap: string | null = null;
  let stopped = false;
  // All that changed before a finished nudge began was reported by it. Its end and its reports take different ways
  // here, so that the last one's reports may still come: the one before it counts.
  let nudgesMs: readonly number[] = [];
  const lateMs = () => {
    const [beforeLast, last] = nudgesMs;
    return beforeLast === undefined || last === undefined ? UNHURRIED_LATE_MS : performance.now() - beforeLast;
  };
  // ovs-ofctl prints what is there at the start on stdout, and all that comes later on stderr.
  const [before, since] = [new FlowMonitorParser(), new FlowMonitorParser()];
  command.on('line', (line) => read(line, before));
  command.on('errorLine', (line) => read(line, since));
  void command.ended.then(() => {
    if (!stopped) gap ??= 'the monitor ended before the run did';
  });
  const nudger = new Nudger(await shell.openSocket(`/var/run/openvswitch/${bridge}.mgmt`));
  let underWay = false;
  let timer: NodeJS.Timeout | undefined;
  const nudge = () => {
    // A slow switch is not piled upon; one that is gone ends the watch by its own command.
    if (underWay) return;
    underWay = true;
    const beganMs = performance.now();
    nudger.nudge().then(
      () => {
        underWay = false;
        nudgesMs = [...nudgesMs.slice(-1), beganMs];
      },
      () => clearInterval(timer),
    );
  };
  return {
    hurry: () => {
      timer ??= setInterval(nudge, NUDGE_INTERVAL_MS);
    },
    gap: () => gap,
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      nudger.close();
      await command.stop();
    },
  };
}
