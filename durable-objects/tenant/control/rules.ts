import type { GateMode } from '#domain/governance/permit.ts';
import type { ResolvedPlan } from '#domain/plan/plan.ts';
import * as people from '../people.ts';
import * as plans from '../plans.ts';
import * as policies from '../policies.ts';
import type { Repeat } from '../repeats.ts';
import { recordChange } from '../store.ts';
import type { ControlClass } from './base.ts';

/** What runs are made of and judged by: plans, policies, modes of projects, witnesses (GOV-4, GOV-10). */
export const WithRules = <B extends ControlClass>(Base: B) =>
  class extends Base {
    async savePlan(
      actor: string,
      plan: { resolved: ResolvedPlan; source: string; files: Record<string, string> },
    ) {
      return this.within.result((s) => plans.savePlan(s, actor, plan));
    }
    async readPlan(plan_id: string) {
      return this.within.result((s) => plans.readPlan(s, plan_id));
    }
    async listPlans() {
      return this.within.store(plans.listPlans, () => []);
    }
    async publishPolicies(
      actor: string,
      a: { source: string; note: string; policies: number; expected_version: number | null },
      repeat: Repeat | null = null,
    ) {
      return this.within.once(repeat, (s) => policies.publishPolicies(s, actor, a));
    }
    async listPolicies() {
      return this.within.store(policies.listPolicies, () => []);
    }
    async readPolicies(version: number | null) {
      return this.within.result((s) => policies.readPolicies(s, version));
    }
    async setProjectMode(actor: string, a: { project_id: string; mode: GateMode; reason: string }) {
      return this.within.result((s) => policies.setProjectMode(s, actor, a));
    }
    async projectModes() {
      return this.within.store(
        (s) =>
          people.listProjects(s).map(({ project_id }) => ({
            project_id,
            mode: policies.projectMode(s, project_id),
          })),
        () => [],
      );
    }
    async noteWitness(actor: string, witness: { name: string; key: string }) {
      this.within.require((s) => recordChange(s, actor, 'witness_added', witness));
    }
  };
