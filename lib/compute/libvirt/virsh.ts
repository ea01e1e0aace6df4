import type { HostShell } from '../../host/connection.js';
import { DROP_WAITING } from '../../host/tap-queue.js';
import type { Command } from '../../model/command.js';
import type { StorageProof } from '../../model/disk.js';
import { DomainDefinition } from '../../model/domain-definition.js';
import { ARRIVING_NAMESPACE, MARK_NAMESPACE } from '../../model/domain-marks.js';
import { isAlive } from '../../model/domain-state.js';
import { CommandError, VxmigError } from '../../model/errors.js';
import { type LibvirtDomain, PAUSED_BY_MIGRATION } from '../../model/libvirt-domain.js';
import { shellWord } from '../../model/quote.js';
import type { PostCopy } from '../driver.js';
import { guardMigrate } from './migrate-guard.js';

const VIRSH = ['virsh', '-q', '-c', 'qemu:///system'] as const;
/** For a virsh whose words are read. */
const UNTRANSLATED = ['env', 'LC_ALL=C.UTF-8'] as const;

function virsh(...args: string[]): string[] {
  return [...VIRSH, ...args];
}

const LIVE_MARK = '=== live definition';

const QUESTIONS = (domain: string): string =>
  // A transient domain has no inactive definition; --inactive then prints the live one. Without it, of one that is off, the inactive one is printed.
  [
    `domstate --reason --domain ${domain}`,
    `dominfo --domain ${domain}`,
    `dumpxml --inactive --domain ${domain}`,
    `echo '${LIVE_MARK}'`,
    `dumpxml --domain ${domain}`,
  ].join('; ');

/**
 * Before the list, before each domain's answers (with its UUID nothing else reads like it; virsh ends no line after it), and at the end: what a shell
 * prints at login is none of it.
 */
const MARK = '=== vxmig ';
const BEGIN = `${MARK}domains`;
const END = `${MARK}end`;

/**
 * Starting virsh takes longer than any of its answers, so that one of them lists the domains and one asks about all.
 * UUIDs need no quoting; a name may be anything.
 */
const LIST_SCRIPT = `set -e; export LC_ALL=C.UTF-8
echo '${BEGIN}'
domains=$(${VIRSH.join(' ')} list --all --uuid --name)
printf '%s\\n' "$domains"
questions=$(printf '%s\\n' "$domains" | while read -r uuid name; do
  [ -z "$uuid" ] || printf '%s; ' "echo '${MARK}$uuid'" "${QUESTIONS('$uuid')}"
done)
status=0
[ -z "$questions" ] || ${VIRSH.join(' ')} "$questions" || status=$?
printf '\\n%s\\n' '${END}'
exit $status
`;

/** Every domain that libvirt on that host knows. @throws CommandError where libvirtd does not answer; VxmigError HOST_UNFIT where virsh prints something else */
export async function listDomains(shell: HostShell): Promise<LibvirtDomain[]> {
  // virsh's status is that of its last question: a domain that goes while the others are asked about is not an error.
  const { stdout, stderr, exitCode } = await shell.run(['sh', '-s'], { stdin: LIST_SCRIPT, accept: [0, 1] });
  const failed = () => new CommandError(shell.name, [...VIRSH, 'list', '--all'], exitCode, stderr);
  if (exitCode !== 0 && !stdout.includes(END)) throw failed();
  const domains = parseDomainList(shell.name, stdout);
  const unanswered = domains.some(({ info }) => info === null);
  if ((exitCode !== 0 && !unanswered) || (unanswered && !UNKNOWN_DOMAIN.test(stderr))) throw failed();
  return await Promise.all(domains.flatMap(({ info }) => (info === null ? [] : [withSaved(shell, info)])));
}

/**
 * What LIST_SCRIPT printed on `host`; `info` is null for a domain that was listed and then gave no answers.
 * @throws VxmigError HOST_UNFIT where it is anything else: that must not be taken for a host without domains
 */
export function parseDomainList(
  host: string,
  output: string,
): { readonly name: string; readonly info: LibvirtDomain | null }[] {
  const [, whole] = new RegExp(`^${BEGIN}\n([^]*)^${END}$`, 'm').exec(output) ?? [];
  if (whole === undefined) throw notOfVirsh(host, 'list of domains', output);
  const [list = '', ...parts] = whole.split(new RegExp(`${MARK}([0-9a-f-]{36})`));
  const answers = new Map<string, string>();
  for (let index = 0; index < parts.length; index += 2) answers.set(parts[index] ?? '', parts[index + 1] ?? '');
  const lines = list.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [, uuid, name = ''] = /^ *([0-9a-f-]{36}) +(.*?) *$/.exec(line) ?? [];
    if (uuid === undefined) throw notOfVirsh(host, 'list of domains', line);
    const answer = answers.get(uuid) ?? '';
    return { name, info: answer.includes('<domain') ? readAnswers(host, name, answer) : null };
  });
}

/** null: libvirt on that host knows no domain of that name. @throws CommandError, VxmigError HOST_UNFIT as listDomains */
export async function readDomain(shell: HostShell, name: string): Promise<LibvirtDomain | null> {
  try {
    // virsh reads quotes as a shell does (virsh(1), "SYNOPSIS").
    const { stdout } = await shell.run([...UNTRANSLATED, ...virsh(QUESTIONS(shellWord(name)))]);
    return await withSaved(shell, readAnswers(shell.name, name, stdout));
  } catch (error) {
    if (error instanceof CommandError && UNKNOWN_DOMAIN.test(error.stderr)) return null;
    throw error;
  }
}

const UNKNOWN_DOMAIN = /failed to get domain|[Dd]omain not found/;

/** What virsh(1), "domstate", prints. */
const STATES = 'no state|running|idle|paused|in shutdown|shut off|crashed|pmsuspended';

/** A line with the state, some with facts, then the definitions. */
function readAnswers(host: string, name: string, text: string): LibvirtDomain {
  const [stored = '', active = ''] = text.split(LIVE_MARK);
  const answers = new RegExp(`(?:^|\\n)(${STATES})(?: \\(([^)\\n]*)\\))?\\s*\\n([^<]*)(<domain[ >/][^]*>)\\s*$`).exec(
    stored,
  );
  const [, word = '', why = '', facts = '', xml = ''] = answers ?? [];
  const state = knownState(word);
  const live = active.trim();
  for (const definition of [xml, live])
    if (!/^<domain[ >/]/.test(definition) || !/^<domain[^>]*\/>$|<\/domain>$/.test(definition))
      throw notOfVirsh(host, `state and definition of ${name}`, text);
  const says = (fact: string, value: string) => new RegExp(`^${fact}: +${value}\\s*$`, 'm').test(facts);
  const reason = state === 'paused' ? why : '';
  return {
    name,
    state,
    reason,
    pausedByMigration: PAUSED_BY_MIGRATION.includes(reason),
    xml,
    live: isAlive(state) ? live : null,
    persistent: !says('Persistent', 'no'),
    autostart: says('Autostart', 'enable'),
    saved: says('Managed save', 'yes'),
  };
}

/** With the definition that comes back with its saved memory. */
async function withSaved(shell: HostShell, domain: LibvirtDomain): Promise<LibvirtDomain> {
  if (!domain.saved || domain.live !== null) return domain;
  const { stdout } = await shell.run(virsh('managedsave-dumpxml', '--domain', domain.name));
  return { ...domain, live: stdout.trim() };
}

function knownState(word: string): LibvirtDomain['state'] {
  return word === 'running' || word === 'paused' || word === 'shut off' || word === 'crashed' ? word : 'other';
}

function notOfVirsh(host: string, what: string, printed: string): VxmigError {
  const start = printed.trim().slice(0, 400);
  return new VxmigError('HOST_UNFIT', `virsh on ${host} printed what is no ${what}: ${start || '(nothing)'}`, {
    where: host,
    hint: `Try \`ssh\` to it and \`${VIRSH.join(' ')} list --all\` there.`,
  });
}

/** What is done to a domain, as commands. */
export const DOMAIN_COMMANDS = {
  define: (xml: string): Command => ({ argv: virsh('define', '--validate', '--file', '/dev/stdin'), stdin: xml }),
  start: (name: string): Command => ({ argv: virsh('start', '--domain', name) }),
  /** What waits for it is delivered: see {@link resumeDomain}. */
  resume: (name: string): Command => ({ argv: virsh('resume', '--domain', name) }),
  stop: (name: string): Command => ({ argv: virsh('destroy', '--domain', name) }),
  undefine: (name: string): Command => ({ argv: virsh('undefine', '--domain', name) }),
  /**
   * Replaces the interface of that MAC in the stored definition, which counts from the next start. libvirt changes what it has stored itself, with all
   * that it shows to nobody.
   */
  'update-nic': (name: string, xml: string): Command => ({
    argv: virsh('update-device', '--config', '--domain', name, '--file', '/dev/stdin'),
    stdin: xml,
  }),
  /** vxmig's own element of a domain's metadata, of the stored definition and of one that runs; null: it goes. */
  mark: (name: string, element: string | null, which: readonly ('config' | 'live')[]): Command => ({
    argv: virsh(
      'metadata',
      '--domain',
      name,
      '--uri',
      MARK_NAMESPACE,
      ...(element === null ? ['--remove'] : ['--key', 'vxmig', '--set', element]),
      ...which.map((one) => `--${one}`),
    ),
  }),
  autostart: (name: string): Command => ({ argv: virsh('autostart', '--domain', name) }),
} as const;

export async function defineDomain(shell: HostShell, xml: string): Promise<void> {
  await runCommand(shell, DOMAIN_COMMANDS.define(xml));
}

/** @throws CommandError where libvirt does not take the interface */
export async function updateNic(shell: HostShell, name: string, xml: string): Promise<void> {
  await runCommand(shell, DOMAIN_COMMANDS['update-nic'](name, xml));
}

export async function markDomain(
  shell: HostShell,
  name: string,
  element: string | null,
  which: readonly ('config' | 'live')[],
): Promise<void> {
  await runCommand(shell, DOMAIN_COMMANDS.mark(name, element, which));
}

/** It starts with its host from now on. */
export async function autostartDomain(shell: HostShell, name: string): Promise<void> {
  await runCommand(shell, DOMAIN_COMMANDS.autostart(name));
}

export async function startDomain(shell: HostShell, name: string): Promise<void> {
  await shell.run(DOMAIN_COMMANDS.start(name).argv);
}

export async function destroyDomain(shell: HostShell, name: string): Promise<void> {
  await shell.run(DOMAIN_COMMANDS.stop(name).argv);
}

async function runCommand(shell: HostShell, { argv, stdin }: Command): Promise<void> {
  await shell.run(argv, stdin === undefined ? {} : { stdin });
}

/** domiflist's columns are Interface, Type, Source, Model and MAC. */
const RESUME = `${DROP_WAITING}
drop_waiting $(${VIRSH.join(' ')} domiflist --domain "$1" | awk '$2 == "ethernet" { print $1 }') || echo 'what waits is delivered' >&2
${VIRSH.join(' ')} resume --domain "$1" || exit
${VIRSH.join(' ')} metadata --domain "$1" --live --uri '${ARRIVING_NAMESPACE}' --remove >/dev/null 2>&1 || true
`;

/** What has come for it while it was paused is dropped: nobody waits any more for an answer to it. */
export async function resumeDomain(shell: HostShell, name: string): Promise<void> {
  await shell.run(['sh', '-s', '--', name], { stdin: RESUME });
}

export async function undefineDomain(shell: HostShell, name: string): Promise<void> {
  await shell.run(DOMAIN_COMMANDS.undefine(name).argv);
}

export interface MigrateOptions {
  readonly domain: string;
  /** How the source's libvirtd reaches the destination's libvirtd: `qemu+ssh://root@host-b/system`. */
  readonly destinationUri: string;
  /** The address that the memory is sent to: the destination's VTEP, so that no name has to be resolved. */
  readonly migrateAddress: string;
  readonly postCopy: PostCopy;
  readonly autoConverge: boolean;
  readonly bandwidthBytesPerSecond: number | null;
  /** Only what was proven goes past libvirt's own doubts. */
  readonly storage: StorageProof;
}

/** See {@link followMigrate}. */
export function migrateArgv(options: MigrateOptions): string[] {
  const { migrateAddress } = options;
  const address = migrateAddress.includes(':') ? `[${migrateAddress}]` : migrateAddress;
  return virsh(
    'migrate',
    '--live',
    '--p2p',
    '--persistent',
    '--undefinesource',
    '--abort-on-error',
    // libvirt would refuse, for it goes by the kind of file system; that both hosts have the same file was seen.
    ...(options.storage.disks.some(({ hiddenFromLibvirt }) => hiddenFromLibvirt) ? ['--unsafe'] : []),
    '--domain',
    options.domain,
    '--desturi',
    options.destinationUri,
    '--migrateuri',
    `tcp://${address}`,
    ...{ never: [], 'on demand': ['--postcopy'], 'by itself': ['--postcopy', '--postcopy-after-precopy'] }[
      options.postCopy
    ],
    ...(options.autoConverge ? ['--auto-converge'] : []),
    // virsh takes whole MiB/s and reads 0 as "no limit".
    ...(options.bandwidthBytesPerSecond === null
      ? []
      : ['--bandwidth', String(Math.max(1, Math.round(options.bandwidthBytesPerSecond / 1_048_576)))]),
  );
}

/**
 * `virsh migrate` on the source; it ends when the VM runs at the destination or the migration failed. Peer to peer: with a virsh that drives
 * the migration itself, its death in the last phase would leave the VM paused at the source and gone at the destination.
 */
export async function followMigrate(shell: HostShell, options: MigrateOptions): ReturnType<typeof guardMigrate> {
  // In post-copy it runs at the destination before the end, and libvirt never lets it run at the source again.
  if (options.postCopy !== 'never') return await guardMigrate(shell, options.domain, migrateArgv(options), null);
  return await guardMigrate(shell, options.domain, [...migrateArgv(options), '--suspend'], options.destinationUri);
}

/** Raw job statistics of the running job, or of the last completed one; empty where libvirt has none. */
export async function readJobStats(shell: HostShell, domain: string, which: 'running' | 'completed'): Promise<string> {
  const argv = virsh(
    'domjobinfo',
    '--rawstats',
    ...(which === 'completed' ? ['--completed', '--keep-completed'] : []),
    '--domain',
    domain,
  );
  const { stdout, exitCode } = await shell.run(argv, { accept: [0, 1] });
  return exitCode === 0 ? stdout : '';
}

/** libvirt answers within milliseconds, or hangs. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Whether libvirt works on it: while it does, the domain may end or come to life without our doing. @throws CommandError where libvirt does not answer */
export async function hasJob(shell: HostShell, domain: string): Promise<boolean> {
  const argv = [...UNTRANSLATED, ...virsh('domjobinfo', '--rawstats', '--domain', domain)];
  const { stdout, stderr, exitCode } = await shell.run(argv, { accept: [0, 1], timeoutMs: ANSWER_TIMEOUT_MS });
  if (exitCode === 0) return !/^Job type: *0\s*$/m.test(stdout);
  if (UNKNOWN_DOMAIN.test(stderr) || /domain is not running/.test(stderr)) return false;
  throw new CommandError(shell.name, argv, exitCode, stderr);
}

/** Ends a running migration at the source; the VM goes on there. Harmless where no job runs. @throws CommandError where libvirt does not answer */
export async function abortJob(shell: HostShell, domain: string): Promise<void> {
  await shell.run(virsh('domjobabort', '--domain', domain), { accept: [0, 1], timeoutMs: ANSWER_TIMEOUT_MS });
}

/** Whether the hypervisor there can give the CPU that a domain asks for; null: yes, or libvirt cannot tell. */
export async function compareCpu(shell: HostShell, domainXml: string): Promise<string | null> {
  const virttype = DomainDefinition.parse(domainXml).type || 'qemu';
  const argv = [...UNTRANSLATED, ...virsh('hypervisor-cpu-compare', '--virttype', virttype, '--file', '/dev/stdin')];
  const { stdout, stderr, exitCode } = await shell.run(argv, { stdin: domainXml, accept: [0, 1] });
  return exitCode === 1 && /incompatible|not compatible/i.test(stdout + stderr) ? (stdout + stderr).trim() : null;
}
