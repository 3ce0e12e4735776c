import { type Redaction, redactionFor } from '../../governance/redaction.ts';
import { TIER_NAMES, type Tier } from '../../governance/tier.ts';
import type { ToolExchange, TurnAssignment } from '../../pipeline/assignment.ts';
import { renderDataBlock } from '../data-block.ts';
import type { Role } from '../roles.ts';
import { cut, type PromptDocument, renderDocuments } from './documents.ts';
import type { PromptMessage, PromptMessages } from './message.ts';
import { rolePrompt } from './role-prompts.ts';

/** Characters of one tool result and of the blackboard in a prompt. */
export const EXCHANGE_LIMIT = 60_000;
export const BLACKBOARD_LIMIT = 300_000;
/** Characters of what an earlier run left (REC-1, REC-3). */
export const EARLIER_LIMIT = 100_000;

export interface PromptInput {
  role: Role;
  tier: Tier;
  turn: Pick<
    TurnAssignment,
    'objective' | 'documents' | 'blackboard' | 'transcript' | 'tools_allowed' | 'earlier'
  >;
  /** Texts of the turn's documents by hash. */
  texts: Readonly<Record<string, string>>;
  tools: readonly { name: string; description: string }[];
}

function system({ role, tier, turn, tools }: PromptInput): string {
  const offered =
    tools.length === 0
      ? 'You have no tools.'
      : `You have tier ${tier} (${TIER_NAMES[tier]}). Your tools:\n${tools.map((tool) => `- ${tool.name}: ${tool.description}`).join('\n')}`;
  const now = turn.tools_allowed
    ? 'Call the tools you need first, several at once where they do not depend on each other; then answer.'
    : 'No more tool calls are possible in this turn: answer now with what you have.';
  const before =
    turn.earlier === null
      ? ''
      : `\n\n# An earlier attempt\nThe block ${turn.earlier.source} is what an earlier attempt of this same task left. Start from what it established, answer the objections it ran into, and do not repeat what failed.`;
  return `${rolePrompt(role)}\n\n# Tools\n${offered}\n${now}${before}`;
}

function user({ turn, texts }: PromptInput, redaction: Redaction): string {
  const documents: PromptDocument[] = turn.documents.map((ref) => ({ ref, text: texts[ref.sha256] ?? null }));
  const blocks = renderDocuments(documents, redaction);
  if (turn.earlier !== null)
    blocks.push(
      renderDataBlock({
        source: turn.earlier.source,
        origin: 'agent',
        media_type: 'application/json',
        text: cut(redaction.text(turn.earlier.text), EARLIER_LIMIT),
      }),
    );
  if (turn.blackboard !== null)
    blocks.push(
      renderDataBlock({
        source: 'blackboard',
        origin: 'agent',
        media_type: 'application/json',
        text: cut(JSON.stringify(redaction.value(turn.blackboard)), BLACKBOARD_LIMIT),
      }),
    );
  return `# Objective\n${redaction.text(turn.objective)}\n\n${blocks.join('\n\n')}`;
}

/** One leg of the tool loop: what the model asked, and what came back, each marked with where it came from. */
function leg(exchanges: readonly ToolExchange[], redaction: Redaction): PromptMessage[] {
  const calls = exchanges.map(({ call_id, tool, arguments: args }) => ({
    call_id,
    tool,
    arguments: redaction.value(args),
  }));
  const answers = exchanges.map(({ call_id, tool, result, origin }): PromptMessage => {
    const derived = origin.length === 0 ? `tool:${tool}` : origin.join(' ');
    return {
      role: 'tool',
      call_id,
      tool,
      text: renderDataBlock({
        source: `tool:${tool}`,
        origin: derived,
        media_type: 'application/json',
        text: cut(redaction.text(result), EXCHANGE_LIMIT),
      }),
    };
  });
  return [{ role: 'assistant', text: '', calls }, ...answers];
}

/**
 * The whole conversation of one model call (AGENT-1, AGENT-5). Secrets that stand in any document are taken out of every part of it,
 * the blackboard and tool results included.
 */
export function buildPrompt(input: PromptInput): PromptMessages {
  const { turn, texts } = input;
  const redaction = redactionFor(turn.documents.flatMap(({ sha256 }) => texts[sha256] ?? []));
  return [
    { role: 'system', text: system(input) },
    { role: 'user', text: user(input, redaction) },
    ...turn.transcript
      .filter((exchanges) => exchanges.length > 0)
      .flatMap((exchanges) => leg(exchanges, redaction)),
  ];
}
