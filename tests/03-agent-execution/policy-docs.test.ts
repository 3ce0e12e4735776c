import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { facts, judge, restart } from '#tests/support/gate.ts';
import { validatePolicies } from '#workers/policy/index.ts';

const page = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```cedar\n([\s\S]*?)```/g)].map(([, text = '']) => text);
const named = (id: string): string => examples.find((text) => text.includes(`@id("${id}")`)) ?? '';
const outside = { min_tier: 1, effect: 'once', external: true, acts: true } as const;
const bash = (command: string) =>
  facts({
    role: 'OUTSIDE',
    tool: 'Bash',
    arguments: { command },
    target: 'sandbox-a',
    outside_tool: outside,
  });

describe('the policy cookbook', () => {
  it('DOC-1, GOV-4: every example could be published as it stands', () => {
    expect(examples.length).toBeGreaterThanOrEqual(5);
    for (const text of examples)
      expect(validatePolicies(text, ['http_get']).findings.filter((f) => f.severity === 'error')).toEqual([]);
  });

  it('DOC-1, GOV-4: each does what its heading says, and nothing beside it', () => {
    const payments = named('payments_stay_up');
    expect(judge(restart('sandbox-payments-2'), payments)).toMatchObject({
      decision: 'deny',
      violation: { severity: 'medium' },
    });
    expect(judge(restart('sandbox-a'), payments).decision).toBe('allow');

    const look = named('untrusted_needs_a_look');
    expect(judge(restart('sandbox-a', { origin: ['untrusted'] }), look).decision).toBe('require_approval');
    expect(judge(facts({ origin: ['untrusted'] }), look).decision).toBe('allow');

    const reads = named('reads_only');
    expect(judge(facts(), reads).decision).toBe('allow');
    expect(judge(restart('sandbox-a'), reads).decision).toBe('deny');

    const commands = named('no_deleting_commands');
    expect(judge(bash('rm -rf /srv/data'), commands).determining).toEqual(['tenant:no_deleting_commands']);
    expect(judge(bash('ls'), commands).decision).toBe('allow');

    const customers = named('reads_customers');
    const crm = facts({
      tool: 'crm_read',
      arguments: {},
      target: '',
      outside_tool: { ...outside, acts: false },
    });
    expect(judge(crm, customers).labels).toEqual(['customer_data']);
    expect(judge({ ...bash('curl x'), labels: ['customer_data'] }, customers).decision).toBe('deny');
    expect(judge(facts({ labels: ['customer_data'] }), customers).decision).toBe('allow');
  });
});
