export { quoteStandsAt } from './citations.ts';
export {
  type Passage,
  type PassageSource,
  type RankedPassage,
  rankPassages,
  splitPassages,
} from './passages.ts';
export { collectSecrets, redact } from './secrets.ts';
export * from './terraform/index.ts';
