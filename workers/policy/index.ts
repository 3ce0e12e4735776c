import { type GateConfig, type GateFacts, judge, policyVersion } from '#domain/governance/gate.ts';
import type { GateDecision } from '#domain/pipeline/event.ts';

export type { GateConfig, GateFacts, ToolRule } from '#domain/governance/gate.ts';
export type { GateDecision } from '#domain/pipeline/event.ts';

/** The one function that every tool call passes before it happens (GOV-2). */
export interface Gate {
  version: string;
  judge(facts: GateFacts): GateDecision;
}

/** A gate that breaks denies: no policy, an error, no answer is a no (GOV-2). */
export function createGate(config: GateConfig): Gate {
  const version = policyVersion(config);
  return {
    version,
    judge(facts) {
      try {
        return judge(facts, config, version);
      } catch {
        return {
          decision: 'deny',
          determining: ['gate_error'],
          policy_version: version,
          reason: 'The gate could not judge this action.',
          remedy: 'Try again; if it stays so, report the policy version.',
          effect: 'once',
          violation: null,
        };
      }
    },
  };
}
