import { homedir, userInfo } from 'node:os';
import { VxmigError } from '../model/errors.js';
import type { SshClientSettings, SshSettings } from '../model/topology.js';
import { patternMatches } from './known-hosts.js';
import type { ConfigLine } from './ssh-config-files.js';

/** What would lead elsewhere, or show something else, and is not done: ssh_config(5). */
const UNSUPPORTED: Readonly<Record<string, (value: string) => boolean>> = {
  proxycommand: (value) => value.toLowerCase() !== 'none',
  certificatefile: (value) => value.toLowerCase() !== 'none',
  canonicalizehostname: (value) => value.toLowerCase() !== 'no',
  knownhostscommand: (value) => value.toLowerCase() !== 'none',
  pkcs11provider: (value) => value.toLowerCase() !== 'none',
  bindaddress: () => true,
  bindinterface: () => true,
};

/** Criteria of `Match` that can be told without running a program or asking the network. */
const KNOWN_CRITERIA = ['all', 'host', 'originalhost', 'user', 'localuser'];

/** A chain of jump hosts, each with one of its own, that is longer than this leads in a circle. */
const MOST_JUMPS = 8;

/**
 * How one host is reached: what the topology says, and for what it leaves open the user's configuration of ssh, asked
 * for the address as the topology has it, which may be an alias.
 *
 * @throws VxmigError SSH_CONNECT where it is reached by a program of the user's (`ProxyCommand`), or through jump hosts
 * in a circle
 */
export function bySshConfig(settings: SshSettings, config: readonly ConfigLine[], env: NodeJS.ProcessEnv): SshSettings {
  return resolve(settings, { config, env, depth: 0, defaultUser: settings.user });
}

interface Resolving {
  readonly config: readonly ConfigLine[];
  readonly env: NodeJS.ProcessEnv;
  readonly depth: number;
  /** Where nobody says who logs in. */
  readonly defaultUser: string;
}

function resolve(settings: SshSettings, resolving: Resolving): SshSettings {
  const { env, defaultUser } = resolving;
  const assumed = settings.assumed ?? [];
  const said = settingsFor(settings.address, assumed.includes('user') ? null : settings.user, resolving);
  const first = (key: string) => said.values.get(key)?.[0];
  const user = assumed.includes('user') ? (first('user') ?? defaultUser) : settings.user;
  const address = expanded(first('hostname') ?? '%h', { h: settings.address }, env);
  const port = assumed.includes('port') ? Number(first('port') ?? settings.port) : settings.port;
  const tokens = {
    h: address,
    n: settings.address,
    p: String(port),
    r: user,
    u: localUser(),
    d: homedir(),
    i: String(process.getuid?.()),
  };
  const path = (text: string) => expanded(text.replace(/^~(?=\/)/, homedir()), tokens, env);
  const notNone = (text: string) => text.toLowerCase() !== 'none';
  const jump = first('proxyjump');
  const throughProgram = said.unsupported.find(({ key }) => key === 'proxycommand');
  if (throughProgram !== undefined && jump === undefined) throw byProgram(settings.address, throughProgram.file);
  const knownHostsFiles = [
    ...(said.values.get('userknownhostsfile') ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']),
    ...(said.values.get('globalknownhostsfile') ?? ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']),
  ];
  const client: SshClientSettings = {
    identityFiles: (said.values.get('identityfile') ?? []).filter(notNone).map(path),
    identitiesOnly: first('identitiesonly')?.toLowerCase() === 'yes',
    agent: agentOf(first('identityagent'), env, path),
    knownHostsFiles: knownHostsFiles.filter(notNone).map(path),
    hostKeyAlias: first('hostkeyalias') ?? null,
    jumps: jump === undefined || !notNone(jump) ? [] : jumpsOf(jump, resolving),
    unsupported: said.unsupported.filter(({ key }) => key !== 'proxycommand').map(({ text }) => text),
  };
  return { address, port, user, identityFile: settings.identityFile, hostKey: settings.hostKey, client };
}

interface Said {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly unsupported: readonly { readonly key: string; readonly file: string; readonly text: string }[];
}

/** ssh_config(5): the first value of a key counts, of files with keys all. */
function settingsFor(host: string, givenUser: string | null, { config }: Resolving): Said {
  const values = new Map<string, readonly string[]>();
  const unsupported: { key: string; file: string; text: string }[] = [];
  const read = (lines: readonly ConfigLine[]): void => {
    for (const line of lines) {
      if (line.kind === 'setting') {
        const { key, file } = line;
        // Of the two ways through another host the one that is said first counts.
        const isTaken = values.has(key) || (key === 'proxycommand' && values.has('proxyjump'));
        const text = line.values.join(' ');
        if (!isTaken && UNSUPPORTED[key]?.(text) === true)
          unsupported.push({ key, file, text: `${key} ${text} (${file})` });
        if (key === 'identityfile') values.set(key, [...(values.get(key) ?? []), ...line.values]);
        else if (!values.has(key) && !(key === 'proxyjump' && values.has('proxycommand'))) values.set(key, line.values);
        continue;
      }
      const answer = line.kind === 'host' ? hostFits(line, host) : matchFits(line, { host, values, givenUser });
      if (answer === 'unknown' && line.lines.some(concernsUs)) {
        const criteria = line.criteria.map(([name, of]) => [name, ...of].join(' ')).join(' ');
        unsupported.push({ key: 'match', file: line.file, text: `Match ${criteria} (${line.file})` });
      }
      if (answer === true) read(line.lines);
    }
  };
  read(config);
  return { values, unsupported };
}

const OURS = [
  'hostname',
  'user',
  'port',
  'identityfile',
  'identitiesonly',
  'identityagent',
  'proxyjump',
  'userknownhostsfile',
  'hostkeyalias',
];

function concernsUs(line: ConfigLine): boolean {
  return line.kind !== 'setting' || OURS.includes(line.key) || line.key in UNSUPPORTED;
}

type Section = Exclude<ConfigLine, { readonly kind: 'setting' }>;

function hostFits({ criteria }: Section, host: string): boolean {
  return listFits(criteria[0]?.[1] ?? [], host);
}

/** 'unknown': it depends on what is not asked here. */
function matchFits(
  { criteria }: Section,
  {
    host,
    values,
    givenUser,
  }: { host: string; values: ReadonlyMap<string, readonly string[]>; givenUser: string | null },
): boolean | 'unknown' {
  let isKnown = true;
  for (const [written, patterns] of criteria) {
    const negated = written.startsWith('!');
    const name = written.replace(/^!/, '');
    if (!KNOWN_CRITERIA.includes(name)) {
      isKnown = false;
      continue;
    }
    const subject = {
      host: values.get('hostname')?.[0]?.replaceAll('%h', host) ?? host,
      originalhost: host,
      user: givenUser ?? values.get('user')?.[0] ?? 'root',
      localuser: localUser(),
    }[name];
    const fits = name === 'all' || listFits(patterns, subject ?? '');
    if (fits === negated) return false;
  }
  return isKnown ? true : 'unknown';
}

function listFits(patterns: readonly string[], text: string): boolean {
  const fits = (pattern: string) => patternMatches(pattern.toLowerCase(), text.toLowerCase());
  return (
    patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern)) &&
    !patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))
  );
}

/**
 * `[USER@]HOST[:PORT]`, several of them parted by commas, the nearest first; the first one’s own jump hosts come before
 * it.
 */
function jumpsOf(text: string, resolving: Resolving): SshSettings[] {
  if (resolving.depth >= MOST_JUMPS) throw inCircle(text);
  return text.split(',').flatMap((written, index) => {
    const [, user, bracketed, plain = '', port] =
      /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(written.trim()) ?? [];
    const settings = resolve(
      {
        address: bracketed ?? plain,
        port: Number(port ?? 22),
        user: user ?? '',
        identityFile: null,
        hostKey: null,
        assumed: [
          ...(port === undefined ? (['port'] as const) : []),
          ...(user === undefined ? (['user'] as const) : []),
        ],
      },
      { ...resolving, depth: resolving.depth + 1, defaultUser: localUser() },
    );
    const { client } = settings;
    if (client === undefined) return [settings];
    const alone = { ...settings, client: { ...client, jumps: [] } };
    return index === 0 ? [...client.jumps, alone] : [alone];
  });
}

function agentOf(written: string | undefined, env: NodeJS.ProcessEnv, path: (text: string) => string): string | null {
  const inherited = env.SSH_AUTH_SOCK || null;
  if (written === undefined || written === 'SSH_AUTH_SOCK') return inherited;
  if (written.toLowerCase() === 'none') return null;
  return written.startsWith('$') ? env[written.replace(/^\$\{?|\}$/g, '')] || null : path(written);
}

/** ssh_config(5), "TOKENS" and "ENVIRONMENT VARIABLES". */
function expanded(text: string, tokens: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv): string {
  return text
    .replaceAll(/\$\{(\w+)\}/g, (written, name: string) => env[name] ?? written)
    .replaceAll(/%(.)/g, (written, letter: string) => (letter === '%' ? '%' : (tokens[letter] ?? written)));
}

function localUser(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER ?? '';
  }
}

function byProgram(host: string, file: string): VxmigError {
  return new VxmigError(
    'SSH_CONNECT',
    `${file} reaches ${host} by a program (ProxyCommand), which vxmig does not run`,
    {
      where: host,
      hint:
        'Where that program is ssh itself, write `ProxyJump HOST` in its place; else give `ssh.address` in the ' +
        'topology an address that can be reached.',
    },
  );
}

function inCircle(text: string): VxmigError {
  return new VxmigError('SSH_CONNECT', `~/.ssh/config leads through jump hosts in a circle: ${text}`, {
    hint: 'Fix `ProxyJump` there.',
  });
}
