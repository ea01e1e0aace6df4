import { once } from 'node:events';
import type { HostShell } from './connection.js';
import { shellWord } from './quote.js';

/** A controller that has not been heard for so long is gone, or hangs, or cannot be reached: the migration is given up. */
const LEASE_SECONDS = 20;
const BEAT_MS = 4_000;
const VIRSH = 'virsh -q -c qemu:///system';

/**
 * libvirtd drives the migration, so that it ends well whatever becomes of the virsh that asked for it. When nobody speaks to this shell any
 * more the job is aborted, again and again until it is over: libvirt refuses where it is too late to go back, and then brings it to its end.
 * A VM that stays gets back the limits that it had, for they outlive the job.
 */
const SCRIPT = `trap '' PIPE
domain=$1 quoted=$2; shift 2
ask() { ${VIRSH} "$@" </dev/null 2>/dev/null; }
limits=$(ask "migrate-getspeed --domain $quoted; migrate-getmaxdowntime --domain $quoted")
echo ready
exec 3<&0
"$@" 3<&- </dev/null & job=$!
{
  while read -r -t ${LEASE_SECONDS} _; do :; done <&3
  while kill -0 "$job"; do ask domjobabort --domain "$domain"; sleep 0.3; done
} >/dev/null 2>&1 & watcher=$!
wait "$job"; status=$?
kill "$watcher" 2>/dev/null
if [ "$status" -ne 0 ]; then
  # Somebody has killed virsh: libvirtd goes on without it.
  if [ "$status" -gt 128 ]; then ask domjobabort --domain "$domain"; fi
  ask migrate-setspeed --domain "$domain" --bandwidth "\${limits%%[!0-9]*}"
  ask migrate-setmaxdowntime --domain "$domain" --downtime "\${limits##*[!0-9]}"
fi >/dev/null
exit "$status"`;

/** Runs `virsh migrate …` at the source; it is given up when we are gone. Before this resolves nobody may change the VM's limits. */
export async function guardMigrate(
  shell: HostShell,
  domain: string,
  argv: readonly string[],
): Promise<{ readonly ended: Promise<{ exitCode: number | null; stderr: string }>; readonly isOver: boolean }> {
  const conversation = await shell.converse(['bash', '-c', SCRIPT, 'bash', domain, shellWord(domain), ...argv]);
  const ready = once(conversation, 'text');
  const beats = setInterval(() => conversation.say('beat\n'), BEAT_MS);
  let isOver = false;
  void conversation.ended.then(() => {
    clearInterval(beats);
    isOver = true;
  });
  await Promise.race([ready, conversation.ended]);
  return {
    ended: conversation.ended,
    get isOver() {
      return isOver;
    },
  };
}
