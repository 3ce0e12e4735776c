import type { Orchestration } from '#client/index.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import type { Context } from '../../context.ts';
import { integer } from '../../options.ts';
import { count, duration, money, plural } from '../../terminal/format.ts';
import { padEnd, printable, wrap } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';
import { agentLines } from '../../views/agents.ts';
import { approvalLines } from '../../views/approval.ts';
import { heading } from '../../views/dashboard.ts';
import { recoveryLines } from '../../views/recovery.ts';
import { stateRibbon } from '../../views/ribbon.ts';
import { severityWord, verdictLine } from '../../views/verdict.ts';
import { winnerLines } from '../../views/winner.ts';
import { whichArgument, whichPipeline } from './which.ts';

/** Prose is easier to read in lines of at most this many columns. */
const MEASURE = 100;
const MAX_FINDINGS = 30;

/** The last live state of an ended pipeline, as far as its blackboard tells. */
const reachedState = ({ pipeline, blackboard }: Orchestration): Orchestration['pipeline']['state'] => {
  if (!isEnded(pipeline.state)) return pipeline.state;
  if (pipeline.round > 0) return 'ORCHESTRATING';
  return blackboard.report ? 'REPORT' : blackboard.progress.length > 0 ? 'RUNNING' : 'SPAWN';
};

function page(orchestration: Orchestration, context: Context): string[] {
  const { style } = context.out;
  const width = Math.min(MEASURE, context.out.width() - 1);
  const { pipeline, agents, blackboard, actions, violations } = orchestration;
  const section = (title: string, lines: string[]) =>
    lines.length > 0 ? ['', style.title(title), ...lines] : [];
  const indented = (text: string) => wrap(printable(text, true), width - 2).map((line) => `  ${line}`);
  const elapsed = Date.parse(pipeline.ended_at ?? pipeline.updated_at) - Date.parse(pipeline.created_at);
  return [
    heading(orchestration, style),
    stateRibbon(pipeline, reachedState(orchestration), style),
    verdictLine(orchestration, style),
    ...section('Recovery', recoveryLines(orchestration, style)),
    ...section(
      'Approvals',
      orchestration.approvals.flatMap((one) => approvalLines(one, style).map((line) => `  ${line}`)),
    ),
    ...section('Objective', indented(pipeline.objective)),
    ...section('Agents', agentLines(agents, style, width)),
    ...section('Verdict', winnerLines(orchestration, style, width)),
    ...section(
      'Minority report',
      (blackboard.consensus?.minority_report ?? []).flatMap(({ seat, vote, reason }) =>
        indented(`${seat} (${vote}): ${reason}`),
      ),
    ),
    ...section(
      'Findings',
      blackboard.findings
        .slice(0, MAX_FINDINGS)
        .flatMap((finding) => [
          `  ${severityWord(finding.severity, style)}${' '.repeat(9 - finding.severity.length)}${printable(finding.title)} ${style.faint(finding.author)}`,
          ...finding.citations
            .slice(0, 2)
            .map((citation) =>
              style.faint(`           ${printable(`${citation.source} ${citation.locator}`)}`),
            ),
        ]),
    ),
    ...section(
      'Actions',
      actions.map((action) => {
        const decision =
          action.decision === 'deny'
            ? style.bad('refused')
            : action.decision === null
              ? style.faint('asked')
              : style.good(action.status);
        const id = action.status === 'unknown' ? style.caution(` outcome unknown: ${action.action_id}`) : '';
        return `  ${padEnd(decision, 10)} ${action.tool} ${printable(action.target)}${id}${action.reason && action.decision !== 'allow' ? style.faint(` ${printable(action.reason)}`) : ''}`;
      }),
    ),
    ...section(
      'Violations',
      violations.map(
        (v) => `  ${severityWord(v.severity, style)} ${printable(v.rule)}: ${printable(v.evidence)}`,
      ),
    ),
    ...section('Cost', [
      `  ${money(pipeline.usage.cost_microusd)} of ${money(pipeline.limits.cost_microusd)} · ${count(pipeline.usage.tokens_in)} tokens in, ${count(pipeline.usage.tokens_out)} out · ${plural(pipeline.usage.steps, 'step')} · ${plural(pipeline.usage.actions, 'action')} · ${duration(elapsed)}`,
    ]),
    '',
    style.faint(
      `seq ${pipeline.seq}${pipeline.sealed ? ', sealed' : ''} · ags pipeline logs ${pipeline.pipeline_id} --all`,
    ),
  ];
}

export default defineVerb({
  path: ['pipeline', 'show'],
  summary: 'One pipeline: state, agents, verdict, findings',
  arguments: [whichArgument],
  options: { at: integer('--at <seq>', 'as it was after this event', { min: 1, max: 1_000_000_000 }) },
  examples: ['ags pipeline show last', 'ags pipeline show 12 --at 40', 'ags pipeline show pl_7k2m9x --json'],
  async handler(context, [given], { at }) {
    const client = context.client();
    const orchestration = await client.orchestration(await whichPipeline(client, given!), at);
    context.emit(orchestration, () => page(orchestration, context));
  },
});
