import type { McpServer, McpTool } from '#client/index.ts';
import { type DiffPiece, diffWords } from '#domain/governance/description-diff.ts';

/** GOV-9: what a tool's state means for agents, in a few words. */
export const TOOL_STATES: Record<McpTool['state'], string> = {
  changed: 'changed since it was pinned',
  new: 'new',
  refused: 'refused',
  pinned: 'pinned',
  gone: 'gone',
};

/** What a person has to look at first. */
const ORDER = Object.keys(TOOL_STATES) as McpTool['state'][];
export const orderTools = (tools: readonly McpTool[]): McpTool[] =>
  tools.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.tool.localeCompare(b.tool));

/** How many tools of a server wait for a person's word. */
export const waiting = (server: McpServer): number =>
  server.tools.filter(({ state }) => state === 'new' || state === 'changed').length;

const pretty = (schema: Record<string, unknown>): string => JSON.stringify(schema, null, 2);

export interface ToolText {
  description: readonly DiffPiece[];
  schema: readonly DiffPiece[];
  /** What it is compared with; null: nothing is. */
  against: 'pinned' | null;
}

/** What it says of itself; where another text was vouched for, with what came and what went. */
export function toolText({ description, input_schema, pinned, state }: McpTool): ToolText {
  const before = state === 'changed' ? pinned : null;
  if (before === null || before.description === null || before.input_schema === null)
    return {
      description: [{ kind: 'same', text: description }],
      schema: [{ kind: 'same', text: pretty(input_schema) }],
      against: null,
    };
  return {
    description: diffWords(before.description, description),
    schema: diffWords(pretty(before.input_schema), pretty(input_schema)),
    against: 'pinned',
  };
}
