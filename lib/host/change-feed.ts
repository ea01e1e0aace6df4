import { FlowMonitorParser, MONITOR_OPTIONS } from '../openflow/flow-monitor.js';
import type { HostShell, RunningCommand } from './connection.js';
import { LIBVIRT_SOCKETS } from './libvirt-sockets.js';

/** A command that cannot run now (a bridge that is gone, a daemon that restarts) is started again after this time. */
const RETRY_MS = 1_000;

/**
 * A host of a topology without VMs may have no libvirt: then it is waited for, which takes less than to start virsh
 * time and again.
 */
const FOLLOW_DOMAINS = `until [ -S ${LIBVIRT_SOCKETS.join(' ] || [ -S ')} ]; do sleep 2 </dev/null >/dev/null 2>&1; done
exec virsh -q -c qemu:///system event --loop --all`;

export interface ChangeFeed {
  /** Ends the commands on the host; resolves when they have ended. */
  stop(): Promise<void>;
}

export interface Feeds {
  readonly bridges: readonly string[];
  /** A flow that counts: not those that come and go by themselves. */
  readonly counts: (flow: { readonly cookie: bigint }) => boolean;
}

/**
 * Calls `onChange` whenever something may have changed on a host: links and addresses by `ip monitor`, domains by
 * libvirt's events, flows by `ovs-ofctl monitor`. What has changed is for a look to find out.
 */
export function followChanges(shell: HostShell, { bridges, counts }: Feeds, onChange: () => void): ChangeFeed {
  const links = keepFollowing(shell, ['ip', 'monitor', 'link', 'address'], onChange, onChange);
  const domains = keepFollowing(shell, ['sh', '-c', FOLLOW_DOMAINS], onChange, onChange);
  const flows = bridges.map((bridge) => {
    const parser = new FlowMonitorParser();
    // What they do may be long; that they have changed is enough.
    const argv = ['ovs-ofctl', ...MONITOR_OPTIONS, 'monitor', bridge, 'watch:!initial,!actions'];
    const read = (line: string) => {
      if (parser.push(`${line}\n`).some((report) => report.kind !== 'flow' || counts(report))) onChange();
    };
    return keepFollowing(shell, argv, read, onChange);
  });
  const all = [links, domains, ...flows];
  return { stop: async () => void (await Promise.all(all.map((feed) => feed.stop()))) };
}

/** @param onEnd it has ended by itself, and is started anew */
function keepFollowing(
  shell: HostShell,
  argv: readonly string[],
  onLine: (line: string) => void,
  onEnd: () => void,
): ChangeFeed {
  let running: RunningCommand | null = null;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const run = async (): Promise<void> => {
    const command = await shell.follow(argv, 'TERM');
    running = command;
    if (stopped) return await command.stop();
    command.on('line', onLine);
    command.on('errorLine', onLine);
    await command.ended;
  };
  const begin = () => {
    const beganMs = performance.now();
    begun = run()
      // Where the connection is lost, its owner hears of it by himself.
      .catch(() => undefined)
      .then(() => {
        running = null;
        if (stopped) return;
        // One that cannot even begin has nothing to tell.
        if (performance.now() - beganMs > RETRY_MS) onEnd();
        timer = setTimeout(begin, RETRY_MS);
      });
  };
  let begun: Promise<void> = Promise.resolve();
  begin();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running?.stop();
      await begun;
    },
  };
}
