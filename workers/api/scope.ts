import type { Caller } from '#contract/access.ts';
import type { DomainError } from '#domain/errors.ts';
import type { Result } from '#domain/result.ts';
import type { PipelineRpc } from '#objects/pipeline/rpc.ts';
import { controlStub, feedStub, logStub, pipelineStub, type Stub } from '#objects/shared/stubs.ts';
import type { LogRpc } from '#objects/tenant/log/rpc.ts';
import type { ControlError, ControlRpc, FeedRpc } from '#objects/tenant/rpc.ts';
import { UnknownCursorError } from '#workers/ledger/index.ts';
import type { Asked } from './endpoint.ts';
import { ProblemError, problemOf } from './problem.ts';

export const controlOf = ({ env, caller }: Asked): Stub<ControlRpc> =>
  controlStub(env.CONTROL, caller.tenant);
export const logOf = ({ env, caller }: Asked): Stub<LogRpc> => logStub(env.LOG, caller.tenant);
export const feedOf = ({ env, caller }: Asked): Stub<FeedRpc> => feedStub(env.FEED, caller.tenant);

/** The value, or the refusal on its way to the wire. */
export function must<T>(result: Result<T, DomainError | ControlError>): T {
  if (!result.ok) throw problemOf(result.error);
  return result.value;
}

export const inScope = (caller: Caller, projectId: string | null): boolean =>
  caller.project_ids === null || (projectId !== null && caller.project_ids.includes(projectId));

/**
 * A pipeline of the caller's tenant and projects. Rule 7: the object's name holds the authenticated tenant, so a foreign id leads to
 * an object that does not know it, which is a 404 like any other.
 */
export async function pipelineOf(asked: Asked, pipelineId: string): Promise<Stub<PipelineRpc>> {
  const { env, caller } = asked;
  const stub = pipelineStub(env.PIPELINE, caller.tenant, pipelineId);
  if (caller.project_ids === null) return stub;
  const { project_id } = must(await stub.read(caller.tenant));
  if (!inScope(caller, project_id)) throw problemOf({ code: 'not_found', what: `pipeline ${pipelineId}` });
  return stub;
}

/** The project that something new goes into; null leaves it to the tenant's default. */
export function projectFor(caller: Caller, asked: string | undefined): string | null {
  if (caller.project_ids === null) return asked ?? null;
  if (asked !== undefined) {
    if (inScope(caller, asked)) return asked;
    throw problemOf({ code: 'not_found', what: `project ${asked}` });
  }
  const [only, ...others] = caller.project_ids;
  if (only !== undefined && others.length === 0) return only;
  throw new ProblemError('validation_failed', 'The key is for several projects: name one in project_id.', {
    field: 'project_id',
  });
}

/** A project that is written down somewhere must be one of the tenant's, whatever the caller's scope. */
export async function existingProject(asked: Asked, projectId: string | null): Promise<string | null> {
  if (projectId === null) return null;
  const projects = await controlOf(asked).listProjects();
  if (projects.some((p) => p.project_id === projectId)) return projectId;
  throw problemOf({ code: 'not_found', what: `project ${projectId}` });
}

/** LEDG-1: D1 down stops queries and nothing else. */
export async function fromLedger<T>({ log }: Asked, query: () => Promise<T>): Promise<T> {
  try {
    return await query();
  } catch (error) {
    if (error instanceof UnknownCursorError)
      throw new ProblemError('validation_failed', `cursor: ${error.message}`, {
        field: 'cursor',
        remedy: 'Send `next_cursor` of the page before as it is, or none for the first page.',
      });
    log('warn', 'the ledger could not be read', { error });
    throw new ProblemError('ledger_unavailable', 'The ledger database cannot be reached.', {
      retry_after_s: 5,
    });
  }
}
