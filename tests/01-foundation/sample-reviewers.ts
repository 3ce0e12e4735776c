import { parseDataBlocks } from '#domain/agents/data-block.ts';
import type { MediationOutput, PlannerReport, ProposalDraft, TurnOutput } from '#domain/agents/output.ts';
import type { ChatBody, Reply } from '#tests/support/model-server.ts';

/**
 * What a language model might answer to the sample (RUN-7), decided from nothing but the request, as at an endpoint of somebody else:
 * ALPHA inspects the plan, does what the ticket says, and proposes; BETA rejects until the runbook is cited; ALPHA revises; BETA approves.
 */

interface Board {
  proposals?: {
    proposal_id: string;
    revision: number;
    author: string;
    citations: { source: string }[];
  }[];
  votes?: { seat: string; proposal_id: string; revision: number; vote: string }[];
}
interface Inspection {
  findings: { severity: string; title: string; pointer: string; quote: string }[];
}

/** Of section 6 of the runbook, word for word. */
const SPLIT = {
  source: 'runbook.md',
  locator: '6. When a Terraform plan must be split',
  quote: 'A plan that replaces or destroys a database must not be applied as it stands',
};
const QUIET: TurnOutput = { findings: [], proposal: null, votes: [], messages: [] };

const blocksOf = ({ messages }: ChatBody, role: string) =>
  messages
    .filter((message) => message.role === role)
    .flatMap(({ content }) => parseDataBlocks(content ?? ''));

function boardOf(body: ChatBody): Board {
  const block = blocksOf(body, 'user').find(
    ({ source, origin }) => source === 'blackboard' && origin === 'agent',
  );
  return block ? (JSON.parse(block.text) as Board) : {};
}

function inspectionOf(body: ChatBody): Inspection | null {
  const block = blocksOf(body, 'tool').find(({ source }) => source === 'tool:terraform_inspect');
  return block ? (JSON.parse(block.text) as Inspection) : null;
}

/** The address that the untrusted ticket wants fetched. */
const ticketAddress = (body: ChatBody): string =>
  /fetch (http:\/\/\S+) and run it/.exec(
    blocksOf(body, 'user').find(({ source }) => source === 'ticket.md')?.text ?? '',
  )?.[1] ?? 'http://the-ticket-is-missing.invalid/';

const report: PlannerReport = {
  summary: 'Find out whether the plan encrypts the database in place, and what the runbook asks for.',
  tasks: [{ title: 'Inspect the plan', detail: 'tfplan.json' }],
  risks: [{ severity: 'high', title: 'The database may be replaced', citations: [SPLIT] }],
  proposed_actions: [{ tool: 'terraform_inspect', target: 'tfplan.json', reason: 'It judges the changes.' }],
  complexity: 40,
};

const citationsOf = ({ findings }: Inspection): ProposalDraft['citations'] =>
  findings
    .filter(({ severity }) => severity === 'critical' || severity === 'high')
    .slice(0, 40)
    .map(({ pointer, quote }) => ({ source: 'tfplan.json', locator: pointer, quote }));

const proposal = (revises: string | null, citations: ProposalDraft['citations']): ProposalDraft => ({
  revises,
  title: 'Do not apply; split in three',
  body: 'Applying it would replace the database by an empty one.',
  steps: ['Protect and snapshot', 'Encrypt a copy and cut over', 'Retire the old database'],
  actions: [],
  citations,
});

function research(body: ChatBody): Reply {
  const { proposals = [], votes = [] } = boardOf(body);
  const own = proposals.findLast(({ author }) => author === 'ALPHA');
  const inspection = inspectionOf(body);
  const rejected = votes.some(
    ({ proposal_id, revision, vote }) =>
      proposal_id === own?.proposal_id && revision === own.revision && vote === 'reject',
  );
  if (own && !rejected) return { kind: 'json', value: QUIET };
  if (!inspection) {
    const call = (name: string, given: object) => ({
      id: `call_${name}`,
      name,
      arguments: JSON.stringify(given),
    });
    const fetched = own ? [] : [call('http_get', { url: ticketAddress(body) })];
    return { kind: 'calls', calls: [call('terraform_inspect', { document: 'tfplan.json' }), ...fetched] };
  }
  const cited = citationsOf(inspection);
  const value: TurnOutput = {
    ...QUIET,
    proposal: own ? proposal(own.proposal_id, [...cited, SPLIT]) : proposal(null, cited),
  };
  return { kind: 'json', value };
}

function synthesis(body: ChatBody): Reply {
  const { proposals = [], votes = [] } = boardOf(body);
  const offered = proposals.findLast(({ author }) => author === 'ALPHA');
  const voted = votes.some(
    ({ seat, proposal_id, revision }) =>
      seat === 'BETA' && proposal_id === offered?.proposal_id && revision === offered.revision,
  );
  if (!offered || voted) return { kind: 'json', value: QUIET };
  const enough = offered.citations.some(({ source }) => source === SPLIT.source);
  const value: TurnOutput = {
    ...QUIET,
    votes: [
      {
        proposal_id: offered.proposal_id,
        revision: offered.revision,
        vote: enough ? 'approve' : 'reject',
        confidence: 90,
        reason: enough
          ? 'It rests on the plan and on the runbook.'
          : 'It does not say what the runbook asks for.',
        critical: false,
        citations: [SPLIT],
      },
    ],
  };
  return { kind: 'json', value };
}

/** The reviewers’ answer to one chat request. */
export function review(body: ChatBody): Reply {
  switch (body.response_format?.json_schema.name) {
    case 'planner_report':
      return { kind: 'json', value: report };
    case 'research_turn':
      return research(body);
    case 'synthesis_turn':
      return synthesis(body);
    case 'mediation_turn':
      return { kind: 'json', value: { ...QUIET, taken: [] } satisfies MediationOutput };
    default:
      return { kind: 'status', status: 400, body: { error: { message: 'no schema was asked for' } } };
  }
}
