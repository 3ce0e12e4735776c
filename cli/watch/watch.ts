import type { Client, Orchestration, PipelineEvent, StreamStatus } from '#client/index.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import { createLiveBlock } from '../terminal/live.ts';
import type { Screen } from '../terminal/terminal.ts';
import { liveBlock } from '../views/dashboard.ts';
import { happening, newCast } from '../views/happening.ts';
import { type FollowOptions, followPipeline } from './follow.ts';

/** `12:03:44`, in this machine's time zone. */
const clock = (time: string): string => new Date(time).toLocaleTimeString('en-GB', { hour12: false });

/** Follows one pipeline on a screen: what happens as lines, and below them the state, redrawn in place. */
export async function watchPipeline(
  client: Client,
  pipelineId: string,
  screen: Screen,
  options: Pick<FollowOptions, 'signal' | 'until' | 'patienceMs' | 'since'> & { detailed?: boolean } = {},
): Promise<Orchestration> {
  const { style } = screen;
  const cast = newCast();
  let orchestration: Orchestration | null = null;
  let reached: Orchestration['pipeline']['state'] = 'SPAWN';
  let stream: StreamStatus = 'connecting';
  const block = createLiveBlock(screen, (frame) => {
    if (!orchestration) return [];
    const elapsedMs = Date.now() - Date.parse(orchestration.pipeline.created_at);
    return liveBlock({ orchestration, reached, stream, elapsedMs }, style, screen.width(), frame);
  });
  const tell = (events: PipelineEvent[]) => {
    const lines = events.flatMap((event) => {
      if (event.type === 'state_entered') reached = event.body.state as typeof reached;
      const text = happening(event, cast, style, options.detailed);
      return text === null ? [] : [`${style.faint(clock(event.at))}  ${text}`];
    });
    if (lines.length > 0) block.log(...lines);
  };
  try {
    return await followPipeline(client, pipelineId, {
      ...options,
      onEvents: tell,
      onState: (state) => {
        orchestration = state;
        if (!isEnded(state.pipeline.state)) reached = state.pipeline.state;
        block.refresh();
      },
      onStream: (status) => {
        if (status === 'stale' && !screen.interactive)
          screen.print(style.caution('connection lost; trying again'));
        stream = status;
        block.refresh();
      },
    });
  } finally {
    block.end();
  }
}
