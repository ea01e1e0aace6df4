import type { HostShell } from '../../host/connection.js';
import { Dialogue } from '../../host/dialogue.js';
import { DROP_WAITING } from '../../host/tap-queue.js';
import { VxmigError } from '../../model/errors.js';
import type { Flow } from '../../openflow/flow.js';
import { OFCTL_PATIENCE, OPENFLOW_VERSION, renderFlow } from '../../openflow/text.js';

/** How often the guard hears that we are there. */
const BEAT_MS = 200;
/** A guard that has not heard from us for so long takes its flows away: less than the second that we promise. */
const SILENCE_MS = 800;
/** Below the flows' hard timeout of a second. */
const RENEW_MS = 450;
/** Only while the flows stand; in seconds. */
const LOOK_SECONDS = 0.1;

/** When nobody speaks to it any more the guard stays no longer than this, in hundredths of a second. */
const LAST_WATCH = 12_000;

/**
 * Keeps some flows in from the word `arm` on, for as long as it is spoken to and no longer than `hold` before the word `arrived`. From then on
 * what waits for a guest that is still paused is too old to be delivered, and is dropped until the guest runs. The flows have a hard
 * timeout, so that they also go when this shell is killed. A line is read in as many parts as it takes: `read` may give up in the middle of it.
 * Times in hundredths of a second since boot: the wall clock may be set.
 */
const SCRIPT = `trap '' PIPE
bridge=$1 flows=$2 domain=$3 tap=$4 hold=$5
state=idle arrived= gone= line= look=60
${DROP_WAITING}
clock() { read -r now _ </proc/uptime; now=\${now/./}; }
add() { ovs-ofctl ${OFCTL_PATIENCE} -O ${OPENFLOW_VERSION} --bundle add-flows "$bridge" - <<<"$flows" && added=$now; }
remove() { sed 's/^add/delete_strict/; s/ actions=.*//; s/hard_timeout=[0-9]*,*//; s/cookie=\\([^,]*\\)/cookie=\\1\\/-1/' <<<"$flows" | ovs-ofctl ${OFCTL_PATIENCE} -O ${OPENFLOW_VERSION} --bundle add-flows "$bridge" -; }
rest() { if [ $state = armed ]; then remove; fi; state=idle look=60; }
lift() { remove; state=lifted; if [ -n "$arrived" ]; then rest; fi; }
paused() { [ -n "$tap" ] && [[ $(virsh -q -c qemu:///system domstate --domain "$domain" </dev/null) == paused* ]]; }
while :; do
  if [ -n "$gone" ]; then sleep 0.2; got=142; else IFS= read -r -t $look part; got=$? line+=$part; fi
  clock
  if [ $got -eq 0 ]; then
    heard=$now
    read -r word mark <<<"$line"
    line=
    case $word in
      arm) if add; then state=armed since=$now look=${LOOK_SECONDS}; clock; heard=$now; fi ;;
      arrived) arrived=yes ;;
      disarm) rest ;;
      drop) rest; if paused; then drop_waiting "$tap"; fi ;;
    esac
    echo "$state $mark"
  elif [ $got -le 128 ]; then
    gone=$now
    if [ $state = armed ]; then lift; fi
  fi
  if [ $state = armed ]; then
    if [ $((now - heard)) -gt ${SILENCE_MS / 10} ]; then lift
    elif [ $((now - added)) -ge ${RENEW_MS / 10} ]; then add; fi
  fi
  if [ $state = armed ] || [ $state = lifted ] && [ -z "$arrived" ] && [ $((now - since)) -ge $hold ]; then
    if [ $state = armed ]; then remove; fi
    state=lapsed swept=0
  fi
  if [ $state = lapsed ] && [ $((now - swept)) -ge 100 ]; then
    swept=$now
    if [ -z "$arrived" ] && paused; then drop_waiting "$tap"; else rest; fi
  fi
  if [ -n "$gone" ] && { [ $state = idle ] || [ $((now - gone)) -gt ${LAST_WATCH} ]; }; then exit; fi
done`;

export interface GuardedFlows {
  readonly bridge: string;
  readonly flows: readonly Flow[];
  /** libvirt's name of the VM. */
  readonly domain: string;
  /** The VM's on this host, where frames may wait; null: it has none here. */
  readonly tap: string | null;
  /** A frame that has waited so long is dropped. */
  readonly holdMs: number;
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
  ) {}

  static async open(shell: HostShell, guarded: GuardedFlows): Promise<RedirectGuard> {
    const lines = guarded.flows.map((flow) => `add ${renderFlow(flow)}`).join('\n');
    const hold = String(Math.round(guarded.holdMs / 10));
    const argv = ['bash', '-c', SCRIPT, 'bash', guarded.bridge, lines, guarded.domain, guarded.tap ?? '', hold];
    const conversation = await shell.converse(argv);
    return new RedirectGuard(
      shell.name,
      new Dialogue(shell.name, conversation, (word, mark) => `${word} ${mark}\n`),
      guarded,
    );
  }

  /** @throws VxmigError HOST_UNFIT where the switch did not take the flows; SSH_CONNECT */
  async arm(): Promise<void> {
    const state = await this.dialogue.question('arm');
    if (state.trim() !== 'armed') {
      throw new VxmigError('HOST_UNFIT', `the switch on ${this.host} did not take the flows of the redirect`, {
        where: `${this.host} ${this.guarded.bridge}`,
        hint: '/var/log/openvswitch/ovs-vswitchd.log there says why. `--no-redirect` migrates without them.',
      });
    }
    this.#beats = setInterval(() => void this.#beat(), BEAT_MS);
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
