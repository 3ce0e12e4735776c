import type { TurnOutput } from '#domain/agents/output.ts';
import { type AgentRole, ROLES, type Role, type Seat } from '#domain/agents/roles.ts';
import type { DomainError } from '#domain/errors.ts';
import type { Permit } from '#domain/governance/permit.ts';
import { type ChainHead, chainEvents, EMPTY_CHAIN } from '#domain/ledger/chain.ts';
import type { StepError, StepResult } from '#domain/pipeline/assignment.ts';
import type { Command, Leases } from '#domain/pipeline/command.ts';
import { type Decision, decide } from '#domain/pipeline/decide.ts';
import type { Trouble } from '#domain/pipeline/dependencies.ts';
import type { GateDecision } from '#domain/pipeline/event/actions.ts';
import type { Usage } from '#domain/pipeline/event/steps.ts';
import { EVENT_VERSION, type PipelineEvent } from '#domain/pipeline/event.ts';
import { initialState, type PipelineState } from '#domain/pipeline/evolve.ts';
import type { StepState } from '#domain/pipeline/state.ts';
import { DEFAULT_LIMITS } from '#domain/plan/limits.ts';
import type { Result } from '#domain/result.ts';

export const TENANT = 'acme';
export const PIPELINE = 'pl_0123456789abcdef';
export const START = Date.parse('2026-11-22T12:00:00.000Z');

export const USAGE: Usage = {
  tokens_in: 100,
  tokens_out: 20,
  tokens_cached: 0,
  cost_microusd: 7,
  provider: 'compatible',
  model: 'scripted',
  latency_ms: 3,
};

export const spawnCommand = (change: Partial<Extract<Command, { kind: 'spawn' }>> = {}): Command => ({
  kind: 'spawn',
  pipeline_id: PIPELINE,
  tenant: TENANT,
  project_id: 'prj_1',
  number: 1,
  plan: {
    plan_id: 'plan_abcd',
    name: 'test',
    version: '1.0.0',
    sha256: '0'.repeat(64),
    objective: 'May we?',
    tier: 1,
    models: Object.fromEntries(
      ROLES.map((r) => [r, { provider: 'compatible', model: 'scripted', fallbacks: [], max_tokens: 1000 }]),
    ) as never,
    misbehave: [],
    limits: DEFAULT_LIMITS,
    stages: [],
  },
  documents: [],
  mode: 'run',
  tier: 1,
  auto_continue: true,
  request_sha256: 'a'.repeat(64),
  successor_of: null,
  fork: null,
  ...change,
});

export const silentTurn: TurnOutput = { findings: [], proposal: null, votes: [], messages: [] };

export const proposal = (
  title: string,
  revises: string | null = null,
): NonNullable<TurnOutput['proposal']> => ({
  revises,
  title,
  body: `${title}, in full`,
  steps: [],
  actions: [],
  citations: [],
});

export const vote = (
  proposal_id: string,
  revision: number,
  value: 'approve' | 'reject' | 'abstain',
  more: Partial<TurnOutput['votes'][number]> = {},
): TurnOutput['votes'][number] => ({
  proposal_id,
  revision,
  vote: value,
  confidence: 80,
  reason: `${value} because`,
  critical: false,
  citations: [],
  ...more,
});

export const report = (complexity = 20) => ({
  summary: 's',
  tasks: [],
  risks: [],
  proposed_actions: [],
  complexity,
});

/** What the tenant's control object grants when nothing is stopped; for as long as a test takes. */
export const PERMIT: Permit = {
  expires_at: Number.POSITIVE_INFINITY,
  killed: null,
  policy_version: 'builtin',
  mode: 'enforce',
};

export const ALLOW: GateDecision = {
  decision: 'allow',
  determining: ['test'],
  policy_version: 'test-1',
  reason: 'allowed by the test',
  remedy: null,
  effect: 'idempotent',
  violation: null,
};

type WithoutPermit<C> = C extends { permit: Permit | null }
  ? Omit<C, 'permit'> & { permit?: Permit | null }
  : C;
export type Asked = WithoutPermit<Command>;
/** What a person can lift (GOV-5). */
export const ASK: GateDecision = {
  decision: 'require_approval',
  determining: ['irreversible_needs_approval'],
  policy_version: 'test-1',
  policy_sha256: 'c'.repeat(64),
  reason: 'it cannot be taken back',
  remedy: 'a person approves it',
  effect: 'once',
  violation: null,
};

/** Drives the pure core as the object and its workers do, with a clock that only the test moves. */
export class Rig {
  state: PipelineState = initialState;
  head: ChainHead = EMPTY_CHAIN;
  log: PipelineEvent[] = [];
  now = START;
  random = 0.5;

  /** A permit goes along with whatever takes one; a test that wants another names it. */
  when(asked: Asked, actor = 'person:ps_1'): Result<Decision, DomainError> {
    const takesOne = ['claim', 'admit', 'complete', 'judge'].includes(asked.kind);
    const command = (takesOne ? { permit: PERMIT, ...asked } : asked) as Command;
    const done = decide(this.state, command, { now: this.now, actor, random: this.random });
    if (done.ok && done.value.events.length > 0) {
      const placed = chainEvents(this.head, done.value.events, {
        at: new Date(this.now).toISOString(),
        actor,
        v: EVENT_VERSION,
        salts: 'a5'.repeat(16 * done.value.events.length),
      });
      this.log.push(...placed);
      const last = placed.at(-1)!;
      this.head = { seq: last.seq, hash: last.hash };
      this.state = done.value.state;
    }
    return done;
  }

  pass(ms: number, leases: Leases = {}): this {
    this.now += ms;
    this.when({ kind: 'tick', leases }, 'system:supervisor');
    return this;
  }

  types(): string[] {
    return this.log.map((e) => e.type);
  }

  last<T extends PipelineEvent['type']>(type: T): Extract<PipelineEvent, { type: T }> | undefined {
    return this.log.findLast((e) => e.type === type) as Extract<PipelineEvent, { type: T }> | undefined;
  }

  ready(kind?: StepState['work']['kind']): StepState[] {
    return Object.values(this.state.steps).filter(
      (s) => s.status === 'ready' && (!kind || s.work.kind === kind),
    );
  }

  roleOf(step: StepState): AgentRole | null {
    return 'agent_id' in step.work ? (this.state.agents[step.work.agent_id]?.role ?? null) : null;
  }

  /** The ready turn of a role; throws when there is none, so that a test cannot pass by accident. */
  turnOf(role: Role): StepState {
    const step = this.ready('agent_turn').find((s) => this.roleOf(s) === role);
    if (!step)
      throw new Error(`${role} has no ready turn; ready: ${JSON.stringify(this.ready().map((s) => s.work))}`);
    return step;
  }

  claim(step: StepState, worker = 'w1'): number {
    const done = this.when({ kind: 'claim', step_id: step.step_id, worker }, 'system:worker');
    if (!done.ok) throw new Error(JSON.stringify(done.error));
    return this.state.steps[step.step_id]!.epoch;
  }

  finish(step: StepState, result: StepResult): Result<Decision, DomainError> {
    const epoch = this.claim(step);
    return this.when({ kind: 'complete', step_id: step.step_id, epoch, result }, 'system:worker');
  }

  failing(
    step: StepState,
    error: Partial<StepError> = {},
    trouble: Trouble | null = null,
  ): Result<Decision, DomainError> {
    const epoch = this.claim(step);
    return this.when(
      {
        kind: 'fail',
        step_id: step.step_id,
        epoch,
        error: {
          code: 'test_error',
          message: 'it broke',
          cause: 'dependency',
          retryable: true,
          retry_after_s: null,
          usage: null,
          ...error,
        },
        trouble,
      },
      'system:worker',
    );
  }

  expiry(seconds = 7_200): string {
    return new Date(this.now + seconds * 1_000).toISOString();
  }

  /** Spawns and logs in; leaves the planner's bootstrap ready. */
  login(): this {
    const [step] = this.ready('credentials_login');
    const login = {
      accessor: `acc-login-${step!.step_id}`,
      policies: ['pipeline-agent'],
      expires_at: this.expiry(),
    };
    this.finish(step!, { kind: 'credentials_login', ...login });
    return this;
  }

  /** Vault never gives out an accessor twice. */
  private freshAccessor(agent_id: string): string {
    const before = this.state.tokens.filter((t) => t.agent_id === agent_id).length;
    return before === 0 ? `acc-${agent_id}` : `acc-${agent_id}-${before + 1}`;
  }

  /** Every agent that waits for its token gets one. */
  bootstrap(): this {
    for (const step of this.ready('agent_bootstrap')) {
      const id = step.work.kind === 'agent_bootstrap' ? step.work.agent_id : '';
      this.finish(step, {
        kind: 'agent_bootstrap',
        accessor: this.freshAccessor(id),
        policies: ['agent-acme-t1'],
        expires_at: this.expiry(),
      });
    }
    return this;
  }

  plan(complexity = 20): this {
    this.bootstrap();
    this.finish(this.turnOf('PLANNER'), { kind: 'planner_report', report: report(complexity), usage: USAGE });
    return this;
  }

  /** From nothing to the first round of ALPHA and BETA, both able to speak. */
  toRoundOne(command: Command = spawnCommand(), complexity = 20): this {
    this.when(command);
    return this.login().plan(complexity).bootstrap();
  }

  speak(role: Seat, output: Partial<TurnOutput> = {}): this {
    const step = this.turnOf(role);
    const full = { ...silentTurn, ...output };
    this.finish(step, {
      kind: 'turn',
      output: role === 'GAMMA' ? { ...full, taken: [] } : full,
      usage: USAGE,
    });
    return this;
  }

  call(role: Role, tool: string, args: Record<string, unknown> = {}): this {
    this.finish(this.turnOf(role), {
      kind: 'tool_calls',
      calls: [{ call_id: 'c1', tool, arguments: args, target: '' }],
      usage: USAGE,
    });
    return this;
  }

  /** Claims the action that is ready and has it admitted as judged. */
  judge(decision: GateDecision = ALLOW): Result<Decision, DomainError> {
    const [step] = this.ready('action');
    if (!step) throw new Error('no action is ready');
    const epoch = this.claim(step);
    const version = this.state.facts_seq;
    return this.when({ kind: 'admit', step_id: step.step_id, epoch, version, decision }, 'system:worker');
  }

  /** The action that is being run comes to this. */
  report(result: Partial<Extract<StepResult, { kind: 'action' }>> = {}): Result<Decision, DomainError> {
    const step = Object.values(this.state.steps).find(
      (s) => s.status === 'claimed' && s.work.kind === 'action',
    );
    if (!step) throw new Error('no action is being run');
    return this.when({
      kind: 'complete',
      step_id: step.step_id,
      epoch: step.epoch,
      result: {
        kind: 'action',
        status: 'succeeded',
        result: '{}',
        result_sha256: null,
        truncated: false,
        error: null,
        origin: [],
        ...result,
      },
    });
  }

  proposalOf(seat: Seat): { proposal_id: string; revision: number } {
    const found = this.state.proposals.findLast((p) => p.author === seat);
    if (!found) throw new Error(`${seat} has written no proposal`);
    return found;
  }

  /** Everything that is being revoked is confirmed gone. */
  revokeAll(): this {
    for (const step of this.ready('revoke')) {
      if (step.work.kind !== 'revoke') continue;
      this.finish(step, {
        kind: 'revoke',
        gone: step.work.tokens.map(({ accessor }) => ({ accessor, how: 'lookup' as const })),
      });
    }
    return this;
  }

  /** Everybody who can speak does, in the order of the electorate. */
  round(outputs: Partial<Record<Seat, Partial<TurnOutput>>> = {}): this {
    this.bootstrap();
    for (const seat of this.state.round?.electorate ?? []) {
      const can = this.ready('agent_turn').some((s) => this.roleOf(s) === seat);
      if (can) this.speak(seat, outputs[seat] ?? {});
    }
    return this;
  }

  /** ALPHA proposes, BETA rejects until GAMMA has been called and has had its say, and nothing passes. */
  toConsensusFailure(command: Command = spawnCommand()): this {
    this.toRoundOne(command).round({ ALPHA: { proposal: proposal('x') } });
    const { proposal_id } = this.proposalOf('ALPHA');
    const no = { votes: [vote(proposal_id, 1, 'reject' as const)] };
    for (let n = 0; n < 20 && !this.state.failure && !this.state.recovery; n++) this.round({ BETA: no });
    return this;
  }

  /** The supervisor's GAMMA answers. */
  synthesise(title = 'what we have'): this {
    this.bootstrap();
    const [step] = this.ready('synthesis');
    if (!step) throw new Error('no synthesis is ready');
    this.finish(step, {
      kind: 'turn',
      output: { ...silentTurn, proposal: proposal(title), taken: [] },
      usage: USAGE,
    });
    return this;
  }
}
