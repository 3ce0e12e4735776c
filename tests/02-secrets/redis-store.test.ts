import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  hasRedisServer,
  nodeConnect,
  startRedisServer,
  tcpTarget,
} from '#tests/support/contract-redis-server.ts';
import { decodeReply, encodeCommand } from '#workers/credentials/resp.ts';
import { createRedisStore } from '#workers/credentials/store-redis.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
let server: Server | undefined;

/** A server on loopback that says what it is told, and what it was sent. */
async function scripted(onData: (socket: Socket, received: string) => void): Promise<string> {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
      onData(socket, received);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
afterEach(() => {
  server?.close();
  server = undefined;
});
const storeAt = (url: string, timeout_ms = 5_000) =>
  createRedisStore({ url, timeout_ms, connect: nodeConnect });

describe('the RESP codec', () => {
  it('CRED-2: counts bytes, not characters', () => {
    expect(new TextDecoder().decode(encodeCommand(['SET', 'k', 'ü']))).toBe(
      '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nü\r\n',
    );
  });

  it('CRED-2: reads every kind of reply, and waits while any byte is missing', () => {
    const cases: [string, unknown][] = [
      ['+OK\r\n', 'OK'],
      ['-ERR no\r\n', { error: 'ERR no' }],
      [':-12\r\n', -12],
      ['$4\r\na\r\nb\r\n', 'a\r\nb'],
      ['$-1\r\n', null],
      ['*2\r\n$1\r\n0\r\n*1\r\n$1\r\nk\r\n', ['0', ['k']]],
      ['*-1\r\n', null],
    ];
    for (const [text, reply] of cases) {
      const whole = bytes(text);
      expect(decodeReply(whole, 0)).toEqual({ reply, next: whole.length });
      for (let cut = 0; cut < whole.length; cut += 1)
        expect(decodeReply(whole.subarray(0, cut), 0)).toBeNull();
    }
    expect(() => decodeReply(bytes('HTTP/1.1 400\r\n'), 0)).toThrowError();
    expect(() => decodeReply(bytes('$99999999999\r\n'), 0)).toThrowError();
  });
});

describe('the store over TCP', () => {
  it('CRED-2: signs in with user, decoded password and database before its command, and takes replies in pieces', async () => {
    let sent = '';
    const address = await scripted((socket, received) => {
      sent = received;
      if (!received.includes('EX')) return;
      socket.write('+OK\r\n+O');
      setImmediate(() => socket.write('K\r\n+OK\r\n'));
    });
    const store = storeAt(`redis://ags:p%40ss%20w@${address}/3`);
    expect(await store.put('k', 'v', 60)).toEqual({ ok: true, value: undefined });
    const words = [...sent.matchAll(/\$\d+\r\n([^\r]*)\r\n/g)].map((match) => match[1]);
    expect(words).toEqual(['AUTH', 'ags', 'p@ss w', 'SELECT', '3', 'SET', 'k', 'v', 'EX', '60']);
  });

  it.each([
    ['a connection that closes', (socket: Socket) => socket.end()],
    ['another protocol', (socket: Socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['an error', (socket: Socket) => socket.write('-LOADING planted-value is loading\r\n')],
  ])('CRED-2: %s is store_unavailable, without what was sent or said', async (_, answer) => {
    const address = await scripted((socket) => void answer(socket));
    const result = await storeAt(`redis://${address}`).put('k', 'planted-value', 60);
    expect(result).toMatchObject({ ok: false, error: { kind: 'store_unavailable', retryable: true } });
    expect(JSON.stringify(result)).not.toContain('planted-value');
  });

  it('CRED-2: silence and a refused connection are store_unavailable too', async () => {
    const address = await scripted(() => undefined);
    const silent = await storeAt(`redis://${address}`, 50).get('k');
    expect(silent).toMatchObject({ ok: false, error: { kind: 'store_unavailable' } });
    const closed = await storeAt('redis://127.0.0.1:9').get('k');
    expect(closed).toMatchObject({ ok: false, error: { kind: 'store_unavailable', retryable: true } });
  });

  it.runIf(hasRedisServer())(
    'CRED-2: keeps, finds, ends and deletes on a real Redis, and needs its password',
    async () => {
      const real = await startRedisServer('a p@ss');
      try {
        const store = storeAt(real.url);
        const value = `s1.k1.${'x'.repeat(20_000)}`;
        expect(await store.put('k', value, 60)).toMatchObject({ ok: true });
        expect(await store.get('k')).toEqual({ ok: true, value });
        expect(await tcpTarget(real.url).command(['TTL', 'k'])).toBe(60);
        expect(await store.delete(['k', 'absent'])).toMatchObject({ ok: true });
        expect(await store.get('k')).toEqual({ ok: true, value: null });
        const wrong = await storeAt(real.url.replace(/:[^:@]+@/, ':wrong@')).get('k');
        expect(wrong).toMatchObject({ ok: false, error: { kind: 'store_unavailable', retryable: false } });
      } finally {
        await real.stop();
      }
    },
  );
});
