import type { HostShell } from '../host/connection.js';
import type { GuestPingRequest, PingRequest } from '../measure/observer.js';
import { fpingPace, type PingEvent, PingStream, pingArgv } from '../measure/ping-stream.js';

/** bash's own sockets: every host has them, and a static busybox's wget dies in the resolver. */
const HTTP_GET = `exec 3<>"/dev/tcp/$1/80"; printf 'GET %s HTTP/1.0\\r\\n\\r\\n' "$2" >&3; exec cat <&3`;

/** Pings out of a namespace of the host. */
export async function followPing(
  shell: HostShell,
  namespace: string,
  request: PingRequest,
  onEvent: (event: PingEvent) => void,
): Promise<{ stop(): Promise<void> }> {
  const argv = pingArgv({ address: request.address, intervalMs: request.intervalMs });
  const command = await shell.follow(['ip', 'netns', 'exec', namespace, ...argv], 'INT');
  const stream = new PingStream();
  const read = (line: string) => {
    for (const event of stream.push(`${line}\n`)) onEvent(event);
  };
  command.on('line', read);
  command.on('errorLine', read);
  return command;
}

/** Makes one of the lab's own guests ping, or stop it. @throws Error where the guest does not do so */
export async function guestPing(
  shell: HostShell,
  namespace: string,
  { guestAddress, address, intervalMs }: GuestPingRequest,
  what: 'start' | 'stop',
): Promise<void> {
  const { interval, spacing, timeout } = fpingPace(intervalMs);
  const start = `from=${guestAddress}&interval=${interval}&spacing=${spacing}&timeout=${timeout}`;
  await askGuest(shell, namespace, guestAddress, `ping?to=${address}&${what === 'start' ? start : 'stop=1'}`);
}

/** What the guest's ping has printed, after so many bytes. @throws Error where the guest does not tell */
export async function guestPingLog(
  shell: HostShell,
  namespace: string,
  { guestAddress, address }: GuestPingRequest,
  sinceBytes: number,
): Promise<string> {
  return await askGuest(shell, namespace, guestAddress, `pinglog?to=${address}&since=${sinceBytes}`);
}

/** How a connection ended that somebody tried to open. */
export type Connected = 'taken' | 'refused' | 'silent';

/** Makes one of the lab's own guests open a TCP connection. @throws Error where the guest does not do so */
export async function guestConnect(
  shell: HostShell,
  namespace: string,
  { guestAddress, address, port }: { readonly guestAddress: string; readonly address: string; readonly port: number },
): Promise<Connected> {
  const said = await askGuest(shell, namespace, guestAddress, `connect?to=${address}&port=${port}`);
  return said.includes('taken') ? 'taken' : said.includes('refused') ? 'refused' : 'silent';
}

/**
 * Opens a connection out of a namespace of the host, or as the host itself does; over UDP it sends one byte and waits
 * for an answer, or for the ICMP message that nobody listens there.
 */
export async function hostConnect(
  shell: HostShell,
  namespace: string | null,
  { protocol, address, port }: { readonly protocol: 'tcp' | 'udp'; readonly address: string; readonly port: number },
): Promise<Connected> {
  const inside = namespace === null ? [] : ['ip', 'netns', 'exec', namespace];
  const argv = ['timeout', '3', 'bash', '-c', CONNECT[protocol], 'bash', address, String(port)];
  // The shell's own words, in no language but the one that is looked for.
  const { exitCode, stderr } = await shell.run([...inside, 'env', 'LC_ALL=C', ...argv], { accept: [0, 1, 124, 142] });
  return exitCode === 0 ? 'taken' : /refused/i.test(stderr) ? 'refused' : 'silent';
}

/** bash's own sockets (bash(1), "REDIRECTION"). */
const CONNECT = {
  tcp: 'exec 3<>"/dev/tcp/$1/$2"',
  udp: 'exec 3<>"/dev/udp/$1/$2" && printf x >&3 && read -r -t 1 -n 1 -u 3',
} as const;

async function askGuest(shell: HostShell, namespace: string, address: string, request: string): Promise<string> {
  const argv = ['ip', 'netns', 'exec', namespace, 'bash', '-c', HTTP_GET, 'bash', address, `/cgi-bin/${request}`];
  const { stdout } = await shell.run(argv, { timeoutMs: 15_000 });
  const [head = '', ...body] = stdout.split('\r\n\r\n');
  if (!/^HTTP\/1\.\d 200/.test(head))
    throw new Error(`the guest at ${address} answered: ${head.split('\r\n')[0] ?? ''} ${body.join('')}`);
  return body.join('\r\n\r\n');
}
