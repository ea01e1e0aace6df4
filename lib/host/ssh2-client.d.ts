// ssh2's own types know its whole only, which brings a server, key generation and HTTP agents that nobody here uses.
declare module 'ssh2/lib/client.js' {
  import { Client } from 'ssh2';
  export default Client;
}
