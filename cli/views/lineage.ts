import type { Lineage, Pipeline } from '#client/index.ts';
import { MAX_ATTEMPTS } from '#domain/pipeline/rules.ts';
import type { Style } from '../terminal/style.ts';
import { printable } from '../terminal/text.ts';
import { reasonInWords } from './verdict.ts';

/** REC-4: where a pipeline stands in its lineage; null for a first attempt. */
export const attemptNote = ({ attempt, predecessor_id }: Pipeline): string | null =>
  predecessor_id === null ? null : `attempt ${attempt} of ${MAX_ATTEMPTS} resumes ${predecessor_id}`;

/** One line for each attempt, and one for a successor that waits to be admitted. */
export function lineageLines({ items, waiting }: Lineage, style: Style, here?: string): string[] {
  const lines = items.map((entry) => {
    const mark =
      entry.exit_code === 0 ? style.good('✔') : entry.exit_code === null ? style.live('●') : style.bad('✘');
    const end = entry.exit_code === null ? entry.state : `${entry.state}, exit ${entry.exit_code}`;
    const outcome = entry.verdict ?? (entry.reason === null ? '' : reasonInWords(entry.reason));
    const generation = entry.generation > 1 ? `, generation ${entry.generation}` : '';
    return `${mark} attempt ${entry.attempt} of ${MAX_ATTEMPTS}  ${style.strong(entry.pipeline_id)}${entry.pipeline_id === here ? ' ←' : ''} ${style.faint(`#${entry.number}${generation}`)}  ${end}  ${printable(outcome)}`;
  });
  return waiting === null
    ? lines
    : [...lines, `${style.caution('⏸')} ${waiting} is planned and waits to be admitted (quota or authority)`];
}
