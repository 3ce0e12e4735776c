import type { EventBodies, EventType, PipelineEvent } from '#domain/pipeline/event.ts';
import { dateTime } from './format.ts';

/** Roles by agent id, so that a line says "ALPHA" instead of an id. */
export type Roles = ReadonlyMap<string, string>;

export function rolesOf(events: readonly PipelineEvent[]): Roles {
  const roles = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'agent_spawned') roles.set(event.body.agent_id, event.body.role);
    else if (event.type === 'agent_registered') roles.set(event.body.agent_id, event.body.name);
  }
  return roles;
}

type Text<T extends EventType> = (body: EventBodies[T], who: (agentId: string | null) => string) => string;

const when = (at: string | undefined): string => (at === undefined ? 'then' : dateTime(at));

const STEP_NAMES: Record<string, string> = {
  credentials_login: 'log in to Vault',
  agent_bootstrap: 'get an agent’s token',
  agent_turn: 'ask a model',
  action: 'carry out an action',
  revoke: 'revoke tokens',
  synthesis: 'write the handoff',
  store_context: 'keep the failure’s context',
  spawn_successor: 'spawn the successor',
  spawn_diagnostic: 'spawn a diagnosis',
};

const TEXTS: { [T in EventType]: Text<T> } = {
  pipeline_spawned: (b) =>
    `Pipeline ${b.number} spawned from ${b.plan_name} ${b.plan_version}, tier ${b.tier}`,
  credentials_recorded: () => 'Vault login recorded',
  credentials_extended: (b) => `Credentials extended to ${when(b.expires_at)}`,
  tokens_renewed: (b) =>
    `${b.tokens.length} ${b.tokens.length === 1 ? 'token' : 'tokens'} renewed until ${when(b.tokens[0]?.expires_at)}`,
  renewal_failing: (b) => `Tokens cannot be renewed: ${b.message}`,
  credentials_superseded: (b) => `${b.accessors.length} older tokens give way: ${b.reason}`,
  agent_token_lapsed: (b, who) => `The lease of ${who(b.agent_id)} is over`,
  step_deferred: (b) => `Step waits for credentials: ${b.message}`,
  step_released: () => 'What a step waited for is to be had again',
  step_held: (b) => `Step waits: ${b.message}`,
  credentials_restored: (b) => `Credentials are back after ${Math.round(b.waited_ms / 1_000)} s`,
  state_entered: (b) => `Entered ${b.state}`,
  waiting_began: (b) => `Waiting for ${b.for}`,
  continued: (b) => (b.reason ? `Continued: ${b.reason}` : 'Continued'),
  agent_spawned: (b) => `${b.role} spawned: ${b.reason}`,
  agent_registered: (b) => `${b.name} (${b.framework}) registered, tier ${b.tier}`,
  agent_token_issued: (b, who) => `Token issued to ${who(b.agent_id)}`,
  step_scheduled: (b, who) =>
    `Step planned: ${STEP_NAMES[b.work.kind]}${'agent_id' in b.work ? ` for ${who(b.work.agent_id)}` : ''}`,
  step_claimed: (b) => `Step claimed${b.epoch > 1 ? ` again (epoch ${b.epoch})` : ''}`,
  step_progressed: (b) => `Progress: ${b.note}`,
  step_completed: () => 'Step completed',
  step_failed: (b) =>
    `Step failed: ${b.message.replace(/\.$/, '')}${b.retry_at ? '; it will be tried again' : ''}`,
  step_lost: () => 'The step’s worker was lost; the step is ready again',
  step_cancelled: (b) => `Step cancelled: ${b.reason}`,
  step_dead_lettered: (b) => `Step’s message given up by the queue: ${b.reason}`,
  step_redriven: () => 'Step sent again',
  report_written: (b) => `Planner’s report: complexity ${b.report.complexity}`,
  round_started: (b) => `Round ${b.round} began with ${b.electorate.join(', ')}`,
  finding_written: (b) => `${b.author} found (${b.severity}): ${b.title}`,
  proposal_written: (b) =>
    `${b.author} ${b.revision > 1 ? `revised its proposal (revision ${b.revision})` : 'proposed'}: ${b.title}`,
  vote_cast: (b) =>
    `${b.seat} voted ${b.vote} (${b.confidence} %)${b.critical ? ', critical objection' : ''}`,
  vote_refused: (b) => `A vote of ${b.seat} was not admitted: ${b.why}`,
  message_sent: (b) => `${b.from} to ${b.to}: ${b.body}`,
  turn_taken: (b) => `${b.seat} ${b.silent ? 'stayed silent' : 'has spoken'} in round ${b.round}`,
  round_closed: (b) => `Round ${b.round} closed${b.conflicts ? `, ${b.conflicts} in conflict` : ''}`,
  mediator_called: (b) => `Mediator called (${b.trigger.replaceAll('_', ' ')}): ${b.detail}`,
  consensus_reached: (b) => `Verdict in round ${b.round}, approved by ${b.approvals.join(', ')}`,
  consensus_failed: (b) => `No consensus: ${b.reason}`,
  failure_context_stored: (b) => `Failure context kept for ${Math.round(b.ttl_s / 86_400)} days`,
  fallback_chosen: (b) => `Fallback chosen: ${b.action.replaceAll('_', ' ')}, ${b.reason}`,
  generation_started: (b) =>
    `Generation ${b.generation} began, tier ${b.tier}${b.mediator ? ', with GAMMA' : ''}`,
  partial_accepted: (b) => `Partial result accepted: ${b.reason}`,
  approval_requested: (b) => `Approval asked for tier ${b.tier}: ${b.reason}`,
  action_approval_requested: (b) => `Approval asked for ${b.tool} on ${b.target || 'no target'}: ${b.reason}`,
  approval_decided: (b) => `Approval ${b.decision === 'approve' ? 'given' : b.decision}: ${b.reason}`,
  recovery_started: (b) => `The supervisor ends the run (${b.trigger.replaceAll('_', ' ')}): ${b.detail}`,
  synthesis_written: (b) => `Synthesis${b.agent_id ? '' : ' by rule'}: ${b.title}`,
  handoff_sealed: (b) =>
    b.successor_id ? `Handoff sealed for ${b.successor_id}` : 'Handoff sealed; no attempt is left',
  handoff_loaded: (b) => `Resumed from the handoff of ${b.prior_pipeline}`,
  pipeline_forked: (b) => `Forked from ${b.from} at event ${b.at_seq}`,
  credentials_suspended: (b) => `Tokens suspended: ${b.reason}`,
  pause_requested: (b) => `Pause asked for: ${b.reason}`,
  paused: () => 'Paused',
  outage_noticed: () => 'The system was down; the run’s clocks stood still meanwhile',
  resumed: (b) => `Resumed: ${b.reason}`,
  action_unknown: (b) => `Outcome unknown: ${b.why}`,
  action_unreported: (b) => `Outcome not told: ${b.why}`,
  action_resolved: (b) => `Outcome settled: ${b.status}, ${b.reason}`,
  action_requested: (b, who) => `${who(b.agent_id)} asked for ${b.tool} on ${b.target}`,
  action_decided: (b) =>
    `Gate: ${b.decision.decision.replaceAll('_', ' ')} (${b.decision.determining.join(', ')})`,
  action_finished: (b) => `Action ${b.status}${b.error ? `: ${b.error}` : ''}`,
  violation_recorded: (b) => `Violation (${b.severity}): ${b.rule}`,
  kill_switch_thrown: (b) => `Kill switch (${b.scope}): ${b.reason}`,
  kill_switch_lifted: (b) => `Kill switch lifted: ${b.reason}`,
  agent_throttled: (b, who) => `${who(b.agent_id)} calls too often; refused until ${when(b.until)}`,
  bug_filed: (b) => `Bug (${b.severity}): ${b.title}`,
  log_written: (b) => `${b.source}: ${b.message}`,
  agent_replaced: (b, who) => `${who(b.agent_id)} replaced: ${b.reason}`,
  agent_revoked: (b, who) => `${who(b.agent_id)} revoked: ${b.reason}`,
  token_confirmed_gone: (b, who) =>
    `Token of ${b.agent_id ? who(b.agent_id) : 'the pipeline'} confirmed gone by ${b.how}`,
  pipeline_ended: (b) => `${b.state}, exit ${b.exit_code}: ${b.detail ?? b.reason.replaceAll('_', ' ')}`,
  sealed: (b) => `Sealed: ${b.tokens} of ${b.tokens} tokens gone`,
};

/** One line for people about an event; an unknown type (a newer server) shows by its name. */
export function eventText(event: PipelineEvent, roles: Roles): string {
  const who = (id: string | null) => (id === null ? 'the system' : (roles.get(id) ?? id));
  const text = TEXTS[event.type] as Text<EventType> | undefined;
  return text ? text(event.body, who) : String(event.type).replaceAll('_', ' ');
}

export type MarkKind = 'milestone' | 'proposal' | 'refusal' | 'verdict';

const MARKS: Partial<Record<EventType, MarkKind>> = {
  state_entered: 'milestone',
  round_started: 'milestone',
  proposal_written: 'proposal',
  violation_recorded: 'refusal',
  kill_switch_thrown: 'refusal',
  consensus_reached: 'verdict',
  consensus_failed: 'refusal',
  pipeline_ended: 'milestone',
};

/** What two marks in one place come to, the weightiest last. */
const WEIGHT: readonly MarkKind[] = ['milestone', 'proposal', 'refusal', 'verdict'];
/** Places on the time line: more than this are not told apart on any screen. */
const PLACES = 400;

/** The events worth a mark on the time line; of those that would cover each other, the weightiest. */
export function marksOf(events: readonly PipelineEvent[]): { seq: number; kind: MarkKind }[] {
  const places = new Map<number, { seq: number; kind: MarkKind }>();
  for (const event of events) {
    const denied = event.type === 'action_decided' && event.body.decision.decision === 'deny';
    const kind = denied ? 'refusal' : MARKS[event.type];
    if (!kind) continue;
    const place = Math.floor((event.seq * PLACES) / Math.max(PLACES, events.length));
    const there = places.get(place);
    if (!there || WEIGHT.indexOf(kind) > WEIGHT.indexOf(there.kind))
      places.set(place, { seq: event.seq, kind });
  }
  return [...places.values()];
}
