import type { AgentCaller, AskedAction } from '#contract/agents.ts';
import { agentBySession, toAskedAction } from '#contract/agents-view.ts';
import type { DomainError } from '#domain/errors.ts';
import type { Permit } from '#domain/governance/permit.ts';
import { actionId } from '#domain/ids.ts';
import { gateFacts } from '#domain/pipeline/assign.ts';
import type { Admission } from '#domain/pipeline/assignment.ts';
import type { Command, ReportedOutcome } from '#domain/pipeline/command.ts';
import { approvalOf } from '#domain/pipeline/decide/approvals.ts';
import { askedBefore } from '#domain/pipeline/decide/outside.ts';
import type { Decision } from '#domain/pipeline/decide.ts';
import type { ActionState, PipelineState } from '#domain/pipeline/state.ts';
import { err, ok, type Result } from '#domain/result.ts';
import { sameText } from '../tenant/secret.ts';
import type { Asked, AskOfAgent, Judgement, LookedAt, Registered, Registration } from './rpc.ts';

/** What the outside door needs of the pipeline that it opens into. */
interface Committing {
  readonly state: PipelineState;
  find(tenant: string): Result<PipelineState, DomainError>;
  commit(command: Command, actor: string): Result<Decision, DomainError>;
}
interface Permitting {
  /** ENF-6: fetched anew when it has expired; null: nobody above can be asked. */
  permit(): Promise<Permit | null>;
}

const OVER: DomainError = { code: 'session_over', detail: 'The session is unknown, expired or revoked.' };
const GATE = 'system:gate';

/** GOV-7: outside agents' part of the pipeline object; the rules are in `domain/pipeline/decide/outside.ts`. */
export class OutsideDoor {
  readonly #pipeline: Committing;
  readonly #above: Permitting;

  constructor(pipeline: Committing, above: Permitting) {
    this.#pipeline = pipeline;
    this.#above = above;
  }

  /** API-2: a registration that comes again has the first one's session, whatever became of that since. */
  register(tenant: string, actor: string, a: Registration): Result<Registered, DomainError> {
    const found = this.#pipeline.find(tenant);
    if (!found.ok) return found;
    const done = this.#pipeline.commit({ kind: 'register', ...a }, actor);
    if (!done.ok) return done;
    const replayed = done.value.events.length === 0;
    const agent = this.session(tenant, a.session_hash, replayed);
    return agent.ok ? ok({ agent: agent.value, replayed }) : agent;
  }

  session(tenant: string, hash: string, over = false): Result<AgentCaller, DomainError> {
    const found = this.#pipeline.find(tenant);
    if (!found.ok) return err(found.error.code === 'not_found' ? OVER : found.error);
    const agent = agentBySession(found.value, Date.now(), (known) => sameText(known, hash), over);
    return agent ? ok(agent) : err(OVER);
  }

  /** Answers the facts to judge; none when it was asked before and is judged already. */
  async ask(tenant: string, a: AskOfAgent): Promise<Result<Asked, DomainError>> {
    const found = this.#pipeline.find(tenant);
    if (!found.ok) return found;
    const done = this.#pipeline.commit({ kind: 'ask', ...a }, `agent:${a.agent_id}`);
    if (!done.ok) return done;
    if (done.value.refused) return err(done.value.refused);
    const state = this.#pipeline.state;
    const replayed = done.value.events.length === 0;
    const before = replayed
      ? askedBefore(Object.values(state.actions), a.agent_id, a.outside.idempotency_key)
      : undefined;
    const action_id = before?.action_id ?? actionId(state.spawned?.pipeline_id ?? '', state.counts.actions);
    return ok({ action_id, replayed, ...(await this.#toJudge(action_id)) });
  }

  async judge(tenant: string, judged: Judgement): Promise<Result<Admission, DomainError>> {
    const found = this.#pipeline.find(tenant);
    if (!found.ok) return found;
    const permit = await this.#above.permit();
    const { action_id } = judged;
    const done = this.#pipeline.commit({ kind: 'judge', ...judged, permit }, GATE);
    if (!done.ok) return done;
    const { admission } = done.value;
    if (admission === 'run' || admission === 'no_permit') return ok({ kind: admission });
    const facts = admission === 'judge_again' ? gateFacts(this.#pipeline.state, action_id, permit) : null;
    return ok(facts ? { kind: 'judge_again', facts } : { kind: 'stopped', why: 'the gate refused' });
  }

  /** `agent_id` null: whoever may read the pipeline. */
  async look(
    tenant: string,
    agent_id: string | null,
    action_id: string,
  ): Promise<Result<LookedAt, DomainError>> {
    const found = this.#pipeline.find(tenant);
    if (!found.ok) return found;
    const action = found.value.actions[action_id];
    if (!action || (agent_id !== null && action.request.agent_id !== agent_id))
      return err({ code: 'not_found', what: `action ${action_id}` });
    return ok({ action: toAskedAction(found.value, action), ...(await this.#toJudge(action_id)) });
  }

  async report(
    tenant: string,
    agent_id: string,
    action_id: string,
    outcome: ReportedOutcome,
  ): Promise<Result<AskedAction, DomainError>> {
    const found = this.#pipeline.find(tenant);
    if (!found.ok) return found;
    const done = this.#pipeline.commit({ kind: 'report', agent_id, action_id, outcome }, `agent:${agent_id}`);
    if (!done.ok) return done;
    const looked = await this.look(tenant, agent_id, action_id);
    return looked.ok ? ok(looked.value.action) : looked;
  }

  /** Not judged yet, or approved by a person since: then it is judged again (GOV-5). */
  async #toJudge(action_id: string): Promise<Pick<Asked, 'facts' | 'ready'>> {
    const before = this.#pipeline.state.actions[action_id];
    if (!before?.request.outside || !this.#wantsJudgement(before)) return { facts: null, ready: true };
    const permit = await this.#above.permit();
    const state = this.#pipeline.state;
    const onItsWay = Object.values(state.steps).some(
      (s) => s.work.kind === 'agent_bootstrap' && s.work.agent_id === before.request.agent_id,
    );
    return { facts: gateFacts(state, action_id, permit), ready: !onItsWay };
  }

  #wantsJudgement({ action_id, decision, outcome }: ActionState): boolean {
    const state = this.#pipeline.state;
    if (outcome || state.outcome) return false;
    if (!decision) return true;
    return decision.decision === 'require_approval' && approvalOf(state, action_id)?.status === 'approve';
  }
}
