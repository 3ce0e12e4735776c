import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, connect as tcpConnect } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { type Connect, exchange } from '#workers/credentials/resp.ts';
import type { RedisTarget } from './contract-redis.ts';

/** `connect` of `cloudflare:sockets`, over Node's sockets: for what runs in Workers and is tested in Node. */
export const nodeConnect: Connect = ({ hostname, port }) => {
  const socket = tcpConnect({ host: hostname, port });
  // A refused connection shows on both streams; without a listener the event would end the process.
  socket.on('error', () => undefined);
  return {
    readable: Readable.toWeb(socket) as ReadableStream<Uint8Array>,
    writable: Writable.toWeb(socket) as WritableStream<Uint8Array>,
    close: async () => void socket.destroy(),
  };
};

/** Commands to a Redis over TCP, one connection each. */
export function tcpTarget(url: string): RedisTarget {
  const { hostname, port, password, username } = new URL(url);
  const preamble = password
    ? [['AUTH', ...(username ? [decodeURIComponent(username)] : []), decodeURIComponent(password)]]
    : [];
  return {
    async command(words) {
      const socket = nodeConnect(
        { hostname, port: Number(port) || 6379 },
        { secureTransport: 'off', allowHalfOpen: false },
      );
      try {
        return (await exchange(socket, [...preamble, words])).at(-1) ?? null;
      } finally {
        await socket.close();
      }
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export const hasRedisServer = (): boolean =>
  spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;

/** A `redis-server` of our own on loopback, without persistence, password-protected. */
export async function startRedisServer(password: string): Promise<{ url: string; stop(): Promise<void> }> {
  const port = await freePort();
  const options = [
    '--port',
    port,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--requirepass',
    password,
  ];
  const server: ChildProcess = spawn('redis-server', options.map(String), {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise<void>((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
    server.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('Ready to accept connections')) resolve();
    });
  });
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    stop: async () => {
      server.kill('SIGTERM');
      if (server.exitCode === null) await once(server, 'exit');
    },
  };
}
