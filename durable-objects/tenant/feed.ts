import { DurableObject } from 'cloudflare:workers';
import type { TenantFrame } from '#contract/frames.ts';
import type { Pipeline } from '#contract/pipeline.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import { hasSchema, migrate } from '../shared/schema.ts';
import { row, rows, run } from '../shared/sql.ts';
import type { FeedRpc } from './rpc.ts';
import { FEED_MIGRATIONS } from './tables.ts';

/** API-3: changes within this time travel in one frame. */
const COALESCE_MS = 200;
/** Ended pipelines that the list remembers; older ones are the ledger's. */
const ENDED_KEPT = 1_000;
/** A frame stays far below the 1 MiB that older clients take: about 1.5 KB a pipeline. */
const FRAME_PIPELINES = 400;
/** As long as a banner stays that nobody hides. */
const INCIDENT_KEPT_MS = 24 * 3_600_000;
const MAX_VIEWERS = 500;

/** What a socket's attachment holds (16 KiB at most): null sees all projects. */
interface Viewer {
  project_ids: string[] | null;
}

const visible = (viewer: Viewer | null, pipeline: Pipeline): boolean =>
  viewer !== null && (viewer.project_ids === null || viewer.project_ids.includes(pipeline.project_id));

/** The list that a tenant's viewers watch. Its rows are copies: what is lost here comes back with each pipeline's next event. */
export class TenantFeed extends DurableObject implements FeedRpc {
  readonly #pending = new Map<string, Pipeline>();
  #flush: ReturnType<typeof setTimeout> | null = null;
  #open: boolean;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env as Cloudflare.Env);
    this.#open = hasSchema(ctx.storage);
    if (this.#open) migrate(ctx.storage, FEED_MIGRATIONS);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
  }

  async update(pipeline: Pipeline, rewritten = false): Promise<void> {
    if (!this.#open) migrate(this.ctx.storage, FEED_MIGRATIONS);
    this.#open = true;
    const ended = isEnded(pipeline.state) ? 1 : 0;
    const { sql } = this.ctx.storage;
    const newer = this.ctx.storage.transactionSync(() => {
      const known = row<{ seq: number; ended: number }>(
        sql,
        'SELECT seq, ended FROM pipelines WHERE number = ?',
        pipeline.number,
      );
      if (rewritten ? known?.seq !== pipeline.seq : known && known.seq >= pipeline.seq) return false;
      run(
        sql,
        'INSERT OR REPLACE INTO pipelines (number, seq, ended, pipeline) VALUES (?, ?, ?, ?)',
        pipeline.number,
        pipeline.seq,
        ended,
        JSON.stringify(pipeline),
      );
      if (ended === 1 && known?.ended !== 1)
        run(
          sql,
          'DELETE FROM pipelines WHERE ended = 1 AND number <= (SELECT number FROM pipelines WHERE ended = 1 ORDER BY number DESC LIMIT 1 OFFSET ?)',
          ENDED_KEPT,
        );
      return true;
    });
    if (!newer || this.ctx.getWebSockets().length === 0) return;
    this.#pending.set(pipeline.pipeline_id, pipeline);
    this.#flush ??= setTimeout(() => this.#send(), COALESCE_MS);
  }

  #send(): void {
    const changed = [...this.#pending.values()];
    this.#pending.clear();
    this.#flush = null;
    for (const socket of this.ctx.getWebSockets()) {
      const viewer = socket.deserializeAttachment() as Viewer | null;
      this.#frames(
        socket,
        'changes',
        changed.filter((p) => visible(viewer, p)),
      );
    }
  }

  #frames(socket: WebSocket, kind: TenantFrame['kind'], pipelines: Pipeline[]): void {
    if (pipelines.length === 0 && kind === 'changes') return;
    const first: TenantFrame = { kind, pipelines: pipelines.slice(0, FRAME_PIPELINES) };
    socket.send(JSON.stringify(first));
    this.#frames(socket, 'changes', pipelines.slice(FRAME_PIPELINES));
  }

  async list(a: {
    project_id?: string;
    project_ids?: string[] | null;
    state?: string;
    limit: number;
    cursor: string | null;
    ended: boolean;
  }): Promise<{ items: Pipeline[]; next_cursor: string | null }> {
    const before = a.cursor === null ? Number.MAX_SAFE_INTEGER : Number.parseInt(a.cursor, 10) || 0;
    const found = this.#rows(before, a.ended).filter(
      (p) =>
        visible({ project_ids: a.project_ids ?? null }, p) &&
        (a.project_id === undefined || p.project_id === a.project_id) &&
        (a.state === undefined || p.state === a.state),
    );
    const items = found.slice(0, a.limit);
    const last = items.at(-1);
    return { items, next_cursor: found.length > a.limit && last ? String(last.number) : null };
  }

  #rows(before: number, ended: boolean): Pipeline[] {
    if (!this.#open) return [];
    return rows<{ pipeline: string }>(
      this.ctx.storage.sql,
      'SELECT pipeline FROM pipelines WHERE number < ? AND ended <= ? ORDER BY number DESC',
      before,
      ended ? 1 : 0,
    ).map((r) => JSON.parse(r.pipeline) as Pipeline);
  }

  /** UI-5: who begins to watch after an incident hears of it too. */
  #begin(): Pipeline[] {
    if (!this.#open) return [];
    const since = new Date(Date.now() - INCIDENT_KEPT_MS).toISOString();
    return rows<{ pipeline: string }>(
      this.ctx.storage.sql,
      "SELECT pipeline FROM pipelines WHERE ended = 0 OR json_extract(pipeline, '$.incident.at') > ? ORDER BY number DESC",
      since,
    ).map((r) => JSON.parse(r.pipeline) as Pipeline);
  }

  /** `https://object/feed?project_ids=a,b`, already authorised. */
  override async fetch(request: Request): Promise<Response> {
    if (this.ctx.getWebSockets().length >= MAX_VIEWERS) return new Response(null, { status: 503 });
    const scope = new URL(request.url).searchParams.get('project_ids');
    const viewer: Viewer = { project_ids: scope === null ? null : scope.split(',') };
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment(viewer);
    this.#frames(
      server,
      'snapshot',
      this.#begin().filter((p) => visible(viewer, p)),
    );
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(): Promise<void> {}

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    // 1005 and 1006 say that no code came; they may not be sent.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }
}

/** Where the feed's upgrade requests go. */
export const FEED_URL = 'https://object/feed';
