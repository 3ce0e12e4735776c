import type { DomainError } from '../../errors.ts';
import { logId } from '../../ids.ts';
import { hashJson } from '../../ledger/canonical.ts';
import { err, ok, type Result } from '../../result.ts';
import type { Command } from '../command.ts';
import type { Draft } from './draft.ts';

/** PIPE-9: a repeated spawn changes nothing; another request under the same id is a conflict. */
export function spawn(
  draft: Draft,
  command: Extract<Command, { kind: 'spawn' }>,
): Result<undefined, DomainError> {
  const first = draft.state.spawned;
  if (first) {
    return first.request_sha256 === command.request_sha256
      ? ok(undefined)
      : err({
          code: 'idempotency_conflict',
          detail: `This Idempotency-Key already started pipeline ${first.pipeline_id} with another body.`,
        });
  }
  const { plan, successor_of: successor } = command;
  if (successor && hashJson(successor.handoff) !== successor.sha256) {
    return err({ code: 'invalid', field: 'handoff', detail: 'The handoff is not the one that was sealed.' });
  }
  draft.emit('pipeline_spawned', {
    pipeline_id: command.pipeline_id,
    tenant: command.tenant,
    project_id: command.project_id,
    number: command.number,
    plan_id: plan.plan_id,
    plan_name: plan.name,
    plan_version: plan.version,
    plan_sha256: plan.sha256,
    objective: plan.objective,
    documents: command.documents,
    models: plan.models,
    misbehave: plan.misbehave,
    limits: plan.limits,
    stages: plan.stages,
    ...(plan.approvals !== undefined && { approvals: plan.approvals }),
    mode: command.mode,
    tier: command.tier,
    auto_continue: command.auto_continue,
    attempt: successor?.attempt ?? 1,
    predecessor_id: successor?.pipeline_id ?? null,
    request_sha256: command.request_sha256,
    ...(command.diagnoses !== undefined && { diagnoses: command.diagnoses }),
    ...(command.identities ? { identities: command.identities } : {}),
  });
  if (successor) {
    draft.emit('log_written', {
      log_id: logId(command.pipeline_id, 1),
      level: 'info',
      source: 'supervisor',
      message: `Resuming from ${successor.pipeline_id} handoff`,
      fields: { sha256: successor.sha256, attempt: successor.attempt },
    });
    const { pipeline_id: prior_pipeline, sha256, handoff } = successor;
    draft.emit('handoff_loaded', { prior_pipeline, sha256, handoff });
  }
  if (command.fork) draft.emit('pipeline_forked', command.fork);
  draft.schedule({ kind: 'credentials_login' });
  return ok(undefined);
}
