import type { McpServer, McpTool } from '#client/index.ts';
import { diffWords } from '#domain/governance/description-diff.ts';
import type { Style } from '../terminal/style.ts';
import { printable } from '../terminal/text.ts';

const STATE: Record<McpTool['state'], string> = {
  new: 'new: offered once a person has pinned it',
  pinned: 'pinned',
  changed: 'changed since it was pinned: offered again once a person has pinned it',
  refused: 'refused',
  gone: 'gone: its server does not list it any more',
};

/** `[-what went-]` and `{+what came+}`, as git writes words, because colours do not survive a pipe. */
const marked = (before: string, after: string): string =>
  diffWords(before, after)
    .map(({ kind, text }) => (kind === 'same' ? text : kind === 'added' ? `{+${text}+}` : `[-${text}-]`))
    .join('');

const indented = (text: string): string[] => text.split(/\r?\n/).map((line) => `    ${printable(line)}`);

/** GOV-9: what a tool says of itself now, against what somebody vouched for. */
function changeLines({ description, input_schema, pinned, state }: McpTool, style: Style): string[] {
  const before = state === 'changed' ? pinned : null;
  if (before === null) return indented(description);
  if (before.description === null)
    return [...indented(description), style.faint('    (the text that was pinned was not kept)')];
  const [old, now] = [before.input_schema, input_schema].map((schema) => JSON.stringify(schema, null, 1)) as [
    string,
    string,
  ];
  return [
    ...indented(marked(before.description, description)),
    ...(old === now ? [] : indented(`arguments: ${marked(old, now)}`)),
  ];
}

const saidBy = ({ read_only, destructive }: NonNullable<McpTool['hints']>): string =>
  [
    read_only === null ? [] : [read_only ? 'it only reads' : 'it changes something'],
    destructive === null ? [] : [destructive ? 'it destroys' : 'it destroys nothing'],
  ]
    .flat()
    .join(', ');

function toolLines(tool: McpTool, style: Style): string[] {
  const { pinned, refused, sha256, state, hints } = tool;
  const colour = state === 'pinned' ? style.good : state === 'changed' ? style.bad : style.caution;
  return [
    `${style.strong(printable(tool.tool))}  ${colour(STATE[state])}`,
    ...changeLines(tool, style),
    ...(hints === undefined ? [] : [style.faint(`    its server says: ${saidBy(hints)}`)]),
    style.faint(`    sha256 ${sha256}, since ${tool.observed_at}`),
    ...(pinned === null
      ? []
      : [
          style.faint(
            `    pinned ${pinned.sha256} by ${pinned.by} ${pinned.at}: tier ${pinned.min_tier}, ${pinned.acts ? `acts on ${printable(pinned.target) || 'nothing'}` : 'reads'}, ${pinned.effect}${pinned.irreversible ? ', irreversible' : ''}`,
          ),
        ]),
    ...(state === 'refused' && refused !== null
      ? [style.faint(`    refused by ${refused.by} ${refused.at}: ${printable(refused.reason)}`)]
      : []),
  ];
}

export function serverLines(server: McpServer, style: Style): string[] {
  const { name, url, secret_path, looked_at, look_error, tools } = server;
  return [
    `${style.strong(name)}  ${printable(url)}${secret_path === null ? '' : style.faint(`  credential ${secret_path}`)}`,
    looked_at === null
      ? style.faint(`not asked for its tools yet: ags mcp look ${name}`)
      : style.faint(`last seen ${looked_at}`),
    ...(look_error === null ? [] : [style.bad(`the last look failed: ${printable(look_error)}`)]),
    ...tools.flatMap((tool) => ['', ...toolLines(tool, style)]),
  ];
}
