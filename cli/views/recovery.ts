import type { Orchestration } from '#client/index.ts';
import type { Style } from '../terminal/style.ts';
import { printable } from '../terminal/text.ts';
import { attemptNote } from './lineage.ts';
import { reasonInWords } from './verdict.ts';

/** Where a run came from, why it was ended or failed, what people decided, and what it left (REC-1 to REC-4). */
export function recoveryLines({ pipeline, recovery }: Orchestration, style: Style): string[] {
  const { trigger, detail, synthesis, handoff_sha256, resumed_from, forked_from, failure } = recovery;
  const attempt = attemptNote(pipeline);
  const lines = [
    attempt &&
      `${attempt}${resumed_from ? style.faint(` (handoff sha256 ${resumed_from.sha256.slice(0, 12)}…)`) : ''}`,
    forked_from && `forked from event ${forked_from.at_seq} of ${forked_from.pipeline_id}`,
    ...recovery.generations.map(
      ({ generation, tier, proposals, reason }) =>
        `generation ${generation}, tier ${tier}: ${proposals} proposals${reason ? `; ${printable(reason)}` : ''}`,
    ),
    ...recovery.fallbacks.map(
      ({ action, by, reason }) => `${action} by ${printable(by)}: ${printable(reason)}`,
    ),
    failure && style.caution(`no consensus after round ${failure.round}: ${printable(failure.reason)}`),
    trigger &&
      style.caution(
        `ended by the supervisor: ${reasonInWords(trigger)}${detail ? `; ${printable(detail)}` : ''}`,
      ),
    synthesis && `left: ${style.strong(printable(synthesis.title))}`,
    handoff_sha256 && `handoff ${style.faint(`sha256 ${handoff_sha256.slice(0, 12)}…`)}`,
    pipeline.successor_id && `goes on as ${style.strong(pipeline.successor_id)}`,
  ];
  return lines.filter((line): line is string => Boolean(line)).map((line) => `  ${line}`);
}
