export { type ControlPorts, TenantControl } from './control/object.ts';
export { TenantDirectory } from './directory.ts';
export { FEED_URL, TenantFeed } from './feed.ts';
export { type LogPorts, TenantLog } from './log/object.ts';
export type { LogSigner } from './log/signer.ts';
export {
  isPlatformToken,
  keyedHash,
  newPlatformToken,
  parseKey,
  parseToken,
  sameText,
  secretFrom,
} from './secret.ts';
