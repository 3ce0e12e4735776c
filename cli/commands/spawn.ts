import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import {
  ApiError,
  type Pipeline,
  type PlanFinding,
  type SpawnRequest,
  UnreachableError,
} from '#client/index.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT, type ExitCode } from '../exit.ts';
import { choice, flag, integer, repeated, text } from '../options.ts';
import { findingLines, isPlanFinding } from '../plan/findings.ts';
import { readInputs } from '../plan/inputs.ts';
import { type PlanReference, readPlan } from '../plan/read.ts';
import { plural } from '../terminal/format.ts';
import { SEVERITY_CHOICES, waitForVerdict } from './wait.ts';

/** What `ags run` and `ags pipeline spawn` have in common. */
export const spawnOptions = {
  input: repeated('--input <name=value>', 'a plan input; name=@file sends the text of a file (repeatable)'),
  tier: integer('--tier <n>', '0 observer, 1 executor, 2 operator', { min: 0, max: 2 }),
  project: text('--project <id>', 'the project; default: the tenant’s first'),
  autoContinue: flag('--no-auto-continue', 'wait for a person after the planner’s report'),
  idempotencyKey: text('--idempotency-key <key>', 'the same key and request again gives the same pipeline'),
  allowOutside: flag('--allow-outside', 'let the plan’s context send files from outside its folder'),
  wait: flag('--wait', 'watch it, and exit with its exit code'),
  failOn: choice(
    '--fail-on <severity>',
    'with --wait: exit 65 when the verdict rests on such a finding',
    SEVERITY_CHOICES,
  ),
  quiet: flag('--quiet', 'with --wait: no progress'),
};

export interface SpawnValues {
  input: string[];
  tier: number | undefined;
  project: string | undefined;
  autoContinue: boolean;
  idempotencyKey: string | undefined;
  allowOutside: boolean;
  wait: boolean;
  failOn: (typeof SEVERITY_CHOICES)[number] | undefined;
  quiet: boolean;
}

/** Network failures while spawning or forking are tried this often: the idempotency key makes it safe (PIPE-9). */
const SPAWN_TRIES = 3;

/** Sends until an answer comes, under one key (a given one or a new one), so that only one pipeline comes of it. */
export async function sendOnce<T>(send: (key: string) => Promise<T>, key: string = randomUUID()): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send(key);
    } catch (error) {
      if (!(error instanceof UnreachableError) || attempt === SPAWN_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 300 * attempt));
    }
  }
}

/** What is wrong with a plan file, told with the lines it is about. */
export function cannotRun(
  plan: PlanReference & { kind: 'file' },
  findings: readonly PlanFinding[],
  { notes }: Pick<Context, 'notes'>,
): CliError {
  const where = { name: basename(plan.path), source: plan.plan.source };
  return new CliError(
    EXIT.refused,
    `${where.name} cannot run: ${plural(findings.length, 'finding')}`,
    `Mend it; \`ags plan check ${plan.path}\` tells whether it could run.`,
    findings.flatMap((finding) => findingLines(finding, where, notes.style)),
  );
}

/** A refusal that is about the plan's text, told with its lines; any other error as it is. */
export function withPlanLines(error: unknown, plan: PlanReference, context: Pick<Context, 'notes'>): unknown {
  if (!(error instanceof ApiError) || plan.kind !== 'file') return error;
  const findings = (error.problem.findings ?? []).filter(isPlanFinding) as PlanFinding[];
  return findings.length === 0 ? error : cannotRun(plan, findings, context);
}

export async function spawnPlan(context: Context, plan: string, values: SpawnValues): Promise<ExitCode> {
  const reference = readPlan(plan, { cwd: context.cwd, allowOutside: values.allowOutside });
  const types = reference.kind === 'file' ? reference.inputTypes : {};
  const inputs = readInputs(values.input, types, context.cwd);
  const client = context.client();
  const request: SpawnRequest = {
    ...(reference.kind === 'id' ? { plan_id: reference.plan_id } : { plan: reference.plan }),
    ...(values.tier !== undefined && { tier: values.tier as 0 | 1 | 2 }),
    ...(values.project !== undefined && { project_id: values.project }),
    ...(values.input.length > 0 && { inputs }),
    ...(values.autoContinue === false && { auto_continue: false }),
  };
  let pipeline: Pipeline;
  try {
    pipeline = await sendOnce((key) => client.spawn(request, key), values.idempotencyKey);
  } catch (error) {
    throw withPlanLines(error, reference, context);
  }
  if (values.wait) return waitForVerdict(context, pipeline.pipeline_id, values);
  const { style } = context.out;
  context.emit(pipeline, () => [
    `${style.good('✔')} Pipeline ${style.strong(pipeline.pipeline_id)} ${style.faint(`#${pipeline.number}, tier ${pipeline.tier}`)} is spawned.`,
    style.faint(`  ags pipeline watch ${pipeline.pipeline_id}`),
  ]);
  return EXIT.ok;
}
