import { readFileSync } from 'node:fs';
import type { HostShell } from '../../host/connection.js';
import { Dialogue } from '../../host/dialogue.js';
import { DROP_WAITING } from '../../host/tap-queue.js';
import { VxmigError } from '../../model/errors.js';
import type { Flow } from '../../openflow/flow.js';
import { OFCTL_PATIENCE, OPENFLOW_VERSION, renderFlow } from '../../openflow/text.js';

/** What stands ready on the host, and what it answers, is told there. */
const SCRIPT = `${DROP_WAITING}
${readFileSync(new URL('../../../../lib/network/ovs/redirect-guard.sh', import.meta.url), 'utf8')}`;

export interface RedirectGuardTimes {
  /** How often the guard hears that we are there. */
  readonly beatMs: number;
  /** A guard that has not heard from us for so long takes its flows away: less than the second that we promise. */
  readonly silenceMs: number;
  /** Below the flows' hard timeout of a second. */
  readonly renewMs: number;
  /** When nobody speaks to it any more the guard stays no longer than this. */
  readonly lastWatchMs: number;
  /** How often it looks around, only while the flows stand. */
  readonly lookMs: number;
}

export const REDIRECT_GUARD_TIMES: RedirectGuardTimes = {
  beatMs: 200,
  silenceMs: 800,
  renewMs: 450,
  lastWatchMs: 120_000,
  lookMs: 100,
};

export interface GuardedFlows {
  readonly bridge: string;
  readonly flows: readonly Flow[];
  /** libvirt's name of the VM. */
  readonly domain: string;
  /** The VM's on this host, where frames may wait; null: it has none here. */
  readonly tap: string | null;
  /** Whether the guest runs where the flows send its frames: then nothing waits any more. */
  readonly arrived: () => boolean;
  /** The flows are gone before anybody disarmed them. */
  readonly onLifted: () => void;
}

/** Stands ready on a host to switch some flows on within milliseconds, and to take them away whatever happens to us. */
export class RedirectGuard {
  #beats: NodeJS.Timeout | null = null;
  #asking = false;

  private constructor(
    private readonly host: string,
    private readonly dialogue: Dialogue,
    private readonly guarded: GuardedFlows,
    private readonly beatMs: number,
  ) {}

  /** @param times for tests, which have no two minutes to wait */
  static async open(
    shell: HostShell,
    guarded: GuardedFlows,
    times: RedirectGuardTimes = REDIRECT_GUARD_TIMES,
  ): Promise<RedirectGuard> {
    const conversation = await shell.converse(['bash', '-c', SCRIPT, 'bash', ...guardArguments(guarded, times)]);
    const dialogue = new Dialogue(shell.name, conversation, (word, mark) => `${word} ${mark}\n`);
    return new RedirectGuard(shell.name, dialogue, guarded, times.beatMs);
  }

  /**
   * @param holdMs a frame that has waited so long is dropped
   * @throws VxmigError HOST_UNFIT where the switch did not take the flows; SSH_CONNECT
   */
  async arm(holdMs: number): Promise<void> {
    const state = await this.dialogue.question(`arm:${hundredths(holdMs)}`);
    if (state.trim() !== 'armed') {
      throw new VxmigError('HOST_UNFIT', `the switch on ${this.host} did not take the flows of the redirect`, {
        where: `${this.host} ${this.guarded.bridge}`,
        hint: '/var/log/openvswitch/ovs-vswitchd.log there says why. `--no-redirect` migrates without them.',
      });
    }
    this.#beats = setInterval(() => void this.#beat(), this.beatMs);
  }

  /** What waits goes on waiting for the guest. */
  async disarm(): Promise<void> {
    this.#quiet();
    await this.dialogue.question('disarm');
  }

  /** As `disarm`, and what waits for a paused guest is dropped. */
  async drop(): Promise<void> {
    this.#quiet();
    await this.dialogue.question('drop');
  }

  async close(): Promise<void> {
    this.#quiet();
    await this.dialogue.end();
  }

  #quiet(): void {
    if (this.#beats !== null) clearInterval(this.#beats);
    this.#beats = null;
  }

  /** One at a time: a host that does not answer is not spoken to, and knows it. */
  async #beat(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    // A connection that breaks is told by the commands that need it; the guard has let go by then.
    const state = await this.dialogue.question(this.guarded.arrived() ? 'arrived' : 'beat').catch(() => 'lifted');
    this.#asking = false;
    if (this.#beats === null || state.trim() === 'armed') return;
    this.#quiet();
    this.guarded.onLifted();
  }
}

/** As redirect-guard.sh counts. */
function hundredths(ms: number): string {
  return String(Math.round(ms / 10));
}

/** As redirect-guard.sh takes them. */
function guardArguments(guarded: GuardedFlows, times: RedirectGuardTimes): string[] {
  const flows = guarded.flows.map((flow) => `add ${renderFlow(flow)}`).join('\n');
  const limits = [times.silenceMs, times.renewMs, times.lastWatchMs];
  return [
    guarded.bridge,
    flows,
    guarded.domain,
    guarded.tap ?? '',
    ...limits.map(hundredths),
    String(times.lookMs / 1000),
    OFCTL_PATIENCE,
    '-O',
    OPENFLOW_VERSION,
  ];
}
