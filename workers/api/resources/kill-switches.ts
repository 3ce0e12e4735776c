import * as z from 'zod';
import { KillRequest, KillResult, KillSwitch, KillSwitchPage, LiftRequest } from '#contract/enforcement.ts';
import type { KillScope } from '#domain/governance/permit.ts';
import { pipelineIdOf } from '#domain/ids.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { directoryStub } from '#objects/shared/stubs.ts';
import type { KillRecord, Pushed } from '#objects/tenant/rpc.ts';
import { type Asked, all, endpoint, json } from '../endpoint.ts';
import { PLATFORM_ACTOR } from '../platform.ts';
import { ProblemError, problemOf } from '../problem.ts';
import { controlOf, inScope, must, pipelineOf } from '../scope.ts';

const resultOf = ({ kill, effective_at, in_flight, unacknowledged }: Pushed) => ({
  kill_id: kill.kill_id,
  scope: kill.scope,
  id: kill.id,
  thrown_at: kill.at,
  effective_at,
  in_flight,
  unacknowledged,
});

const unknown = (scope: KillScope, id: string): ProblemError =>
  problemOf({ code: 'not_found', what: `${scope} ${id}` });

/** An agent or a pipeline: in the pipeline's own transaction, then noted for the tenant's list. */
async function stopWithin(asked: Asked<unknown, KillRequest>): Promise<Pushed> {
  const { scope, id, reason } = asked.body;
  const pipelineId = scope === 'agent' ? pipelineIdOf(id) : id;
  if (pipelineId === null) throw unknown(scope, id);
  const stub = await pipelineOf(asked, pipelineId);
  const { kill, in_flight, project_id } = must(
    await stub.throwSwitch(asked.caller.tenant, actorOf(asked.caller), scope === 'agent' ? id : null, reason),
  );
  await controlOf(asked).noteSwitch(kill, project_id);
  return { kill, effective_at: kill.at, in_flight, unacknowledged: [] };
}

/** A key for some projects stops those; the tenant as a whole takes a key for all of it. */
async function stopAbove(asked: Asked<unknown, KillRequest>, scope: 'project' | 'tenant'): Promise<Pushed> {
  const { caller, body } = asked;
  if (scope === 'project' && !inScope(caller, body.id)) throw unknown(scope, body.id);
  if (scope === 'tenant') requireWholeTenant(asked);
  return must(
    await controlOf(asked).throwSwitch(actorOf(caller), { scope, id: body.id, reason: body.reason }),
  );
}

function requireWholeTenant({ caller }: Asked): void {
  if (caller.project_ids !== null)
    throw new ProblemError(
      'forbidden',
      'A key for some projects may not stop the tenant, nor let it go on.',
      {
        remedy: 'Use a key for all projects, or name one of yours.',
      },
    );
}

function throwSwitch(asked: Asked<unknown, KillRequest>): Promise<Pushed> {
  const { scope, reason } = asked.body;
  if (asked.platform) {
    if (scope === 'system')
      return directoryStub(asked.env.DIRECTORY).throwSystemSwitch(PLATFORM_ACTOR, reason);
    throw new ProblemError('validation_failed', 'The platform admin’s key stops the whole deployment only.', {
      field: 'scope',
      remedy: 'Send scope `system`, or use a key of the tenant.',
    });
  }
  switch (scope) {
    case 'system':
      throw new ProblemError('forbidden', 'Only the platform admin’s key stops the whole deployment.', {
        remedy: 'Stop the tenant instead, or ask the platform admin.',
      });
    case 'project':
    case 'tenant':
      return stopAbove(asked, scope);
    case 'agent':
    case 'pipeline':
      return stopWithin(asked);
  }
}

/** What a key for some projects may see: theirs, and what is above all projects. */
const shownTo = ({ caller }: Asked, { project_id }: KillRecord): boolean =>
  project_id === null || inScope(caller, project_id);

async function lift(asked: Asked<unknown, z.infer<typeof LiftRequest>>): Promise<KillRecord> {
  const { kill_id = '' } = asked.params;
  const { reason } = asked.body;
  if (asked.platform)
    return must(await directoryStub(asked.env.DIRECTORY).liftSystemSwitch(PLATFORM_ACTOR, kill_id, reason));
  const control = controlOf(asked);
  const known = (await control.listSwitches()).find((k) => k.kill_id === kill_id);
  if (!known || !shownTo(asked, known))
    throw problemOf({ code: 'not_found', what: `kill switch ${kill_id}` });
  if (asked.caller.subject_kind !== 'person')
    throw problemOf({ code: 'person_needed', detail: 'Only a person lifts a kill switch.' });
  if (known.project_id === null) requireWholeTenant(asked);
  const actor = actorOf(asked.caller);
  const pipelineId = pipelineIdOf(kill_id);
  if (pipelineId !== null) {
    const stub = await pipelineOf(asked, pipelineId);
    must(await stub.operate(asked.caller.tenant, actor, { kind: 'lift', kill_id, reason }));
  }
  return must(await control.liftSwitch(actor, kill_id, reason));
}

export const killSwitches = [
  endpoint('POST /api/kill-switches', {
    summary: 'Stop an agent, a pipeline, a project, the tenant, or (platform admin) everything (ENF-6)',
    body: KillRequest,
    answers: { 201: KillResult },
    problems: ['not_found', 'pipeline_ended'],
    handle: async (asked) => json(201, resultOf(await throwSwitch(asked))),
  }),
  endpoint('GET /api/kill-switches', {
    summary: 'Switches that stand, and the tenant’s that were lifted: who, why, and what has not stopped yet',
    query: z.strictObject({}),
    answers: { 200: KillSwitchPage },
    async handle(asked) {
      if (asked.platform) return json(200, all(await directoryStub(asked.env.DIRECTORY).systemSwitches()));
      const [own, above] = await Promise.all([
        controlOf(asked).listSwitches(),
        directoryStub(asked.env.DIRECTORY).systemSwitches(),
      ]);
      const standing = above.filter((k) => k.lifted_at === null);
      return json(200, all([...standing, ...own.filter((k) => shownTo(asked, k))]));
    },
  }),
  endpoint('POST /api/kill-switches/{kill_id}/lift', {
    summary: 'Take a switch back; persons only. What it stopped stays stopped (ENF-6, TEN-5)',
    body: LiftRequest,
    answers: { 200: KillSwitch },
    problems: ['not_found', 'person_needed'],
    handle: async (asked) => json(200, await lift(asked)),
  }),
];
