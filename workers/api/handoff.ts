import type { ConsensusView, Orchestration } from '#contract/pipeline.ts';
import { hashJson } from '#domain/ledger/canonical.ts';

export interface HandoffReport {
  objective: string;
  summary: string;
  proposals: {
    proposal_id: string;
    revision: number;
    author: string;
    title: string;
    approve: number;
    reject: number;
  }[];
  failure_reasons: string[];
  budgets_left: { steps: number; tokens: number; cost_microusd: number; actions: number };
  actions_open: { action_id: string; tool: string; target: string; status: string }[];
  lineage: { attempt: number; predecessor_id: string | null; successor_id: string | null };
  next_steps: string[];
}

/** Of each proposal the newest revision, with the votes that stand on it. */
function proposals({ blackboard }: Orchestration, { proposals: counts }: ConsensusView) {
  const newest = new Map(blackboard.proposals.map((p) => [p.proposal_id, p]));
  return [...newest.values()].map(({ proposal_id, revision, author, title }) => {
    const count = counts.find((c) => c.proposal_id === proposal_id && c.revision === revision);
    return { proposal_id, revision, author, title, approve: count?.approve ?? 0, reject: count?.reject ?? 0 };
  });
}

function nextSteps({ pipeline, blackboard }: Orchestration, view: ConsensusView): string[] {
  const verdict = blackboard.proposals.find(
    (p) => p.proposal_id === view.verdict?.proposal_id && p.revision === view.verdict.revision,
  );
  if (verdict) return verdict.steps.length > 0 ? verdict.steps : [verdict.title];
  if (pipeline.waiting_for === 'continue') return ['Read the report, then POST /api/pipeline/continue.'];
  const fallbacks = view.fallbacks.filter((f) => f.allowed && f.action !== 'download_log');
  if (pipeline.exit_code === 2 && fallbacks.length > 0)
    return fallbacks.map((f) => `POST /api/pipeline/consensus/fallback with action ${f.action}.`);
  if (pipeline.state === 'FAILED') return ['Mend what failed, then spawn the plan again.'];
  return ['Wait: the pipeline is at work.'];
}

/** OBS-4: what somebody needs who takes over from this pipeline, live or ended. Pure. */
export function handoffOf(board: Orchestration, view: ConsensusView): HandoffReport {
  const { pipeline, blackboard } = board;
  const { usage, limits } = pipeline;
  const left = (limit: number, used: number) => Math.max(0, limit - used);
  const failure_reasons = [
    ...(pipeline.state === 'FAILED' || pipeline.exit_code === 2
      ? [pipeline.reason ?? 'no reason recorded']
      : []),
    ...board.violations.map((v) => `${v.severity}: ${v.rule} (${v.consequence})`),
    ...board.log.filter((l) => l.level === 'error').map((l) => `${l.source}: ${l.message}`),
  ].slice(0, 50);
  return {
    objective: pipeline.objective,
    summary: pipeline.verdict ?? blackboard.report?.summary ?? 'Nothing has been written yet.',
    proposals: proposals(board, view),
    failure_reasons,
    budgets_left: {
      steps: left(limits.steps, usage.steps),
      tokens: left(limits.tokens, usage.tokens_in + usage.tokens_out),
      cost_microusd: left(limits.cost_microusd, usage.cost_microusd),
      actions: left(limits.actions, usage.actions),
    },
    actions_open: board.actions
      .filter((a) => a.status === 'requested' || a.status === 'allowed' || a.status === 'unknown')
      .map(({ action_id, tool, target, status }) => ({ action_id, tool, target, status })),
    lineage: {
      attempt: pipeline.attempt,
      predecessor_id: pipeline.predecessor_id,
      successor_id: pipeline.successor_id,
    },
    next_steps: nextSteps(board, view),
  };
}

/** Text of agents and plans goes into one line, so that it cannot pass for the report's own headings. */
const line = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(/[<>]/g, (c) => (c === '<' ? '&lt;' : '&gt;'));
const bullets = (items: readonly string[]): string =>
  items.length === 0 ? '- none' : items.map((item) => `- ${line(item)}`).join('\n');

export function handoffMarkdown(pipelineId: string, state: string, atSeq: number, r: HandoffReport): string {
  const budgets = Object.entries(r.budgets_left).map(([name, value]) => `${name}: ${value}`);
  return `# Handoff of ${pipelineId}

State ${state} at event ${atSeq}, attempt ${r.lineage.attempt}.

## Objective
${line(r.objective)}

## Summary
${line(r.summary)}

## Proposals
${bullets(r.proposals.map((p) => `${p.title} (${p.proposal_id} revision ${p.revision} by ${p.author}: ${p.approve} for, ${p.reject} against)`))}

## What went wrong
${bullets(r.failure_reasons)}

## Open actions
${bullets(r.actions_open.map((a) => `${a.tool} on ${a.target}: ${a.status} (${a.action_id})`))}

## Budgets left
${bullets(budgets)}

## Next steps
${bullets(r.next_steps)}
`;
}

export const handoffHash = (report: HandoffReport): string => hashJson(report);
