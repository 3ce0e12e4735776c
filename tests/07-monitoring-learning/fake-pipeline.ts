import type { Pipeline } from '#contract/pipeline.ts';
import { chainEvents, EMPTY_CHAIN } from '#domain/ledger/chain.ts';
import type { NewEvent, PipelineEvent } from '#domain/pipeline/event.ts';
import { err, ok } from '#domain/result.ts';
import type { ChainReport, Sequenced } from '#objects/tenant/log/rpc.ts';
import type { LedgerDeps } from '#workers/ledger/index.ts';

const at = (n: number): string => new Date(Date.UTC(2026, 0, 1) + n * 1_000).toISOString();

/** A pipeline object as the ledger sees it: a log to read, and a note of how far the ledger says it is. */
export class FakePipeline {
  log: PipelineEvent[] = [];
  shippedTo = 0;
  reads = 0;
  readonly tenant: string;
  readonly id: string;
  readonly number: number;

  constructor(id: string, number = 1, tenant = 'acme') {
    this.id = id;
    this.number = number;
    this.tenant = tenant;
  }

  /** Commits each event at its own second. */
  commit(...events: NewEvent[]): this {
    for (const event of events) {
      const head = this.log.at(-1) ?? EMPTY_CHAIN;
      const stamp = {
        at: at(this.log.length),
        actor: 'system:test',
        v: 1,
        salts: `${head.seq}`.padStart(32, '0'),
      };
      this.log.push(...chainEvents(head, [event], stamp));
    }
    return this;
  }

  /** The same pipeline with another past: what a tampered object would show. */
  rewritten(seq: number, event: NewEvent): FakePipeline {
    const other = new FakePipeline(this.id, this.number, this.tenant);
    const kept = this.log.map(({ type, body }) => ({ type, body }) as NewEvent);
    kept[seq - 1] = event;
    return other.commit(...kept);
  }

  state(): Pipeline {
    const last = this.log.at(-1);
    return {
      pipeline_id: this.id,
      number: this.number,
      project_id: this.number % 2 ? 'pr_odd' : 'pr_even',
      plan_id: 'plan_test',
      plan_name: 'encrypt-db',
      plan_version: '1.0.0',
      objective: `May we apply change ${this.number}?`,
      mode: 'run',
      tier: 1,
      state: last?.type === 'pipeline_ended' ? last.body.state : 'RUNNING',
      waiting_for: null,
      exit_code: last?.type === 'pipeline_ended' ? last.body.exit_code : null,
      reason: null,
      attempt: 1,
      generation: 1,
      predecessor_id: null,
      successor_id: null,
      seq: this.log.length,
      round: 0,
      complexity: null,
      verdict: null,
      providers: ['embedded'],
      usage: { tokens_in: 0, tokens_out: 0, cost_microusd: 0, steps: 0, actions: 0 },
      limits: { rounds: 1, steps: 1, tokens: 1, cost_microusd: 1, actions: 1, deadline_s: 1, round_s: 1 },
      sealed: false,
      created_by: 'person:ps_1',
      created_at: at(this.number),
      updated_at: at(this.log.length),
      ended_at: null,
    };
  }

  rpc(): ReturnType<LedgerDeps['pipeline']> {
    return {
      events: async (tenant, since, limit) => {
        this.reads += 1;
        return tenant === this.tenant
          ? ok(this.log.slice(since, since + limit))
          : err({ code: 'not_found', what: 'pipeline' });
      },
      read: async (tenant) =>
        tenant === this.tenant ? ok(this.state()) : err({ code: 'not_found', what: 'pipeline' }),
      shipped: async (_tenant, seq) => {
        this.shippedTo = seq;
      },
    };
  }
}

/** A tenant's log that takes every head; it remembers what it was told, and can be down or know better. */
export class FakeLog {
  reports: ChainReport[] = [];
  down = false;
  conflicts = new Map<string, string>();

  submit(_tenant: string, reports: ChainReport[]): Promise<Sequenced[]> {
    if (this.down) return Promise.reject(new Error('the log object is away'));
    this.reports.push(...reports);
    return Promise.resolve(
      reports.map(({ chain, seq }) => {
        const known_hash = this.conflicts.get(chain) ?? null;
        return { chain, seq, status: known_hash === null ? 'sequenced' : 'conflict', known_hash };
      }),
    );
  }
}

export interface FakeMessage {
  body: unknown;
  attempts: number;
  outcome: 'none' | 'ack' | { retryIn: number };
}

export const hint = (p: FakePipeline, attempts = 1): FakeMessage => ({
  body: { tenant: p.tenant, pipeline_id: p.id, seq: p.log.length },
  attempts,
  outcome: 'none',
});

export function batchOf(messages: FakeMessage[]): MessageBatch<unknown> {
  const list = messages.map((m, i) => ({
    id: `m${i}`,
    timestamp: new Date(0),
    body: m.body,
    attempts: m.attempts,
    ack: () => {
      m.outcome = 'ack';
    },
    retry: (options?: { delaySeconds?: number }) => {
      m.outcome = { retryIn: options?.delaySeconds ?? 0 };
    },
  }));
  return { queue: 'ags-ledger', messages: list, ackAll() {}, retryAll() {}, metadata: {} as never };
}
