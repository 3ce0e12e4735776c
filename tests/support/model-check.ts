import { hashJson } from '#domain/ledger/canonical.ts';
import { verifyChain } from '#domain/ledger/chain.ts';
import { assignmentFor } from '#domain/pipeline/assign.ts';
import type { Command, Leases } from '#domain/pipeline/command.ts';
import { type PipelineState, replay } from '#domain/pipeline/evolve.ts';
import { forkSource } from '#domain/pipeline/fork.ts';
import { renewable } from '#domain/pipeline/renewal.ts';
import { mayStart, pendingApproval, type StepState } from '#domain/pipeline/state.ts';
import { timers } from '#domain/pipeline/timers.ts';
import { DEFAULT_LIMITS } from '#domain/plan/limits.ts';
import { errorOf, gateSays, resultOf } from './model-check-answers.ts';
import { must, Watch } from './model-check-invariants.ts';
import type { Answer, Move, Order, Setting } from './model-check-moves.ts';
import { type Asked, Rig, spawnCommand } from './pipeline.ts';

export type Spawn = Extract<Command, { kind: 'spawn' }>;
const ACTORS = ['person:ada', 'person:bob', 'service:bot'] as const;
const WORKER = 'system:worker';

const choose = <T>(from: readonly T[], pick: number): T | undefined => from[pick % Math.max(1, from.length)];

/** A pipeline, its workers and its people; every commit is watched. */
export class Explorer {
  readonly rig = new Rig();
  readonly watch = new Watch();
  /** Claims whose workers have not answered; the pipeline may have given some up. */
  inFlight: { step: StepState; epoch: number }[] = [];
  /** What workers have sent: queues and networks deliver some of it again. */
  readonly #sent: Asked[] = [];
  #serial = 0;
  readonly spawn: Spawn;

  constructor(spawn: Spawn) {
    this.spawn = spawn;
    this.send(spawn, ACTORS[0]);
  }

  get state(): PipelineState {
    return this.rig.state;
  }

  /** Whether the command was accepted. */
  send(command: Asked, actor: string): boolean {
    const before = this.rig.log.length;
    const done = this.rig.when(command, actor);
    if (this.rig.log.length > before) this.watch.saw(this.rig.log.slice(before), this.rig.state);
    return done.ok;
  }

  ready(): StepState[] {
    const at = new Date(this.rig.now).toISOString();
    return Object.values(this.state.steps).filter(
      (s) => s.status === 'ready' && s.ready_at <= at && mayStart(this.state, s),
    );
  }

  /** null: refused, or the claim ended the pipeline. */
  claim(step: StepState): { step: StepState; epoch: number } | null {
    if (!this.send({ kind: 'claim', step_id: step.step_id, worker: 'w' }, WORKER)) return null;
    const held = this.state.steps[step.step_id];
    if (held?.status !== 'claimed') return null;
    const claim = { step: held, epoch: held.epoch };
    this.inFlight.push(claim);
    return claim;
  }

  answer(claim: { step: StepState; epoch: number }, answer: Answer): void {
    this.inFlight = this.inFlight.filter((c) => c !== claim);
    const { step, epoch } = claim;
    const { step_id, work } = step;
    if (answer.how === 'silence') return;
    this.#serial += 1;
    const result = resultOf(this.state, step, answer, this.rig.now, this.#serial);
    if (answer.how === 'foreign') {
      this.#worker({ kind: 'complete', step_id, epoch, result: { kind: 'spawn_successor', number: 9 } });
      return;
    }
    if (work.kind === 'action' && answer.how !== 'fatal') {
      const version = this.state.facts_seq - (answer.gate.stale ? 1 : 0);
      this.#worker({ kind: 'admit', step_id, epoch, version, decision: gateSays(answer) });
      const let_through = this.state.actions[work.action_id]?.decision?.decision === 'allow';
      if (!let_through) return;
    }
    this.#worker(
      answer.how === 'good'
        ? { kind: 'complete', step_id, epoch, result }
        : { kind: 'fail', step_id, epoch, error: errorOf(answer, step) },
    );
  }

  #worker(command: Asked): void {
    this.#sent.push(command);
    this.send(command, WORKER);
  }

  /** Heartbeats are heard of every claim that a worker still holds, or of none. */
  leases(heard: boolean): Leases {
    const now = this.rig.now;
    return heard
      ? Object.fromEntries(this.inFlight.map((c) => [c.step.step_id, { heard_at: now, progress_at: now }]))
      : {};
  }

  tick(heard: boolean): void {
    const leases = this.leases(heard);
    this.send({ kind: 'tick', leases }, 'system:supervisor');
    // What the first one made due (a closed gate, and tokens that had run out before) is the second one's.
    this.send({ kind: 'tick', leases }, 'system:supervisor');
    const left = timers(this.state, leases).filter((t) => t.kind !== 'step_ready' && t.at <= this.rig.now);
    must(left.length === 0, 'REC-6: a tick leaves nothing due, or the alarm would spin', left);
  }

  /** ms since the epoch of what the object would wake up for next, now or later; null for nothing. */
  nextDue(): number | null {
    const due = timers(this.state, this.leases(false)).filter(
      (t) => t.kind !== 'step_ready' || t.at > this.rig.now,
    );
    return due.length > 0 ? Math.max(this.rig.now, Math.min(...due.map((t) => t.at))) : null;
  }

  /** The object was evicted or its process killed: what is left is the log. */
  crash(workersDie: boolean): void {
    const rebuilt = replay(JSON.parse(JSON.stringify(this.rig.log)));
    must(JSON.stringify(rebuilt) === JSON.stringify(this.watch.shadow), 'PIPE-7: a crash loses nothing');
    this.rig.state = rebuilt;
    if (workersDie) this.inFlight = [];
  }

  make(move: Move): void {
    switch (move.do) {
      case 'work': {
        const step = choose(this.ready(), move.pick);
        const claim = step && this.claim(step);
        if (claim) this.answer(claim, move.answer);
        return;
      }
      case 'claim': {
        // Any step, also one that may not be worked on: the pipeline must refuse.
        const step = choose(Object.values(this.state.steps), move.pick);
        if (step) this.claim(step);
        return;
      }
      case 'answer': {
        const claim = choose(this.inFlight, move.pick);
        if (claim) this.answer(claim, move.answer);
        return;
      }
      case 'repeat': {
        const command = choose(this.#sent, move.pick);
        if (command) this.send(command, WORKER);
        return;
      }
      case 'time':
        this.rig.now += move.ms;
        this.tick(move.heard);
        return;
      case 'timer':
        this.rig.now = this.nextDue() ?? this.rig.now;
        this.tick(move.heard);
        return;
      case 'crash':
        this.crash(move.workersDie);
        return;
      case 'renew':
        this.renew(move.pick, move.late);
        return;
      case 'operate': {
        const command = this.order(move.order);
        if (command) this.send(command, ACTORS[move.actor] ?? ACTORS[0]);
      }
    }
  }

  /** A renewal of everything that is kept alive: granted, capped, failed or dead; `late`, it tells of tokens as they were before. */
  renew(pick: number, late: boolean): void {
    const tokens = late ? this.state.tokens : renewable(this.state);
    const expires_at = new Date(this.rig.now + (pick % 3 === 0 ? 600_000 : 7_200_000)).toISOString();
    const renewed = tokens
      .filter((_, n) => (n + pick) % 5 !== 0)
      .map(({ accessor }) => ({ accessor, expires_at, capped: pick % 3 === 0 }));
    const failed = tokens
      .filter((_, n) => (n + pick) % 5 === 0)
      .map(({ accessor }) => ({ accessor, code: 'credentials_sealed', message: 'm', dead: pick % 7 === 0 }));
    this.send({ kind: 'record_renewals', renewed, failed }, 'system:supervisor');
  }

  order({ name, pick }: Order): Command | null {
    const reason = 'because';
    const { state } = this;
    const named = choose(state.proposals, pick);
    const step_id = choose(Object.keys(state.steps), pick) ?? 'st_made_up';
    switch (name) {
      case 'continue':
      case 'pause':
      case 'resume':
      case 'cancel':
      case 'abort':
        return { kind: name, reason };
      case 'revoke_agent':
        return { kind: 'revoke', agent_id: choose(Object.keys(state.agents), pick) ?? 'ag_made_up', reason };
      case 'revoke_all':
        return { kind: 'revoke', agent_id: null, reason };
      case 'rerun_same':
      case 'rerun_gamma':
      case 'escalate_tier':
      case 'accept_partial':
        return {
          kind: 'fallback',
          action: name,
          reason,
          proposal_id: named?.proposal_id ?? null,
          revision: named?.revision ?? null,
          confirm: pick % 2 === 0,
        };
      case 'approve':
      case 'deny': {
        const { approval_id, sha256 } = pendingApproval(state) ?? { approval_id: 'ap_none', sha256: '' };
        return { kind: 'decide_approval', approval_id, decision: name, reason, sha256 };
      }
      case 'resolve': {
        const lost = Object.values(state.actions).filter((a) => a.unknown);
        const action_id = (choose(lost, pick) ?? choose(Object.values(state.actions), pick))?.action_id;
        const status = pick % 2 === 0 ? 'succeeded' : 'failed';
        return { kind: 'resolve_action', action_id: action_id ?? 'ac_made_up', status, reason };
      }
      case 'log':
        return { kind: 'log', level: 'info', source: 'test', message: 'm', fields: {} };
      case 'redrive':
        return { kind: 'redrive', step_id };
      case 'dead_letter':
        return { kind: 'dead_letter', step_id, reason };
      case 'spawn_again':
        return pick % 2 === 0 ? this.spawn : { ...this.spawn, request_sha256: 'b'.repeat(64) };
    }
  }

  /** At the very end: the log by itself proves what happened. */
  closeBooks(): void {
    const stored = JSON.parse(JSON.stringify(this.rig.log)) as typeof this.rig.log;
    must(verifyChain(stored).ok, 'LEDG-2: the chain verifies', verifyChain(stored));
    this.crash(true);
  }
}

export function spawnOf(setting: Setting): Spawn {
  const base = spawnCommand() as Spawn;
  const { rounds, round_s, deadline_s, tokens, cost_microusd } = setting;
  const models = Object.fromEntries(
    Object.entries(base.plan.models).map(([role, m]) => [
      role,
      { ...m, price: { input: 300_000, output: 900_000 } },
    ]),
  ) as Spawn['plan']['models'];
  return {
    ...base,
    tier: setting.tier,
    auto_continue: setting.auto_continue,
    plan: {
      ...base.plan,
      tier: setting.tier,
      models,
      limits: { ...DEFAULT_LIMITS, rounds, round_s, deadline_s, tokens, cost_microusd },
    },
    successor_of: setting.earlier === 0 ? null : inherited(setting.earlier),
  };
}

function inherited(attempts: 1 | 2): NonNullable<Spawn['successor_of']> {
  const handoff = {
    prior_pipeline: 'pl_prior',
    attempt: attempts,
    at_seq: 9,
    objective: 'May we?',
    report: null,
    findings: [],
    proposals: [],
    reasons: [],
    synthesis: {
      synthesis_type: 'abort_recovery' as const,
      agent_id: null,
      title: 'nothing',
      body: '',
      steps: [],
      taken: [],
    },
    trigger: 'deadline' as const,
    budgets_left: { tokens: 1, cost_microusd: 1, actions: 1 },
    origin: [],
  };
  return { pipeline_id: 'pl_prior', attempt: attempts + 1, handoff, sha256: hashJson(handoff) };
}

/** What the worker of a finished run would spawn next (REC-3); null when nothing follows. */
export function successorOf(explorer: Explorer): Spawn | null {
  const step = explorer.rig.log.find(
    (e) => e.type === 'step_scheduled' && e.body.work.kind === 'spawn_successor',
  );
  if (step?.type !== 'step_scheduled') return null;
  const next = assignmentFor(replay(explorer.rig.log.slice(0, step.seq)), step.body.step_id)?.successor;
  must(!!next, 'REC-3: the successor’s assignment derives from the log');
  if (!next) return null;
  const { pipeline_id, predecessor_id, attempt, handoff, sha256, plan } = next;
  must(pipeline_id === explorer.state.handoff?.successor_id, 'REC-3: the successor has the sealed id');
  return {
    ...explorer.spawn,
    pipeline_id,
    plan,
    fork: null,
    successor_of: { pipeline_id: predecessor_id, attempt, handoff, sha256 },
  };
}

/** PIPE-7: a fork from anywhere in the log. */
export function forkOf(explorer: Explorer, percent: number): Spawn | null {
  const { log } = explorer.rig;
  const at = Math.max(1, Math.ceil((log.length * percent) / 100));
  const source = forkSource(replay(log.slice(0, at)), log[at - 1]?.hash ?? '');
  if (!source) return null;
  const { plan, seed } = source;
  return { ...explorer.spawn, pipeline_id: 'pl_fork00000000', plan, fork: seed, successor_of: null };
}
