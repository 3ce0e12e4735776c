import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { type DataBlock, renderDataBlock } from '#domain/agents/data-block.ts';
import {
  type MediationOutput,
  OUTPUT_SCHEMAS,
  type OutputSchemaName,
  type PlannerReport,
  type ProposalDraft,
  type TurnOutput,
} from '#domain/agents/output.ts';
import type { Seat } from '#domain/agents/roles.ts';
import { type Ballot, conflicts, tally, winner } from '#domain/consensus/tally.ts';
import { inspectTerraformPlan } from '#domain/inspection/index.ts';
import { handleModel } from '#workers/embedded/model/index.ts';

/**
 * Plays a plan against the embedded model with nothing of the system between: planner, then rounds in which each seat sees the
 * blackboard as the round began (CONS-2), and the verdict's own count after each.
 */
export const KEY = 'simulation-key';

export interface Doc {
  name: string;
  media_type: string;
  origin: string;
  text: string;
}
export interface SimulatedPlan {
  objective: string;
  documents: Doc[];
  misbehave: Record<string, unknown>[];
}

export function loadPlan(name: string): SimulatedPlan {
  const folder = join(import.meta.dirname, '../../plans', name);
  const file = (path: string) => readFileSync(join(folder, path), 'utf8');
  const plan = parse(file('plan.yaml'));
  return {
    objective: plan.objective,
    documents: plan.context.map((entry: Record<string, string>) => ({
      name: entry.name,
      media_type: entry.media_type ?? 'text/markdown',
      origin: entry.origin,
      text: entry.text ?? file(entry.file ?? ''),
    })),
    misbehave: plan.embedded?.misbehave ?? [],
  };
}

export interface Proposal extends ProposalDraft {
  proposal_id: string;
  revision: number;
  author: Seat;
  round: number;
}
export interface Vote {
  seat: Seat;
  round: number;
  proposal_id: string;
  revision: number;
  vote: 'approve' | 'reject' | 'abstain';
  confidence: number;
  reason: string;
  critical: boolean;
  citations: ProposalDraft['citations'];
}
export interface Played {
  report: PlannerReport;
  rounds: number;
  proposals: Proposal[];
  votes: Vote[];
  findings: (TurnOutput['findings'][number] & { author: Seat; finding_id: string })[];
  taken: MediationOutput['taken'];
  conflicts: number;
  mediated: boolean;
  verdict: Proposal | null;
  calls: { seat: string; name: string; arguments: string }[];
  /** Every answer, word for word. */
  said: string[];
}

const FORM = {
  PLANNER: 'planner_report',
  ALPHA: 'research_turn',
  BETA: 'synthesis_turn',
  GAMMA: 'mediation_turn',
} as const;
const TOOLS = ['terraform_inspect', 'http_get', 'blackboard_read', 'memory_search', 'memory_read'];

export const toolResult = (
  documents: readonly Doc[],
  name: string,
  given: Record<string, string>,
): unknown => {
  if (name === 'terraform_inspect') {
    const text = documents.find((one) => one.name === given.document)?.text ?? '';
    const result = inspectTerraformPlan(JSON.parse(text));
    return result.ok ? result.value : { error: result.error };
  }
  return {
    denied: true,
    rule: 'egress_private_address',
    reason: `${name} may not do this`,
    remedy: 'Ask a person.',
  };
};

interface Call {
  seat: keyof typeof FORM;
  round: number;
  attempt?: number;
  tools?: string[];
  maxTokens?: number;
  blackboard?: unknown;
}

export interface Turned {
  output: unknown;
  said: string;
  calls: Played['calls'];
}

/** One agent's turn: calls the model until it answers, and runs the tools it asks for. */
export async function turn(plan: SimulatedPlan, call: Call): Promise<Turned> {
  const block = (one: DataBlock) => renderDataBlock(one);
  const prompt = [
    `# Objective\n${plan.objective}`,
    ...plan.documents.map((one) => block({ source: one.name, ...one })),
    ...(call.blackboard
      ? [
          block({
            source: 'blackboard',
            origin: 'agent',
            media_type: 'application/json',
            text: JSON.stringify(call.blackboard),
          }),
        ]
      : []),
  ].join('\n\n');
  const messages: unknown[] = [
    { role: 'system', content: `You are ${call.seat}.` },
    { role: 'user', content: prompt },
  ];
  const calls: Played['calls'] = [];
  const schema = FORM[call.seat] as OutputSchemaName;
  for (let leg = 0; leg < 6; leg++) {
    const body = {
      model: 'extractive-1',
      max_tokens: call.maxTokens ?? 8_192,
      messages,
      tools: (call.tools ?? TOOLS).map((name) => ({ type: 'function', function: { name, parameters: {} } })),
      response_format: {
        type: 'json_schema',
        json_schema: { name: schema, strict: true, schema: z.toJSONSchema(OUTPUT_SCHEMAS[schema]) },
      },
      embedded: { misbehave: plan.misbehave, seat: call.seat, round: call.round, attempt: call.attempt ?? 1 },
    };
    const response = await handleModel(
      new Request('http://model.test/v1/chat/completions', {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}` },
        body: JSON.stringify(body),
      }),
      { EMBEDDED_MODEL_KEY: KEY },
    );
    // biome-ignore lint/suspicious/noExplicitAny: the wire is judged by the schema below.
    const { choices, error } = (await response.json()) as any;
    if (!choices) throw new Error(`${response.status} ${JSON.stringify(error)}`);
    const [{ message }] = choices;
    if (!message.tool_calls) {
      return {
        output: OUTPUT_SCHEMAS[schema].parse(JSON.parse(message.content)),
        said: message.content,
        calls,
      };
    }
    messages.push(message);
    for (const { id, function: called } of message.tool_calls) {
      calls.push({ seat: call.seat, name: called.name, arguments: called.arguments });
      const result = toolResult(plan.documents, called.name, JSON.parse(called.arguments));
      messages.push({
        role: 'tool',
        tool_call_id: id,
        content: block({
          source: `tool:${called.name}`,
          origin: `tool:${called.name}`,
          media_type: 'application/json',
          text: JSON.stringify(result),
        }),
      });
    }
  }
  throw new Error('the model never answered');
}

const latest = <T extends { proposal_id: string; revision: number }>(all: readonly T[]): T[] => [
  ...new Map([...all].sort((a, b) => a.revision - b.revision).map((one) => [one.proposal_id, one])).values(),
];

/** The votes and proposals so far, as the verdict reads them (CONS-4). */
const ballotOf = (played: Played, electorate: Seat[]): Ballot => ({
  electorate,
  proposals: played.proposals.map((proposal, seq) => ({ ...proposal, seq })),
  votes: played.votes.map((vote, seq) => ({ ...vote, seq })),
});

export async function play(
  plan: SimulatedPlan,
  {
    rounds = 8,
    plannerTools = TOOLS,
    maxTokens = 8_192,
  }: { rounds?: number; plannerTools?: string[]; maxTokens?: number } = {},
): Promise<Played> {
  const planned = await turn(plan, { seat: 'PLANNER', round: 0, tools: plannerTools, maxTokens });
  const played: Played = {
    report: planned.output as PlannerReport,
    rounds: 0,
    proposals: [],
    votes: [],
    findings: [],
    taken: [],
    conflicts: 0,
    mediated: false,
    verdict: null,
    calls: [...planned.calls],
    said: [planned.said],
  };
  for (let round = 1; round <= rounds && !played.verdict; round++) {
    const seats: Seat[] = played.conflicts > 3 ? ['ALPHA', 'BETA', 'GAMMA'] : ['ALPHA', 'BETA'];
    const shown = structuredClone({
      report: played.report,
      findings: played.findings,
      proposals: latest(played.proposals),
      votes: played.votes,
      messages: [],
    });
    const turns: [Seat, Turned][] = [];
    for (const seat of seats)
      turns.push([seat, await turn(plan, { seat, round, maxTokens, blackboard: { seat, round, ...shown } })]);
    for (const [seat, one] of turns) record(played, shown.proposals, seat, round, one);
    played.rounds = round;
    played.mediated ||= seats.length === 3;
    const ballot = ballotOf(played, seats);
    played.conflicts = conflicts(ballot);
    const won = winner(tally(ballot));
    played.verdict =
      played.proposals.find(
        ({ proposal_id, revision }) => proposal_id === won?.proposal_id && revision === won?.revision,
      ) ?? null;
  }
  return played;
}

function record(
  played: Played,
  shown: readonly Proposal[],
  seat: Seat,
  round: number,
  { output, said, calls }: Turned,
) {
  const { findings, proposal, votes, ...rest } = output as TurnOutput & Partial<MediationOutput>;
  played.said.push(said);
  played.calls.push(...calls);
  for (const finding of findings) {
    played.findings.push({ ...finding, author: seat, finding_id: `f${played.findings.length + 1}` });
  }
  for (const vote of votes) {
    if (!shown.some((one) => one.proposal_id === vote.proposal_id && one.revision === vote.revision)) {
      throw new Error(`${seat} voted on ${vote.proposal_id} r${vote.revision}, which it could not see`);
    }
    played.votes.push({ ...vote, seat, round });
  }
  if (proposal) {
    const revision = proposal.revises
      ? 1 +
        Math.max(
          ...played.proposals
            .filter((one) => one.proposal_id === proposal.revises)
            .map((one) => one.revision),
        )
      : 1;
    const proposal_id = proposal.revises ?? `prop_${seat.toLowerCase()}`;
    played.proposals.push({ ...proposal, proposal_id, revision, author: seat, round });
    played.taken.push(...(rest.taken ?? []));
  }
}
