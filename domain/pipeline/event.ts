import type { ActionEvents } from './event/actions.ts';
import type { AgentEvents } from './event/agents.ts';
import type { BlackboardEvents } from './event/blackboard.ts';
import type { CredentialEvents } from './event/credentials.ts';
import type { LifecycleEvents } from './event/lifecycle.ts';
import type { RecoveryEvents } from './event/recovery.ts';
import type { StepEvents } from './event/steps.ts';

/** Every event body by type. A body's shape never changes: a new shape is a new version (PIPE-7). */
export interface EventBodies
  extends LifecycleEvents,
    CredentialEvents,
    AgentEvents,
    StepEvents,
    BlackboardEvents,
    ActionEvents,
    RecoveryEvents {}

export type EventType = keyof EventBodies;

/** The version that new events of each type are written with. */
export const EVENT_VERSION = 1;

/** An event as decided: not yet numbered, timed or hashed. */
export type NewEvent = { [T in EventType]: { type: T; body: EventBodies[T] } }[EventType];

/** An event as it stands in the log. Times are RFC 3339 UTC with milliseconds; hashes are lower-case hex SHA-256. */
export type PipelineEvent = {
  [T in EventType]: {
    seq: number;
    type: T;
    v: number;
    at: string;
    actor: string;
    body: EventBodies[T];
    /** Random; lets the content be erased while the chain still verifies (LEDG-2). */
    salt: string;
    /** LEDG-2: set when the content was erased: the commitment to it. `body` is what state needs of it, and no salt is left. */
    content?: string;
    prev_hash: string;
    hash: string;
  };
}[EventType];
