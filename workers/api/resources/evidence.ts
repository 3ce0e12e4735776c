import * as z from 'zod';
import { OfPipeline } from '#contract/requests.ts';
import { BUILTIN_ONLY } from '#domain/governance/permit.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import { writeEvidence } from '#domain/ledger/evidence/assemble.ts';
import type { PolicyInForce } from '#domain/ledger/evidence/package.ts';
import type { PolicyReference } from '#domain/ledger/evidence/read.ts';
import { evidenceSource } from '#workers/ledger/index.ts';
import { policyDocuments, type TenantPolicies } from '#workers/policy/index.ts';
import { gateOf } from '#workers/steps/index.ts';
import { type Asked, endpoint } from '../endpoint.ts';
import { gateConfig } from '../policies.ts';
import { ProblemError, problemOf } from '../problem.ts';
import { controlOf, logOf, pipelineOf } from '../scope.ts';

/** The tenant's own policies of a version; null when it has no such text (any more). */
async function tenantText(asked: Asked, tenant_policy: string): Promise<TenantPolicies | null> {
  const [version, sha256 = ''] = tenant_policy.split(':');
  const found = await controlOf(asked).readPolicies(Number(version));
  if (!found.ok || sha256Hex(found.value.cedar) !== sha256) return null;
  return { policy_version: tenant_policy, sha256, text: found.value.cedar };
}

/** GOV-4: with its texts, if this deployment still has those that the version is the hash of. */
async function policyInForce(asked: Asked, used: PolicyReference): Promise<PolicyInForce> {
  const gate = gateOf(asked.env, asked.config);
  const foreign = used.tenant_policy !== null && used.tenant_policy !== BUILTIN_ONLY;
  const own = foreign ? await tenantText(asked, used.tenant_policy ?? '') : null;
  if ((foreign && own === null) || gate.versionOf(own).version !== used.version)
    return { version: used.version, documents: [] };
  const documents = policyDocuments(gateConfig(asked.config), own).map(({ name, text }) => ({
    name,
    sha256: sha256Hex(text),
    text,
  }));
  return { version: used.version, documents };
}

/** Pieces of the file as a body; nothing is read ahead of whoever downloads. A piece that fails cuts the connection, so that no half file passes for a whole. */
function streamOf(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}

export const evidence = [
  endpoint('GET /api/pipeline/evidence', {
    summary: 'The evidence package of an ended pipeline, as one file (LEDG-3)',
    query: OfPipeline,
    answers: { 200: z.unknown().describe('docs/evidence.md says what it holds, byte for byte') },
    problems: ['not_found', 'wrong_state', 'evidence_conflict'],
    async handle(asked) {
      const { pipeline_id } = asked.query;
      const source = await evidenceSource(asked.caller.tenant, {
        pipeline: await pipelineOf(asked, pipeline_id),
        log: logOf(asked),
        ledger: asked.config.ledger,
        policies: (versions) => Promise.all(versions.map((used) => policyInForce(asked, used))),
        now: new Date().toISOString(),
      });
      if (!source.ok) {
        if (source.error.code !== 'evidence_conflict') throw problemOf(source.error);
        asked.log('error', 'integrity alarm: the log and the pipeline differ', { pipeline_id });
        throw new ProblemError('evidence_conflict', source.error.detail);
      }
      return new Response(streamOf(writeEvidence(source.value)), {
        headers: {
          'content-type': 'application/json',
          'cache-control': 'no-store',
          'content-disposition': `attachment; filename="${pipeline_id}.evidence.json"`,
        },
      });
    },
  }),
];
