import { createServer } from 'node:http';
import { isIPv6 } from 'node:net';
import { messageOf, VxmigError } from '../../model/errors.js';

export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

export interface MetricsServer {
  readonly url: string;
  close(): void;
}

/** Answers GET /metrics with what `text` gives then. @throws VxmigError USAGE where the port cannot be had */
export async function serveMetrics(
  { address, port }: ListenAddress,
  text: () => Promise<string>,
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const isFound = request.url === '/metrics' && (request.method === 'GET' || request.method === 'HEAD');
    if (!isFound) {
      response.writeHead(404, { 'content-type': 'text/plain' });
      response.end('There is /metrics here.\n');
      return;
    }
    text().then(
      (found) => {
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
        response.end(found);
      },
      (error: unknown) => {
        response.writeHead(500, { 'content-type': 'text/plain' });
        response.end(`${messageOf(error)}\n`);
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  }).catch((cause: unknown) => {
    throw new VxmigError('USAGE', `cannot listen at ${address} port ${port}: ${messageOf(cause)}`, {
      hint: 'Choose another one with --metrics [ADDRESS:]PORT.',
      cause,
    });
  });
  const bound = server.address();
  const actual = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    url: `http://${isIPv6(address) ? `[${address}]` : address}:${actual}/metrics`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
