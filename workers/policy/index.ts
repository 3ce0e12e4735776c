export type { GateConfig, GateFacts, ToolRule, ToolTraits } from '#domain/governance/gate.ts';
export type { GateDecision } from '#domain/pipeline/event/actions.ts';
export { type Change, type Recorded, replayUnder } from './backtest.ts';
export { BUILTIN, builtinPolicies, LIMITS_TEXT, PERMITS_TEXT, SCHEMA_TEXT } from './builtin.ts';
export { policyDocuments } from './documents.ts';
export { createGate, type Gate, type PolicySource, type TenantPolicies } from './gate.ts';
export { POLICY_LIMITS, type PolicyFinding, validatePolicies } from './validate.ts';
