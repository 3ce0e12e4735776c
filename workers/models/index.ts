export { callModel, MAX_CALLS } from './call.ts';
export { isOutage } from './errors.ts';
export {
  type BaseUrls,
  MODEL_ERRORS,
  type ModelAnswer,
  type ModelError,
  type ModelFailure,
  type ModelRequest,
  type Prices,
  type RequestedCall,
  TIMEOUTS,
  type Timeouts,
  type ToolOffer,
} from './types.ts';
export { wireSchema } from './wire-schema.ts';
