import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';

export type Reply = string | number | null | Reply[] | { error: string };

export interface RedisTarget {
  command(words: string[]): Promise<Reply>;
  /** Where time can be moved; without it the tests of expiry are left out. */
  advanceClock?: (ms: number) => Promise<void>;
}

/** The commands the product may use, with Redis's own replies and error texts: over REST and over TCP alike. */
export function redisContract(name: string, target: () => RedisTarget, expiry: boolean): void {
  const mark = `contract:${randomUUID().slice(0, 8)}`;
  const used = new Set<string>();
  /** A key of this run alone: the contract never flushes, it may run against a store that others use. */
  const key = (suffix: string) => {
    used.add(`${mark}:${suffix}`);
    return `${mark}:${suffix}`;
  };
  const run = (...words: string[]) => target().command(words);
  const sorted = (reply: Reply) => [...(reply as string[])].sort();

  describe(`Redis contract: ${name}`, () => {
    afterAll(async () => {
      await run('DEL', ...used);
    });

    it('CRED-2: PING answers, and a value comes back byte for byte', async () => {
      expect(await run('PING')).toBe('PONG');
      const value = 's1.k1.αβγ "quoted" \\ \n\u0000 end';
      expect(await run('SET', key('s'), value)).toBe('OK');
      expect(await run('GET', key('s'))).toBe(value);
      expect(await run('GET', key('absent'))).toBeNull();
      expect(await run('GETDEL', key('s'))).toBe(value);
      expect(await run('EXISTS', key('s'))).toBe(0);
    });

    it('CRED-2: SET takes NX, XX, GET and an expiry, and a plain SET ends the expiry', async () => {
      expect(await run('SET', key('opt'), 'a', 'XX')).toBeNull();
      expect(await run('SET', key('opt'), 'a', 'NX', 'EX', '100')).toBe('OK');
      expect(await run('SET', key('opt'), 'b', 'NX')).toBeNull();
      expect(await run('TTL', key('opt'))).toBe(100);
      expect(await run('SET', key('opt'), 'c', 'KEEPTTL', 'GET')).toBe('a');
      expect(await run('TTL', key('opt'))).toBeGreaterThan(0);
      expect(await run('SET', key('opt'), 'd')).toBe('OK');
      expect(await run('TTL', key('opt'))).toBe(-1);
      expect(await run('SET', key('opt'), 'e', 'EX', '0')).toEqual({
        error: "ERR invalid expire time in 'set' command",
      });
      expect(await run('SET', key('opt'), 'e', 'NX', 'XX')).toEqual({ error: 'ERR syntax error' });
    });

    it('CRED-2: expiries are set, read and taken away', async () => {
      await run('SET', key('ttl'), 'v');
      expect(await run('EXPIRE', key('ttl'), '50')).toBe(1);
      expect(await run('EXPIRE', key('ttl'), '90', 'NX')).toBe(0);
      expect(await run('PTTL', key('ttl'))).toBeLessThanOrEqual(50_000);
      expect(await run('PERSIST', key('ttl'))).toBe(1);
      expect(await run('PERSIST', key('ttl'))).toBe(0);
      expect(await run('TTL', key('nothing'))).toBe(-2);
      expect(await run('EXPIRE', key('nothing'), '5')).toBe(0);
      expect(await run('PEXPIRE', key('ttl'), '-1')).toBe(1);
      expect(await run('EXISTS', key('ttl'))).toBe(0);
    });

    it('CRED-2: DEL counts what was there, MGET keeps the order, TYPE names the type', async () => {
      await run('SET', key('m1'), '1');
      await run('SADD', key('m2'), 'x');
      expect(await run('MGET', key('m1'), key('m3'), key('m2'))).toEqual(['1', null, null]);
      expect(await run('TYPE', key('m2'))).toBe('set');
      expect(await run('TYPE', key('m3'))).toBe('none');
      expect(await run('EXISTS', key('m1'), key('m2'), key('m3'), key('m1'))).toBe(3);
      expect(await run('DEL', key('m1'), key('m2'), key('m3'))).toBe(2);
    });

    it('CRED-2: counters count, and refuse what is no integer', async () => {
      expect(await run('INCR', key('n'))).toBe(1);
      expect(await run('INCRBY', key('n'), '41')).toBe(42);
      expect(await run('DECR', key('n'))).toBe(41);
      expect(await run('GET', key('n'))).toBe('41');
      await run('SET', key('n'), 'ten');
      const refused = { error: 'ERR value is not an integer or out of range' };
      expect(await run('INCR', key('n'))).toEqual(refused);
      expect(await run('INCRBY', key('n'), '1.5')).toEqual(refused);
    });

    it('CONS-9: hashes', async () => {
      expect(await run('HSET', key('h'), 'a', '1', 'b', '2')).toBe(2);
      expect(await run('HSET', key('h'), 'a', '3', 'c', '4')).toBe(1);
      expect(await run('HGET', key('h'), 'a')).toBe('3');
      expect(await run('HGET', key('h'), 'z')).toBeNull();
      expect(sorted(await run('HGETALL', key('h')))).toEqual(['2', '3', '4', 'a', 'b', 'c']);
      expect(await run('HGETALL', key('h0'))).toEqual([]);
      expect(await run('HDEL', key('h'), 'a', 'b', 'c', 'z')).toBe(3);
      expect(await run('EXISTS', key('h'))).toBe(0);
      expect(await run('HSET', key('h'), 'odd')).toEqual({
        error: "ERR wrong number of arguments for 'hset' command",
      });
    });

    it('CONS-9: lists grow at both ends and are trimmed', async () => {
      expect(await run('RPUSH', key('l'), 'b', 'c')).toBe(2);
      expect(await run('LPUSH', key('l'), 'a', 'z')).toBe(4);
      expect(await run('LRANGE', key('l'), '0', '-1')).toEqual(['z', 'a', 'b', 'c']);
      expect(await run('LRANGE', key('l'), '-2', '99')).toEqual(['b', 'c']);
      expect(await run('LRANGE', key('l'), '3', '1')).toEqual([]);
      expect(await run('LTRIM', key('l'), '1', '2')).toBe('OK');
      expect(await run('LRANGE', key('l'), '0', '-1')).toEqual(['a', 'b']);
      expect(await run('LPUSH', key('l'), 'n')).toBe(3);
      expect(await run('RPOP', key('l'))).toBe('b');
      expect(await run('LTRIM', key('l'), '5', '9')).toBe('OK');
      expect(await run('EXISTS', key('l'))).toBe(0);
    });

    it('CONS-9: sets', async () => {
      expect(await run('SADD', key('set'), 'a', 'b', 'a')).toBe(2);
      expect(sorted(await run('SMEMBERS', key('set')))).toEqual(['a', 'b']);
      expect(await run('SREM', key('set'), 'a', 'z')).toBe(1);
      expect(await run('SMEMBERS', key('set0'))).toEqual([]);
    });

    it('CONS-9: sorted sets range by rank, by score and backwards', async () => {
      expect(await run('ZADD', key('z'), '1', 'one', '2', 'two', '2.5', 'more')).toBe(3);
      expect(await run('ZADD', key('z'), 'CH', '9', 'one')).toBe(1);
      expect(await run('ZADD', key('z'), 'NX', '0', 'one')).toBe(0);
      expect(await run('ZRANGE', key('z'), '0', '-1', 'WITHSCORES')).toEqual([
        'two',
        '2',
        'more',
        '2.5',
        'one',
        '9',
      ]);
      expect(await run('ZRANGE', key('z'), '(2', '+inf', 'BYSCORE')).toEqual(['more', 'one']);
      expect(await run('ZRANGE', key('z'), '0', '0', 'REV')).toEqual(['one']);
      expect(await run('ZREM', key('z'), 'one', 'none')).toBe(1);
      expect(await run('ZADD', key('z'), 'x', 'bad')).toEqual({ error: 'ERR value is not a valid float' });
    });

    it('CRED-2: the wrong type, arity or command is refused in Redis’s words', async () => {
      await run('SET', key('str'), 'v');
      const wrongType = { error: 'WRONGTYPE Operation against a key holding the wrong kind of value' };
      for (const words of [
        ['HGET', key('str'), 'a'],
        ['LPUSH', key('str'), 'a'],
        ['ZADD', key('str'), '1', 'a'],
      ]) {
        expect(await run(...words)).toEqual(wrongType);
      }
      await run('SADD', key('aset'), 'v');
      expect(await run('GET', key('aset'))).toEqual(wrongType);
      expect(await run('GET')).toEqual({ error: "ERR wrong number of arguments for 'get' command" });
      expect(await run('get', key('str'))).toBe('v');
      const unknown = (await run('NOSUCH', 'a')) as { error: string };
      expect(unknown.error).toMatch(/^ERR unknown command .NOSUCH.,/i);
    });

    it('BUG-1: SCAN finds each key once and KEYS takes patterns', async () => {
      const names = Array.from({ length: 25 }, (_, index) => key(`scan:${index}`));
      for (const name of names) await run('SET', name, 'v');
      const found: string[] = [];
      let cursor = '0';
      do {
        const [next, page] = (await run('SCAN', cursor, 'MATCH', `${mark}:scan:*`, 'COUNT', '7')) as [
          string,
          string[],
        ];
        found.push(...page);
        cursor = next;
      } while (cursor !== '0');
      expect(found.sort()).toEqual([...names].sort());
      expect(sorted(await run('KEYS', `${mark}:scan:[1]?`))).toHaveLength(10);
      expect(await run('DBSIZE')).toBeGreaterThanOrEqual(25);
      expect(await run('SCAN', 'x')).toEqual({ error: 'ERR invalid cursor' });
    });

    it.runIf(expiry)('CRED-2: an expired key is gone for every command', async () => {
      await run('SET', key('short'), 'v', 'PX', '500');
      await run('HSET', key('shorth'), 'a', '1');
      await run('EXPIRE', key('shorth'), '1');
      await target().advanceClock?.(1_001);
      expect(await run('GET', key('short'))).toBeNull();
      expect(await run('LPUSH', key('shorth'), 'now a list')).toBe(1);
      expect(await run('TTL', key('shorth'))).toBe(-1);
    });
  });
}

export interface RestTarget {
  url: string;
  token: string;
}

/** Upstash's REST protocol around those commands. */
export function upstashRestContract(name: string, target: () => RestTarget): void {
  const mark = `contract:${randomUUID().slice(0, 8)}`;
  const send = async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${target().url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${target().token}`, ...headers },
      body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as { result?: Reply; error?: string } };
  };
  const base64 = { 'upstash-encoding': 'base64' };
  const encoded = (text: string) => Buffer.from(text).toString('base64');

  describe(`Upstash REST contract: ${name}`, () => {
    afterAll(async () => {
      await send('', ['DEL', `${mark}:a`, `${mark}:b`, `${mark}:c`]);
    });

    it('CRED-2: a command is a JSON array; its failure is a 400 with Redis’s text', async () => {
      expect(await send('', ['SET', `${mark}:a`, 1])).toEqual({ status: 200, body: { result: 'OK' } });
      expect(await send('', ['GET', `${mark}:a`])).toEqual({ status: 200, body: { result: '1' } });
      const wrong = await send('', ['HGET', `${mark}:a`, 'f']);
      expect(wrong.status).toBe(400);
      expect(wrong.body.error).toContain('WRONGTYPE');
      expect((await send('', '{"not":"a command"}')).status).toBe(400);
      expect((await send('', 'nonsense')).status).toBe(400);
    });

    it('CRED-2: without the right token everything is 401', async () => {
      const headers = { authorization: 'Bearer wrong' };
      for (const path of ['', '/pipeline']) {
        const refused = await send(path, ['PING'], headers);
        expect(refused.status).toBe(401);
        expect(refused.body.error).toBeTypeOf('string');
      }
    });

    it('CRED-2: base64 encodes every string of a result but OK', async () => {
      expect((await send('', ['SET', `${mark}:b`, 'grüße'], base64)).body.result).toBe('OK');
      expect((await send('', ['GET', `${mark}:b`], base64)).body.result).toBe(encoded('grüße'));
      expect((await send('', ['MGET', `${mark}:b`, `${mark}:none`], base64)).body.result).toEqual([
        encoded('grüße'),
        null,
      ]);
      expect((await send('', ['STRLEN', `${mark}:b`], base64)).body.result).toBe(7);
    });

    it('CRED-2: a pipeline answers each command by itself', async () => {
      const answer = await send('/pipeline', [
        ['SET', `${mark}:c`, 'x'],
        ['INCR', `${mark}:c`],
        ['GET', `${mark}:c`],
      ]);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual([
        { result: 'OK' },
        { error: 'ERR value is not an integer or out of range' },
        { result: 'x' },
      ]);
    });

    it('CRED-2: a transaction with an unknown command does nothing at all', async () => {
      const done = await send('/multi-exec', [
        ['SET', `${mark}:c`, '1'],
        ['INCR', `${mark}:c`],
      ]);
      expect(done.body).toEqual([{ result: 'OK' }, { result: 2 }]);
      const refused = await send('/multi-exec', [['SET', `${mark}:c`, '9'], ['NOSUCH']]);
      expect(refused.status).toBe(400);
      expect((await send('', ['GET', `${mark}:c`])).body.result).toBe('2');
    });

    it('CRED-2: the path may hold the command, and the body its last argument', async () => {
      const name = encodeURIComponent(`${mark}:c`);
      expect((await send(`/set/${name}/${encodeURIComponent('a/b c')}`)).body).toEqual({ result: 'OK' });
      expect((await send(`/get/${name}`)).body).toEqual({ result: 'a/b c' });
      expect((await send(`/set/${name}?EX=100`, 'from the body')).body).toEqual({ result: 'OK' });
      expect((await send(`/get/${name}`)).body).toEqual({ result: 'from the body' });
      expect((await send(`/ttl/${name}`)).body.result).toBeGreaterThan(0);
    });
  });
}
