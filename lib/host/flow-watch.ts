import { FlowMonitorParser, type FlowReport, MONITOR_OPTIONS } from '../openflow/flow-monitor.js';
import { Nudger } from '../openflow/nudge.js';
import type { HostShell } from './connection.js';

/** How often the switch is made to report what it holds back; a change is seen at most this much late. In milliseconds. */
const NUDGE_INTERVAL_MS = 10;

export interface FlowWatch {
  /** From now on changes are reported within NUDGE_INTERVAL_MS; before, a switch with little to do takes up to 500 ms. */
  hurry(): void;
  stop(): Promise<void>;
}

/** Follows the changes of one table for one destination MAC in a bridge, by `ovs-ofctl monitor` on the host. */
export async function watchFlows(
  shell: HostShell,
  bridge: string,
  what: { readonly table: number; readonly mac: string },
  onReport: (report: FlowReport) => void,
): Promise<FlowWatch> {
  const watch = `watch:table=${what.table},dl_dst=${what.mac}`;
  const command = await shell.follow(['ovs-ofctl', ...MONITOR_OPTIONS, 'monitor', bridge, watch], 'TERM');
  const parser = new FlowMonitorParser();
  // ovs-ofctl prints what is there at the start on stdout, and all that comes later on stderr.
  command.on('errorLine', (line) => {
    for (const report of parser.push(`${line}\n`)) if (report.kind === 'flow') onReport(report);
  });
  const nudger = new Nudger(await shell.openSocket(`/var/run/openvswitch/${bridge}.mgmt`));
  let underWay = false;
  let timer: NodeJS.Timeout | undefined;
  const nudge = () => {
    // A slow switch is not piled upon; one that is gone ends the watch by its own command.
    if (underWay) return;
    underWay = true;
    nudger.nudge().then(
      () => {
        underWay = false;
      },
      () => clearInterval(timer),
    );
  };
  return {
    hurry: () => {
      timer ??= setInterval(nudge, NUDGE_INTERVAL_MS);
    },
    stop: async () => {
      clearInterval(timer);
      nudger.close();
      await command.stop();
    },
  };
}
