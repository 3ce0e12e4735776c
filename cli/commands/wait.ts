import type { Lineage, Orchestration } from '#client/index.ts';
import { SEVERITIES, type Severity } from '#domain/governance/severity.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT, type ExitCode } from '../exit.ts';
import { duration, money, plural } from '../terminal/format.ts';
import { printable } from '../terminal/text.ts';
import { providerNote } from '../views/dashboard.ts';
import { lineageLines } from '../views/lineage.ts';
import {
  failingFindings,
  severityCounts,
  severityWord,
  supportingFindings,
  verdictLine,
} from '../views/verdict.ts';
import { followPipeline } from '../watch/follow.ts';
import { type FollowedLineage, followLineage, lineageNotes } from '../watch/lineage.ts';
import { watchPipeline } from '../watch/watch.ts';

export const SEVERITY_CHOICES = SEVERITIES;
export interface WaitOptions {
  failOn?: Severity | undefined;
  quiet?: boolean;
  /** Seconds; then exit 69, and the pipeline goes on. */
  timeout?: number | undefined;
}

/** What `--wait` answers with `--json`. */
const summary = ({ orchestration, lineage }: FollowedLineage, exitCode: ExitCode, matched: number) => ({
  pipeline: orchestration.pipeline,
  lineage: lineage?.items ?? [],
  verdict: orchestration.blackboard.consensus,
  findings: supportingFindings(orchestration).map(({ finding_id, severity, title, author, citations }) => ({
    finding_id,
    severity,
    title,
    author,
    citations,
  })),
  fail_on_matched: matched,
  exit_code: exitCode,
});

/** The end in a few lines: the verdict, what it rests on, what it cost. */
export function resultLines(
  orchestration: Orchestration,
  { out }: Pick<Context, 'out'>,
  lineage: Lineage | null = null,
): string[] {
  const { style } = out;
  const { pipeline, blackboard } = orchestration;
  const rests = supportingFindings(orchestration);
  const spent = Date.parse(pipeline.ended_at ?? pipeline.updated_at) - Date.parse(pipeline.created_at);
  const facts = [
    `exit ${pipeline.exit_code ?? '–'}`,
    duration(spent),
    plural(pipeline.round, 'round'),
    plural(pipeline.usage.steps, 'step'),
    money(pipeline.usage.cost_microusd),
    providerNote(pipeline.providers),
  ];
  return [
    verdictLine(orchestration, style),
    ...(blackboard.consensus && rests.length > 0 ? [style.faint(`  rests on ${severityCounts(rests)}`)] : []),
    ...(blackboard.consensus?.minority_report ?? []).map(
      ({ seat, vote, reason }) =>
        `  ${style.caution(`${seat} ${vote === 'reject' ? 'rejects' : 'abstains'}:`)} ${printable(reason)}`,
    ),
    style.faint(`  ${facts.filter(Boolean).join(' · ')}`),
    ...(lineage ? lineageLines(lineage, style, pipeline.pipeline_id).map((line) => `  ${line}`) : []),
  ];
}

/** Waits for the end of a pipeline and of what follows it (exit code 3), shows it, and gives the exit code of CLI-1. */
export async function waitForVerdict(
  context: Context,
  first: string,
  options: WaitOptions,
): Promise<ExitCode> {
  const client = context.client();
  const interrupt = new AbortController();
  const stop = () =>
    interrupt.abort(
      new CliError(
        EXIT.interrupted,
        'Stopped watching; the pipeline goes on.',
        `ags pipeline watch ${pipelineId}`,
      ),
    );
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(() => {
          interrupt.abort(
            new CliError(
              EXIT.unreachable,
              `No verdict within ${options.timeout} s; the pipeline goes on.`,
              `ags pipeline wait ${pipelineId}`,
            ),
          );
        }, options.timeout * 1_000);
  process.once('SIGINT', stop);
  let pipelineId = first;
  let followed: FollowedLineage;
  try {
    const { signal } = interrupt;
    const notes = lineageNotes((text) => context.notes.print(context.notes.style.caution(text)));
    followed = await followLineage(client, first, {
      ...notes,
      signal,
      follow: (id) => {
        pipelineId = id;
        return options.quiet || context.json
          ? followPipeline(client, id, { signal })
          : watchPipeline(client, id, context.notes, { signal });
      },
    });
  } catch (error) {
    throw interrupt.signal.aborted ? interrupt.signal.reason : error;
  } finally {
    clearTimeout(timer);
    process.removeListener('SIGINT', stop);
  }
  const settled = followed.orchestration;
  const failing = options.failOn ? failingFindings(settled, options.failOn) : [];
  const own = settled.pipeline.exit_code ?? EXIT.error;
  const exitCode = own === 0 && failing.length > 0 ? EXIT.findings : own;
  context.emit(summary(followed, exitCode, failing.length), () =>
    resultLines(settled, context, followed.lineage),
  );
  if (exitCode === EXIT.findings) {
    const { style } = context.notes;
    const worst = failing[0]!;
    context.notes.print(
      `${style.bad('--fail-on')} ${options.failOn}: the verdict rests on ${severityCounts(failing)}, e.g. ${severityWord(worst.severity, style)}: ${printable(worst.title)}`,
    );
  }
  return exitCode;
}
