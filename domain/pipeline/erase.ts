import { commitContent, type Sha256Hex } from '../ledger/chain.ts';
import type { Citation } from './event/blackboard.ts';
import type { EventBodies, EventType, PipelineEvent } from './event.ts';

/** What stands where a text was. */
export const ERASED = '(erased)';
/** A hash of content without salt would let a guess be confirmed; this one is of nothing. */
const NO_HASH = '0'.repeat(64);
const NO_CITATIONS: Citation[] = [];

/**
 * LEDG-2: what stays of an event when its content is erased: ids, numbers, names of rules and states, all that the pipeline's state follows
 * from; texts, arguments, and hashes of them go. A type that is not here holds no content of agents or people, or is what the proofs
 * rest on (how the pipeline ended, tokens, approvals' decisions), and is not erased.
 */
const REMAINS: { [T in EventType]?: (body: EventBodies[T]) => EventBodies[T] } = {
  pipeline_spawned: (b) => ({ ...b, objective: ERASED, documents: [], misbehave: [] }),
  report_written: (b) => ({
    ...b,
    report: { ...b.report, summary: ERASED, tasks: [], risks: [], proposed_actions: [] },
  }),
  finding_written: (b) => ({ ...b, title: ERASED, body: ERASED, citations: NO_CITATIONS, origin: [] }),
  proposal_written: (b) => ({
    ...b,
    title: ERASED,
    body: ERASED,
    steps: [],
    actions: [],
    citations: NO_CITATIONS,
    content_sha256: NO_HASH,
    taken: b.taken.map((t) => ({ ...t, what: ERASED })),
    origin: [],
  }),
  vote_cast: (b) => ({ ...b, reason: ERASED, citations: NO_CITATIONS }),
  message_sent: (b) => ({ ...b, body: ERASED }),
  consensus_reached: (b) => ({
    ...b,
    minority_report: b.minority_report.map((d) => ({ ...d, reason: ERASED })),
  }),
  consensus_failed: (b) => ({
    ...b,
    minority_report: b.minority_report.map((d) => ({ ...d, reason: ERASED })),
  }),
  step_progressed: (b) => ({ ...b, note: ERASED }),
  step_failed: (b) => ({ ...b, message: ERASED }),
  action_requested: (b) => {
    const { outside, ...rest } = b;
    const bare = { ...rest, arguments: {}, target: '', action_sha256: NO_HASH, origin: [] };
    return outside
      ? { ...bare, outside: { ...outside, arguments_sha256: NO_HASH, idempotency_key: null } }
      : bare;
  },
  action_approval_requested: (b) => ({
    ...b,
    arguments: {},
    target: '',
    reason: ERASED,
    sha256: NO_HASH,
  }),
  action_finished: (b) => ({
    ...b,
    result: b.result === null ? null : ERASED,
    result_sha256: b.result_sha256 === null ? null : NO_HASH,
    error: b.error === null ? null : ERASED,
  }),
  violation_recorded: (b) => ({ ...b, evidence: ERASED }),
  log_written: (b) => ({ ...b, message: ERASED, fields: {} }),
  synthesis_written: (b) => ({
    ...b,
    title: ERASED,
    body: ERASED,
    steps: [],
    taken: b.taken.map((t) => ({ ...t, what: ERASED })),
  }),
  handoff_sealed: (b) => ({ ...b, sha256: NO_HASH, handoff: bareHandoff(b.handoff) }),
  handoff_loaded: (b) => ({ ...b, sha256: NO_HASH, handoff: bareHandoff(b.handoff) }),
  pipeline_forked: (b) => ({
    ...b,
    report: null,
    findings: [],
    proposals: [],
    votes: [],
    messages: [],
    ...bareDone(b),
  }),
};

const bareHandoff = (h: EventBodies['handoff_sealed']['handoff']): typeof h => ({
  ...h,
  objective: ERASED,
  report: null,
  findings: [],
  proposals: [],
  reasons: [],
  synthesis: { ...h.synthesis, title: ERASED, body: ERASED, steps: [], taken: [] },
  origin: [],
  ...bareDone(h),
});

/** What is not done again is told by its hash, which a guess could confirm; on a run that is over nobody needs it. */
const bareDone = <T extends { done?: unknown[] }>({ done }: T) => (done ? { done: [] } : {});

export const isErasable = (type: string): boolean => Object.hasOwn(REMAINS, type);

/** An event whose content is gone: body and salt too, or a guessed text could be confirmed. Its hash stands as before (LEDG-2). */
export function eraseEvent(event: PipelineEvent, sha256?: Sha256Hex): PipelineEvent {
  if (event.content !== undefined) return event;
  const remains = REMAINS[event.type] as ((body: unknown) => unknown) | undefined;
  if (!remains) throw new RangeError(`${event.type} holds no content that can be erased`);
  const content = commitContent(event.salt, event.body, sha256);
  return { ...event, body: remains(event.body), salt: '', content } as PipelineEvent;
}
