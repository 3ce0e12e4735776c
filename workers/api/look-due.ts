import type { McpServer } from '#contract/mcp-servers.ts';
import { TIERS, type Tier } from '#domain/governance/tier.ts';

/** A server is asked anew after this time (ms); each call of a tool looks at its description too. */
const LOOK_EVERY_MS = 6 * 3_600_000;

/** `now` in ms since 1970. One that failed waits as long as one that answered. */
export const dueForLook = (servers: readonly McpServer[], now: number): McpServer[] =>
  servers.filter(({ asked_at }) => asked_at === null || Date.parse(asked_at) <= now - LOOK_EVERY_MS);

/** The least that may read the server's credential (CRED-1); 0 where it needs none. */
export const tierFor = ({ secret_path }: Pick<McpServer, 'secret_path'>): Tier =>
  TIERS.find((tier) => secret_path?.startsWith(`tier${tier}/`)) ?? 0;
