export { estimateRun } from './estimate.ts';
export type { PlanFinding } from './finding.ts';
export type { InputValues } from './inputs.ts';
export type { ModelDefaults } from './models.ts';
export { findingsInSource, type ParsedPlan, type ParseOptions, parsePlan } from './parse.ts';
export { MAX_CONTEXT_BYTES, MAX_SOURCE_BYTES, planJsonSchema } from './schema.ts';
