import { Badge } from '@cloudflare/kumo/components/badge';
import type { Orchestration } from '#contract/pipeline.ts';
import { Portion } from '../../components/portion.tsx';
import { Prose } from '../../components/prose.tsx';
import { timeOfDay } from '../../models/format.ts';

/** PIPE-5: what the agents wrote to each other. */
export function MessagesTab({ messages }: { messages: Orchestration['blackboard']['messages'] }) {
  if (messages.length === 0) return <p className="text-kumo-subtle">No agent has written to another.</p>;
  return (
    <Portion items={messages} what="messages">
      {(shown) => (
        <ol className="mb-4 flex flex-col gap-4">
          {shown.map((m) => (
            <li key={m.seq} className="flex flex-col gap-1">
              <p className="flex flex-wrap items-center gap-2 text-sm text-kumo-subtle">
                <Badge variant="outline">{m.from}</Badge> to {m.to} · round {m.round} · {timeOfDay(m.at)}
              </p>
              <Prose text={m.body} />
            </li>
          ))}
        </ol>
      )}
    </Portion>
  );
}
