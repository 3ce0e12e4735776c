import type { MediationOutput, TurnOutput } from '#domain/agents/output.ts';
import { isSeat } from '#domain/agents/roles.ts';
import type { StepError, StepResult } from '#domain/pipeline/assignment.ts';
import type { GateDecision } from '#domain/pipeline/event/actions.ts';
import type { Usage } from '#domain/pipeline/event/steps.ts';
import type { PipelineState, StepState } from '#domain/pipeline/state.ts';
import type { Answer, Talk } from './model-check-moves.ts';
import { ALLOW, proposal, report, vote } from './pipeline.ts';

const isoAt = (ms: number): string => new Date(ms).toISOString();

/** Never more than was reserved: a provider keeps to max_tokens. */
function usageOf(step: StepState, talk: Talk): Usage {
  const share = (n: number): number => Math.floor((n * talk.used) / 100);
  return {
    tokens_in: share(step.reserved?.tokens ?? 0),
    tokens_out: 0,
    tokens_cached: 0,
    cost_microusd: share(step.reserved?.cost_microusd ?? 0),
    provider: 'compatible',
    model: 'scripted',
    latency_ms: 1,
  };
}

function turnOutput(state: PipelineState, step: StepState, talk: Talk): TurnOutput | MediationOutput {
  const agent = 'agent_id' in step.work ? state.agents[step.work.agent_id] : undefined;
  const own = state.proposals.findLast((p) => p.author === agent?.role);
  const output: TurnOutput = {
    findings:
      talk.finding === null
        ? []
        : [{ severity: 'low', title: `finding ${talk.finding}`, body: 'seen', citations: [] }],
    proposal:
      talk.proposal === null
        ? null
        : {
            ...proposal(`plan ${talk.proposal}`, talk.revises ? (own?.proposal_id ?? null) : null),
            actions: Array.from({ length: talk.actions }, (_, n) => ({
              tool: 'http_get',
              arguments: n === 0 ? '{"n":1}' : 'not json',
              target: 'example.test',
            })),
          },
    // Also on revisions that the voter cannot see or that do not exist, as models do.
    votes: talk.votes.map(({ pick, stance, critical, confidence }) => {
      const target = state.proposals[pick % (state.proposals.length + 1)];
      return vote(target?.proposal_id ?? 'pp_made_up', target?.revision ?? 1, stance, {
        critical,
        confidence,
        citations: critical ? [{ source: 'runbook', locator: '§1', quote: 'never' }] : [],
      });
    }),
    messages: [],
  };
  return agent?.role === 'GAMMA' ? { ...output, taken: [] } : output;
}

export const gateSays = (answer: Answer): GateDecision => ({
  ...ALLOW,
  decision: answer.gate.decision,
  effect: answer.gate.effect,
  violation:
    answer.gate.decision === 'deny'
      ? { rule: 'test_rule', severity: answer.gate.critical ? 'critical' : 'medium' }
      : null,
});

const CODES: Partial<Record<Answer['how'], string>> = {
  lost: 'credentials_store_lost',
  away: 'credentials_unavailable',
  dead: 'token_revoked',
};

export const errorOf = (answer: Answer, step: StepState): StepError => ({
  code: CODES[answer.how] ?? 'broken',
  message: 'it broke',
  cause: 'dependency',
  retryable: answer.how === 'retryable' || answer.how === 'away',
  retry_after_s: null,
  usage: answer.talk.used > 50 && answer.how !== 'away' ? usageOf(step, answer.talk) : null,
});

/** What a worker that did its work reports. `serial` names tokens; a second answer to the same claim issues another one. */
export function resultOf(
  state: PipelineState,
  step: StepState,
  answer: Answer,
  now: number,
  serial: number,
): StepResult {
  const { work } = step;
  const { talk } = answer;
  const usage = usageOf(step, talk);
  switch (work.kind) {
    case 'credentials_login':
      return {
        kind: 'credentials_login',
        accessor: `acc-login-${serial}`,
        policies: ['pipeline'],
        expires_at: isoAt(now + 300_000),
      };
    case 'agent_bootstrap':
      return {
        kind: 'agent_bootstrap',
        accessor: `acc-${work.agent_id}-${serial}`,
        policies: ['agent'],
        expires_at: isoAt(now + 7_200_000),
      };
    case 'agent_turn': {
      if (talk.tools > 0) {
        const calls = Array.from({ length: talk.tools }, (_, n) => ({
          call_id: `c${n}`,
          tool: 'http_get',
          arguments: {},
          target: 'example.test',
        }));
        return { kind: 'tool_calls', calls, usage };
      }
      const role = state.agents[work.agent_id]?.role;
      return role && isSeat(role)
        ? { kind: 'turn', output: turnOutput(state, step, talk), usage }
        : { kind: 'planner_report', report: report(talk.complexity), usage };
    }
    case 'synthesis':
      return { kind: 'turn', output: turnOutput(state, step, talk), usage };
    case 'action':
      return {
        kind: 'action',
        status: answer.action,
        result: '{}',
        result_sha256: null,
        truncated: false,
        error: answer.action === 'succeeded' ? null : 'no',
        origin: ['web'],
      };
    case 'store_context':
      return { kind: 'store_context', key: 'k', sha256: '0'.repeat(64), ttl_s: 60 };
    case 'spawn_diagnostic':
      return { kind: 'spawn_diagnostic', number: 3 };
    case 'spawn_successor':
      return { kind: 'spawn_successor', number: 2 };
    case 'revoke': {
      const count = Math.ceil((work.tokens.length * answer.gone) / 100);
      return {
        kind: 'revoke',
        gone: work.tokens.slice(0, count).map(({ accessor }) => ({ accessor, how: 'lookup' as const })),
      };
    }
  }
}
