import ssh2, { type BaseAgent, type ParsedKey } from 'ssh2';

/**
 * An agent of whose keys only some are shown: a server gives up after a few (`MaxAuthTries`), and has then seen who
 * else one is.
 * @param keys as they are sent (RFC 4253 §6.6)
 */
export function agentOfKeys(socket: string, keys: readonly Buffer[]): BaseAgent<ParsedKey> {
  const agent = ssh2.createAgent(socket) as BaseAgent<ParsedKey>;
  const identitiesOf = agent.getIdentities.bind(agent);
  agent.getIdentities = (answer) =>
    identitiesOf((error, held) => {
      const shown = held?.filter((one) => {
        const blob = 'getPublicSSH' in one ? one.getPublicSSH() : null;
        return blob !== null && keys.some((key) => key.equals(blob));
      });
      answer(error, shown ?? []);
    });
  return agent;
}
