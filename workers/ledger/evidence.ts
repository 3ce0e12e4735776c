import type { DomainError } from '#domain/errors.ts';
import type { EvidenceSource } from '#domain/ledger/evidence/assemble.ts';
import type { EvidenceEvent, PolicyInForce } from '#domain/ledger/evidence/package.ts';
import type { PolicyReference } from '#domain/ledger/evidence/read.ts';
import { logOrigin } from '#domain/ledger/log/checkpoint.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import { err, ok, type Result } from '#domain/result.ts';
import type { PipelineRpc } from '#objects/pipeline/rpc.ts';
import type { LogRpc } from '#objects/tenant/log/rpc.ts';
import { reportOf } from './sequence.ts';
import { type LedgerKeys, ledgerSigner } from './signing.ts';

/** Events held in memory at once. */
const PER_READ = 500;
/** A pipeline may write while it is being asked, e.g. that a token is gone; then its newer head is taken. */
const TRIES = 3;

export type EvidenceRefusal = DomainError | { code: 'evidence_conflict'; detail: string };

export interface EvidencePorts {
  pipeline: Pick<PipelineRpc, 'events' | 'read'>;
  log: Pick<LogRpc, 'submit' | 'inclusion'>;
  ledger: LedgerKeys;
  policies(versions: PolicyReference[]): Promise<PolicyInForce[]>;
  /** RFC 3339, UTC, milliseconds. */
  now: string;
}

/** LEDG-3: what a package is made of. The truth is the pipeline's object; D1 is not needed, nor that its head is in the log already. */
export async function evidenceSource(
  tenant: string,
  ports: EvidencePorts,
): Promise<Result<EvidenceSource, EvidenceRefusal>> {
  for (let left = TRIES; left > 0; left--) {
    const read = await ports.pipeline.read(tenant);
    if (!read.ok) return read;
    const pipeline = read.value;
    if (!isEnded(pipeline.state)) return err(stillLive(pipeline));
    const last = await ports.pipeline.events(tenant, pipeline.seq - 1, 1);
    if (!last.ok) return last;
    const head = last.value[0];
    if (!head) return err({ code: 'not_found', what: `event ${pipeline.seq}` });

    const [done] = await ports.log.submit(tenant, [reportOf({ pipeline, head })]);
    if (done?.status === 'older') continue;
    if (done?.status === 'conflict')
      return err({
        code: 'evidence_conflict',
        detail: `The tenant’s log has another hash for event ${head.seq} of this pipeline.`,
      });
    const proof = await ports.log.inclusion(tenant, pipeline.pipeline_id, head.seq, null);
    if (!proof.ok) return proof;
    const { leaf, index, hashes, checkpoint } = proof.value;
    const signer = await ledgerSigner(ports.ledger);
    return ok({
      subject: {
        tenant,
        pipeline_id: pipeline.pipeline_id,
        number: pipeline.number,
        events: head.seq,
        head: head.hash,
      },
      log: { leaf, index, hashes, checkpoint },
      policies: ports.policies,
      events: () => eventsUpTo(tenant, ports.pipeline, head.seq),
      signer: { key: signer.key(logOrigin(ports.ledger.origin, tenant)), sign: signer.sign },
      now: ports.now,
    });
  }
  return err({
    code: 'wrong_state',
    detail: 'The pipeline is still writing down how it ended.',
    allowed: ['COMPLETED', 'FAILED'],
    remedy: 'Ask again in a moment: GET /api/pipeline/evidence, `ags evidence get`.',
  });
}

const stillLive = ({ state }: { state: string }): DomainError => ({
  code: 'wrong_state',
  detail: `The pipeline is ${state}; evidence is given of what has ended.`,
  allowed: ['COMPLETED', 'FAILED'],
  remedy: 'Wait until it has ended (`ags pipeline wait`), then ask again.',
});

async function* eventsUpTo(
  tenant: string,
  pipeline: Pick<PipelineRpc, 'events'>,
  end: number,
): AsyncGenerator<EvidenceEvent[]> {
  for (let since = 0; since < end; ) {
    const read = await pipeline.events(tenant, since, Math.min(PER_READ, end - since));
    const last = read.ok ? read.value.at(-1) : undefined;
    if (!read.ok || !last) throw new Error('the pipeline’s events could not be read to their end');
    yield read.value.map(asEvidence);
    since = last.seq;
  }
}

/** LEDG-2: of erased content a package has the commitment alone, nothing that the chain does not cover. */
function asEvidence({ content, ...event }: PipelineEvent): EvidenceEvent {
  if (content === undefined) return event;
  const { body: _, salt: __, ...frame } = event;
  return { ...frame, content };
}
