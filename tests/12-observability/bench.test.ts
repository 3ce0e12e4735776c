import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { answersPerSecond, sizeOf } from '../../bench/load.ts';
import { costPerMillionSteps } from '../../bench/measure/cost.ts';
import { memoryGrowth } from '../../bench/measure/export.ts';
import { atMost, median, percentile, rate, table } from '../../bench/report.ts';

describe('the numbers of `npm run bench`', () => {
  const bare = { name: 'bare object', value: 60 };

  it('PERF-1: a rate is compared with the limit of the same run, and misses its target just above it', () => {
    expect(rate('PERF-1', 'pipelines', 20, '/s', bare, 3)).toMatchObject({ ratio: 3, ok: true });
    expect(rate('PERF-1', 'pipelines', 19.9, '/s', bare, 3)).toMatchObject({
      ok: false,
      target: '≤ 3× bare object',
    });
    expect(rate('PERF-1', 'pipelines', 20, '/s', bare)).not.toHaveProperty('ok');
  });

  it.each([
    ['nothing beside it', 20, 0],
    ['a limit that was not measured', 20, Number.NaN],
    ['nothing done', 0, 60],
    ['a rate without time', Number.POSITIVE_INFINITY, 60],
  ])('PERF-1 PERF-2: %s is no ratio', (_what, value, limit) => {
    expect(() => rate('PERF-1', 'pipelines', value, '/s', { name: 'bare', value: limit }, 3)).toThrow(
      'not measured',
    );
  });

  it('PERF-4 PERF-6: a number may be as large as its target; one that was not measured misses it', () => {
    expect(atMost('PERF-4', 'p50', 0.15, 'ms', 0.15).ok).toBe(true);
    expect(atMost('PERF-4', 'p50', 0.151, 'ms', 0.15).ok).toBe(false);
    expect(atMost('PERF-4', 'p50', Number.NaN, 'ms', 0.15).ok).toBe(false);
  });

  it('PERF-1 PERF-4: percentiles are of the sorted values, and of none there is none', () => {
    const values = Array.from({ length: 100 }, (_, n) => (n * 37) % 100);
    expect([percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)]).toEqual([50, 99, 99]);
    expect(median([3, 1, 2])).toBe(2);
    expect(values[1]).toBe(37);
    expect(percentile([], 0.5)).toBeNaN();
  });

  it('PERF-6: a million steps cost what their parts are billed', () => {
    const parts = {
      object_rows: 5,
      alarms: 1,
      d1_rows: 4,
      object_requests: 10,
      worker_requests: 2,
      messages: 1,
    };
    const per = { ...parts, transactions: 3, calls: 1 };
    const total = costPerMillionSteps(per).at(-1);
    // Rows and alarms a dollar each, objects 0.15, Workers 0.30, a message thrice 0.40.
    expect(total?.value).toBeCloseTo(5 + 1 + 4 + 1.5 + 0.6 + 1.2);
  });

  it('LEDG-4: an export that holds its file in memory misses its target, one that streams does not', () => {
    const met = (small: number | null, large: number | null) => memoryGrowth(small, large).at(-1)?.ok;
    // 51 and 513 MB are what files of 100,000 and of 1,000,000 rows have; held as a list, rows take more.
    for (const copies of [1, 2, 4]) expect(met(51 * copies, 513 * copies)).toBe(false);
    expect(met(20, 513)).toBe(false);
    expect(met(150, 228)).toBe(true);
    expect(met(0, 200)).toBe(true);
    expect(met(0, 201)).toBe(false);
    expect(memoryGrowth(null, 3)).toEqual([]);
  });

  it('PERF-1: the table says which targets were missed', () => {
    const shown = table([
      rate('PERF-1', 'slow', 1, '/s', bare, 3),
      rate('PERF-1', 'fast', 60, '/s', bare, 3),
    ]);
    expect(shown).toMatch(/slow .*60\.00×.*✗/);
    expect(shown).toMatch(/fast .*1\.00×.*✓/);
  });
});

describe('the load of reads', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());
  const serve = async (listener: RequestListener): Promise<string> => {
    server = createServer(listener).listen(0, '127.0.0.1');
    await new Promise((listening) => server?.once('listening', listening));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/pipeline?pipeline_id=pl_1`;
  };

  it('PERF-2: every answer counts once, each asked for with the key', async () => {
    let asked = 0;
    const seen = new Set<string>();
    const url = await serve((request, response) => {
      asked += 1;
      seen.add(`${request.url} ${request.headers.authorization}`);
      const body = 'x'.repeat(asked % 3 === 0 ? 100_000 : asked % 7);
      response.writeHead(200, { 'content-length': body.length }).end(body);
    });
    const perSecond = await answersPerSecond(url, { authorization: 'Bearer k' }, { width: 3, seconds: 0.2 });
    expect(perSecond).toBeGreaterThan(0);
    expect(perSecond * 0.2).toBeLessThanOrEqual(asked);
    expect([...seen]).toEqual(['/api/pipeline?pipeline_id=pl_1 Bearer k']);
  });

  it('PERF-2: a refusal is no answer', async () => {
    const url = await serve((_, response) => response.writeHead(401, { 'content-length': 2 }).end('no'));
    await expect(answersPerSecond(url, {}, { width: 1, seconds: 5 })).rejects.toThrow('401');
  });

  it('PERF-2: an answer is as long as it says, and not there before its head is', () => {
    expect(sizeOf(Buffer.from('HTTP/1.1 200 OK\r\nContent-Le'))).toBeNull();
    expect(sizeOf(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe'))).toBe(43);
    expect(() => sizeOf(Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'))).toThrow(
      'counted',
    );
  });
});
