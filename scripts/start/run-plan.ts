import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { withPlanLines } from '#cli/commands/spawn.ts';
import { resultLines } from '#cli/commands/wait.ts';
import type { PlanReference } from '#cli/plan/read.ts';
import type { Screen } from '#cli/terminal/terminal.ts';
import { followLineage, lineageNotes } from '#cli/watch/lineage.ts';
import { watchPipeline } from '#cli/watch/watch.ts';
import {
  type Client,
  createClient,
  type Lineage,
  type Orchestration,
  type SpawnRequest,
} from '#client/index.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import { checkEvidence, type EvidenceCheck } from './evidence.ts';
import { readPrivate, type StateFolder, writePrivate } from './state-folder.ts';

/** Written before the spawn, so that a start after a kill finds the run it began instead of beginning another. */
const Run = z.object({ request_sha256: z.string(), idempotency_key: z.string() });

const runFile = (folder: StateFolder): string => join(folder.root, 'run.json');

export interface Outcome {
  /** Of the lineage's last attempt (CLI-1). */
  orchestration: Orchestration;
  /** null when there was one attempt only. */
  lineage: Lineage | null;
  evidence: EvidenceCheck;
}

/** The run of this plan that a killed start left behind, or a new one. */
async function beginOrResume(client: Client, folder: StateFolder, request: SpawnRequest): Promise<string> {
  const request_sha256 = createHash('sha256').update(JSON.stringify(request)).digest('hex');
  const known = readPrivate(runFile(folder), Run);
  const resumes = known?.request_sha256 === request_sha256;
  const idempotency_key = resumes ? known.idempotency_key : randomUUID();
  writePrivate(runFile(folder), JSON.stringify({ request_sha256, idempotency_key }));
  const pipeline = await client.spawn(request, idempotency_key);
  return pipeline.pipeline_id;
}

/** Runs one plan, shows it live, and checks the evidence it left. */
export async function runPlan(
  folder: StateFolder,
  connection: { url: string; key: string },
  plan: PlanReference,
  screen: Screen,
  signal: AbortSignal,
): Promise<Outcome> {
  const client = createClient({ baseUrl: connection.url, key: connection.key });
  const request: SpawnRequest = plan.kind === 'id' ? { plan_id: plan.plan_id } : { plan: plan.plan };
  const first = await beginOrResume(client, folder, request).catch((error: unknown) => {
    throw withPlanLines(error, plan, { notes: screen });
  });
  const { orchestration, lineage } = await followLineage(client, first, {
    ...lineageNotes((text) => screen.print(screen.style.caution(text))),
    signal,
    follow: (id) => watchPipeline(client, id, screen, { signal }),
  });
  writePrivate(runFile(folder), '{}');
  const { pipeline_id, state } = orchestration.pipeline;
  const evidence = await checkEvidence(client, pipeline_id, isEnded(state));
  return { orchestration, lineage, evidence };
}

export function outcomeLines({ orchestration, lineage, evidence }: Outcome, out: Screen): string[] {
  const { style } = out;
  const tokens =
    evidence.tokensGone === null
      ? style.caution('not sealed yet')
      : `${evidence.tokensGone} tokens confirmed gone`;
  const proof = evidence.ok
    ? `${style.good('✔ Evidence:')} ${evidence.events} events, hash chain intact ${style.faint(`(head ${evidence.head.slice(0, 12)}…)`)}, ${tokens}`
    : `${style.bad('✘ Evidence:')} the hash chain is broken at ${evidence.why}`;
  return [...resultLines(orchestration, { out }, lineage), proof];
}
