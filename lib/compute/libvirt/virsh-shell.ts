import type { HostShell } from '../../host/connection.js';
import { Dialogue } from '../../host/dialogue.js';

/**
 * One virsh that stays: a question costs a few milliseconds, not the start of a program. It repeats what it reads, so
 * the mark is written in two pieces that only its own `echo` joins.
 */
export async function openVirshShell(shell: HostShell): Promise<Dialogue> {
  const conversation = await shell.converse(['virsh', '-q', '-c', 'qemu:///system']);
  return new Dialogue(
    shell.name,
    conversation,
    (question, mark) => `${question}\necho '${mark.slice(0, 3)}''${mark.slice(3)}'\n`,
  );
}
