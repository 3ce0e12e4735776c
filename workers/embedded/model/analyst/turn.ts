import type { ProposalDraft, TurnOutput } from '#domain/agents/output.ts';
import type { RankedPassage } from '#domain/inspection/index.ts';
import { addresses, orders, refusals } from './addresses.ts';
import { compose } from './compose.ts';
import {
  defectsOf,
  type Inspected,
  inspections,
  obligations,
  relevantPassages,
  statements,
} from './evidence.ts';
import { asFinding, bySeverity, isDefect, type Point, unknownTo } from './point.ts';
import type { BoardProposal, Reading } from './reading.ts';
import { acceptable, messagesFor, objectionTo, stubbornVotes, votesOn } from './voting.ts';

export const ownProposal = ({ board, seat }: Reading): BoardProposal | null =>
  board.proposals.filter(({ author }) => author === seat).at(-1) ?? null;
export const othersProposals = ({ board, seat }: Reading): BoardProposal[] =>
  board.proposals.filter(({ author }) => author !== seat);

/** One line on an inspected document, so that a clean result is on record too. */
export function overview({ document, inspection }: Inspected): Point {
  const { counts, blast_radius, score } = inspection;
  const parts = [
    `${counts.create} to create`,
    `${counts.update} to update`,
    `${counts.replace} to replace`,
    `${counts.destroy} to destroy`,
  ];
  return {
    severity: 'info',
    title: `${document}: ${parts.join(', ')}; blast radius ${blast_radius.level}, risk ${score} of 100`,
    body: `Changed: ${blast_radius.changed}. Destroyed or replaced: ${blast_radius.destroyed}, of which ${blast_radius.stateful_destroyed} hold data. Depending on them: ${blast_radius.dependents.join(', ') || 'none'}.`,
    citations: [{ source: document, locator: '/format_version', quote: inspection.format_version }],
  };
}

interface Findings {
  /** New on the blackboard with this turn. */
  fresh: Point[];
  known: Point[];
  passages: RankedPassage[];
}

/** ALPHA's: what tools show in the thing itself; what documents say only where no tool has shown anything. */
function researched(reading: Reading): Findings {
  const inspected = inspections(reading);
  const facts = [...inspected.flatMap(defectsOf), ...inspected.map(overview)];
  const noticed = [...orders(reading), ...refusals(reading)];
  const factual = [...facts, ...reading.board.findings].some(isDefect);
  const passages = factual && !reading.switches.gullible ? [] : relevantPassages(reading);
  const said = [...obligations(passages), ...(factual ? [] : statements(passages))];
  return gathered(reading, bySeverity([...facts, ...noticed, ...said]), passages);
}

/** BETA's and GAMMA's: the rules that documents lay down for the case, read in the light of what is known of it. */
function synthesised(reading: Reading): Findings {
  const risks: Point[] = (reading.board.report?.risks ?? []).map((risk) => ({ ...risk, body: '' }));
  const hints = [...risks, ...reading.board.findings].filter(isDefect).map(({ title }) => title);
  const passages = relevantPassages(reading, hints.slice(0, 12));
  const { fresh, known } = gathered(reading, obligations(passages), passages);
  return { fresh, known: [...known, ...unknownTo(known, risks)], passages };
}

function gathered(reading: Reading, points: readonly Point[], passages: RankedPassage[]): Findings {
  const fresh = unknownTo(reading.board.findings, points).slice(0, 60);
  return { fresh, known: [...reading.board.findings, ...fresh], passages };
}

const findingsOf = (reading: Reading): Findings =>
  reading.seat === 'ALPHA' ? researched(reading) : synthesised(reading);

/**
 * Whether this seat writes now. A seat without a proposal proposes; one whose proposal leaves something out revises it, unless
 * another's is already complete: it approves that instead, so that a run converges. The researcher leaves merging to others until
 * its own proposal has been rejected.
 */
function writes(reading: Reading, known: readonly Point[]): 'propose' | 'revise' | null {
  const own = ownProposal(reading);
  const others = othersProposals(reading);
  if (reading.switches.disagree) return own ? 'revise' : 'propose';
  if (others.some((proposal) => acceptable(objectionTo(reading, proposal, known)))) return null;
  if (!own) return 'propose';
  if (acceptable(objectionTo(reading, own, known))) return null;
  const rejected = reading.board.votes.some(
    ({ proposal_id, revision, vote }) =>
      proposal_id === own.proposal_id && revision === own.revision && vote === 'reject',
  );
  return reading.seat !== 'ALPHA' || rejected ? 'revise' : null;
}

export interface Turn {
  output: TurnOutput;
  known: Point[];
  passages: RankedPassage[];
}

/** One seat's contribution to a round: findings, at most one proposal, a vote on each of the others', messages. */
export function takeTurn(reading: Reading): Turn {
  const { fresh, known, passages } = findingsOf(reading);
  const others = othersProposals(reading);
  const own = ownProposal(reading);
  const intent = writes(reading, known);
  const grounds = reading.switches.disagree ? statements(relevantPassages(reading)) : [];
  const votes = reading.switches.disagree
    ? stubbornVotes(reading, others, grounds.length > 0 ? grounds : known)
    : votesOn(reading, others, known);
  const emphasis = reading.switches.disagree
    ? (grounds[reading.round % Math.max(1, grounds.length)] ?? null)
    : null;
  const proposal: ProposalDraft | null = intent
    ? compose({
        objective: reading.objective,
        points: known,
        passages,
        revises: intent === 'revise' ? (own?.proposal_id ?? null) : null,
        emphasis,
      })
    : null;
  return {
    output: {
      findings: fresh.map(asFinding),
      proposal,
      votes,
      messages: messagesFor(votes, others),
    },
    known,
    passages,
  };
}

/** Tools that this seat wants before it answers; each is called once. */
export function wantedCalls(reading: Reading): { tool: string; arguments: Record<string, unknown> }[] {
  const { seat, board, documents, switches, used } = reading;
  if (switches.forbidden && !used.some(({ tool }) => tool === switches.forbidden?.action)) {
    return [{ tool: switches.forbidden.action, arguments: { target: switches.forbidden.target } }];
  }
  const done = board.findings.some(({ author }) => author === seat);
  if (done || (seat !== 'ALPHA' && seat !== 'PLANNER')) return [];
  const inspect = documents
    .filter(({ terraform }) => terraform)
    .map(({ name }) => ({ tool: 'terraform_inspect', arguments: { document: name } }));
  const fetch =
    seat === 'ALPHA' ? addresses(reading).map(({ url }) => ({ tool: 'http_get', arguments: { url } })) : [];
  return [...inspect, ...fetch].filter(
    (call) =>
      reading.tools.has(call.tool) &&
      !used.some(
        ({ tool, arguments: given }) =>
          tool === call.tool && JSON.stringify(given) === JSON.stringify(call.arguments),
      ),
  );
}
