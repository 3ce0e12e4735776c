import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type RedisTarget,
  type Reply,
  redisContract,
  upstashRestContract,
} from '#tests/support/contract-redis.ts';
import { hasRedisServer, startRedisServer, tcpTarget } from '#tests/support/contract-redis-server.ts';
import { type EmbeddedServices, startEmbedded } from '#tests/support/embedded.ts';

let embedded: EmbeddedServices;
const rest = () => ({ url: `${embedded.url}/redis`, token: embedded.redisToken });

function restTarget(target: () => { url: string; token: string }): RedisTarget['command'] {
  return async (words) => {
    const response = await fetch(target().url, {
      method: 'POST',
      headers: { authorization: `Bearer ${target().token}` },
      body: JSON.stringify(words),
    });
    const body = (await response.json()) as { result?: Reply; error?: string };
    return body.error === undefined ? (body.result ?? null) : { error: body.error };
  };
}

beforeAll(async () => {
  embedded = await startEmbedded();
});
afterAll(() => embedded.stop());

redisContract(
  'embedded',
  () => ({ command: restTarget(rest), advanceClock: (ms) => embedded.advanceClock(ms) }),
  true,
);
upstashRestContract('embedded', rest);

describe('the embedded store alone', () => {
  it('RUN-2: values survive a restart, FLUSHDB clears them', async () => {
    const run = restTarget(rest);
    await run(['SET', 'survivor', 'still here']);
    await embedded.restart();
    expect(await run(['GET', 'survivor'])).toBe('still here');
    expect(await run(['FLUSHDB'])).toBe('OK');
    expect(await run(['DBSIZE'])).toBe(0);
  });
});

const { REDIS_URL, UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN } = process.env;
if (REDIS_URL) {
  redisContract('REDIS_URL', () => tcpTarget(REDIS_URL), false);
} else if (hasRedisServer()) {
  describe('with a redis-server of our own', () => {
    let server: Awaited<ReturnType<typeof startRedisServer>>;
    beforeAll(async () => {
      server = await startRedisServer('contract-password');
    });
    afterAll(() => server.stop());
    redisContract('redis-server', () => tcpTarget(server.url), false);
  });
} else {
  describe.skip('Redis contract: real (left out: set REDIS_URL or install redis-server to run it)', () => {
    it('runs the same contract against a real Redis', () => undefined);
  });
}

if (UPSTASH_REDIS_REST_URL && UPSTASH_REDIS_REST_TOKEN) {
  const real = () => ({ url: UPSTASH_REDIS_REST_URL, token: UPSTASH_REDIS_REST_TOKEN });
  redisContract('Upstash', () => ({ command: restTarget(real) }), false);
  upstashRestContract('Upstash', real);
} else {
  describe.skip('Upstash REST contract: real (left out: set UPSTASH_REDIS_REST_URL and _TOKEN to run it)', () => {
    it('runs the same contract against Upstash', () => undefined);
  });
}
