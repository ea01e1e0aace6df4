import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { messageOf, VxmigError } from '../model/errors.js';

/** What we may show to a host: a private key, keys that an agent holds, both, or nothing. */
export interface Identity {
  readonly privateKey?: Buffer;
  /** The agent's socket. */
  readonly agent?: string;
}

/**
 * As ssh does it: a named file is shown by itself; one behind a passphrase, which nobody is asked for here, is what the agent is for.
 *
 * @param file null: the agent's keys and the usual files
 * @param agent SSH_AUTH_SOCK
 * @throws VxmigError SSH_CONNECT where the file cannot be read or used
 */
export async function readIdentity(file: string | null, agent: string | undefined): Promise<Identity> {
  const held = agent === undefined || agent === '' ? {} : { agent };
  if (file === null) {
    const privateKey = await usualKey();
    return privateKey === undefined ? held : { privateKey, ...held };
  }
  const path = file.replace(/^~(?=\/)/, homedir());
  const privateKey = await readFile(path).catch((cause: unknown) => {
    const hint = 'Check `identityFile` in the topology.';
    throw new VxmigError('SSH_CONNECT', `cannot read the identity file ${path}: ${messageOf(cause)}`, { hint, cause });
  });
  if (!isEncrypted(privateKey)) return { privateKey };
  if ('agent' in held) return held;
  throw new VxmigError('SSH_CONNECT', `the identity file ${path} has a passphrase, and there is no ssh-agent`, {
    hint: `eval "$(ssh-agent)" && ssh-add ${file}: the agent asks for the passphrase once, vxmig never does.`,
  });
}

async function usualKey(): Promise<Buffer | undefined> {
  for (const name of ['id_ed25519', 'id_ecdsa', 'id_rsa']) {
    const key = await readFile(join(homedir(), '.ssh', name)).catch(() => undefined);
    if (key !== undefined && !isEncrypted(key)) return key;
  }
  return undefined;
}

const OPENSSH_MAGIC = 'openssh-key-v1\0';

/** By OpenSSH's own format (PROTOCOL.key: the cipher's name comes first), PKCS #8 (RFC 7468 §11) or PEM with a Proc-Type (RFC 1421). */
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
