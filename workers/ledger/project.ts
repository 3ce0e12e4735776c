import { controlLogId } from '#domain/ids.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import type { EventBodies, PipelineEvent } from '#domain/pipeline/event.ts';
import type {
  AgentActionRow,
  AgentMetricRow,
  ArchiveRow,
  BugRow,
  ErasureRow,
  ErrorRow,
  EventRow,
  PromotionRow,
  ViolationRow,
} from './schema.ts';

/** What a later event refers to by id, gathered from earlier ones of the same pipeline. */
export interface Context {
  roles: Map<string, string>;
  steps: Map<string, EventBodies['step_scheduled']['work']>;
  actions: Map<string, EventBodies['action_requested']>;
}

export const emptyContext = (): Context => ({ roles: new Map(), steps: new Map(), actions: new Map() });

/** The types whose bodies a context is made of. */
export const CONTEXT_TYPES = [
  'agent_spawned',
  'agent_registered',
  'step_scheduled',
  'action_requested',
] as const;
type ContextEvent = Extract<PipelineEvent, { type: (typeof CONTEXT_TYPES)[number] }>;

export function remember(context: Context, event: Pick<ContextEvent, 'type' | 'body'>): void {
  const { type, body } = event as ContextEvent;
  if (type === 'agent_spawned') context.roles.set(body.agent_id, body.role);
  else if (type === 'agent_registered') context.roles.set(body.agent_id, 'OUTSIDE');
  else if (type === 'step_scheduled') context.steps.set(body.step_id, body.work);
  else context.actions.set(body.action_id, body);
}

export interface Projection {
  events: EventRow[];
  agent_actions: AgentActionRow[];
  agent_metrics: AgentMetricRow[];
  violations: ViolationRow[];
  error_occurrences: ErrorRow[];
  bugs: BugRow[];
  promotions: PromotionRow[];
  /** Behind the events: the database takes an archive only when its record is there. */
  archives: ArchiveRow[];
  erasures: ErasureRow[];
}

export const emptyProjection = (): Projection => ({
  events: [],
  agent_actions: [],
  agent_metrics: [],
  violations: [],
  error_occurrences: [],
  bugs: [],
  promotions: [],
  archives: [],
  erasures: [],
});

type Place = Pick<EventRow, 'tenant' | 'pipeline_id' | 'seq' | 'at'>;

/** Adds the rows that one event becomes. Pure; `context` must have seen every earlier event that this one refers to. */
export function project(
  out: Projection,
  context: Context,
  tenant: string,
  pipelineId: string,
  e: PipelineEvent,
): void {
  const place: Place = { tenant, pipeline_id: pipelineId, seq: e.seq, at: e.at };
  const { type, v, actor, salt, prev_hash, hash } = e;
  const content = e.content ?? null;
  out.events.push({ ...place, type, v, actor, body: JSON.stringify(e.body), salt, prev_hash, hash, content });

  if (pipelineId === controlLogId(tenant)) {
    promotion(out, place, e);
    archive(out, place, e);
    erasure(out, place, e);
    return;
  }
  switch (e.type) {
    case 'agent_spawned':
    case 'agent_registered':
    case 'step_scheduled':
    case 'action_requested':
      remember(context, e);
      break;
    case 'step_completed':
      if (e.body.usage)
        out.agent_metrics.push(metric(context, place, 'succeeded', e.body.step_id, e.body.usage));
      break;
    case 'step_failed':
      if (e.body.usage)
        out.agent_metrics.push(metric(context, place, 'failed', e.body.step_id, e.body.usage));
      out.error_occurrences.push(
        occurrence(place, e.body.code, e.body.message, context.steps.get(e.body.step_id)?.kind ?? 'step'),
      );
      break;
    case 'step_dead_lettered':
      out.error_occurrences.push(occurrence(place, 'step_dead_lettered', e.body.reason, 'queue'));
      break;
    case 'action_decided':
    case 'action_finished':
      out.agent_actions.push(action(context, place, e));
      break;
    case 'violation_recorded':
      out.violations.push({ ...place, role: roleOf(context, e.body.agent_id), ...e.body });
      break;
    case 'bug_filed':
      out.bugs.push(bugOf(place, e.body));
      break;
    case 'log_written':
      if (e.body.level === 'error')
        out.error_occurrences.push(occurrence(place, 'log', e.body.message, e.body.source));
      break;
    case 'pipeline_ended':
      if (e.body.state === 'FAILED')
        out.error_occurrences.push(
          occurrence(
            place,
            e.body.reason,
            `The pipeline failed with exit code ${e.body.exit_code}`,
            'pipeline',
          ),
        );
      break;
    default:
      break;
  }
}

/** ENF-1: a diagnosis and the run that it is about, in the list that agents log to as well. Its project is its pipeline's. */
const bugOf = ({ tenant, pipeline_id, at }: Place, b: EventBodies['bug_filed']): BugRow => ({
  ...{ tenant, bug_id: b.bug_id, project_id: null, pipeline_id },
  title: b.title,
  detail: `About the run ${b.about}.\n${b.body}`,
  severity: b.severity,
  status: 'open',
  origin: JSON.stringify(['untrusted']),
  created_by: `agent:${b.agent_id}`,
  created_at: at,
  updated_at: at,
});

/** PROM-2: of the tenant's own log, whose events are no pipeline's. */
function promotion(
  out: Projection,
  { tenant, seq, at }: Place,
  e: { type: string; actor: string; body: unknown },
): void {
  if (e.type !== 'agent_tier_changed') return;
  const body = e.body as {
    identity_id: string;
    from_tier: number;
    to_tier: number;
    reason: string;
    runs: string[];
  };
  out.promotions.push({
    tenant,
    promotion_id: `pr_${seq}`,
    at,
    identity_id: body.identity_id,
    from_tier: body.from_tier,
    to_tier: body.to_tier,
    reason: body.reason,
    runs: JSON.stringify(body.runs),
    decided_by: e.actor,
  });
}

type ArchiveBody = Omit<ArchiveRow, 'tenant' | 'log_seq' | 'archived_at' | 'removed_at'>;

/** LEDG-5. A rewritten archive says which revision it is. */
function archive(
  out: Projection,
  { tenant, seq, at }: Place,
  e: { type: string; actor: string; body: unknown },
): void {
  if (e.type !== 'pipeline_archived' && e.type !== 'archive_rewritten') return;
  const {
    pipeline_id,
    revision = 0,
    number,
    object_key,
    sha256,
    bytes,
    events,
    head_hash,
  } = e.body as ArchiveBody;
  out.archives.push({
    ...{ tenant, pipeline_id, revision, number, object_key, sha256, bytes, events, head_hash },
    ...{ log_seq: seq, archived_at: at, removed_at: null },
  });
}

/** LEDG-2. */
function erasure(
  out: Projection,
  { tenant, seq, at }: Place,
  e: { type: string; actor: string; body: unknown },
): void {
  if (e.type !== 'content_erased') return;
  const { pipeline_id, seqs } = e.body as { pipeline_id: string; seqs: number[] };
  out.erasures.push({ tenant, pipeline_id, log_seq: seq, seqs: JSON.stringify(seqs), at });
}

const roleOf = (context: Context, agentId: string | null): string | null =>
  agentId === null ? null : (context.roles.get(agentId) ?? null);

function metric(
  context: Context,
  place: Place,
  outcome: AgentMetricRow['outcome'],
  stepId: string,
  usage: NonNullable<EventBodies['step_completed']['usage']>,
): AgentMetricRow {
  const work = context.steps.get(stepId);
  const agentId = work && 'agent_id' in work ? work.agent_id : null;
  const { provider, model, tokens_in, tokens_out, tokens_cached, cost_microusd, latency_ms } = usage;
  return {
    ...place,
    step_id: stepId,
    agent_id: agentId,
    role: roleOf(context, agentId),
    round: work?.kind === 'agent_turn' ? work.round : null,
    leg: work?.kind === 'agent_turn' ? work.leg : null,
    outcome,
    ...{ provider, model, tokens_in, tokens_out, tokens_cached, cost_microusd, latency_ms },
  };
}

function action(
  context: Context,
  place: Place,
  e: Extract<PipelineEvent, { type: 'action_decided' | 'action_finished' }>,
): AgentActionRow {
  const asked = context.actions.get(e.body.action_id);
  const decided = e.type === 'action_decided' ? e.body.decision : null;
  const finished = e.type === 'action_finished' ? e.body : null;
  return {
    ...place,
    phase: decided ? 'decided' : 'finished',
    action_id: e.body.action_id,
    agent_id: asked?.agent_id ?? null,
    role: roleOf(context, asked?.agent_id ?? null),
    tool: asked?.tool ?? null,
    target: asked?.target ?? null,
    action_sha256: asked?.action_sha256 ?? null,
    decision: decided?.decision ?? null,
    determining: decided ? JSON.stringify(decided.determining) : null,
    policy_version: decided?.policy_version ?? null,
    reason: decided?.reason ?? null,
    status: finished?.status ?? null,
    result_sha256: finished?.result_sha256 ?? null,
    error: finished?.error ?? null,
  };
}

/** OBS-4: occurrences of one error differ in ids, numbers and times; its fingerprint does not. */
function occurrence(place: Place, code: string, message: string, source: string): ErrorRow {
  const shape = message.replace(/\b[a-z]{2}_[a-z0-9_]{4,60}\b/g, '#').replace(/\d+/g, '#');
  return {
    ...place,
    fingerprint: sha256Hex(`${code}\n${source}\n${shape}`).slice(0, 16),
    code,
    message,
    source,
  };
}
