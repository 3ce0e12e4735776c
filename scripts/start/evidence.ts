import { followPipeline } from '#cli/watch/follow.ts';
import type { Client, PipelineEvent } from '#client/index.ts';
import { verifyChain } from '#domain/ledger/chain.ts';

export interface EvidenceCheck {
  ok: boolean;
  events: number;
  head: string;
  /** CRED-4: tokens that are confirmed gone or expired; null while the pipeline is not sealed. */
  tokensGone: number | null;
  why: string | null;
}

/** Milliseconds that sealing may take: every token is looked up in Vault once more. */
const SEAL_MS = 30_000;

/** Fetches the whole log and recomputes its chain here, trusting nothing the server says about it (LEDG-2). */
export async function checkEvidence(
  client: Client,
  pipelineId: string,
  ended: boolean,
): Promise<EvidenceCheck> {
  if (ended) {
    const signal = AbortSignal.timeout(SEAL_MS);
    await followPipeline(client, pipelineId, { signal, until: ({ pipeline }) => pipeline.sealed }).catch(
      (error: unknown) => {
        if (!signal.aborted) throw error;
      },
    );
  }
  const events: PipelineEvent[] = [];
  for await (const event of client.allEvents(pipelineId)) events.push(event);
  const check = verifyChain(events);
  const sealed = events.find((event) => event.type === 'sealed');
  return {
    ok: check.ok,
    events: events.length,
    head: events.at(-1)?.hash ?? '',
    tokensGone: sealed ? Number(sealed.body.tokens) : null,
    why: check.ok ? null : `event ${check.seq}: ${check.why}`,
  };
}
