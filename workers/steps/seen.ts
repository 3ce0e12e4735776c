import { isShared } from '#domain/pipeline/dependencies.ts';
import type { Observation } from '#objects/tenant/rpc.ts';

interface Tally {
  ok: number;
  failures: { code: string; message: string; retry_after_s: number | null }[];
}

/** What fails in one isolate between two reports beyond this says nothing more. */
const MOST_FAILURES = 20;
const MOST_NAMES = 500;

/**
 * OPS-1: what this isolate's calls of Vault, store and models have shown since it last told. Steps take it along with their own report, so
 * that a dependency that works costs no call; failures are told at once, and with them how many calls went well meanwhile.
 */
export class CallsSeen {
  readonly #tallies = new Map<string, Tally>();

  /** `tenant` counts for what is the tenant's own. */
  note(
    tenant: string,
    name: string,
    error: { code: string; message: string; retry_after_s: number | null } | null,
  ): void {
    const key = keyOf(tenant, name);
    if (!this.#tallies.has(key) && this.#tallies.size >= MOST_NAMES) return;
    const tally = this.#tallies.get(key) ?? { ok: 0, failures: [] };
    this.#tallies.set(key, tally);
    if (error === null) tally.ok += 1;
    else if (tally.failures.length < MOST_FAILURES) tally.failures.push(error);
  }

  /** Takes out what is to be told with a tenant's step: failures, and that it went well where a breaker waits to hear it. */
  take(tenant: string, trying: readonly string[]): Observation[] {
    const told: Observation[] = [];
    for (const [key, { ok, failures }] of this.#tallies) {
      const name = key.slice(key.indexOf('|') + 1);
      if (key !== keyOf(tenant, name)) continue;
      const awaited = trying.includes(name) && ok > 0 && failures.length === 0;
      if (failures.length === 0 && !awaited) continue;
      this.#tallies.delete(key);
      if (awaited) told.push({ name, error: null, ok, retry_after_s: null });
      for (const [n, { code, message, retry_after_s }] of failures.entries())
        told.push({ name, error: { code, message }, ok: n === 0 ? ok : 0, retry_after_s });
    }
    return told;
  }
}

const keyOf = (tenant: string, name: string): string => `${isShared(name) ? '' : tenant}|${name}`;
