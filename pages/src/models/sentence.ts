import type { AgentCard, Orchestration, Pipeline } from '#contract/pipeline.ts';
import { isEnded, type WaitingFor } from '#domain/pipeline/states.ts';
import { reasonText } from './outcome-text.ts';

export type Tone = 'working' | 'waiting' | 'success' | 'danger';

/** UI-4: the state of a run in one sentence: where it is, what it waits for, who acts next. */
export interface Sentence {
  tone: Tone;
  text: string;
  /** Who acts next; null once nobody has to. */
  next: string | null;
}

const WAITS: Record<WaitingFor, { text: string; next: string }> = {
  continue: { text: 'The report is ready and waits for a person to read it.', next: 'you, with Continue' },
  approval: { text: 'It waits for a person’s approval.', next: 'an approver' },
  fallback: { text: 'The agents could not agree.', next: 'an operator, who chooses a way on' },
  credentials: {
    text: 'Vault does not answer; credentials are asked for again.',
    next: 'the system, by itself',
  },
  resume: { text: 'Paused.', next: 'an operator, with Resume' },
  queue: { text: 'A step waits for what it needs.', next: 'the system, by itself' },
};

/** GOV-5, REC-6: `approval` stands for a question to a person and for an action that somebody has to look after. */
function approvalWait(o: Orchestration): { text: string; next: string } {
  const asked = o.approvals.find((a) => a.status === 'pending');
  if (asked?.tool === 'escalate_tier')
    return {
      text: `Somebody asked to run again at tier ${String(asked.arguments.tier)}, which takes another person’s approval.`,
      next: 'an approver, under Approvals',
    };
  const unknown = o.actions.find((a) => a.status === 'unknown');
  return unknown
    ? {
        text: `Nobody knows whether ${unknown.tool} happened, and it is not tried again by itself.`,
        next: 'an operator, who looks and says so under Actions',
      }
    : WAITS.approval;
}

/** Agents that are at work now: not replaced, not revoked, with something to do. */
export const atWork = (agents: readonly AgentCard[]): AgentCard[] =>
  agents.filter(
    (a) => a.replaced_by === null && a.phase !== 'EXIT' && a.phase !== 'REVOKED' && a.step !== null,
  );

const names = (agents: readonly AgentCard[]): string =>
  agents.length > 0 ? list(agents.map((a) => a.role)) : 'the next agent';

function liveSentence(p: Pipeline, o: Orchestration, why: string): Sentence {
  if (p.waiting_for) {
    const { text, next } = p.waiting_for === 'approval' ? approvalWait(o) : WAITS[p.waiting_for];
    // ENF-1: which dependency, or whose budget, is said in the run’s own words.
    if (p.waiting_for === 'queue' && p.waiting_detail)
      return { tone: 'waiting', text: `Waiting: ${p.waiting_detail}.${why}`, next };
    return { tone: 'waiting', text: `${text}${why}`, next };
  }
  if (o.recovery.trigger)
    return {
      tone: 'waiting',
      text: `The supervisor ends the run: ${o.recovery.trigger.replaceAll('_', ' ')}. What there is so far is put together for a successor.`,
      next: 'GAMMA, or the rules when it cannot',
    };
  const busy = atWork(o.agents);
  const last = o.blackboard.progress.at(-1);
  if (busy.length === 0 && last && last.seq === p.seq)
    return {
      tone: 'working',
      text: `A step ran into trouble: ${last.note.replace(/^[a-z_]+: /, '').replace(/\.*$/, '.')}`,
      next: 'the system, which tries again',
    };
  const next = busy.length > 0 ? names(busy) : 'the system, by itself';
  switch (p.state) {
    case 'SPAWN':
      return { tone: 'working', text: 'Starting: asking Vault for short-lived credentials.', next };
    case 'RUNNING':
      return { tone: 'working', text: 'The planner is analysing the objective and its documents.', next };
    case 'REPORT':
      return { tone: 'working', text: 'The planner’s report is on the blackboard.', next };
    default:
      return { tone: 'working', text: orchestrating(o), next };
  }
}

function orchestrating(o: Orchestration): string {
  if (o.blackboard.consensus)
    return 'The agents agreed; the winning proposal is being carried out through the gate.';
  const proposals = new Set(o.blackboard.proposals.map((x) => x.proposal_id)).size;
  const said =
    proposals === 0
      ? 'no proposal yet'
      : `${proposals} ${proposals === 1 ? 'proposal' : 'proposals'} on the table`;
  const mediated = o.gamma.spawned ? '; GAMMA mediates' : '';
  return `Round ${o.round || 1}: ${said}, no verdict${mediated}.`;
}

const list = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

function verdictText(o: Orchestration): string {
  const { consensus } = o.blackboard;
  if (!o.pipeline.verdict) return 'Completed.';
  if (!consensus) return `Completed with “${o.pipeline.verdict}”, which a person accepted without consensus.`;
  const dissent = consensus.minority_report.map((d) => d.seat);
  const against = dissent.length > 0 ? `; ${list(dissent)} did not agree` : '';
  return `Verdict: “${o.pipeline.verdict}”. Approved by ${list(consensus.approvals)}${against}.`;
}

/** `detail`: what the event of the end, or of the failed consensus, says beyond its code; null when it says no more. */
export function describeRun(o: Orchestration, detail: string | null = null): Sentence {
  const p = o.pipeline;
  const why = detail ? ` ${detail[0]?.toUpperCase()}${detail.slice(1).replace(/\.*$/, '.')}` : '';
  if (!isEnded(p.state)) return liveSentence(p, o, why);
  const sealed = p.sealed ? 'All tokens are confirmed gone.' : 'Its tokens are being revoked.';
  const next = p.sealed ? null : 'the system, until every token is gone';
  if (p.state === 'COMPLETED') return { tone: 'success', text: `${verdictText(o)} ${sealed}`, next };
  return { tone: 'danger', text: `Failed: ${reasonText(p.reason)}.${why} ${sealed}`, next };
}
