import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import * as z from 'zod';
import type { Caller } from '#contract/access.ts';
import { PipelineFrame } from '#contract/frames.ts';
import { Orchestration, Pipeline } from '#contract/pipeline.ts';
import { PROBLEMS, type Problem, type ProblemCode } from '#contract/problem.ts';
import { PlanCheckRequest, SpawnRequest } from '#contract/requests.ts';
import { toOrchestration } from '#contract/views.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { replay } from '#domain/pipeline/evolve.ts';

/** A real log, written once and kept (PIPE-7): what the fake plays is what a real pipeline was. */
export function goldenLog(name: 'v1-consensus' | 'v1-failure'): PipelineEvent[] {
  const path = new URL(`../06-orchestration/golden/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { log: PipelineEvent[] }).log;
}

export interface Recorded {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingMessage['headers'];
  body: unknown;
}
export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}
type Handler = (request: Recorded) => Answer;

export interface FakeApi {
  url: string;
  key: string;
  pipelineId: string;
  requests: Recorded[];
  /** Replaces or adds a route such as `GET /api/health`. */
  answer(route: string, handler: Handler): void;
  /** Plays this log from its beginning; each reading of the state moves it on by `pace` events. */
  play(log: PipelineEvent[], pace?: number): void;
  /** Ends every socket, as a deploy does. */
  dropSockets(): void;
  stop(): Promise<void>;
}

export const problem = (code: ProblemCode, detail: string, more: Partial<Problem> = {}): Answer => ({
  status: PROBLEMS[code].status,
  body: {
    type: `/api/docs/errors#${code}`,
    ...PROBLEMS[code],
    code,
    detail,
    remedy: `remedy of ${code}`,
    trace_id: '0123456789abcdef0123456789abcdef',
    ...more,
  } satisfies Problem,
});

const CALLER: Caller = {
  tenant: 'acme',
  subject_id: 'ps_1',
  subject_kind: 'person',
  name: 'Ada',
  role: 'operator',
  project_ids: null,
  via: 'key',
  credential_id: 'key_1',
};

/** RFC 6455: what the server answers to a key, and one unmasked text frame. */
const accept = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126
      ? Buffer.from([0x81, payload.length])
      : payload.length < 65_536
        ? Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255])
        : (() => {
            const long = Buffer.alloc(10);
            long.set([0x81, 127]);
            long.writeBigUInt64BE(BigInt(payload.length), 2);
            return long;
          })();
  return Buffer.concat([head, payload]);
}

/** Answers as the API does, from a recorded log, on a free port: for tests of the client and the CLI alone. */
export async function startFakeApi(): Promise<FakeApi> {
  const key = 'ags_acme_key1_secret';
  const requests: Recorded[] = [];
  const sockets = new Map<Duplex, number>();
  const tickets = new Set<string>();
  let log = goldenLog('v1-consensus');
  let position = log.length;
  let pace = log.length;

  const orchestration = (upTo = position) => Orchestration.parse(toOrchestration(replay(log.slice(0, upTo))));
  const pipeline = () => Pipeline.parse(orchestration().pipeline);
  const feed = () => {
    for (const [socket, sent] of sockets) {
      if (sent < position) {
        const events = PipelineFrame.parse({ kind: 'events', events: log.slice(sent, position) });
        socket.write(frame(JSON.stringify(events)));
        sockets.set(socket, position);
      }
    }
  };
  const ok = (body: unknown, status = 200): Answer => ({ status, body });
  const known = (id: unknown, answer: () => Answer): Answer =>
    id === pipeline().pipeline_id ? answer() : problem('not_found', 'There is no pipeline here.');
  const valid = (schema: z.ZodType, body: unknown, answer: () => Answer): Answer => {
    const parsed = schema.safeParse(body);
    return parsed.success ? answer() : problem('validation_failed', z.prettifyError(parsed.error));
  };

  const routes = new Map<string, Handler>([
    ['GET /healthz', () => ok({ status: 'ok' })],
    ['GET /api/auth/whoami', () => ok(CALLER)],
    [
      'POST /api/tickets',
      () => {
        const ticket = `tkt_${tickets.size}`;
        tickets.add(ticket);
        return ok({ ticket, expires_at: '2026-11-22T12:00:30.000Z' }, 201);
      },
    ],
    ['POST /api/spawn', ({ body }) => valid(SpawnRequest, body, () => ok(pipeline(), 201))],
    [
      'POST /api/plans/check',
      ({ body }) =>
        valid(PlanCheckRequest, body, () =>
          ok({ ok: true, findings: [], decisions: [], estimate: { steps: 9, cost_microusd: 0 } }),
        ),
    ],
    ['GET /api/pipeline', ({ query }) => known(query.pipeline_id, () => ok(pipeline()))],
    ['GET /api/active-pipelines', () => ok({ items: [pipeline()], next_cursor: null })],
    ['GET /api/pipelines', () => ok({ items: [pipeline()], next_cursor: null })],
    [
      'GET /api/pipeline/orchestration',
      ({ query }) =>
        known(query.pipeline_id, () => {
          if (query.at) return ok(orchestration(Number(query.at)));
          position = Math.min(log.length, position + pace);
          feed();
          return ok(orchestration());
        }),
    ],
    [
      'GET /api/pipeline/events',
      ({ query }) =>
        known(query.pipeline_id, () => {
          const since = Number(query.since ?? 0);
          const items = log.slice(since, Math.min(position, since + 10));
          return ok({ items, next_cursor: since + 10 < position ? String(since + 10) : null });
        }),
    ],
  ]);

  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += String(chunk);
    });
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://fake');
      const recorded: Recorded = {
        method: request.method ?? 'GET',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body: text === '' ? undefined : JSON.parse(text),
      };
      requests.push(recorded);
      const handler = routes.get(`${recorded.method} ${recorded.path}`);
      const open = recorded.path === '/healthz' || request.headers.authorization === `Bearer ${key}`;
      const { status, body, headers } = !open
        ? problem('unauthenticated', 'The key is unknown, expired or revoked.')
        : handler
          ? handler(recorded)
          : problem('not_found', `There is nothing at ${recorded.path}.`);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    const url = new URL(request.url ?? '/', 'http://fake');
    socket.on('error', () => sockets.delete(socket));
    // A ticket opens one connection (TEN-3).
    if (!tickets.delete(url.searchParams.get('ticket') ?? '')) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
      return;
    }
    const answer = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.write(
      `${answer.join('\r\n')}\r\nSec-WebSocket-Accept: ${accept(String(request.headers['sec-websocket-key']))}\r\n\r\n`,
    );
    sockets.set(socket, Number(url.searchParams.get('since') ?? 0));
    socket.on('close', () => sockets.delete(socket));
    feed();
    const live: PipelineFrame = { kind: 'live', seq: position };
    socket.write(frame(JSON.stringify(live)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key,
    get pipelineId() {
      return pipeline().pipeline_id;
    },
    requests,
    answer: (route, handler) => void routes.set(route, handler),
    play(next, step = 20) {
      log = next;
      pace = step;
      position = 1;
    },
    dropSockets() {
      for (const socket of sockets.keys()) socket.destroy();
      sockets.clear();
    },
    async stop() {
      for (const socket of sockets.keys()) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
