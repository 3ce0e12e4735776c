import type { SetQuotasRequest } from '#contract/quotas.ts';
import type { StepTally } from '#domain/governance/error-budget.ts';
import { ok } from '#domain/result.ts';
import * as admission from '../admission.ts';
import type { Slice } from '../budget.ts';
import * as errorBudget from '../error-budget.ts';
import { type QuotaLayer, quotaLayers, setQuotas } from '../quotas.ts';
import { keepsBytes, storedBytes } from '../storage.ts';
import type { ControlClass } from './base.ts';

/** Which pipelines there are, and what they may use (TEN-1, PIPE-11). */
export const WithAdmissions = <B extends ControlClass>(Base: B) =>
  class extends Base {
    async admit(a: {
      pipeline_id: string;
      project_id: string | null;
      request_sha256: string;
      slice: Slice;
      diagnostic?: boolean;
    }) {
      const { killed } = await this.system.current();
      return this.within.result((s) => admission.admit(s, a, killed));
    }
    async release(pipeline_id: string, used: Slice, tally?: StepTally, bytes?: number) {
      this.within.store(
        (s) => {
          if (tally) errorBudget.tellSteps(s, pipeline_id, tally);
          if (bytes !== undefined) keepsBytes(s, pipeline_id, bytes);
          admission.release(s, pipeline_id, used);
        },
        () => undefined,
      );
    }
    async abandon(pipeline_id: string, older_than_s: number) {
      this.within.store(
        (s) => admission.abandon(s, pipeline_id, older_than_s),
        () => undefined,
      );
    }
    async occupy(pipeline_id: string) {
      this.within.store(
        (s) => admission.occupy(s, pipeline_id),
        () => undefined,
      );
    }
    async draw(pipeline_id: string, need: Slice) {
      return this.within.store(
        (s) => admission.draw(s, pipeline_id, need),
        () => ({ ...need, used_up: false }),
      );
    }
    async quotas() {
      return this.within.result((s) =>
        ok({
          ...quotaLayers(s),
          usage: {
            ...admission.usageOf(s),
            ...storedBytes(s),
            error_budget: errorBudget.errorBudget(s),
          },
        }),
      );
    }
    async setQuotas(actor: string, layer: QuotaLayer, change: SetQuotasRequest) {
      return this.within.result((s) => ok(setQuotas(s, actor, layer, change)));
    }
    async pipelinesAfter(number: number, limit: number) {
      return this.within.store(
        (s) => admission.pipelinesAfter(s, number, limit),
        () => [],
      );
    }
    async livePipelines() {
      return this.within.store(admission.livePipelines, () => []);
    }
    async pipelinesToPoke() {
      return this.within.store(admission.pipelinesToPoke, () => []);
    }
  };
