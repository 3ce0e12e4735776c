import { describe, expect, it } from 'vitest';
import { SESSION_TTL_S } from '#contract/agents.ts';
import { ERROR_BUDGET } from '#domain/governance/error-budget.ts';
import { PERMIT_MS } from '#domain/governance/permit.ts';
import { DEMOTION, PROMOTION } from '#domain/governance/promotion.ts';
import { ALLOWED_TARGETS, FORBIDDEN_ACTIONS, FORBIDDEN_TARGETS } from '#domain/governance/targets.ts';
import { LIMITS_OF_CONDUCT } from '#domain/governance/windows.ts';
import { CLOCKS, MAX_REPLACEMENTS } from '#domain/pipeline/rules.ts';

/**
 * The numbers that the specification names, written out: other tests take them from the code, and would agree with any. How they work
 * at their limits is shown where the rules are.
 */
const MINUTE = 60_000;

describe('the numbers of the rules', () => {
  it('PIPE-2 CRED-3 CRED-6: Vault has two minutes at the spawn and an hour later; leases are renewed in time for a cron of 30 min', () => {
    expect(CLOCKS.credentials_window).toBe(2 * MINUTE);
    expect(CLOCKS.credentials_hold).toBe(60 * MINUTE);
    // A lease of 2 h: due before the next cron comes, and asked for by the pipeline itself while half of it is left.
    expect(CLOCKS.renew_due * 120).toBeLessThanOrEqual(30);
    expect(CLOCKS.renew_late * 120).toBeLessThanOrEqual(60);
    expect(CLOCKS.renew_late).toBeGreaterThan(CLOCKS.renew_due);
  });

  it('ENF-1 ENF-2 ENF-4 ENF-5 ENF-6: windows, limits and leases of enforcement', () => {
    expect(LIMITS_OF_CONDUCT).toEqual({
      window: MINUTE,
      errors: 5,
      calls: 100,
      agent_errors: 8,
      same_errors: 3,
    });
    expect(CLOCKS.stuck).toBe(MINUTE);
    expect(MAX_REPLACEMENTS).toBe(2);
    expect(PERMIT_MS).toBe(5_000);
    expect(ERROR_BUDGET).toMatchObject({
      bucket: MINUTE,
      fast: { minutes: 5, burn: 10 },
      slow: { minutes: 60, burn: 4 },
    });
  });

  it('PROM-1 PROM-2: what a tier takes, and what takes it away', () => {
    expect(PROMOTION[0]).toEqual({ compliant: 5, in_a_row: 3, clean_days: 0, person: false });
    expect(PROMOTION[1]).toEqual({ compliant: 10, in_a_row: 5, clean_days: 30, person: true });
    expect(DEMOTION).toEqual({ high: 3, days: 7 });
  });

  it('PIPE-10 GOV-5 GOV-7: how long a person and an outside agent are waited for', () => {
    expect(CLOCKS.idle_tokens).toBe(30 * MINUTE);
    expect(CLOCKS.approval_expiry).toBe(24 * 60 * MINUTE);
    expect(CLOCKS.outcome_report).toBe(10 * MINUTE);
    expect(SESSION_TTL_S.default).toBe(8 * 3_600);
  });

  it('GOV-1: targets and actions, as they are named', () => {
    expect(ALLOWED_TARGETS).toEqual(['localhost', 'sandbox-*']);
    expect(FORBIDDEN_TARGETS).toEqual(['prod-*', 'staging-db-*']);
    expect(FORBIDDEN_ACTIONS).toEqual(['delete_production', 'access_vault_root', 'modify_governance']);
  });
});
