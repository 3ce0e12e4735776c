import * as z from 'zod';
import { type DataBlock, parseDataBlocks } from '#domain/agents/data-block.ts';
import { CitationDraft, FindingDraft, PlannerReport, VOTES } from '#domain/agents/output.ts';
import { looksLikeTerraformPlan } from '#domain/inspection/index.ts';
import { type Switches, switchesFor } from '../misbehaviour.ts';
import { type ChatRequest, type Message, textOf } from '../protocol.ts';

/** A citation as the blackboard shows it: with a hash that is of no use here. */
const Citation = CitationDraft.loose();

const Finding = z.looseObject({
  finding_id: z.string().default(''),
  author: z.string(),
  severity: FindingDraft.shape.severity,
  title: z.string(),
  body: z.string().default(''),
  citations: z.array(Citation).default([]),
});
const Proposal = z.looseObject({
  proposal_id: z.string(),
  revision: z.int().min(1),
  author: z.string(),
  round: z.int().default(0),
  title: z.string(),
  body: z.string().default(''),
  steps: z.array(z.string()).default([]),
  citations: z.array(Citation).default([]),
});
const Vote = z.looseObject({
  seat: z.string(),
  round: z.int().default(0),
  proposal_id: z.string(),
  revision: z.int(),
  vote: z.enum(VOTES),
  reason: z.string().default(''),
  critical: z.boolean().default(false),
});
const Board = z.looseObject({
  seat: z.string().optional(),
  round: z.int().optional(),
  report: PlannerReport.loose().nullable().catch(null).default(null),
  findings: z.array(Finding).default([]),
  proposals: z.array(Proposal).default([]),
  votes: z.array(Vote).default([]),
});
export type BoardFinding = z.infer<typeof Finding>;
export type BoardProposal = z.infer<typeof Proposal>;
export type Board = z.infer<typeof Board>;

export interface Document {
  name: string;
  media_type: string;
  text: string;
  /** False for a document that nobody vouches for: its orders are not followed. */
  trusted: boolean;
  /** RUN-5, `gullible`: nobody vouches for it, and it is trusted all the same. */
  obeyed: boolean;
  terraform: boolean;
}

/** A tool call of this turn with its result; `result` is parsed JSON, or the text where it is none. */
export interface ToolUse {
  tool: string;
  arguments: Record<string, unknown>;
  result: unknown;
}

/** What a request says, as far as the analyst understands it. */
export interface Reading {
  seat: string;
  round: number;
  objective: string;
  documents: Document[];
  board: Board;
  used: ToolUse[];
  /** Names of the tools that may be called now. */
  tools: Set<string>;
  must_call: string | null;
  switches: Switches;
}

const SEAT_OF_SCHEMA: Record<string, string> = {
  planner_report: 'PLANNER',
  research_turn: 'ALPHA',
  synthesis_turn: 'BETA',
  mediation_turn: 'GAMMA',
};

export const schemaName = ({ response_format }: ChatRequest): string | null =>
  response_format?.type === 'json_schema' ? response_format.json_schema.name : null;

export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** Prompts show only the beginning of a long document, so a plan is known by how it begins; the tool reads the whole. */
const PLAN_BEGINS =
  /^\s*\{\s*"format_version"\s*:\s*"[^"]*"[\s\S]*"(resource_changes|planned_values|terraform_version)"\s*:/;

const document = ({ source, origin, media_type, text }: DataBlock): Document => ({
  name: source,
  media_type,
  text,
  trusted: origin === 'trusted',
  obeyed: false,
  terraform: PLAN_BEGINS.test(text.slice(0, 100_000)) || looksLikeTerraformPlan(parsed(text)),
});

/** The text under `# Objective`, else whatever the user wrote outside of data blocks. */
function objectiveOf(prompt: string): string {
  const titled = /(?:^|\n)# Objective[^\n]*\n([\s\S]*?)(?=\n<data |\n# |$)/.exec(prompt)?.[1];
  const text = titled ?? prompt.replace(/<data [^>]*>\n[\s\S]*?\n<\/data>/g, '');
  return text.trim().slice(0, 4_000);
}

function toolUses(messages: readonly Message[]): ToolUse[] {
  const calls = messages.flatMap((message) => message.tool_calls ?? []);
  return messages.flatMap((message): ToolUse[] => {
    if (message.role !== 'tool') return [];
    const call = calls.find(({ id }) => id === message.tool_call_id);
    if (!call) return [];
    const text = textOf(message);
    const [block] = parseDataBlocks(text);
    const given = parsed(call.function.arguments);
    return [
      {
        tool: call.function.name,
        arguments: typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {},
        result: parsed(block?.text ?? text),
      },
    ];
  });
}

export function read(request: ChatRequest): Reading {
  const prompt = request.messages
    .filter(({ role }) => role === 'user')
    .map(textOf)
    .join('\n');
  const blocks = parseDataBlocks(prompt);
  const shown = blocks.find(({ source, origin }) => source === 'blackboard' && origin === 'agent');
  const board = Board.safeParse(shown ? parsed(shown.text) : {}).data ?? Board.parse({});
  const seat = board.seat ?? request.embedded?.seat ?? SEAT_OF_SCHEMA[schemaName(request) ?? ''] ?? 'ALPHA';
  const round = board.round ?? request.embedded?.round ?? 0;
  const choice = request.tool_choice ?? 'auto';
  const offered = choice === 'none' ? [] : (request.tools ?? []).map((tool) => tool.function.name);
  const switches = switchesFor(request, seat, round);
  return {
    seat,
    round,
    objective: objectiveOf(prompt),
    documents: blocks
      .filter(({ origin }) => origin === 'trusted' || origin === 'untrusted')
      .map(document)
      .map((one) => (switches.gullible ? { ...one, trusted: true, obeyed: !one.trusted } : one)),
    board,
    used: toolUses(request.messages),
    tools: new Set(offered),
    must_call:
      typeof choice === 'object' ? choice.function.name : choice === 'required' ? (offered[0] ?? null) : null,
    switches,
  };
}
