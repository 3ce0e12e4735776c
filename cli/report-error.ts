import { ApiError, type PlanFinding, UnreachableError } from '#client/index.ts';
import type { Context } from './context.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { printable } from './terminal/text.ts';

interface Report {
  exitCode: ExitCode;
  code: string;
  message: string;
  hint: string | null;
  details: string[];
  trace_id?: string;
  findings?: unknown[];
}

/** 5xx is trouble on their side: try again later, as when nobody answers. */
const exitCodeOf = (status: number): ExitCode =>
  status >= 500 && status !== 501 ? EXIT.unreachable : EXIT.refused;

function describe(error: unknown): Report {
  if (error instanceof CliError) {
    return {
      exitCode: error.exitCode,
      code: 'cli',
      message: error.message,
      hint: error.hint,
      details: error.details,
    };
  }
  if (error instanceof ApiError) {
    const { problem } = error;
    const field = problem.field ? ` (${problem.field})` : '';
    const findings = (problem.findings ?? []) as Partial<PlanFinding>[];
    return {
      exitCode: exitCodeOf(problem.status),
      code: problem.code,
      message: `${problem.title}${field}: ${problem.detail}`,
      hint: problem.remedy || null,
      details: [
        ...findings.map(
          (finding) => `- ${finding.line ? `line ${finding.line}: ` : ''}${finding.message ?? ''}`,
        ),
        ...(problem.allowed?.length ? [`allowed in: ${problem.allowed.join(', ')}`] : []),
        ...(problem.status >= 500 ? [`trace: ${problem.trace_id}`] : []),
      ],
      trace_id: problem.trace_id,
      findings: problem.findings,
    };
  }
  if (error instanceof UnreachableError) {
    return {
      exitCode: EXIT.unreachable,
      code: 'unreachable',
      message: error.message,
      hint: 'Is it running? `npm start` starts a local one; `ags doctor` tests each hop.',
      details: [],
    };
  }
  const defect = error instanceof Error ? error : new Error(String(error));
  return {
    exitCode: 70,
    code: 'internal',
    message: `This is a defect in ags: ${defect.message}`,
    hint: 'AGS_DEBUG=1 shows where.',
    details: process.env.AGS_DEBUG ? (defect.stack ?? '').split('\n') : [],
  };
}

/** Says what went wrong and what to do; with `--json` the document on stdout is the error. */
export function reportError(context: Pick<Context, 'json' | 'out' | 'notes'>, error: unknown): ExitCode {
  const { exitCode, message, hint, details, ...rest } = describe(error);
  const { style } = context.notes;
  context.notes.print(`${style.bad('error:')} ${printable(message)}`);
  for (const line of details) context.notes.print(`  ${line}`);
  if (hint) context.notes.print(`${style.live(' hint:')} ${printable(hint)}`);
  if (context.json) {
    context.out.print(
      JSON.stringify({ error: { ...rest, message, remedy: hint, exit_code: exitCode } }, null, 2),
    );
  }
  return exitCode;
}
