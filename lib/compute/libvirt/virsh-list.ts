import type { HostShell } from '../../host/connection.js';
import { isAlive } from '../../model/domain-state.js';
import { CommandError, VxmigError } from '../../model/errors.js';
import { type LibvirtDomain, PAUSED_BY_MIGRATION } from '../../model/libvirt-domain.js';
import { shellWord } from '../../model/quote.js';
import { UNKNOWN_DOMAIN, UNTRANSLATED, VIRSH, virsh } from './virsh-command.js';

const LIVE_MARK = '=== live definition';

const QUESTIONS = (domain: string): string =>
  // A transient domain has no inactive definition; --inactive then prints the live one. Without it, of one that is off,
  // the inactive one is printed.
  [
    `domstate --reason --domain ${domain}`,
    `dominfo --domain ${domain}`,
    `dumpxml --inactive --domain ${domain}`,
    `echo '${LIVE_MARK}'`,
    `dumpxml --domain ${domain}`,
  ].join('; ');

/**
 * Before the list, before each domain's answers (with its UUID nothing else reads like it; virsh ends no line after
 * it), and at the end: what a shell prints at login is none of it.
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

/**
 * Every domain that libvirt on that host knows. @throws CommandError where libvirtd does not answer; VxmigError
 * HOST_UNFIT where virsh prints something else
 */
export async function listDomains(shell: HostShell): Promise<LibvirtDomain[]> {
  // virsh's status is that of its last question: a domain that goes while the others are asked about is not an error.
  const { stdout, stderr, exitCode } = await shell.run(['sh', '-s'], { stdin: LIST_SCRIPT, accept: [0, 1] });
  const failed = () => new CommandError(shell.name, [...VIRSH, 'list', '--all'], exitCode, stderr);
  if (exitCode !== 0 && !stdout.includes(END)) throw failed();
  const domains = answersOf(() => parseDomainList(shell.name, stdout), stderr, failed);
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

/**
 * null: libvirt on that host knows no domain of that name. @throws CommandError, VxmigError HOST_UNFIT as listDomains
 */
export async function readDomain(shell: HostShell, name: string): Promise<LibvirtDomain | null> {
  try {
    // virsh reads quotes as a shell does (virsh(1), "SYNOPSIS").
    const argv = [...UNTRANSLATED, ...virsh(QUESTIONS(shellWord(name)))];
    const { stdout, stderr, exitCode } = await shell.run(argv);
    const failed = () => new CommandError(shell.name, argv, exitCode, stderr);
    return await withSaved(
      shell,
      answersOf(() => readAnswers(shell.name, name, stdout), stderr, failed),
    );
  } catch (error) {
    if (error instanceof CommandError && UNKNOWN_DOMAIN.test(error.stderr)) return null;
    throw error;
  }
}

/**
 * virsh's status is that of its last question. One in the middle that failed, as where another job holds the domain,
 * is missing among the answers, and its reason is what virsh has said beside them.
 */
function answersOf<Answers>(read: () => Answers, stderr: string, failed: () => CommandError): Answers {
  try {
    return read();
  } catch (error) {
    throw /^error:/m.test(stderr) ? failed() : error;
  }
}

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
