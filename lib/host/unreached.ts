import { shellLine } from '../model/quote.js';
import type { SshSettings } from '../model/topology.js';
import { addToAgent, type Identity } from './identity.js';

/** The same by ssh(1), to be pasted. */
export function sshLine({ address, port, user, identityFile, client }: SshSettings): string {
  const jumps = (client?.jumps ?? []).map((jump) => `${jump.user}@${bracketed(jump.address)}:${jump.port}`).join(',');
  const argv = [
    'ssh',
    ...(identityFile === null ? [] : ['-i', identityFile]),
    ...(jumps === '' ? [] : ['-J', jumps]),
    ...(port === 22 ? [] : ['-p', String(port)]),
    `${user}@${address}`,
  ];
  return `\`${shellLine(argv)}\``;
}

/** What to do where a host could not be reached, by what went wrong. */
export function unreachedHint(
  { settings, identity }: { readonly settings: SshSettings; readonly identity: Identity },
  cause: unknown,
): string {
  const unsupported = settings.client?.unsupported ?? [];
  const passedOver =
    unsupported.length === 0 ? '' : ` Of ~/.ssh/config vxmig does not follow: ${unsupported.join('; ')}.`;
  return `${reason(settings, identity, cause)}${passedOver}`;
}

function reason(settings: SshSettings, identity: Identity, cause: unknown): string {
  const { code, level, message } = cause as {
    readonly code?: string;
    readonly level?: string;
    readonly message?: string;
  };
  const { address, port, user } = settings;
  const orLab = settings.client === undefined ? ', and for a lab host `vxmig lab status FILE`' : '';
  const again = `Try ${sshLine(settings)}${orLab}.`;
  if (level === 'client-authentication' || /parse privateKey/.test(message ?? ''))
    return `${letIn(settings, identity)} ${again}`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return (
      `This machine knows no address of ${address}: fix \`ssh.address\`, or give it a \`HostName\` in ` +
      `~/.ssh/config. ${again}`
    );
  if (code === 'ECONNREFUSED') return `Nothing listens there: does sshd run on ${address}, on port ${port}? ${again}`;
  if (code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || level === 'client-timeout')
    return `Is ${address} up, is there a route to it, and does no firewall drop TCP port ${port}? ${again}`;
  return `${again} As ${user} it must be let in without a question.`;
}

function letIn({ user, address, port }: SshSettings, { agent, locked, privateKeys }: Identity): string {
  const [first] = locked;
  if (first !== undefined && privateKeys.length === 0)
    return (
      `${first} has a passphrase, which vxmig does not ask for: ` +
      `\`${addToAgent(first, agent !== undefined)}\` asks once.`
    );
  const copy = shellLine(['ssh-copy-id', ...(port === 22 ? [] : ['-p', String(port)]), `${user}@${address}`]);
  return (
    `It knows no key that was shown for ${user}: \`${copy}\` gives it yours, or name the right one by ` +
    '`ssh.identityFile`.'
  );
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
