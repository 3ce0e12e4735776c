export { handleRenewals, type RenewalBatch, type RenewalDeps } from './consume.ts';
export { type FanOutDeps, fanOutRenewals } from './fan-out.ts';
