export { handleStepBatch, type QueueBatch, type QueueMessage } from './consume.ts';
export { handleDeadSteps } from './dead-letters.ts';
export { createStepDeps } from './deps.ts';
export { gateOf } from './gate.ts';
export { identitiesOf } from './identity.ts';
export type { CredentialsPort, PipelinePort, StepDeps } from './ports.ts';
export { CallsSeen } from './seen.ts';
export { TOOL_RULES, TOOLS, toolsFor } from './tools/index.ts';
