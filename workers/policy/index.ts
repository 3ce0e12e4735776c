export type { GateConfig, GateFacts, ToolRule, ToolTraits } from '#domain/governance/gate.ts';
export type { GateDecision } from '#domain/pipeline/event.ts';
export { createGate, type Gate, type PolicySource, type TenantPolicies } from './gate.ts';
