export { BLACKBOARD_LIMIT, buildPrompt, EARLIER_LIMIT, EXCHANGE_LIMIT, type PromptInput } from './build.ts';
export { DOCUMENT_LIMITS } from './documents.ts';
export type { PromptMessage, PromptMessages } from './message.ts';
export { rolePrompt } from './role-prompts.ts';
