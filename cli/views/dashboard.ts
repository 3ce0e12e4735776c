import type { Orchestration, StreamStatus } from '#client/index.ts';
import { count, duration, money, plural } from '../terminal/format.ts';
import type { Style } from '../terminal/style.ts';
import { printable, truncate } from '../terminal/text.ts';
import { agentLines } from './agents.ts';
import { attemptNote } from './lineage.ts';
import { progressBar, progressOf } from './progress.ts';
import { stateRibbon } from './ribbon.ts';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const BAR = { min: 12, max: 40 };

/** RUN-5: the embedded model is not an LLM and says so wherever it shows. */
export const providerNote = (providers: readonly string[]): string =>
  providers.map((name) => (name === 'embedded' ? 'embedded model (not an LLM)' : name)).join(', ');

export interface LiveState {
  orchestration: Orchestration;
  /** The last state before the end; the ribbon of a failed pipeline stops there. */
  reached: Orchestration['pipeline']['state'];
  stream: StreamStatus;
  /** Milliseconds since the spawn, by this machine's clock. */
  elapsedMs: number;
}

export function heading({ pipeline }: Orchestration, style: Style): string {
  const facts = [
    `#${pipeline.number}`,
    pipeline.pipeline_id,
    `tier ${pipeline.tier}`,
    providerNote(pipeline.providers),
  ];
  return `${style.title(printable(pipeline.plan_name))} ${style.faint(facts.filter(Boolean).join(' · '))}`;
}

/** The block that a person watches while a pipeline runs. */
export function liveBlock(state: LiveState, style: Style, width: number, frame: number): string[] {
  const { orchestration, reached, stream, elapsedMs } = state;
  const { pipeline, agents, blackboard, actions } = orchestration;
  const spinner = SPINNER[frame % SPINNER.length]!;
  const refused = actions.filter((action) => action.decision === 'deny').length;
  const facts = [
    ...(pipeline.round > 0 ? [`round ${pipeline.round} of at most ${pipeline.limits.rounds}`] : []),
    ...(blackboard.findings.length > 0 ? [plural(blackboard.findings.length, 'finding')] : []),
    ...(blackboard.proposals.length > 0
      ? [plural(new Set(blackboard.proposals.map((p) => p.proposal_id)).size, 'proposal')]
      : []),
    ...(blackboard.votes.length > 0 ? [plural(blackboard.votes.length, 'vote')] : []),
    ...(refused > 0 ? [style.bad(plural(refused, 'action refused', 'actions refused'))] : []),
  ];
  const { usage, limits } = pipeline;
  const meters = [
    `${Math.round(progressOf(orchestration) * 100)} %`.padStart(5),
    duration(elapsedMs),
    `${usage.steps} steps`,
    `${count(usage.tokens_in + usage.tokens_out)} tokens`,
    `${money(usage.cost_microusd)} of ${money(limits.cost_microusd)}`,
  ];
  const bar = progressBar(progressOf(orchestration), Math.max(BAR.min, Math.min(BAR.max, width - 60)), style);
  const attempt = attemptNote(pipeline);
  const trouble = stream === 'stale' ? [style.caution('  connection lost; trying again …')] : [];
  return [
    '',
    `  ${truncate(heading(orchestration, style), width - 3)}`,
    ...(attempt ? [`  ${style.caution(attempt)}`] : []),
    `  ${stateRibbon(pipeline, reached, style)}`,
    ...agentLines(agents, style, width - 4, spinner).map((line) => `  ${line}`),
    ...(facts.length > 0 ? [`  ${facts.join(style.faint(' · '))}`] : []),
    `  ${bar} ${meters.join(style.faint(' · '))}`,
    ...trouble,
  ];
}
