import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type Client, createClient } from '#client/index.ts';
import { anyPort } from '#scripts/start/ports.ts';
import { silentSteps } from '#scripts/start/progress.ts';
import { stateFolder } from '#scripts/start/state-folder.ts';
import { type LocalSystem, startLocalSystem } from '#scripts/start/system.ts';
import { chance, requestFor } from './load.ts';
import type { ChaosOptions } from './options.ts';
import { Lost, Witness } from './witness.ts';

/**
 * A kill comes between these times after the system answers, in ms. Most come early, a quarter of the span on average, during the first steps and in
 * the middle of rounds; one in nine late enough for lost workers to be noticed (7 s after a wake-up), or nothing that was interrupted
 * would ever go on.
 */
const KILL_AFTER = { min: 200, max: 10_000 };
const killAfter = (random: number): number =>
  KILL_AFTER.min + Math.floor(random ** 3 * (KILL_AFTER.max - KILL_AFTER.min));
/** How often the logs are looked at, in ms. */
const EVERY_MS = 150;
/** After the last kill all must be over within this time (ms): two leases, backoffs and a lineage fit in it several times. */
const QUIESCENCE_MS = 300_000;

export interface ChaosReport {
  kills: number;
  /** Spawns that were acknowledged, successors included. */
  pipelines: number;
  /** Events that were shown before some kill. */
  events: number;
  exits: Record<string, number>;
  lost: string[];
  /** ms from the restart's beginning until the API answers, of each restart. */
  up_ms: number[];
  /** ms from then until the next event of each pipeline that had been interrupted, by the log's own clock. */
  resumed_ms: number[];
  /** Interruptions of pipelines that had not gone on since the one before. */
  interrupted_again: number;
  /** Why it is not whole: stopped by hand, or out of time; null when it is. */
  stopped: 'by hand' | 'out of time' | null;
  /** Live when the report was made. */
  unfinished: number;
}

/** REL-2. Throws nothing for what was lost: that is the report's to say. */
export async function runChaos(
  options: ChaosOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<ChaosReport> {
  const root = mkdtempSync(join(tmpdir(), 'ags-chaos-'));
  const chaos = new Chaos(options, root, await anyPort(), say, signal);
  try {
    return await chaos.run();
  } finally {
    await chaos.stop();
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Chaos {
  readonly #options: ChaosOptions;
  readonly #root: string;
  readonly #port: number;
  readonly #say: (line: string) => void;
  readonly #signal: AbortSignal;
  readonly #random: () => number;
  readonly #witness = new Witness();
  #system: LocalSystem | null = null;
  #spawns = 0;
  /** A spawn whose answer never came is sent again under its key (PIPE-9). */
  #pending: { key: string; draw: number } | null = null;
  readonly #report: ChaosReport = {
    kills: 0,
    pipelines: 0,
    events: 0,
    exits: {},
    lost: [],
    up_ms: [],
    resumed_ms: [],
    interrupted_again: 0,
    stopped: null,
    unfinished: 0,
  };

  constructor(
    options: ChaosOptions,
    root: string,
    port: number,
    say: (line: string) => void,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#root = root;
    this.#port = port;
    this.#say = say;
    this.#signal = signal;
    this.#random = chance(options.seed);
  }

  /** Stopped by hand it reports what it knows; everything else that goes wrong is thrown. */
  async run(): Promise<ChaosReport> {
    try {
      await this.#run();
    } catch (error) {
      if (!this.#signal.aborted) throw error;
      this.#report.stopped = 'by hand';
    }
    const { ids, events, live, resumed_ms, interruptedAgain } = this.#witness;
    return {
      ...this.#report,
      pipelines: ids.length,
      events,
      unfinished: live.length,
      resumed_ms,
      interrupted_again: interruptedAgain,
    };
  }

  async #run(): Promise<void> {
    const { kills, minutes } = this.#options;
    const limit = minutes === 0 ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
    let client = await this.#start();
    for (let n = 1; n <= kills; n++) {
      if (Date.now() > limit) {
        this.#report.stopped = 'out of time';
        break;
      }
      const until = Date.now() + killAfter(this.#random());
      // Killing an idle system would prove nothing.
      while (Date.now() < until || this.#witness.live.length === 0) await this.#load(client);
      const interrupted = this.#witness.live.length;
      await this.#kill();
      this.#report.kills = n;
      const began = performance.now();
      client = await this.#start();
      const up = performance.now() - began;
      this.#witness.answers();
      this.#report.up_ms.push(up);
      await this.#witness.compare(client, this.#witness.live).catch((error: unknown) => this.#lose(error));
      this.#say(
        `kill ${n} of ${kills}: ${interrupted} interrupted, up again after ${seconds(up)}, ` +
          `${this.#witness.ended.size} of ${this.#witness.ids.length} over, ${this.#report.lost.length} lost`,
      );
    }
    await this.#quiesce(client);
  }

  async stop(): Promise<void> {
    await this.#system?.stop();
  }

  async #start(): Promise<Client> {
    this.#signal.throwIfAborted();
    this.#system = await startLocalSystem({
      folder: stateFolder(this.#root),
      port: this.#port,
      portFixed: true,
      env: {},
      step: silentSteps,
      signal: this.#signal,
      dashboard: false,
      testControls: true,
    });
    return createClient({ baseUrl: this.#system.url, key: this.#system.accounts.requester.key });
  }

  /** As a power cut: every process group at once, without a word. */
  async #kill(): Promise<void> {
    const system = this.#system;
    system?.kill();
    await Promise.all((system?.processes ?? []).map((child) => child.exited));
    this.#witness.killed();
  }

  /** One look at the logs, and a spawn when there is room. */
  async #load(client: Client): Promise<void> {
    await this.#witness.look(client);
    if (this.#witness.live.length < this.#options.pipelines) await this.#spawn(client);
    await sleep(EVERY_MS, undefined, { signal: this.#signal });
  }

  async #spawn(client: Client): Promise<void> {
    this.#pending ??= { key: `chaos-${++this.#spawns}`, draw: this.#random() };
    const { key, draw } = this.#pending;
    const answer = await client.spawn(requestFor(draw), key).catch((error: unknown) => {
      // Back-pressure is an answer: nothing was promised.
      if (error instanceof ApiError && error.problem.status === 429) return null;
      throw error;
    });
    if (!answer) return;
    this.#witness.acknowledged(answer);
    this.#pending = null;
  }

  #lose(error: unknown): void {
    if (!(error instanceof Lost)) throw error;
    this.#report.lost.push(error.message);
  }

  /** No more kills and no more spawns: everything must come to its end, be sealed, and stand in the ledger as in its object. */
  async #quiesce(client: Client): Promise<void> {
    const witness = this.#witness;
    const limit = Date.now() + QUIESCENCE_MS;
    let unprojected: string[] = [];
    for (; Date.now() < limit; await sleep(EVERY_MS * 3, undefined, { signal: this.#signal })) {
      await witness.look(client);
      for (const id of witness.promised) {
        if (await exists(client, id)) witness.acknowledged({ pipeline_id: id });
      }
      const missing = [...witness.promised].some((id) => !witness.ids.includes(id));
      if (witness.live.length > 0 || missing) continue;
      unprojected = await this.#unprojected(client);
      if (unprojected.length === 0) break;
    }
    for (const id of witness.promised)
      if (!witness.ids.includes(id))
        this.#report.lost.push(`${id}: the promised successor was never spawned`);
    for (const id of witness.live) this.#report.lost.push(`${id}: not over`);
    this.#report.lost.push(...unprojected);
    await witness.compare(client).catch((error: unknown) => this.#lose(error));
  }

  /** REL-1: after quiescence D1 equals the objects. */
  async #unprojected(client: Client): Promise<string[]> {
    const exits: Record<string, number> = {};
    const rows = new Map<string, number>();
    const wrong: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await client.pipelines({ limit: 200, ...(cursor && { cursor }) });
      for (const row of page.items) rows.set(row.pipeline_id, row.seq);
      if (page.next_cursor === null || page.items.length === 0) break;
      cursor = page.next_cursor;
    }
    for (const id of this.#witness.ids) {
      const { seq, exit_code, reason } = await client.pipeline(id);
      exits[`${exit_code} ${reason}`] = (exits[`${exit_code} ${reason}`] ?? 0) + 1;
      if (rows.get(id) !== seq) wrong.push(`${id}: the ledger has ${rows.get(id) ?? 0} of ${seq} events`);
    }
    this.#report.exits = exits;
    return wrong;
  }
}

const exists = (client: Client, id: string): Promise<boolean> =>
  client.pipeline(id).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ApiError && error.problem.status === 404) return false;
      throw error;
    },
  );

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
