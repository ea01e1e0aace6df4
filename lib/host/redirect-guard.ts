import type { Flow } from '../openflow/flow.js';
import { OPENFLOW_VERSION, renderFlow } from '../openflow/text.js';
import type { HostShell } from './connection.js';
import { Dialogue } from './dialogue.js';

/** Longer than any switchover; a controller that hangs, but is not gone, must not keep frames from a VM for good. In renewals. */
const MOST_RENEWALS = 60;
const RENEW_SECONDS = 0.4;

/**
 * Puts flows in on the word `arm` and renews them until `disarm`, or until its input ends because the controller is gone. The flows have a
 * hard timeout, so that they also go when this shell is killed or the host hangs.
 */
const SCRIPT = `bridge=$1 flows=$2 armed= renewals=0
add() { ovs-ofctl -O ${OPENFLOW_VERSION} --bundle add-flows "$bridge" - <<<"$flows"; }
remove() { sed 's/^add/delete_strict/; s/ actions=.*//; s/hard_timeout=[0-9]*,*//; s/cookie=\\([^,]*\\)/cookie=\\1\\/-1/' <<<"$flows" | ovs-ofctl -O ${OPENFLOW_VERSION} --bundle add-flows "$bridge" -; armed=; }
while :; do
  if read -r -t ${RENEW_SECONDS} word mark; then
    case $word in arm) add && armed=yes ;; disarm) remove ;; esac
    echo "$mark"
  elif [ $? -gt 128 ]; then
    renewals=$((renewals + 1))
    if [ $renewals -gt ${MOST_RENEWALS} ]; then break; fi
    if [ -n "$armed" ]; then add; fi
  else break; fi
done
if [ -n "$armed" ]; then remove; fi`;

/** Stands ready on a host to switch some flows on within milliseconds, and to take them away whatever happens to us. */
export async function openRedirectGuard(shell: HostShell, bridge: string, flows: readonly Flow[]): Promise<Dialogue> {
  const lines = flows.map((flow) => `add ${renderFlow(flow)}`).join('\n');
  const conversation = await shell.converse(['bash', '-c', SCRIPT, 'bash', bridge, lines]);
  return new Dialogue(shell.name, conversation, (word, mark) => `${word} ${mark}\n`);
}
