import type { Orchestration } from '#client/index.ts';
import type { Style } from '../terminal/style.ts';
import { printable, wrap } from '../terminal/text.ts';
import { proseLines } from './prose.ts';
import { winningProposal } from './verdict.ts';

/** Agents often begin a proposal by its title. */
function withoutTitle(body: string, title: string): string {
  const begun = body.trimStart().replace(/^#{1,6}\s+/, '');
  const rest = begun.startsWith(title) ? begun.slice(title.length) : null;
  return rest !== null && /^\.?\s*(\n|$)/.test(rest) ? rest.replace(/^\.?\s*/, '') : body;
}

/** The winning proposal in full; its title only where the line of the outcome does not say it already. */
export function winnerLines({ pipeline, blackboard }: Orchestration, style: Style, width: number): string[] {
  const { consensus, proposals } = blackboard;
  const winner = consensus ? winningProposal(proposals, consensus) : undefined;
  if (!winner) return [];
  const indent = (line: string) => (line === '' ? '' : `  ${line}`);
  const title = pipeline.state === 'COMPLETED' ? [] : [style.strong(printable(winner.title))];
  const body = proseLines(withoutTitle(winner.body, winner.title), style, width - 2);
  const steps = winner.steps.flatMap((step, at) =>
    wrap(`${at + 1}. ${printable(step)}`, width - 4).map((line, n) => `${n ? '   ' : ''}${line}`),
  );
  const gap = body.length > 0 && steps.length > 0 ? [''] : [];
  return [...title, ...body, ...gap, ...steps].map(indent);
}
