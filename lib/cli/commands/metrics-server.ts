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

/** Answers GET /metrics. @throws VxmigError USAGE where the port cannot be had */
export async function serveMetrics({ address, port }: ListenAddress, text: () => string): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const isFound = request.url === '/metrics' && (request.method === 'GET' || request.method === 'HEAD');
    response.writeHead(isFound ? 200 : 404, {
      'content-type': isFound ? 'text/plain; version=0.0.4; charset=utf-8' : 'text/plain',
    });
    response.end(isFound ? text() : 'There is /metrics here.\n');
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
