import { isDeepStrictEqual } from 'node:util';
import { toPipeline } from '#contract/views.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { evolve, initialState, type PipelineState } from '#domain/pipeline/evolve.ts';
import { liveToken, mayStart, reservedNow } from '#domain/pipeline/state.ts';

export class Broken extends Error {
  override readonly name = 'Broken';
}

export function must(holds: boolean, rule: string, seen: unknown = null): void {
  if (!holds) throw new Broken(seen === null ? rule : `${rule}\n${JSON.stringify(seen)}`);
}

type Fate = 'live' | 'completed' | 'failed' | 'cancelled';

/** Watches a log grow and says which rule an event or a state breaks. Folds the log a second time, from its stored form. */
export class Watch {
  /** The state as the stored log alone gives it. */
  shadow: PipelineState = initialState;
  readonly #fates = new Map<string, Fate>();
  readonly #verdicts = new Map<number, number>();
  #ended = 0;
  successors = 0;

  saw(events: readonly PipelineEvent[], live: PipelineState): void {
    for (const event of events) {
      this.#event(event);
      this.shadow = evolve(this.shadow, JSON.parse(JSON.stringify(event)) as PipelineEvent);
    }
    must(isDeepStrictEqual(JSON.parse(JSON.stringify(live)), this.shadow), 'PIPE-7: replay equals state');
    this.#steps();
    this.#state(this.shadow);
  }

  #event(event: PipelineEvent): void {
    const before = this.shadow;
    must(event.seq === before.seq + 1, 'LEDG-2: the chain is contiguous', event);
    switch (event.type) {
      case 'consensus_reached': {
        const count = (this.#verdicts.get(before.generation) ?? 0) + 1;
        this.#verdicts.set(before.generation, count);
        must(count === 1 && !before.failure, 'REL-1: one verdict in each generation', event);
        must(!before.outcome && !before.recovery, 'REL-1: no verdict after the end', event);
        return;
      }
      case 'step_scheduled':
        must(!this.#fates.has(event.body.step_id), 'PIPE-8: a step is scheduled once', event);
        this.#fates.set(event.body.step_id, 'live');
        if (event.body.work.kind === 'spawn_successor') this.successors += 1;
        must(!before.outcome || !('agent_id' in event.body.work), 'PIPE-6: no work after the end', event);
        must(
          !before.recovery || !['agent_turn', 'action'].includes(event.body.work.kind),
          'REC-2: nothing else is worked on during the recovery',
          event,
        );
        return;
      case 'step_completed':
        this.#over(event.body.step_id, 'completed');
        return;
      case 'step_cancelled':
        this.#over(event.body.step_id, 'cancelled');
        return;
      case 'step_failed':
        if (event.body.retry_at === null) this.#over(event.body.step_id, 'failed');
        return;
      case 'step_claimed':
        claimed(before, event);
        return;
      case 'vote_cast':
        voted(before, event);
        return;
      case 'action_decided':
        admitted(before, event);
        return;
      case 'pipeline_ended':
        this.#ended += 1;
        must(this.#ended === 1, 'PIPE-1: one end', event);
        return;
      case 'generation_started':
        must(
          event.body.generation === before.generation + 1 && before.failure !== null,
          'REC-1: a generation follows a failure',
          event,
        );
        return;
      default:
    }
  }

  #over(step_id: string, fate: Fate): void {
    must(this.#fates.get(step_id) === 'live', 'PIPE-8: a step ends once', { step_id, fate });
    this.#fates.set(step_id, fate);
  }

  #steps(): void {
    const live = [...this.#fates].flatMap(([id, fate]) => (fate === 'live' ? [id] : []));
    must(
      isDeepStrictEqual(live.sort(), Object.keys(this.shadow.steps).sort()),
      'REL-1: every step ends or is live',
    );
  }

  #state(state: PipelineState): void {
    const { outcome, handoff } = state;
    const { exit_code, waiting_for, successor_id } = toPipeline(state);
    const steps = Object.values(state.steps);
    if (outcome) {
      must(
        outcome.state === 'COMPLETED' ? exit_code === 0 : exit_code === 1 || exit_code === 3,
        'PIPE-1: exit code fits the state',
        outcome,
      );
      must(waiting_for === null, 'PIPE-1: what has ended waits for nobody', waiting_for);
      must(!steps.some((s) => 'agent_id' in s.work), 'PIPE-6: no agent works after the end', steps);
      must(state.gate_closed, 'CRED-4: the gate is closed from the end on');
    } else {
      must(exit_code === (state.failure ? 2 : null), 'PIPE-1: exit code 2 only while a person is waited for');
      must(
        !state.failure || waiting_for === 'fallback' || waiting_for === 'approval',
        'PIPE-1: a failed consensus waits for a person',
        waiting_for,
      );
      lively(state);
    }
    must(
      this.successors === (exit_code === 3 ? 1 : 0) && (successor_id !== null) === (exit_code === 3),
      'REC-3: exactly one successor, and only with exit code 3',
      { exit_code, successor_id, handoff: handoff?.sha256, successors: this.successors },
    );
    const uncondemned = state.tokens.filter(
      (t) => t.confirmed_at === null && !beingRevoked(state, t.accessor),
    );
    must(
      !outcome || uncondemned.length === 0,
      'CRED-4: after the end every token is being revoked',
      uncondemned,
    );
    const revoked = uncondemned.filter((t) => t.agent_id && state.agents[t.agent_id]?.status === 'revoked');
    must(revoked.length === 0, 'CRED-5: a revoked agent’s token is being revoked', revoked);
    must(!state.sealed || uncondemned.length === 0, 'PIPE-6: sealed once every token is gone');
  }
}

const beingRevoked = (state: PipelineState, accessor: string): boolean =>
  Object.values(state.steps).some(
    (s) => s.work.kind === 'revoke' && s.work.tokens.some((t) => t.accessor === accessor),
  );

/** A live pipeline either waits for a person, and says so, or has something that can be worked on. */
function lively(state: PipelineState): void {
  const steps = Object.values(state.steps);
  const where = { waiting_for: state.waiting_for, pause: state.pause, steps, round: state.round };
  must(
    (state.pause === 'paused') === (state.waiting_for === 'resume'),
    'PIPE-10: a paused pipeline waits for its resumption, and no other does',
    where,
  );
  must(
    state.pause !== 'requested' || steps.some((s) => s.status === 'claimed' && 'agent_id' in s.work),
    'PIPE-10: a pause that is asked for waits for steps in flight',
    where,
  );
  const stopped = state.clock.stopped_since !== null;
  const superseded = state.tokens.filter((t) => t.superseded && t.confirmed_at === null);
  must(
    superseded.length === 0 || liveToken(state, null)?.superseded !== true || state.gate_closed,
    'CRED-3: the login that takes over is not superseded itself',
    superseded,
  );
  must(
    state.gate_closed || liveToken(state, null) !== null,
    'CRED-6: the gate is open only while there is a live login',
    where,
  );
  must(
    stopped === (state.waiting_for !== null) || state.recovery !== null,
    'PIPE-10: clocks stop exactly while a person is waited for',
    where,
  );
  const moves = steps.some((s) => s.status === 'claimed' || mayStart(state, s));
  must(
    state.waiting_for !== null || moves || state.recovery !== null,
    'REL-1: nothing waits for nobody',
    where,
  );
  const { round, generation } = state;
  for (const { work } of steps) {
    if (!('agent_id' in work)) continue;
    const agent = state.agents[work.agent_id];
    must(
      agent?.status === 'live' && agent.generation === generation,
      'REC-1: only live agents of this generation have work',
      { work, agent },
    );
    if (work.kind !== 'agent_turn' || work.round === 0) continue;
    must(
      round?.round === work.round && !round.closed && !(round.spoken as string[]).includes(agent?.role ?? ''),
      'CONS-2: a seat speaks once in an open round',
      { work, round },
    );
  }
}

function claimed(before: PipelineState, event: Extract<PipelineEvent, { type: 'step_claimed' }>): void {
  const step = before.steps[event.body.step_id];
  must(
    step?.status === 'ready' && event.body.epoch === step.epoch + 1,
    'PIPE-8: one holder at a time',
    event,
  );
  if (!step || !before.spawned) return;
  if ('agent_id' in step.work && step.work.kind !== 'agent_bootstrap') {
    const accessor = before.agents[step.work.agent_id]?.accessor;
    const token = before.tokens.find((t) => t.accessor === accessor);
    must(!!token && token.confirmed_at === null, 'PIPE-2: no agent works without a live token', event);
    must(!before.gate_closed && liveToken(before, null) !== null, 'GOV-1: nobody works behind a closed gate');
  }
  const { reserved } = event.body;
  if (!reserved) return;
  const limits = before.spawned.limits;
  const held = reservedNow(before);
  const used = before.usage.tokens_in + before.usage.tokens_out;
  must(
    used + held.tokens + reserved.tokens <= limits.tokens,
    'PIPE-11: tokens are reserved within the limit',
    event,
  );
  must(
    limits.cost_microusd === 0 ||
      before.usage.cost_microusd + held.cost_microusd + reserved.cost_microusd <= limits.cost_microusd,
    'PIPE-11: cost is reserved within the limit',
    event,
  );
}

function voted(before: PipelineState, event: Extract<PipelineEvent, { type: 'vote_cast' }>): void {
  const { proposal_id, revision, seat } = event.body;
  const target = before.proposals.find((p) => p.proposal_id === proposal_id && p.revision === revision);
  const { round } = before;
  must(
    !!round && !round.closed && round.electorate.includes(seat) && event.body.round === round.round,
    'CONS-4: only seats of the open round vote',
    event,
  );
  must(
    !!target && target.author !== seat && target.seq <= (round?.snapshot_seq ?? 0),
    'CONS-2: a vote that counts names what its voter could see',
    event,
  );
  const again = before.votes.some(
    (v) => v.seat === seat && v.round === round?.round && v.proposal_id === proposal_id,
  );
  must(!again, 'CONS-3: one vote per seat, round and proposal', event);
}

function admitted(before: PipelineState, event: Extract<PipelineEvent, { type: 'action_decided' }>): void {
  if (event.body.decision.decision !== 'allow') return;
  const action = before.actions[event.body.action_id];
  const agent = action && before.agents[action.request.agent_id];
  must(!before.gate_closed && !before.outcome, 'CRED-4: a closed gate admits nothing', event);
  must(agent?.status === 'live', 'CRED-5: a revoked agent’s actions are not admitted', event);
  must(action?.outcome === null && !action.unknown, 'REC-6: what has happened is not admitted again', event);
}
