import type { PipelineEvent } from '#domain/pipeline/event.ts';

/** The log as JSON Lines, one event a line as it was hashed, so that anyone can recompute the chain without this page. */
export const eventLines = (events: readonly PipelineEvent[]): string =>
  events.map((event) => `${JSON.stringify(event)}\n`).join('');
