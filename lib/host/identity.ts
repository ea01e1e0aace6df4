import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { messageOf, VxmigError } from '../model/errors.js';
import { shellWord } from '../model/quote.js';
import type { SshSettings } from '../model/topology.js';

/** What we may show to a host: private keys, keys that an agent holds, both, or nothing. */
export interface Identity {
  readonly privateKeys: readonly Buffer[];
  /** The agent's socket. */
  readonly agent?: string;
  /** Of the agent's keys only these, as they are sent; left out: all. */
  readonly agentKeys?: readonly Buffer[];
  /**
   * Files that were looked at and hold a key behind a passphrase, which nobody is asked for here: the agent may hold
   * it, or not.
   */
  readonly locked: readonly string[];
}

/**
 * As ssh does it: a file that the topology names is shown by itself; else those that `~/.ssh/config` names, or the
 * usual ones, and the agent's keys.
 *
 * @param agent SSH_AUTH_SOCK, where the configuration of ssh does not say otherwise
 * @throws VxmigError SSH_CONNECT where the file cannot be read or used
 */
export async function readIdentity(
  { identityFile, client }: Pick<SshSettings, 'identityFile' | 'client'>,
  agent: string | undefined,
): Promise<Identity> {
  const socket = client === undefined ? agent : (client.agent ?? undefined);
  const held = socket === undefined || socket === '' ? {} : { agent: socket };
  if (identityFile !== null) return await namedKey(identityFile, held);
  const named = client?.identityFiles ?? [];
  const files = named.length > 0 ? named : USUAL.map((name) => join(homedir(), '.ssh', name));
  const found = await Promise.all(files.map(lookAt));
  const privateKeys = found.flatMap(({ key }) => (key === null ? [] : [key]));
  const locked = found.flatMap(({ locked: path }) => (path === null ? [] : [path]));
  if (named.length > 0 && privateKeys.length === 0 && !('agent' in held)) {
    if (locked[0] !== undefined) throw noAgent(locked[0]);
    if (found.every(({ publicKey }) => publicKey === null)) throw unreadable(named);
  }
  if (client?.identitiesOnly !== true) return { privateKeys, ...held, locked };
  const agentKeys = found.flatMap(({ publicKey }) => (publicKey === null ? [] : [publicKey]));
  return { privateKeys, ...(agentKeys.length === 0 ? {} : { ...held, agentKeys }), locked };
}

const USUAL = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

async function namedKey(file: string, held: { readonly agent?: string }): Promise<Identity> {
  const path = file.replace(/^~(?=\/)/, homedir());
  const key = await readFile(path).catch((cause: unknown) => {
    const hint = 'Check `identityFile` in the topology.';
    throw new VxmigError('SSH_CONNECT', `cannot read the identity file ${path}: ${messageOf(cause)}`, { hint, cause });
  });
  if (!isEncrypted(key)) return { privateKeys: [key], locked: [] };
  if (held.agent === undefined) throw noAgent(path);
  return { privateKeys: [], ...held, locked: [path] };
}

interface Looked {
  readonly key: Buffer | null;
  readonly locked: string | null;
  /** Of the file itself, or of the one beside it. */
  readonly publicKey: Buffer | null;
}

async function lookAt(path: string): Promise<Looked> {
  const [file, beside] = await Promise.all([path, `${path}.pub`].map((one) => readFile(one).catch(() => null)));
  const publicKey = publicBlob(beside ?? null) ?? publicBlob(file ?? null);
  if (!file || publicBlob(file) !== null) return { key: null, locked: null, publicKey };
  return isEncrypted(file) ? { key: null, locked: path, publicKey } : { key: file, locked: null, publicKey };
}

/** `ssh-ed25519 AAAA… comment` */
function publicBlob(text: Buffer | null): Buffer | null {
  const base64 = /^(?:ssh|ecdsa|sk)-\S+ ([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(text?.toString('latin1') ?? '')?.[1];
  return base64 === undefined ? null : Buffer.from(base64, 'base64');
}

/** What is typed so that an agent shows a key: it asks for the passphrase once, vxmig never does. */
export function addToAgent(path: string, hasAgent: boolean): string {
  return `${hasAgent ? '' : 'eval "$(ssh-agent)" && '}ssh-add ${shellWord(path)}`;
}

function noAgent(path: string): VxmigError {
  return new VxmigError('SSH_CONNECT', `the identity file ${path} has a passphrase, and there is no ssh-agent`, {
    hint: `${addToAgent(path, false)}: the agent asks for the passphrase once, vxmig never does.`,
  });
}

function unreadable(files: readonly string[]): VxmigError {
  const message = `none of the identity files that ~/.ssh/config names can be read: ${files.join(', ')}`;
  return new VxmigError('SSH_CONNECT', message, {
    hint: 'Fix `IdentityFile` there, or name one in the topology: `ssh.identityFile`.',
  });
}

const OPENSSH_MAGIC = 'openssh-key-v1\0';

/**
 * By OpenSSH's own format (PROTOCOL.key: the cipher's name comes first), PKCS #8 (RFC 7468 §11) or PEM with a Proc-Type
 * (RFC 1421).
 */
export function isEncrypted(key: Buffer): boolean {
  const text = key.toString('latin1');
  const openssh = /-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]*)/.exec(text)?.[1];
  if (openssh === undefined) return /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text);
  const bytes = Buffer.from(openssh, 'base64');
  const cipherAt = OPENSSH_MAGIC.length + 4;
  return (
    bytes.toString('latin1', 0, OPENSSH_MAGIC.length) === OPENSSH_MAGIC &&
    bytes.toString('latin1', cipherAt, cipherAt + 4) !== 'none'
  );
}
