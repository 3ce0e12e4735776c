import type { AgentRole } from '#domain/agents/roles.ts';

/** PIPE-8: shards of the step queue. */
export const STEP_SHARDS = 8;
/** Of them those that one tenant's steps are spread over: however long its backlog, it fills these and no other. */
export const SHARDS_PER_TENANT = 6;

/** Offsets keep a pipeline's seats on different shards, so that one slow model call does not hold up the other seat. */
const OFFSET: Record<AgentRole | 'system', number> = {
  ALPHA: 0,
  BETA: 1,
  GAMMA: 2,
  PLANNER: 3,
  DIAGNOSTIC: 3,
  OUTSIDE: 5,
  system: 4,
};

function hashOf(text: string): number {
  let hash = 0;
  for (const char of text) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0;
  // Spread over all bits (MurmurHash3's finaliser), so that ids that differ in a letter do not sit side by side.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The tenant's shards, in an order of its own: two tenants seldom have the same ones (shuffle sharding). */
export function shardsOf(tenant: string): number[] {
  const left = Array.from({ length: STEP_SHARDS }, (_, shard) => shard);
  let hash = hashOf(tenant);
  return Array.from({ length: SHARDS_PER_TENANT }, () => {
    const [shard = 0] = left.splice(hash % left.length, 1);
    hash = Math.floor(hash / (left.length + 1));
    return shard;
  });
}

/**
 * Where a step is announced for the `times`-th time, counted from 0. What nobody took on one shard is announced on the tenant's next, so that
 * it comes to one that another tenant's backlog does not reach (PIPE-8, fair share).
 */
export function shardOf(tenant: string, pipelineId: string, role: AgentRole | 'system', times = 0): number {
  const own = shardsOf(tenant);
  return own[(hashOf(pipelineId) + OFFSET[role] + times) % own.length] ?? 0;
}
