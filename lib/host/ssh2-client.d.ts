// ssh2's own types know its whole only, which brings a server, key generation and HTTP agents that nobody here uses.
declare module 'ssh2/lib/client.js' {
  import { Client } from 'ssh2';
  export default Client;
}

declare module 'ssh2/lib/agent.js' {
  import type { BaseAgent, ParsedKey } from 'ssh2';
  export function createAgent(socket: string): BaseAgent<ParsedKey>;
}
